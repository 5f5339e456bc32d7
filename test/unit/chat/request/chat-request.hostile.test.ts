// Hostile bodies: no crash, no hang, no prototype pollution, and cost that grows no faster
// than the body.

import { describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../../src/http/errors.ts';
import { chat, failure, fault, parse, withMessages, sent, tool } from './support.ts';

const LEVELS = 50_000;
const KEYS = 50_000;

const deepArray = '['.repeat(LEVELS) + ']'.repeat(LEVELS);
const deepObject = '{"a":'.repeat(LEVELS) + '1' + '}'.repeat(LEVELS);
const manyKeys = Object.fromEntries(Array.from({ length: KEYS }, (_, index) => [`key${index}`, index]));

/** @returns a valid request with one field, whose value is given as JSON text. */
function withField(name: string, json: string): string {
  return JSON.stringify(chat({ [name]: 'VALUE' })).replace('"VALUE"', () => json);
}

describe('50,000 levels', () => {
  it.each([
    ['audio', 'audio'],
    ['any', 'any'],
    ['stop', 'stop'],
    ['temperature', 'temperature'],
    ['messages', 'messages[0]'],
    ['tools', 'tools[0]'],
    ['response_format', 'response_format'],
  ])('in %s', (name, param) => {
    for (const deep of [deepArray, deepObject]) {
      const [code, where] = fault(withField(name, deep), { extraParams: new Set(['any']) });
      expect(code).toBe('invalid_value');
      expect(where?.startsWith(param.replace('[0]', ''))).toBe(true);
    }
  });
  it('instead of a request', () => {
    expect(fault(deepArray)).toEqual(['invalid_value', undefined]);
    expect(failure(deepObject).code).toBe('invalid_value');
  });
  it('in a schema', () => {
    const body = JSON.stringify(chat({ tools: [tool('f', { properties: { a: 'VALUE' } })] })).replace(
      '"VALUE"',
      deepObject,
    );
    expect(fault(body)).toEqual(['invalid_value', 'tools[0].function.parameters']);
  });
  it('in fields that are left out', () => {
    const message = withMessages({ role: 'assistant', content: 'a', annotations: 'VALUE' });
    for (const body of [
      JSON.stringify(message).replace('"VALUE"', deepArray),
      withField('foo', deepObject),
    ]) {
      expect(parse(body).choices).toBe(1);
    }
  });
  it('128 levels are accepted, 129 are not', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
    expect(sent(chat({ any: nested(128) }), { extraParams: new Set(['any']) })).toEqual(
      chat({ any: nested(128) }),
    );
    expect(fault(chat({ any: nested(129) }), { extraParams: new Set(['any']) })[0]).toBe('invalid_value');
  });
  it('beside an inexact number', () => {
    const nested = '['.repeat(LEVELS / 2) + ']'.repeat(LEVELS / 2);
    const body = withField('metadata', nested).replace(/}$/, ',"any":9007199254740993}');
    const given = { extraParams: new Set(['any']) };
    expect(failure(body, given).message).toMatch(/fewer levels of nesting/);
  });
});

describe('50,000 keys', () => {
  it('are too many at the top level', () => {
    const { code, message } = failure({ ...manyKeys, ...chat() });
    expect([code, message]).toEqual(['invalid_value', 'expected at most 256 unknown fields']);
  });
  it('are left out of a message, and 32 of them are named', () => {
    const { ignoredParams } = parse(withMessages({ ...manyKeys, role: 'user', content: 'a' }));
    expect(ignoredParams).toHaveLength(33);
    expect(ignoredParams.slice(31)).toEqual(['messages[].key31', '...']);
  });
  it('are refused 20 at a time with UNKNOWN_PARAMS=refuse', () => {
    const body = withMessages({ ...manyKeys, role: 'user', content: 'a' });
    const { code, message } = failure(body, { unknownParams: 'refuse' });
    expect(code).toBe('unknown_parameter');
    expect(message.split('; ')).toHaveLength(21);
  });
  it('are accepted in a schema, up to 250,000 values in all', () => {
    const properties = (keys: number) =>
      `{${Array.from({ length: keys }, (_, index) => `"key${index}":{"type":"string"}`).join()}}`;
    const withKeys = (keys: number) =>
      JSON.stringify(chat({ tools: [tool('f', { properties: 'VALUE' })] })).replace('"VALUE"', () =>
        properties(keys),
      );
    expect(parse(withKeys(20_000)).canonical().length).toBeGreaterThan(0);
    expect(failure(withKeys(130_000)).code).toBe('invalid_value');
  });
  it('are one issue if they are wrong in a schema', () => {
    const wrong = chat({ tools: [tool('f', { properties: manyKeys })] });
    expect(failure(wrong).message.split('; ')).toHaveLength(1);
  });
});

describe('long lists of wrong items', () => {
  const wrong = Array.from({ length: 200_000 }, () => 1);
  it.each([
    ['messages', 'messages[0]'],
    ['tools', 'tools'],
    ['stop', 'stop'],
    ['modalities', 'modalities'],
  ])('in %s', (name, param) => {
    expect(fault(chat({ [name]: wrong }))).toEqual(['invalid_value', param]);
  });
  it('in a message', () => {
    expect(fault(withMessages({ role: 'user', content: wrong }))).toEqual([
      'invalid_value',
      'messages[0].content',
    ]);
    expect(fault(withMessages({ role: 'assistant', content: '', tool_calls: wrong }))).toEqual([
      'invalid_value',
      'messages[0].tool_calls',
    ]);
  });
});

