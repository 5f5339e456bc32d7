// Bodies that are made to hurt: no crash, no hang, no pollution, cost that grows
// with the body and no faster.

import { describe, expect, it, vi } from 'vitest';
import { chat, failure, fault, parse, saying, sent, tool } from './support.ts';

const LEVELS = 100_000;
const KEYS = 200_000;

const deepArray = '['.repeat(LEVELS) + ']'.repeat(LEVELS);
const deepObject = '{"a":'.repeat(LEVELS) + '1' + '}'.repeat(LEVELS);
const manyKeys = Object.fromEntries(Array.from({ length: KEYS }, (_, index) => [`key${index}`, index]));

/** A valid request but for one value, given as JSON text. */
function withField(name: string, json: string): string {
  return JSON.stringify(chat({ [name]: 'VALUE' })).replace('"VALUE"', () => json);
}

describe('100,000 levels', () => {
  it.each([
    ['metadata', 'metadata'],
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
  it('in what a message may bring back', () => {
    const message = saying({ role: 'assistant', content: 'a', annotations: 'VALUE' });
    const body = JSON.stringify(message).replace('"VALUE"', deepArray);
    expect(fault(body)).toEqual(['invalid_value', 'messages[0].annotations']);
  });
  it('128 are none too many', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
    expect(sent(chat({ any: nested(128) }), { extraParams: new Set(['any']) })).toEqual(
      chat({ any: nested(128) }),
    );
    expect(fault(chat({ any: nested(129) }), { extraParams: new Set(['any']) })[0]).toBe('invalid_value');
  });
  it('beside a number that has to be read again', () => {
    const body = withField('metadata', deepArray).replace('}', ',"any":9007199254740993}');
    expect(failure(body, { extraParams: new Set(['any']) }).code).toMatch(/^invalid_/);
  });
});

describe('200,000 keys', () => {
  it('are unknown', () => {
    const { code, message } = failure({ ...manyKeys, ...chat() });
    expect(code).toBe('unknown_parameter');
    expect(message.split('; ')).toHaveLength(21);
    expect(failure(saying({ ...manyKeys, role: 'user', content: 'a' })).code).toBe('unknown_parameter');
  });
  it('are too many in a schema, half of them are not', () => {
    const types = (keys: string[]) => Object.fromEntries(keys.map((key) => [key, { type: 'string' }]));
    const withKeys = (keys: string[]) =>
      chat({ tools: [tool('f', { type: 'object', properties: types(keys) })] });
    const keys = Object.keys(manyKeys);
    expect(parse(withKeys(keys.slice(0, KEYS / 2))).canonical().length).toBeGreaterThan(0);
    expect(failure(withKeys(keys)).code).toBe('invalid_value');
    const wrong = chat({ tools: [tool('f', { properties: manyKeys })] });
    expect(failure(wrong).message.split('; ')).toHaveLength(1);
  });
});

describe('long lists of rubbish', () => {
  const rubbish = Array.from({ length: 200_000 }, () => 1);
  it.each([
    ['messages', 'messages[0]'],
    ['tools', 'tools'],
    ['stop', 'stop'],
    ['modalities', 'modalities'],
  ])('in %s', (name, param) => {
    expect(fault(chat({ [name]: rubbish }))).toEqual(['invalid_value', param]);
  });
  it('in a message', () => {
    expect(fault(saying({ role: 'user', content: rubbish }))).toEqual([
      'invalid_value',
      'messages[0].content',
    ]);
    expect(fault(saying({ role: 'assistant', content: '', tool_calls: rubbish }))).toEqual([
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
  ])('are no values as %s within a text', (_, piece) => {
    const content = piece.repeat(1_000_000);
    expect(parse(saying({ role: 'user', content })).choices).toBe(1);
  });
  it('are counted to the last one', () => {
    // Around the list: the request, its model, messages, message, role, content, and the list.
    const list = (items: number) => withField('metadata', `[${'"ab",'.repeat(items - 1)}1]`);
    expect(parse(list(250_000 - 7)).choices).toBe(1);
    expect(failure(list(250_000 - 6)).code).toBe('invalid_value');
  });
  it('are not looked for behind a quote without end', () => {
    expect(failure(`{"model":"${'[{,'.repeat(1_000_000)}`).code).toBe('invalid_json');
  });
});

describe('values that have to be read again', () => {
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

describe('__proto__ and friends', () => {
  const clean = () => expect(Object.keys(Object.prototype)).toEqual([]);

  it('are keys like any other in what is sent on', () => {
    const schema = '{"__proto__":{"a":1},"properties":{"__proto__":{"type":"string"},"constructor":true}}';
    const body = JSON.stringify(chat({ tools: [tool('f', 'VALUE')] })).replace('"VALUE"', schema);
    const text = new TextDecoder().decode(parse(body).upstreamBody());
    expect(text).toContain(schema);
    clean();
  });
  it.each([
    '{"__proto__":{"role":"user"},"content":"a"}',
    '{"role":"user","content":"a","__proto__":{"name":"b"}}',
    '{"role":"user","content":"a","constructor":{"prototype":{"b":1}}}',
  ])('change nothing in the message %s', (message) => {
    const { code, param } = failure(`{"model":"m","messages":[${message}]}`);
    expect(['invalid_value', 'unknown_parameter']).toContain(code);
    expect(param).toMatch(/^messages\[0\]/);
    clean();
  });
  it('are no model', () => {
    const body = '{"__proto__":{"model":"m"},"messages":[{"role":"user","content":""}]}';
    expect(fault(body)).toEqual(['invalid_value', 'model']);
    clean();
  });
  it('are no field from elsewhere', () => {
    const extraParams = new Set(['constructor', 'toString']);
    expect(sent(chat(), { extraParams })).toEqual(chat());
    expect(sent(chat({ constructor: 1 }), { extraParams })).toEqual(chat({ constructor: 1 }));
  });
});

describe('cost', () => {
  /** The best of three, in ms. */
  function time(body: Uint8Array): number {
    const times = Array.from({ length: 3 }, () => {
      const started = performance.now();
      try {
        parse(body);
      } catch {
        // How it ends is the matter of the tests above.
      }
      return performance.now() - started;
    });
    return Math.min(...times);
  }
  const encoder = new TextEncoder();

  // 8 times the body in at most 8 × 4 times the time: what is quadratic takes 64.
  it.each<[string, (size: number) => string]>([
    ['payloads that end badly', (n) => `{"a":"${';base64,AAAA!'.repeat(n / 13)}`],
    ['one payload without end', (n) => `{"a":";base64,${'A'.repeat(n)}`],
    ['commas before payloads', (n) => `{"a":"${`;base64,${'A'.repeat(33_000)}`.repeat(n / 33_000)}!"}`],
    [
      'a base64 URL that ends badly',
      (n) =>
        JSON.stringify(
          saying({
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(n)}!` } }],
          }),
        ),
    ],
    [
      'a long URL',
      (n) =>
        JSON.stringify(
          saying({
            role: 'user',
            content: [{ type: 'video_url', video_url: { url: `https://a/${'.avi'.repeat(n / 4)}x` } }],
          }),
        ),
    ],
    ['a long name', (n) => JSON.stringify(chat({ ['temperatur'.repeat(n / 10)]: 1 }))],
  ])('of %s is linear', (_, make) => {
    const small = time(encoder.encode(make(1_000_000)));
    const large = time(encoder.encode(make(8_000_000)));
    expect(large).toBeLessThan(32 * Math.max(small, 2));
  });
});
