import { describe, expect, it, test } from 'vitest';
import { retryAfter, upstreamFailure } from '../../../src/upstream/failures.ts';
import { UPSTREAM_ERROR_BODY_BYTES } from '../../../src/config/limits.ts';

const KEY = 'canary-key-0123456789';
const GATEWAY = {
  baseUrl: 'https://x/v1',
  keySource: 'gateway',
  apiKey: KEY,
  limits: { concurrency: 0, rpm: 0, tpm: 0 },
  queue: { timeoutMs: 30_000, size: 1_000 },
} as const;
const CLIENT = { ...GATEWAY, keySource: 'client', apiKey: undefined } as const;

function answer(status: number, message = 'why', headers: Record<string, string> = {}): Response {
  return Response.json({ error: { message, type: 'some_error' } }, { status, headers });
}

/** What the table of meanings says is tested with it (upstream-error.test.ts). */
describe('upstreamFailure', () => {
  it('goes by the status', async () => {
    const error = await upstreamFailure(answer(451), GATEWAY, KEY);
    expect(error).toMatchObject({ code: 'content_filter', message: 'why' });
    expect(error.details.detail).toBe('StepFun answered 451: why');
  });

  it("knows a client's own key", async () => {
    expect((await upstreamFailure(answer(401), CLIENT, KEY)).code).toBe('invalid_api_key');
  });

  test.each([
    [{ code: 429 }, 'upstream_rate_limited'],
    [{ type: 'censorship_blocked' }, 'content_filter'],
    [{ type: 'request_params_invalid' }, 'upstream_rejected'],
    [{ type: 'invalid_api_key' }, 'upstream_auth'],
    [{ message: 'no' }, 'upstream_unavailable'],
  ])('reads the error object of a 200: %j is %s', async (error, code) => {
    const response = Response.json({ error }, { headers: { 'retry-after': '3' } });
    const failure = await upstreamFailure(response, GATEWAY, KEY);
    expect(failure.code).toBe(code);
    expect(failure.details.retryAfterSeconds).toBe(code === 'upstream_rate_limited' ? 3 : undefined);
  });

  test.each(['{"choices":[{"message":{"content":"secret"}}]}', '<html>secret</html>', '[]', '', null])(
    "a 200 without one makes no sense, and what it says is nobody's business: %s",
    async (body) => {
      const response = new Response(body, { headers: { 'content-type': 'text/html' } });
      const error = await upstreamFailure(response, GATEWAY, KEY);
      expect(error).toMatchObject({ code: 'upstream_malformed' });
      expect(error.details.detail).toBe('StepFun answered 200 as text/html');
    },
  );

  it('follows no redirect and takes none for an answer', async () => {
    const response = new Response(null, { status: 302, headers: { location: 'https://evil.example' } });
    expect(await upstreamFailure(response, GATEWAY, KEY)).toMatchObject({ code: 'upstream_malformed' });
    expect(await upstreamFailure(new Response(null, { status: 204 }), GATEWAY, KEY)).toMatchObject({
      code: 'upstream_malformed',
    });
  });

  it('redacts the key that was used, in the message and in the log', async () => {
    for (const settings of [GATEWAY, CLIENT]) {
      const error = await upstreamFailure(answer(400, `bad key ${KEY}`), settings, KEY);
      expect(error.message + error.details.detail).not.toContain(KEY);
      expect(error.message).toContain('bad key');
    }
  });

  it('makes do with the status when the body is too large or breaks', async () => {
    const large = answer(400, 'x'.repeat(UPSTREAM_ERROR_BODY_BYTES));
    const broken = new Response(
      new ReadableStream({ type: 'bytes', pull: (controller) => controller.error(new Error('reset')) }),
      { status: 400 },
    );
    for (const response of [large, broken]) {
      expect(await upstreamFailure(response, GATEWAY, KEY)).toMatchObject({
        code: 'upstream_rejected',
        message: 'StepFun rejected the request.',
      });
    }
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
