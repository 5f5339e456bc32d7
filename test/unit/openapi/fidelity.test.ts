// The gateway accepts the requests that match the description's JSON Schema, and no others:
// for random requests.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sessionRequestSchema } from '../../../src/access/sessions.ts';
import { JSON_DEPTH_MAX, TURNSTILE_TOKEN_CHARS } from '../../../src/config/limits.ts';
import { anyMutant } from '../chat/request/arbitraries.ts';
import { calling, chat, type Json, withMessages, tool } from '../chat/request/support.ts';
import { agrees, excluded, EXCLUSIONS, isAccepted, isDescribed } from './agreement.ts';
import { address, mutated, mutation, requestFrom } from './arbitrary.ts';
import { componentValidator, description } from './validator.ts';

describe('a chat request', () => {
  it('is accepted by the gateway if, and only if, the description accepts it', () => {
    const fields = Object.keys(description.components.schemas['ChatCompletionRequest']?.properties ?? {});
    const accepted = new Set<string>();
    const seen = { accepted: 0, refused: 0 };
    const mutations = fc.oneof(
      { arbitrary: fc.constant([]), weight: 3 },
      { arbitrary: fc.array(mutation, { minLength: 1, maxLength: 2 }), weight: 2 },
    );
    fc.assert(
      fc.property(requestFrom('ChatCompletionRequest'), mutations, (request, changes) => {
        const body = changes.reduce(mutated, request);
        const isRight = agrees(body);
        seen[isRight ? 'accepted' : 'refused']++;
        if (isRight) for (const field of Object.keys(body as Json)) accepted.add(field);
      }),
      { numRuns: 1_500 },
    );
    // The test is void if all requests were refused, or if a field never occurred.
    expect(seen.accepted).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(50);
    expect(fields.filter((field) => !accepted.has(field))).toEqual([]);
  });

  it('the same for requests that were not made from the description', () => {
    fc.assert(
      fc.property(anyMutant, (body) => void agrees(body)),
      { numRuns: 300 },
    );
  });

  it.each(['image_url', 'video_url', 'input_audio'])('the same with any address as %s', (type) => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(address, (url) => {
        const media = type === 'input_audio' ? { data: url, format: 'wav' } : { url };
        const part = { type, [type]: media };
        seen[agrees(withMessages({ role: 'user', content: [part] })) ? 'accepted' : 'refused']++;
      }),
      { numRuns: 300 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(10);
  });
});

it.each([
  null,
  true,
  0,
  '',
  [],
  {},
  { model: 'm' },
  chat({ model: undefined }),
  chat({ messages: undefined }),
])('%j is not a request', (body) => {
  expect(agrees(body)).toBe(false);
});

describe('rules across fields in the description', () => {
  const tools = [tool('f')];
  const audio = (input: Json) =>
    withMessages({ role: 'user', content: [{ type: 'input_audio', input_audio: input }] });
  it.each<[body: Json, isRight: boolean]>([
    [chat({ stream_options: {} }), true],
    [chat({ functions: [] }), true],
    [chat({ functions: [1] }), false],
    [chat({ logit_bias: { 5: 1 } }), false],
    [chat({ model: 'step-1o-turbo-vision', reasoning_effort: 'medium' }), true],
    [chat({ model: 'step-3.5-flash-2603', reasoning_effort: 'max' }), true],
    [chat({ reasoning_effort: 'max', reasoning: { effort: 'high' } }), false],
    [chat({ stream_options: {}, stream: true }), true],
    [chat({ stream_options: null }), true],
    [chat({ top_logprobs: 0 }), false],
    [chat({ top_logprobs: 0, logprobs: false }), false],
    [chat({ top_logprobs: 0, logprobs: true }), true],
    [chat({ top_logprobs: null, logprobs: false }), true],
    [chat({ tool_choice: 'required' }), false],
    [chat({ tool_choice: 'required', tools: [] }), false],
    [chat({ tool_choice: 'required', tools }), true],
    [chat({ tool_choice: 'none' }), true],
    [chat({ tool_choice: null, tools: null }), true],
    [chat({ tool_choice: { type: 'function', function: { name: 'f' } } }), false],
    [chat({ tool_choice: { type: 'function', function: { name: 'f' } }, tools }), true],
    [chat({ model: 'step-3.5-flash-2603', reasoning_effort: 'medium' }), false],
    [chat({ model: 'step-3.5-flash-2603', reasoning: { effort: 'medium' } }), false],
    [chat({ model: 'step-3.5-flash-2603', reasoning: { effort: 'high' } }), true],
    [chat({ model: 'step-3.5-flash', reasoning_effort: 'medium' }), true],
    [chat({ reasoning_effort: 'low', reasoning: { effort: 'high' } }), false],
    [chat({ reasoning_effort: 'low', reasoning: { effort: 'medium' } }), false],
    [chat({ reasoning_effort: 'medium', reasoning: { effort: 'high' } }), false],
    [chat({ reasoning_effort: 'low', reasoning: { effort: 'low' } }), true],
    [chat({ reasoning_effort: 'medium', reasoning: { effort: 'medium' } }), true],
    [chat({ reasoning_effort: 'high', reasoning: { effort: 'high' } }), true],
    [chat({ reasoning_effort: null, reasoning: { effort: 'medium' } }), true],
    [chat({ reasoning_effort: 'low', reasoning: { effort: null } }), true],
    [chat({ reasoning_effort: null, reasoning: { effort: 'high' } }), true],
    [chat({ reasoning_effort: 'low', reasoning: null }), true],
    [chat({ reasoning_effort: 'high', reasoning: null }), true],
    [chat({ reasoning_effort: 'high', reasoning: {} }), true],
    [withMessages({ role: 'assistant' }), false],
    [withMessages({ role: 'assistant', tool_calls: [] }), false],
    [withMessages({ role: 'assistant', tool_calls: null }), false],
    [withMessages({ role: 'assistant', content: null }), true],
    [withMessages({ ...calling('1'), content: undefined }), true],
    [audio({ data: 'QUJD' }), false],
    [audio({ data: 'QUJD', format: null }), false],
    [audio({ data: 'QUJD', format: 'wav' }), true],
    [audio({ data: 'data:audio/wav;base64,QUJD' }), true],
  ])('%j: %s', (given, isRight) => {
    const body: unknown = JSON.parse(JSON.stringify(given));
    expect(isDescribed(body)).toBe(isRight);
    expect(isAccepted(body)).toBe(isRight);
  });
});

