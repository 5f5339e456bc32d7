// Keys of requests as clients write them: no two different ones share a key, and
// all spellings of one do. Of n values of one field, all n·(n-1)/2 pairs differ in
// one value, and the keys of all of them must be distinct: 50,000 pairs, a million in a long run.

import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { runs } from '../../long-run.ts';
import { cacheKey } from '../../../src/cache/key.ts';
import { parseChatRequest } from '../../../src/chat/request/chat-request.ts';
import { readConfig } from '../../../src/config/config.ts';
import { encode } from './samples.ts';

const { chat } = readConfig({ STEP_API_KEY: 'sk-test', EXTRA_PARAMS: 'extra', MAX_CHOICES: '128' });

/** @param body - as text, so that duplicates, escapes and numbers stand as they are written. */
function keyOf(body: string, clientId: string | null = 'key:app'): Promise<string> {
  const asked = parseChatRequest(encode(body), { reasoningHeader: null, chat });
  return cacheKey({
    shape: 'openai',
    baseUrl: 'https://api.stepfun.ai/v1',
    clientId,
    canonical: asked.canonical(),
  });
}

const base = { model: 'step-3.7-flash', messages: [{ role: 'user', content: 'Hello' }] };
const withField = (fields: object) => JSON.stringify({ ...base, ...fields });

/** The values of each field. */
const VALUES = runs(100, 550);

let pairs = 0;
afterAll(() => {
  const wanted = runs(50_000, 1_000_000);
  if (pairs < wanted) throw new Error(`${pairs} pairs only, not ${wanted}`);
});

/** @returns those that share a key with another; there should be none. */
async function sharers(bodies: Iterable<string>): Promise<string[]> {
  const asked = [...bodies];
  const keys = new Map<string, string>();
  const shared: string[] = [];
  for (const body of asked) {
    const key = await keyOf(body);
    const twin = keys.get(key);
    if (twin !== undefined) shared.push(twin, body);
    keys.set(key, body);
  }
  pairs += (asked.length * (asked.length - 1)) / 2;
  return shared;
}

