// The canonical form: one for all spellings of a request, and another for every
// other request.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyRequest, anyText, EXTRA } from './arbitraries.ts';
import { calling, canonical, chat, type Json, saying, sentText, tool } from './support.ts';

const given = { extraParams: EXTRA };

/** What decides the answer, of what StepFun is asked: independent of how it is written. */
function meaning(request: unknown): string {
  // Big integers, 1e400 and -0 stay what they are, so that this oracle sees them.
  const body = JSON.parse(
    sentText(request, given),
    (_, value: unknown, { source = '' }: { source?: string }) =>
      typeof value === 'number' && (source.length > 15 || Object.is(value, -0) || !Number.isFinite(value))
        ? `number ${source}`
        : value,
  ) as Json;
  const { stream: _, ...rest } = body;
  const defaults: Json = { temperature: 0.5, top_p: 0.9, n: 1, frequency_penalty: 0 };
  for (const [name, value] of Object.entries(defaults)) if (rest[name] === value) delete rest[name];
  if ((rest['response_format'] as Json | undefined)?.['type'] === 'text') delete rest['response_format'];
  return JSON.stringify(ordered(rest));
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [`key ${key}`, ordered(item)]);
}

describe('the same for all spellings', () => {
  /** JSON with the keys of every object in another order, and spaces in between. */
  function shuffled(value: unknown, random: () => number): string {
    if (Array.isArray(value)) return `[ ${value.map((item) => shuffled(item, random)).join(' ,')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const members = Object.entries(value)
      .map(([key, item]) => [random(), `${JSON.stringify(key)} : ${shuffled(item, random)}`] as const)
      .sort(([a], [b]) => a - b);
    return `{${members.map(([, member]) => member).join(',\n')}}`;
  }

  it('the order of keys, spaces', () => {
    fc.assert(
      fc.property(anyRequest, fc.infiniteStream(fc.double({ noNaN: true })), (request, numbers) => {
        const other = shuffled(request, () => numbers.next().value ?? 0);
        expect(canonical(other, given)).toBe(canonical(request, given));
      }),
      { numRuns: 1_500 },
    );
  });

  it('what only changes the way back', () => {
    const away = new Set(['stream', 'reasoning_format', 'user', 'metadata']);
    fc.assert(
      fc.property(anyRequest, anyRequest, (request, other) => {
        const kept = Object.entries(request).filter(([name]) => !away.has(name));
        const taken = Object.entries(other).filter(([name]) => away.has(name));
        const mixed = Object.fromEntries([...kept, ...taken]);
        expect(canonical(mixed, given)).toBe(canonical(request, given));
      }),
      { numRuns: 1_000 },
    );
    const stream = { stream: true, stream_options: { include_usage: true }, include_reasoning: false };
    expect(canonical(chat(stream))).toBe(canonical(chat()));
  });

  const part = (fields: Json) => saying({ role: 'user', content: [fields] });
  const image = (detail?: string) =>
    part({ type: 'image_url', image_url: { url: 'https://a.example/a.png', detail } });
  const format = (json_schema: Json) => chat({ response_format: { type: 'json_schema', json_schema } });

  it.each<[string, unknown, unknown]>([
    ['temperature', chat({ temperature: 0.5 }), chat()],
    ['top_p', chat({ top_p: 0.9 }), chat()],
    ['n', chat({ n: 1 }), chat()],
    ['frequency_penalty', chat({ frequency_penalty: 0 }), chat({ frequency_penalty: null })],
    ['response_format', chat({ response_format: { type: 'text' } }), chat()],
    ['stop', chat({ stop: '' }), chat({ stop: [] })],
    ['one word to stop at', chat({ stop: 'a' }), chat({ stop: ['a'] })],
    ['tools', chat({ tools: [] }), chat()],
    ['image detail low', image('low'), image()],
    ['image detail auto', image('auto'), image()],
    ['max_completion_tokens', chat({ max_completion_tokens: 9 }), chat({ max_tokens: 9 })],
    ['reasoning', chat({ reasoning: { effort: 'low' } }), chat({ reasoning_effort: 'low' })],
    ['developer', saying({ role: 'developer', content: 'a' }), saying({ role: 'system', content: 'a' })],
    [
      'text parts',
      saying({ role: 'system', content: [{ type: 'text', text: 'a' }] }),
      saying({ role: 'system', content: 'a' }),
    ],
    ['no content beside calls', saying({ ...calling('1'), content: undefined }), saying(calling('1'))],
    [
      'refusal',
      saying({ role: 'assistant', content: 'a', refusal: null }),
      saying({ role: 'assistant', content: 'a' }),
    ],
    ['numbers', JSON.stringify(chat({ temperature: 1 })).replace(':1', ':1.0e0'), chat({ temperature: 1 })],
    [
      'minus zero, which is no other number here',
      '{"temperature":-0,"model":"m","messages":[{"role":"user","content":""}]}',
      '{"temperature":0,"model":"m","messages":[{"role":"user","content":""}]}',
    ],
    [
      'escapes',
      String.raw`{"model":"\u006d","messages":[{"role":"user","content":"\u0061"}]}`,
      '{"model":"m","messages":[{"role":"user","content":"a"}]}',
    ],
    [
      'keys of a schema',
      format({ name: 'a', schema: { b: 1, a: 2 } }),
      format({ schema: { a: 2, b: 1 }, name: 'a' }),
    ],
    [
      'bare sound',
      part({ type: 'input_audio', input_audio: { data: 'QUJD', format: 'wav' } }),
      part({ type: 'input_audio', input_audio: { data: 'data:audio/wav;base64,QUJD' } }),
    ],
  ])('%s', (_, one, other) => {
    expect(canonical(one)).toBe(canonical(other));
  });
});

describe('its text', () => {
  it('is a JSON object without its closing brace, so that nothing can be moved across its parts', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const { stream: _, ...asked } = JSON.parse(sentText(request, given)) as Json;
        expect(asked).toMatchObject(JSON.parse(`${canonical(request, given)}}`) as Json);
      }),
      { numRuns: 500 },
    );
  });
});

describe('another for another request', () => {
  it('equal exactly where StepFun would be asked the same', () => {
    // Every request is compared with every other: 2,500 of them make 3 million pairs.
    const byForm = new Map<string, string>();
    const byMeaning = new Map<string, string>();
    fc.assert(
      fc.property(anyRequest, (request) => {
        const [form, said] = [canonical(request, given), meaning(request)];
        expect(byForm.get(form) ?? said).toBe(said);
        expect(byMeaning.get(said) ?? form).toBe(form);
        byForm.set(form, said);
        byMeaning.set(said, form);
      }),
      { numRuns: 2_500 },
    );
    expect(byForm.size).toBeGreaterThan(1_500);
  });

  /** Places for a text; what stands in them decides the answer. */
  const texts: Record<string, (text: string) => unknown> = {
    content: (text) => saying({ role: 'user', content: text }),
    'a part of content': (text) => saying({ role: 'user', content: [{ type: 'text', text }] }),
    'the second of two messages': (text) =>
      saying({ role: 'user', content: '' }, { role: 'user', content: text }),
    'a name': (text) => saying({ role: 'user', content: '', name: text }),
    reasoning: (text) => saying({ role: 'assistant', content: '', reasoning: text }),
    'arguments of a call': (text) =>
      saying({
        role: 'assistant',
        content: null,
        tool_calls: [{ id: '1', type: 'function', function: { name: 'f', arguments: text } }],
      }),
    'a description': (text) =>
      chat({ tools: [{ type: 'function', function: { name: 'f', description: text } }] }),
    'a key of a schema': (text) =>
      chat({ tools: [tool('f', { $defs: 1, x: JSON.parse(`{${JSON.stringify(`k${text}`)}:1}`) })] }),
    'a value of a schema': (text) => chat({ tools: [tool('f', { default: text })] }),
    'a field of EXTRA_PARAMS': (text) => chat({ extra: text }),
    'two words to stop at': (text) => chat({ stop: ['a', `b${text}`] }),
  };

  /** Places for any JSON, as text. */
  const values: Record<string, (json: string) => string> = {
    'a field of EXTRA_PARAMS': (json) =>
      JSON.stringify(chat({ extra: 'VALUE' })).replace('"VALUE"', () => json),
    'a schema': (json) =>
      JSON.stringify(chat({ tools: [tool('f', { default: 'VALUE' })] })).replace('"VALUE"', () => json),
    audio: (json) => JSON.stringify(chat({ audio: { a: 'VALUE' } })).replace('"VALUE"', () => json),
  };

  const NUMBERS = (
    '0 -0 1 -1 0.1 1e21 1e22 1e400 -1e400 1e401 0.30000000000000004 0.3 ' +
    '9007199254740991 9007199254740992 9007199254740993 9007199254740994 -9007199254740993 ' +
    '9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616 ' +
    '123456789012345678901234567890 123456789012345678901234567891'
  ).split(' ');

  it('in one value: every two of 1,000 texts, in eleven places', () => {
    const odd = [
      '',
      '\ud800',
      '\udfff',
      '\ufffd',
      '\ud800\udc00',
      '\udc00\ud800',
      '\u0000',
      '"',
      '\\',
      '\\"',
      '","b":"',
    ];
    const moved = [
      '","name":"a',
      '"},{"role":"user","content":"',
      ']',
      '],"max_tokens":1',
      'null',
      '[object Object]',
      '0',
      '-0',
    ];
    const all = [
      ...new Set([
        ...odd,
        ...moved,
        ...NUMBERS,
        ...fc.sample(anyText, 4_000),
        ...fc.sample(fc.string(), 1_000),
      ]),
    ];
    const some = all.slice(0, 1_000);
    expect(some).toHaveLength(1_000);
    const forms = new Set<string>();
    for (const make of Object.values(texts)) {
      for (const text of some) forms.add(canonical(make(text), given));
    }
    // 11,000 forms, no two alike: 60 million pairs, 5 million of which differ in one value.
    expect(forms.size).toBe(some.length * Object.keys(texts).length);
  });

  it('in one number or other JSON, in three places', () => {
    const json = (
      'null true "" "0" "null" [] {} [null] [[]] {"a":[]} [0] ["0"] [1,[2]] [[1],2] [1,2] {"a":1,"b":2} ' +
      '{"a":{"b":2}} {"a":1} {"a,b":1} {"":1} {"__proto__":1} {"constructor":1} [-0] [9007199254740993] {"a":1e400}'
    )
      .split(' ')
      .concat(NUMBERS);
    const forms = new Set<string>();
    for (const make of Object.values(values))
      for (const text of json) forms.add(canonical(make(text), given));
    expect(forms.size).toBe(json.length * Object.keys(values).length);
  });

  it.each<[string, unknown, unknown]>([
    ['model', chat({ model: 'a' }), chat({ model: 'b' })],
    ['temperature', chat({ temperature: 0.50001 }), chat()],
    ['reasoning_effort', chat({ reasoning_effort: 'low' }), chat()],
    ['max_tokens', chat({ max_tokens: 1 }), chat()],
    ['n', chat({ n: 2 }), chat()],
    ['seed', chat({ seed: 0 }), chat()],
    [
      'the order of messages',
      saying({ role: 'user', content: 'a' }, { role: 'user', content: 'b' }),
      saying({ role: 'user', content: 'b' }, { role: 'user', content: 'a' }),
    ],
    [
      'the border of messages',
      saying({ role: 'user', content: 'ab' }, { role: 'user', content: '' }),
      saying({ role: 'user', content: 'a' }, { role: 'user', content: 'b' }),
    ],
    ['the role', saying({ role: 'user', content: 'a' }), saying({ role: 'system', content: 'a' })],
    ['the order of tools', chat({ tools: [tool('a'), tool('b')] }), chat({ tools: [tool('b'), tool('a')] })],
    ['tool_choice', chat({ tools: [tool('a')], tool_choice: 'none' }), chat({ tools: [tool('a')] })],
    [
      'reasoning under another name',
      saying({ role: 'assistant', content: '', reasoning: 'a' }),
      saying({ role: 'assistant', content: '', reasoning_content: 'a' }),
    ],
    ['EXTRA_PARAMS', chat({ extra: null }), chat()],
  ])('%s', (_, one, other) => {
    expect(canonical(one, given)).not.toBe(canonical(other, given));
  });
});
