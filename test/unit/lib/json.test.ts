import { describe, expect, it } from 'vitest';
import { isObject, parseJson, stringifyJson } from '../../../src/lib/json.ts';

it.each([
  [{}, true],
  [[], false],
  [null, false],
  ['{}', false],
  [undefined, false],
])('isObject %j: %s', (value, expected) => {
  expect(isObject(value)).toBe(expected);
});

it('parseJson gives the value, and undefined where the text is not JSON', () => {
  expect(parseJson('{"a":[1]}')).toEqual({ a: [1] });
  expect(parseJson('null')).toBeNull();
  for (const text of ['', '{', '{}x', "{'a':1}", 'undefined']) expect(parseJson(text)).toBeUndefined();
});

describe('stringifyJson', () => {
  it('writes a value', () => {
    expect(stringifyJson({ a: undefined, b: 'ü' })).toBe('{"b":"ü"}');
  });

  it('gives null for a nesting that JSON.parse reads and JSON.stringify does not write', () => {
    const nested = parseJson(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
    expect(nested).not.toBeUndefined();
    expect(stringifyJson(nested)).toBeNull();
  });
});
