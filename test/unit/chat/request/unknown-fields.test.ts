// Fields that are not known: left out and named, or refused.

import { describe, expect, it } from 'vitest';
import { BOOKKEEPING_FIELDS } from '../../../../src/chat/request/other-fields.ts';
import {
  canonical,
  chat,
  failure,
  fault,
  type Json,
  leftOut,
  parse,
  sent,
  tool,
  withMessages,
} from './support.ts';

const message = { role: 'user', content: 'Hi' };
const textPart = { type: 'text', text: 'Hi' };
const imagePart = { type: 'image_url', image_url: { url: 'https://a.example/a.png' } };
const call = { id: '1', type: 'function', function: { name: 'f', arguments: '{}' } };
const caller = { role: 'assistant', content: null, tool_calls: [call] };
const answer = { role: 'tool', tool_call_id: '1', content: 'done' };
const ephemeral = { type: 'ephemeral' };

describe('unknown fields', () => {
  it.each<[path: string, body: Json, rest: Json]>([
    [
      'messages[].cache_control',
      withMessages({ ...message, cache_control: ephemeral }),
      withMessages(message),
    ],
    [
      'messages[].copilot_cache_control',
      withMessages({ ...message, copilot_cache_control: ephemeral }),
      withMessages(message),
    ],
    ['messages[].thinking_blocks', withMessages({ ...caller, thinking_blocks: [{}] }), withMessages(caller)],
    [
      'messages[].provider_specific_fields',
      withMessages({ ...caller, provider_specific_fields: {} }),
      withMessages(caller),
    ],
    ['messages[].images', withMessages({ ...caller, images: [] }), withMessages(caller)],
    ['messages[].metadata', withMessages({ ...message, metadata: {} }), withMessages(message)],
    ['messages[].reasoning_text', withMessages({ ...caller, reasoning_text: 'a' }), withMessages(caller)],
    ['messages[].thinking', withMessages({ ...caller, thinking: 'a' }), withMessages(caller)],
    [
      'messages[].content[].cache_control',
      withMessages({ role: 'user', content: [{ ...imagePart, cache_control: ephemeral }] }),
      withMessages({ role: 'user', content: [imagePart] }),
    ],
    [
      'messages[].content[].prompt_cache_breakpoint',
      withMessages({ role: 'user', content: [{ ...textPart, prompt_cache_breakpoint: true }] }),
      withMessages({ role: 'user', content: [textPart] }),
    ],
    [
      'messages[].content[].image_url.media_type',
      withMessages({
        role: 'user',
        content: [{ ...imagePart, image_url: { ...imagePart.image_url, media_type: 'image/png' } }],
      }),
      withMessages({ role: 'user', content: [imagePart] }),
    ],
    [
      'messages[].tool_calls[].extra_content',
      withMessages({ ...caller, tool_calls: [{ ...call, extra_content: { google: {} } }] }),
      withMessages(caller),
    ],
    [
      'messages[].cache_control',
      withMessages(caller, { ...answer, cache_control: ephemeral }),
      withMessages(caller, answer),
    ],
    [
      'tools[].cache_control',
      chat({ tools: [{ ...tool('f'), cache_control: ephemeral }] }),
      chat({ tools: [tool('f')] }),
    ],
    [
      'tools[].function.examples',
      chat({ tools: [{ type: 'function', function: { name: 'f', examples: [] } }] }),
      chat({ tools: [{ type: 'function', function: { name: 'f' } }] }),
    ],
    [
      'stream_options.chunk_size',
      chat({ stream: true, stream_options: { chunk_size: 1 } }),
      chat({ stream: true }),
    ],
    [
      'reasoning.summary',
      chat({ reasoning: { effort: 'low', summary: 'auto' } }),
      chat({ reasoning_effort: 'low' }),
    ],
    [
      'response_format.json_schema.version',
      chat({ response_format: { type: 'json_schema', json_schema: { name: 'a', version: 2 } } }),
      chat({ response_format: { type: 'json_schema', json_schema: { name: 'a' } } }),
    ],
  ])('are left out and named: %s', (path, body, rest) => {
    expect(leftOut(body, rest)).toEqual([path]);
  });

  it('are named once, in the order of the request', () => {
    const body = chat({
      top_k: 5,
      messages: [
        { ...message, cache_control: ephemeral },
        { ...message, cache_control: ephemeral, id: 1 },
      ],
      user: 'a',
    });
    expect(parse(body).ignoredParams).toEqual(['messages[].cache_control', 'messages[].id', 'top_k', 'user']);
  });

  it('are not named if they are null', () => {
    expect(leftOut(chat({ foo: null, top_k: null, temprature: null, functions: null }), chat())).toEqual([]);
    expect(leftOut(withMessages({ ...message, foo: null }), withMessages(message))).toEqual([]);
  });

  it('are named as text for a header, whatever their names are', () => {
    const names = ['a b', 'a,b', 'é', '\r\nx-admin: 1', '\ud800', '', '__proto__', 'y'.repeat(10_000)];
    const body = `{"model":"m","messages":[{"role":"user","content":""}],${names
      .map((name) => `${JSON.stringify(name)}:1`)
      .join()}}`;
    const { ignoredParams } = parse(body);
    expect(ignoredParams).toHaveLength(names.length);
    for (const name of ignoredParams) expect(name).toMatch(/^[\w%.[\]-]{0,128}$/);
    expect(ignoredParams[1]).toBe('a%2Cb');
    expect(
      new Headers({ 'x-ignored-params': ignoredParams.join(', ') }).get('x-ignored-params'),
    ).toBeTruthy();
  });

  it('are at most 32 names, then an ellipsis', () => {
    const fields = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`zz_${index}_zz`, 1]));
    const { ignoredParams } = parse(chat(fields));
    expect(ignoredParams).toHaveLength(33);
    expect(ignoredParams.at(-1)).toBe('...');
  });
});

