import { describe, expect, it } from 'vitest';
import { retryAfter, upstreamFailure } from '../../../src/upstream/failures.ts';
import { UPSTREAM_MESSAGE_CHARS } from '../../../src/limits.ts';

const GATEWAY = { baseUrl: 'https://x/v1', keySource: 'gateway', apiKey: 'canary-key-0123456789' } as const;
const CLIENT = { ...GATEWAY, keySource: 'client', apiKey: undefined } as const;

function answer(status: number, message = 'why', headers: Record<string, string> = {}): Response {
  return Response.json({ error: { message, type: 'some_error' } }, { status, headers });
}

describe('upstreamFailure', () => {
  it.each([
    [400, 'upstream_rejected'],
    [404, 'model_not_found'],
    [413, 'upstream_rejected'],
    [422, 'upstream_rejected'],
    [429, 'upstream_rate_limited'],
    [451, 'content_filter'],
  ])("shows StepFun's words on a %i as %s", async (status, code) => {
    const error = await upstreamFailure(answer(status), GATEWAY);
    expect(error).toMatchObject({ code, message: 'why' });
  });

  it.each([
    [401, 'upstream_auth'],
    [402, 'upstream_auth'],
    [403, 'upstream_auth'],
    [500, 'upstream_unavailable'],
    [503, 'upstream_unavailable'],
    [529, 'upstream_unavailable'],
    [200, 'upstream_malformed'],
    [204, 'upstream_malformed'],
  ])('keeps its words on a %i for the log: %s', async (status, code) => {
    const response =
      status === 204 ? new Response(null, { status }) : answer(status, 'account acme is in debt');
    const error = await upstreamFailure(response, GATEWAY);
    expect(error.code).toBe(code);
    expect(error.message).not.toContain('acme');
    if (status !== 204) expect(error.details.detail).toContain('account acme is in debt');
  });

  it.each([
    [401, 'invalid_api_key'],
    [402, 'insufficient_quota'],
    [403, 'invalid_api_key'],
  ])("tells a client about their own key's %i: %s", async (status, code) => {
    expect((await upstreamFailure(answer(status), CLIENT)).code).toBe(code);
  });

  it('follows no redirect and says so to the log alone', async () => {
    const response = new Response(null, { status: 302, headers: { location: 'https://evil.example' } });
    expect(await upstreamFailure(response, GATEWAY)).toMatchObject({ code: 'upstream_malformed' });
  });

  it('passes on when to come back, on a 429', async () => {
    const error = await upstreamFailure(answer(429, 'slow down', { 'retry-after': '7' }), GATEWAY);
    expect(error.details.retryAfterSeconds).toBe(7);
  });

  it('redacts the key, in the message and in the log', async () => {
    const error = await upstreamFailure(answer(400, `bad key ${GATEWAY.apiKey}`), GATEWAY);
    expect(error.message + error.details.detail).not.toContain(GATEWAY.apiKey);
    expect(error.message).toContain('bad key');
  });

  it('caps the message', async () => {
    const error = await upstreamFailure(answer(400, 'no way. '.repeat(100_000)), GATEWAY);
    expect(error.message.length).toBeLessThanOrEqual(UPSTREAM_MESSAGE_CHARS + 1);
  });

  it.each(['<html>', '{"error":', '[]', '{"error":7}', '{"error":{"message":{}}}', ''])(
    'makes do with the status when the body is %s',
    async (body) => {
      expect(await upstreamFailure(new Response(body, { status: 400 }), GATEWAY)).toMatchObject({
        code: 'upstream_rejected',
        message: 'StepFun rejected the request.',
      });
    },
  );

  it('reads the simple envelope too', async () => {
    const error = await upstreamFailure(Response.json({ error: 'simply no' }, { status: 400 }), GATEWAY);
    expect(error.message).toBe('simply no');
  });
});

describe('retryAfter (RFC 9110 §10.2.3)', () => {
  const now = Date.parse('Tue, 03 Nov 2026 10:00:00 GMT');
  it.each([
    ['7', 7],
    ['0', 0],
    ['999999999999', 600],
    ['Tue, 03 Nov 2026 10:00:30 GMT', 30],
    ['Tue, 03 Nov 2026 09:00:00 GMT', 0],
    ['Wed, 03 Nov 2027 09:00:00 GMT', 600],
    ['-1', null],
    ['1e9', null],
    ['soon', null],
    ['', null],
    [null, null],
  ])('reads %s as %s', (value, seconds) => {
    expect(retryAfter(value, now)).toBe(seconds);
  });
});