/** For JSON.stringify: one spelling of an object, whatever the order of its keys. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function distinct<T>(values: fc.Arbitrary<T>, count: number): Set<string> {
  const written = new Set<string>();
  for (const value of fc.sample(values, { numRuns: 3 * count })) {
    if (written.size < count) written.add(JSON.stringify(value, sorted));
  }
  return written;
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom(
      '"',
      '\\',
      ',',
      ':',
      '{',
      '}',
      '[',
      ']',
      ' ',
      '0',
      '\ud800',
      '\udc00',
      '\ufffd',
      '\u0000',
    ),
    maxLength: 8,
  }),
);
const json = fc.jsonValue({ maxDepth: 3 });

const cuts = (whole: string) =>
  Array.from({ length: whole.length + 1 }, (_, i) => [whole.slice(0, i), whole.slice(i)]);

const say = (role: string, content: string) => ({ role, content });

const media = (url: string, detail?: string) => ({
  messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url, detail } }] }],
});

const tool = (name: string) => ({ tools: [{ type: 'function', function: { name } }] });

describe('requests that differ in one value', () => {
  it.each<[string, fc.Arbitrary<unknown>, (value: string) => string]>([
    ['what is said', text, (value) => `{"model":"m","messages":[{"role":"user","content":${value}}]}`],
    [
      'the name of who says it',
      text,
      (value) => `{"model":"m","messages":[{"role":"user","content":"a","name":${value}}]}`,
    ],
    [
      'a tool message',
      text,
      (value) =>
        `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":${value}}]}`,
    ],
    [
      'a field of EXTRA_PARAMS',
      json.filter((value) => value !== null),
      (value) => `${withField({}).slice(0, -1)},"extra":${value}}`,
    ],
    [
      'a schema',
      fc.dictionary(
        text.filter((name) => name !== '__proto__'),
        // A null keyword is left out.
        json.filter((value) => value !== null),
        { maxKeys: 3 },
      ),
      (value) =>
        `${withField({}).slice(0, -1)},"tools":[{"type":"function","function":{"name":"f","parameters":${value}}}]}`,
    ],
  ])('%s', { timeout: 60_000 }, async (_, values, body) => {
    // One value in two spellings (a lone surrogate, `1.0`) is one request: JSON.stringify has settled that.
    expect(await sharers([...distinct(values, VALUES)].map(body))).toEqual([]);
  });

  it('numbers, big integers among them', async () => {
    const seeds = new Set<number>([
      0,
      1,
      -1,
      2 ** 31,
      2 ** 53 - 1,
      ...fc.sample(fc.maxSafeInteger(), { numRuns: VALUES }),
    ]);
    expect(await sharers([...seeds].map((value) => withField({ seed: value })))).toEqual([]);
    const big = Array.from({ length: VALUES }, (_, i) => `${2n ** 64n + BigInt(i)}`);
    expect(await sharers(big.map((value) => `${withField({}).slice(0, -1)},"extra":${value}}`))).toEqual([]);
    const temperatures = Array.from({ length: 80 }, (_, i) => i / 40);
    expect(await sharers(temperatures.map((temperature) => withField({ temperature })))).toEqual([]);
    expect(await sharers(Array.from({ length: 80 }, (_, i) => withField({ max_tokens: i + 1 })))).toEqual([]);
  });

  it('boundaries moved between neighbours', async () => {
    const bodies = cuts('","role":"user","content":"')
      .filter(([a, b]) => a !== '' && b !== '')
      .flatMap(([a = '', b = '']) => [
        withField({ messages: [say('user', a), say('user', b)] }),
        withField({ messages: [say('user', a), say('assistant', b), say('user', 'c')] }),
        withField({ messages: [say('system', a), say('user', b)] }),
        withField({ messages: [say('user', a + b)] }),
        withField({
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: a },
                { type: 'text', text: b },
              ],
            },
          ],
        }),
        withField({ messages: [{ role: 'user', content: b, name: a }] }),
        withField({ stop: [a, b] }),
        withField({ stop: `${a}${b}` }),
      ]);
    expect(await sharers(new Set(bodies))).toEqual([]);
  });

  it('everything that changes the answer', async () => {
    expect(
      await sharers(
        [
          {},
          { model: 'step-5-preview' },
          { temperature: 0.6 },
          { top_p: 0.8 },
          { frequency_penalty: 0.1 },
          { presence_penalty: 0.1 },
          { n: 2 },
          { max_tokens: 1 },
          { seed: 0 },
          { stop: 'a' },
          { stop: ['b'] },
          { response_format: { type: 'json_object' } },
          { reasoning_effort: 'low' },
          { reasoning_effort: 'high' },
          { logprobs: true },
          { logprobs: true, top_logprobs: 2 },
          { tool_choice: 'none', ...tool('f') },
          { parallel_tool_calls: false, ...tool('f') },
          { extra: 0 },
          { extra: false },
          tool('f'),
          tool('g'),
          media('https://a.example/a.png'),
          media('https://a.example/a.png', 'high'),
          media('https://a.example/b.png'),
          media('data:image/png;base64,AAAA'),
          media('data:image/jpeg;base64,AAAA'),
          { messages: [{ role: 'system', content: 'Hello' }, ...base.messages] },
          { messages: [...base.messages, ...base.messages] },
        ].map(withField),
      ),
    ).toEqual([]);
  });
});

describe('one request in many spellings', () => {
  it.each<[string, object, object]>([
    [
      "StepFun's defaults",
      {},
      { temperature: 0.5, top_p: 0.9, n: 1, frequency_penalty: 0, response_format: { type: 'text' } },
    ],
    ['null', {}, { temperature: null, stop: null, tools: null, seed: null }],
    [
      'what only changes the presentation',
      {},
      { stream: true, stream_options: { include_usage: true }, reasoning_format: 'hidden' },
    ],
    ['what is left out', {}, { user: 'u', metadata: { a: 'b' }, store: true }],
    ['an alias', { max_tokens: 7 }, { max_completion_tokens: 7 }],
    ['another one', { reasoning_effort: 'low' }, { reasoning: { effort: 'low' } }],
    [
      'roles',
      { messages: [{ role: 'system', content: 'a' }, ...base.messages] },
      { messages: [{ content: 'a', role: 'developer' }, ...base.messages] },
    ],
    [
      'the detail of an image',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a.example/a.png' } }] },
        ],
      },
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'https://a.example/a.png', detail: 'low' } }],
          },
        ],
      },
    ],
    [
      'the order of keys',
      { extra: { a: 1, b: { c: [1], d: 2 } }, seed: 1 },
      { seed: 1, extra: { b: { d: 2, c: [1] }, a: 1 } },
    ],
  ])('%s', async (_, one, other) => {
    expect(await keyOf(withField(other))).toBe(await keyOf(withField(one)));
  });

  it('escapes, whitespace, numbers and -0', async () => {
    const plain = '{"model":"m","messages":[{"role":"user","content":"aé😀"}],"temperature":0,"extra":1}';
    const odd =
      '{ "extra" : 1.0e0, "temperature":-0, "mod\\u0065l":"m","messages":[{"content":"a\\u00e9\\ud83d\\ude00","role":"user"} ] }';
    expect(await keyOf(odd)).toBe(await keyOf(plain));
  });
});

it('the same request of two clients is two entries', async () => {
  const keys = await Promise.all(
    ['key:one', 'key:two', null].map((clientId) => keyOf(withField({}), clientId)),
  );
  expect(new Set(keys).size).toBe(3);
});