describe('millions of values', () => {
  it.each([
    ['numbers', '1,'],
    ['lists', '[],'],
    ['objects', '{},'],
    ['lists in lists', '[[[[]]]],'],
    ['keys', '"":{"":1},'],
    ['texts that end with a backslash', String.raw`"\\",`],
    ['texts that end with a quote', String.raw`"\\\"",`],
  ])('are refused before they are parsed, as %s', (_, item) => {
    const items = item.repeat(4_000_000 / item.length) + item.slice(0, -1);
    const body = withField('metadata', item.startsWith('"":') ? `{${items}}` : `[${items}]`);
    const parsing = vi.spyOn(JSON, 'parse');
    const { code, message } = failure(body);
    expect([code, message]).toEqual(['invalid_value', expect.stringContaining('at most 250000 values')]);
    expect(parsing).not.toHaveBeenCalled();
    parsing.mockRestore();
  });
  it.each([
    ['brackets and commas', '[{,'],
    ['quotes', '",'],
    ['backslashes', '\\,'],
    ['quotes behind backslashes', '\\",'],
  ])('are not counted within a text: %s', (_, piece) => {
    const content = piece.repeat(300_000);
    expect(parse(withMessages({ role: 'user', content })).choices).toBe(1);
  });
  it('are counted to the last one', () => {
    // Around the list: the request, its model, messages, message, role, content, and the list.
    const list = (items: number) => withField('metadata', `[${'"ab",'.repeat(items - 1)}1]`);
    expect(parse(list(250_000 - 7)).choices).toBe(1);
    expect(failure(list(250_000 - 6)).code).toBe('invalid_value');
  });
  it('are not counted after a quote that is not closed', () => {
    expect(failure(`{"model":"${'[{,'.repeat(1_000_000)}`).code).toBe('invalid_json');
  });
});

describe('values beside an inexact number', () => {
  const withList = (items: string) =>
    JSON.stringify(chat({ tools: [tool('f', { enum: 'VALUE' })] })).replace('"VALUE"', () => `[${items}]`);

  it.each([
    ['numbers', '1,'],
    ['lists', '[],'],
    ['objects', '{},'],
    ['strings', '"",'],
  ])('are refused beyond 100,000, as %s', (_, item) => {
    const { code, message } = failure(withList(`1e400,${item.repeat(200_000)}1`));
    expect([code, message]).toEqual(['invalid_value', expect.stringContaining('at most 100000 values')]);
    expect(parse(withList(`${item.repeat(110_000)}1`)).choices).toBe(1);
  });
  it('may be many characters, whatever is in them', () => {
    const prose = String.raw`[{\",\\`.repeat(50_000);
    const body = withList(`9007199254740993,"${prose}"`);
    expect(new TextDecoder().decode(parse(body).upstreamBody())).toContain('9007199254740993');
  });
});

describe('__proto__ and other names of Object.prototype', () => {
  const clean = () => expect(Object.keys(Object.prototype)).toEqual([]);

  it('are sent like any other key in a schema', () => {
    const schema = '{"__proto__":{"a":1},"properties":{"__proto__":{"type":"string"},"constructor":true}}';
    const body = JSON.stringify(chat({ tools: [tool('f', 'VALUE')] })).replace('"VALUE"', schema);
    const text = new TextDecoder().decode(parse(body).upstreamBody());
    expect(text).toContain(schema);
    clean();
  });
  it.each([
    '{"role":"user","content":"a","__proto__":{"name":"b"}}',
    '{"role":"user","content":"a","constructor":{"prototype":{"b":1}}}',
  ])('change nothing in the message %s', (message) => {
    const body = `{"model":"m","messages":[${message}]}`;
    expect(sent(body)).toEqual({ model: 'm', messages: [{ role: 'user', content: 'a' }] });
    expect(parse(body).ignoredParams).toHaveLength(1);
    clean();
  });
  it('do not replace a missing field', () => {
    const body = '{"model":"m","messages":[{"__proto__":{"role":"user"},"content":"a"}]}';
    expect(fault(body)).toEqual(['invalid_value', 'messages[0].role']);
    clean();
  });
  it('are not a model', () => {
    const body = '{"__proto__":{"model":"m"},"messages":[{"role":"user","content":""}]}';
    expect(fault(body)).toEqual(['invalid_value', 'model']);
    clean();
  });
  it('are fields only if the request has them', () => {
    const extraParams = new Set(['constructor', 'toString']);
    expect(sent(chat(), { extraParams })).toEqual(chat());
    expect(sent(chat({ constructor: 1 }), { extraParams })).toEqual(chat({ constructor: 1 }));
  });
});

describe('cost', () => {
  // 2 MB each: with quadratic cost, the test would exceed its time limit by far.
  it.each<[string, (size: number) => string]>([
    ['payloads that end badly', (n) => `{"a":"${';base64,AAAA!'.repeat(n / 13)}`],
    ['one payload without end', (n) => `{"a":";base64,${'A'.repeat(n)}`],
    ['commas before payloads', (n) => `{"a":"${`;base64,${'A'.repeat(33_000)}`.repeat(n / 33_000)}!"}`],
    [
      'a base64 URL that ends badly',
      (n) =>
        JSON.stringify(
          withMessages({
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(n)}!` } }],
          }),
        ),
    ],
    [
      'a long URL',
      (n) =>
        JSON.stringify(
          withMessages({
            role: 'user',
            content: [{ type: 'video_url', video_url: { url: `https://a/${'.avi'.repeat(n / 4)}x` } }],
          }),
        ),
    ],
    ['a long name', (n) => JSON.stringify(chat({ ['temperatur'.repeat(n / 10)]: 1, n: 0 }))],
  ])('is linear for %s', (_, make) => {
    const body = new TextEncoder().encode(make(2_000_000));
    try {
      expect(parse(body).choices).toBe(1);
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(GatewayError);
    }
  });
});
