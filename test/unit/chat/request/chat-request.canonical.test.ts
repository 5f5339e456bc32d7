// The canonical form: the same for all spellings of a request, and different for every
// other request.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyRequest, EXTRA } from './arbitraries.ts';
import { canonicalFormProperty, differentTexts, NUMBERS, unknownFieldsProperty } from './properties.ts';
import { calling, canonical, chat, type Json, withMessages, sentText, tool } from './support.ts';

const given = { extraParams: EXTRA };

describe('the same form for all spellings', () => {
  /** @returns JSON with the keys of every object in another order, and with spaces. */
  function shuffled(value: unknown, random: () => number): string {
    if (Array.isArray(value)) return `[ ${value.map((item) => shuffled(item, random)).join(' ,')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const members = Object.entries(value)
      .map(([key, item]) => [random(), `${JSON.stringify(key)} : ${shuffled(item, random)}`] as const)
      .sort(([a], [b]) => a - b);
    return `{${members.map(([, member]) => member).join(',\n')}}`;
  }

  it('with keys in another order, and spaces', () => {
    fc.assert(
      fc.property(anyRequest, fc.infiniteStream(fc.double({ noNaN: true })), (request, numbers) => {
        const other = shuffled(request, () => numbers.next().value ?? 0);
        expect(canonical(other, given)).toBe(canonical(request, given));
      }),
      { numRuns: 100 },
    );
  });

  it('with unknown fields, anywhere', () => {
    fc.assert(unknownFieldsProperty, { numRuns: 150 });
  });

  it('with other fields that only change the way back', () => {
    const away = new Set(['stream', 'reasoning_format', 'user', 'metadata']);
    fc.assert(
      fc.property(anyRequest, anyRequest, (request, other) => {
        const kept = Object.entries(request).filter(([name]) => !away.has(name));
        const taken = Object.entries(other).filter(([name]) => away.has(name));
        const mixed = Object.fromEntries([...kept, ...taken]);
        expect(canonical(mixed, given)).toBe(canonical(request, given));
      }),
      { numRuns: 100 },
    );
    const stream = { stream: true, stream_options: { include_usage: true }, include_reasoning: false };
    expect(canonical(chat(stream))).toBe(canonical(chat()));
  });

  const part = (fields: Json) => withMessages({ role: 'user', content: [fields] });
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
    ['one stop text', chat({ stop: 'a' }), chat({ stop: ['a'] })],
    ['tools', chat({ tools: [] }), chat()],
    ['image detail low', image('low'), image()],
    ['image detail auto', image('auto'), image()],
    ['max_completion_tokens', chat({ max_completion_tokens: 9 }), chat({ max_tokens: 9 })],
    ['reasoning', chat({ reasoning: { effort: 'low' } }), chat({ reasoning_effort: 'low' })],
    ['a dialect of effort', chat({ reasoning_effort: 'max' }), chat({ reasoning_effort: 'high' })],
    ['effort auto', chat({ reasoning_effort: 'auto' }), chat()],
    ['tool_choice without tools', chat({ tool_choice: 'auto', parallel_tool_calls: true }), chat()],
    [
      'null keywords of a schema',
      chat({ tools: [tool('f', { type: 'object', title: null })] }),
      chat({ tools: [tool('f', { type: 'object' })] }),
    ],
    [
      'developer',
      withMessages({ role: 'developer', content: 'a' }),
      withMessages({ role: 'system', content: 'a' }),
    ],
    [
      'text parts',
      withMessages({ role: 'system', content: [{ type: 'text', text: 'a' }] }),
      withMessages({ role: 'system', content: 'a' }),
    ],
    [
      'no content beside calls',
      withMessages({ ...calling('1'), content: undefined }),
      withMessages(calling('1')),
    ],
    [
      'refusal',
      withMessages({ role: 'assistant', content: 'a', refusal: null }),
      withMessages({ role: 'assistant', content: 'a' }),
    ],
    ['numbers', JSON.stringify(chat({ temperature: 1 })).replace(':1', ':1.0e0'), chat({ temperature: 1 })],
    [
      'minus zero',
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
      'bare base64',
      part({ type: 'input_audio', input_audio: { data: 'QUJD', format: 'wav' } }),
      part({ type: 'input_audio', input_audio: { data: 'data:audio/wav;base64,QUJD' } }),
    ],
  ])('%s', (_, one, other) => {
    expect(canonical(one)).toBe(canonical(other));
  });
});

describe('the text of the form', () => {
  it('is a JSON object without its closing brace, so that no part can run into another', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const { stream: _, ...asked } = JSON.parse(sentText(request, given)) as Json;
        expect(asked).toMatchObject(JSON.parse(`${canonical(request, given)}}`) as Json);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a different form for a different request', () => {
  it('has the same form exactly where StepFun would be asked the same', () => {
    // 300 requests are 44,850 pairs; `npm run fuzz` compares millions.
    const { property, forms } = canonicalFormProperty();
    fc.assert(property, { numRuns: 300 });
    expect(forms()).toBeGreaterThan(200);
  });

  it('has another form for every other text, in eleven places', () => {
    // 25 texts in 11 places are 37,675 pairs.
    const { requests, forms } = differentTexts(25);
    expect(requests).toBe(275);
    expect(forms).toBe(requests);
  });

  /** Places for any JSON, as text. */
  const values: Record<string, (json: string) => string> = {
    'a field of EXTRA_PARAMS': (json) =>
      JSON.stringify(chat({ extra: 'VALUE' })).replace('"VALUE"', () => json),
    'a schema': (json) =>
      JSON.stringify(chat({ tools: [tool('f', { default: 'VALUE' })] })).replace('"VALUE"', () => json),
    audio: (json) => JSON.stringify(chat({ audio: { a: 'VALUE' } })).replace('"VALUE"', () => json),
  };

  it('has another form for every other number and JSON value, in three places', () => {
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
      withMessages({ role: 'user', content: 'a' }, { role: 'user', content: 'b' }),
      withMessages({ role: 'user', content: 'b' }, { role: 'user', content: 'a' }),
    ],
    [
      'the border between messages',
      withMessages({ role: 'user', content: 'ab' }, { role: 'user', content: '' }),
      withMessages({ role: 'user', content: 'a' }, { role: 'user', content: 'b' }),
    ],
    [
      'the role',
      withMessages({ role: 'user', content: 'a' }),
      withMessages({ role: 'system', content: 'a' }),
    ],
    ['the order of tools', chat({ tools: [tool('a'), tool('b')] }), chat({ tools: [tool('b'), tool('a')] })],
    ['tool_choice', chat({ tools: [tool('a')], tool_choice: 'none' }), chat({ tools: [tool('a')] })],
    [
      'reasoning under another name',
      withMessages({ role: 'assistant', content: '', reasoning: 'a' }),
      withMessages({ role: 'assistant', content: '', reasoning_content: 'a' }),
    ],
    ['EXTRA_PARAMS', chat({ extra: null }), chat()],
  ])('%s', (_, one, other) => {
    expect(canonical(one, given)).not.toBe(canonical(other, given));
  });
});
