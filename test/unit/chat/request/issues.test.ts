// From zod's issues to one error.

import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { list, object, text } from '../../../../src/chat/request/field-types.ts';
import { requestError, toIssues } from '../../../../src/chat/request/issues.ts';
import { chat, failure, withMessages } from './support.ts';

describe('toIssues', () => {
  const part = object({ url: text });
  const schema = object({ content: z.union([text, list(part, 1, 2)], 'expected a text or parts') });
  const found = (content: unknown) =>
    schema.safeParse({ content }).error?.issues.flatMap((issue) => toIssues(issue, ['messages', 0]));

  it.each<[content: unknown, path: PropertyKey[], message: string]>([
    [[{ url: 5 }], ['content', 0, 'url'], 'expected a string'],
    [[5], ['content', 0], 'expected an object'],
    [[], ['content'], 'expected at least 1 item'],
    [[1, 2, 3], ['content'], 'expected at most 2 items'],
    [5, ['content'], 'expected a text or parts'],
    [{}, ['content'], 'expected a text or parts'],
  ])('has for %j the issue of the alternative that was meant', (content, path, message) => {
    expect(found(content)).toEqual([{ path: ['messages', 0, ...path], message }]);
  });

  it('looks into a union within a union', () => {
    const outer = z.union([z.number(), object({ inner: z.union([text, list(part)]) })]);
    const [issue] = outer.safeParse({ inner: [{ url: 5 }] }).error?.issues ?? [];
    expect(issue && toIssues(issue)).toEqual([{ path: ['inner', 0, 'url'], message: 'expected a string' }]);
  });
});

describe('requestError', () => {
  it('is about the first wrong value, if there is one', () => {
    const unknown = { path: ['a'], message: 'unknown field', isUnknown: true } as const;
    const wrong = { path: ['b', 0], message: 'expected a string' };
    expect(requestError([unknown, wrong])).toMatchObject({
      code: 'invalid_value',
      message: 'b[0]: expected a string; a: unknown field',
      details: { param: 'b[0]', params: ['b[0]', 'a'] },
    });
    expect(requestError([unknown])).toMatchObject({
      code: 'unknown_parameter',
      details: { param: 'a', params: ['a'] },
    });
  });

  it('has no param where the first issue is that of the whole body', () => {
    const issues = [
      { path: [], message: 'expected an object' },
      { path: ['a'], message: 'no' },
    ];
    const { message, details } = requestError(issues);
    expect(message).toBe('expected an object; a: no');
    expect(details).toEqual({});
  });

  it('lists everything that is wrong', () => {
    const { message, param } = failure({
      messages: [{ role: 'user', content: 5 }, 'x'],
      temperature: 9,
      temprature: 1,
      streem: true,
    });
    expect(param).toBe('model');
    expect(message.split('; ')).toEqual([
      'model: expected, but missing',
      'messages[0].content: expected a string or a list of parts',
      'messages[1]: expected an object',
      'temperature: expected a number from 0 to 2',
      'temprature: unknown field (did you mean temperature?)',
      'streem: unknown field (did you mean stream?)',
    ]);
  });

  it('lists a field once: zod tries some bounds although the type is wrong', () => {
    const { message, details } = requestError([
      { path: ['model'], message: 'expected a string' },
      { path: ['model'], message: 'expected a string that is not empty' },
      { path: ['n'], message: 'expected a number' },
    ]);
    expect(message).toBe('model: expected a string; n: expected a number');
    expect(details.params).toEqual(['model', 'n']);
  });

  it('lists twenty at most', () => {
    const { message } = failure(withMessages(...Array.from({ length: 50_000 }, () => ({ role: 'user' }))));
    expect(message.split('; ')).toHaveLength(21);
    expect(message).toMatch(/^messages\[0\]\.content: .*; and more$/s);
  });

  it('repeats long and odd names in part, and quoted', () => {
    const { param, message } = failure(chat({ ['x'.repeat(100_000)]: 1 }), { unknownParams: 'refuse' });
    expect(param).toBe(`["${'x'.repeat(64)}"]`);
    expect(message.length).toBeLessThan(200);
    expect(failure(chat({ 'a\r\nb"': 1 }), { unknownParams: 'refuse' }).param).toBe(String.raw`["a\r\nb\""]`);
    const named = (path: PropertyKey[]) => requestError([{ path, message: '' }]).details.param;
    expect(named(['a', 'b-c', '_d', 2])).toBe('a.b-c._d[2]');
    expect(named(['a', 'x'.repeat(64)])).toBe(`a.${'x'.repeat(64)}`);
    expect(named(['a', '1st', ''])).toBe('a["1st"][""]');
  });
});