describe('misspellings of known fields', () => {
  it.each([
    ['temprature', 'temperature'],
    ['Temperature', 'temperature'],
    ['maxTokens', 'max_tokens'],
    ['max-tokens', 'max_tokens'],
    ['mesages', 'messages'],
    ['streem', 'stream'],
    ['response_fromat', 'response_format'],
    ['tool', 'tools'],
    ['function', 'functions'],
  ])('are refused with the right name: %s', (name, nearest) => {
    expect(failure(chat({ [name]: 1 }))).toEqual({
      code: 'unknown_parameter',
      param: name,
      message: `${name}: unknown field (did you mean ${nearest}?)`,
    });
  });
  it('are refused for fields of EXTRA_PARAMS, too', () => {
    const extraParams = new Set(['new_one']);
    expect(failure(chat({ new_on: 1 }), { extraParams }).message).toMatch(/did you mean new_one/);
  });
  it('are accepted below the top level', () => {
    expect(leftOut(withMessages({ ...message, nmae: 'a' }), withMessages(message))).toEqual([
      'messages[].nmae',
    ]);
  });
});

describe('UNKNOWN_PARAMS=refuse', () => {
  const given = { unknownParams: 'refuse' } as const;

  it.each<[param: string, body: Json]>([
    ['top_k', chat({ top_k: 5 })],
    ['foo', chat({ foo: 1 })],
    ['messages[0].cache_control', withMessages({ ...message, cache_control: ephemeral })],
    [
      'messages[0].content[1].cache_control',
      withMessages({ role: 'user', content: [textPart, { ...textPart, cache_control: {} }] }),
    ],
    ['tools[0].cache_control', chat({ tools: [{ ...tool('f'), cache_control: ephemeral }] })],
    ['reasoning.max_tokens', chat({ reasoning: { max_tokens: 5 } })],
  ])('refuses %s', (param, body) => {
    expect(fault(body, given)).toEqual(['unknown_parameter', param]);
  });
  it('lists all of them', () => {
    const { message } = failure(
      { ...withMessages({ role: 'user', content: 'a', foo: 1 }), top_k: 1, bar: 2 },
      given,
    );
    expect(message.split('; ')).toEqual([
      'top_k: unknown field (did you mean top_p?)',
      'bar: unknown field',
      'messages[0].foo: unknown field',
    ]);
  });
  it('accepts bookkeeping, null, and the history of our own answers', () => {
    const bookkeeping = Object.fromEntries(BOOKKEEPING_FIELDS.map((name) => [name, 'a']));
    expect(parse(chat(bookkeeping), given).ignoredParams).toEqual([...BOOKKEEPING_FIELDS]);
    const history = { ...caller, refusal: null, annotations: [], reasoning: 'a', audio: null };
    expect(parse({ ...withMessages(history), foo: null }, given).ignoredParams).toEqual([]);
  });
});

describe('EXTRA_PARAMS', () => {
  it('sends top-level fields as they are', () => {
    const extraParams = new Set(['top_k', 'user', 'new_one', 'temperature']);
    const extras = { top_k: 5, user: 'u', new_one: { b: [null, 1.5], a: '' } };
    expect(sent(chat(extras), { extraParams })).toEqual(chat(extras));
    expect(parse(chat(extras), { extraParams }).ignoredParams).toEqual([]);
    expect(parse(chat(extras), { extraParams, unknownParams: 'refuse' }).ignoredParams).toEqual([]);
    expect(sent(chat({ new_one: null }), { extraParams })).toEqual(chat({ new_one: null }));
  });
  it('changes nothing for known fields', () => {
    const extraParams = new Set(['temperature', 'reasoning', 'stream', 'max_completion_tokens']);
    expect(fault(chat({ temperature: 9 }), { extraParams })).toEqual(['invalid_value', 'temperature']);
    const body = chat({
      temperature: 0.5,
      reasoning: { exclude: true },
      stream: true,
      max_completion_tokens: 5,
    });
    expect(sent(body, { extraParams })).toEqual(sent(body));
    expect(canonical(body, { extraParams })).toBe(canonical(body));
  });
});
