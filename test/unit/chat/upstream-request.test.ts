// The request to StepFun, with and without a token budget.

import { describe, expect, it } from 'vitest';
import { createUpstreamRequest } from '../../../src/chat/upstream-request.ts';
import { chat, parse } from './request/support.ts';
import { reservation } from './support.ts';

const CLIENT = { clientId: 'key:app', upstreamKey: 'sk-own' };
const asked = parse(chat({ stream: true, n: 2 }));

/** @returns the request with its body parsed. */
function requestFor(...[reserved, overrides]: [Parameters<typeof createUpstreamRequest>[1], object?]) {
  const { body, ...request } = createUpstreamRequest(asked, reserved, CLIENT, overrides);
  return { ...request, body: JSON.parse(new TextDecoder().decode(body)) as unknown };
}

describe('createUpstreamRequest', () => {
  const body = chat({ n: 2, stream: true });

  it('asks for what the client asked for', () => {
    const rest = { choices: 2, isBackground: false, isCapped: false };
    expect(requestFor(null)).toEqual({ body, ...CLIENT, ...rest, reservation: null });
  });

  it('sends no max_tokens where the client did not, as long as its budget has room', () => {
    const { reserved } = reservation(32_768);
    expect(requestFor(reserved)).toMatchObject({ body, isCapped: false, reservation: reserved.ref });
    expect(requestFor(reserved).body).not.toHaveProperty('max_tokens');
  });

  it('sends the max_tokens to which a budget lowers it', () => {
    const { reserved } = reservation(9, true);
    expect(requestFor(reserved)).toMatchObject({ body: { ...body, max_tokens: 9 }, isCapped: true });
  });

  it('asks StepFun differently where the gateway has to', () => {
    const { reserved } = reservation(9, true);
    const refresh = requestFor(reserved, { stream: false, isBackground: true });
    expect(refresh).toMatchObject({ body: chat({ n: 2, max_tokens: 9 }), isBackground: true });
    expect(refresh.body).not.toHaveProperty('stream');
    const native = requestFor(null, { reasoningFormat: 'deepseek-style' });
    expect(native.body).toEqual({ ...body, reasoning_format: 'deepseek-style' });
  });
});