describe('rules that the description has in words only', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 0 : { a: nested(levels - 1) });
  const image = (url: string) =>
    withMessages({ role: 'user', content: [{ type: 'image_url', image_url: { url } }] });
  const answering = (id: string) =>
    withMessages(calling('1'), { role: 'tool', tool_call_id: id, content: '' });
  const cases: Record<string, [right: Json, wrong: Json]> = {
    'max_completion_tokens is the same as max_tokens': [
      chat({ max_tokens: 5, max_completion_tokens: 5 }),
      chat({ max_tokens: 5, max_completion_tokens: 6 }),
    ],
    'tool_choice names one of tools': [
      chat({ tools: [tool('f')], tool_choice: { type: 'function', function: { name: 'f' } } }),
      chat({ tools: [tool('f')], tool_choice: { type: 'function', function: { name: 'g' } } }),
    ],
    'a tool message answers an earlier call': [answering('1'), answering('2')],
    'free-form parts nest so many levels': [
      chat({ audio: nested(JSON_DEPTH_MAX) }),
      chat({ audio: nested(JSON_DEPTH_MAX + 1) }),
    ],
    'a model reads the media': [
      { ...image('https://a.example'), model: 'step-3.7-flash' },
      { ...image('https://a.example'), model: 'step-3.5-flash' },
    ],
    'a field is not misspelt': [chat({ weather: 1 }), chat({ temprature: 1 })],
    'a remote address is a URL': [image('https://a.example'), image('https://a:99999')],
  };

  it('are all tried here', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(EXCLUSIONS).sort());
  });

  it.each(Object.entries(cases))('%s', (name, [right, wrong]) => {
    expect([isDescribed(right), isAccepted(right), excluded(right)]).toEqual([true, true, []]);
    // If the description refuses it one day, this fails, and the exclusion is obsolete.
    expect([isDescribed(wrong), isAccepted(wrong), excluded(wrong)]).toEqual([true, false, [name]]);
  });
});

describe("a session's request", () => {
  const isDescribedSession = componentValidator('SessionRequest');
  const token = fc.oneof(
    fc.string(),
    // Characters of one and of two UTF-16 code units: the length counts characters.
    fc
      .tuple(fc.constantFrom('x', '𝒳'), fc.integer({ min: -1, max: 1 }))
      .map(([char, more]) => char.repeat(TURNSTILE_TOKEN_CHARS + more)),
    fc.jsonValue(),
  );
  const body = fc.oneof(
    fc.record({ turnstile_token: token }),
    fc.record(
      { turnstile_token: token, [fc.sample(fc.string(), 1)[0] ?? 'x']: fc.jsonValue() },
      { requiredKeys: [] },
    ),
    fc.jsonValue(),
  );
  it('is accepted by the gateway if, and only if, the description accepts it', () => {
    fc.assert(
      fc.property(body, (given) => {
        expect(sessionRequestSchema.safeParse(given).success).toBe(isDescribedSession(given));
      }),
      { numRuns: 300 },
    );
  });
});
