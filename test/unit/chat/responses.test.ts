// The headers of answers that depend on the request.

import { describe, expect, it } from 'vitest';
import { completionResponse, streamResponse } from '../../../src/chat/responses.ts';
import { chat, type Json, parse, withMessages } from './request/support.ts';
import { reservation } from './support.ts';

describe.each([
  ['a completion', completionResponse],
  ['a stream', streamResponse],
])('the headers of %s', (_, respond) => {
  const headers = (body: Json, settings: Parameters<typeof parse>[1] = {}) =>
    Object.fromEntries(respond(parse(body, settings), null, new Uint8Array(), {}).headers);

  it('name the fields that were left out and changed', () => {
    const body = {
      ...withMessages({ role: 'user', content: 'Hi', cache_control: {} }),
      top_k: 5,
      reasoning_effort: 'max',
      max_tokens: 5_000,
    };
    expect(headers(body, { maxOutputTokens: 1_604 })).toMatchObject({
      'x-ignored-params': 'messages[].cache_control, top_k',
      'x-adjusted-params': 'reasoning_effort=high, max_tokens=1604',
    });
  });

  it.each([
    [true, 'reasoning_effort=high, max_tokens=9'],
    [false, 'reasoning_effort=high, max_tokens=1604'],
  ])('name the max_tokens to which a budget lowers them, if it does (%s)', (isLowered, adjusted) => {
    const asked = parse(chat({ reasoning_effort: 'max', max_tokens: 5_000 }), { maxOutputTokens: 1_604 });
    const { headers: given } = respond(asked, reservation(9, isLowered).reserved, new Uint8Array(), {});
    expect(given.get('x-adjusted-params')).toBe(adjusted);
  });

  it('are absent if there are none', () => {
    expect(headers(chat())).not.toHaveProperty('x-ignored-params');
    expect(headers(chat())).not.toHaveProperty('x-adjusted-params');
  });
});
