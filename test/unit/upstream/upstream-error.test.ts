import { afterEach, describe, expect, it, vi } from 'vitest';
import { UPSTREAM_ERROR_BODY_BYTES, UPSTREAM_MESSAGE_CHARS } from '../../../src/config/limits.ts';
import {
  createUpstreamErrorReader,
  readErrorResponse,
  readTraceId,
  readUpstreamError,
  type UpstreamErrorContext,
} from '../../../src/upstream/upstream-error.ts';

const KEY = 'canary-key-0123456789';
const BASE_URL = 'https://api.stepfun.example/v1';
const GATEWAY = { baseUrl: BASE_URL, keySource: 'gateway', apiKey: KEY } as const;
const CLIENT = { ...GATEWAY, keySource: 'client', apiKey: undefined } as const;

const OVER_CONCURRENCY =
  'request limited concurrency reached, current: 16, limit: 15. Please top up at https://x';
const OVER_RPM = 'request limited RPM reached, current: 11, limit: 10';
const OVER_TPM = 'request limited TPM reached, current: 559755, limit: 500000';

const readObject = (value: unknown, context: UpstreamErrorContext = {}, status?: number) =>
  readUpstreamError(JSON.stringify(value), context, status === undefined ? {} : { status });

function answer(
  status: number,
  error: unknown = { message: 'why', type: 'some_error' },
  headers: Record<string, string> = {},
): Response {
  return Response.json({ error }, { status, headers });
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a status', () => {
  it.each([
    [302, 'upstream_malformed', false],
    [400, 'upstream_rejected', false],
    [401, 'upstream_auth', false],
    [402, 'upstream_auth', false],
    [403, 'upstream_auth', false],
    [404, 'model_not_found', false],
    [408, 'upstream_unavailable', false],
    [413, 'upstream_rejected', false],
    [422, 'upstream_rejected', false],
    [429, 'upstream_rate_limited', false],
    [451, 'content_filter', false],
    [500, 'upstream_unavailable', true],
    [501, 'upstream_unavailable', false],
    [502, 'upstream_unavailable', true],
    [503, 'upstream_unavailable', true],
    [504, 'upstream_unavailable', true],
    [520, 'upstream_unavailable', true],
    [521, 'upstream_unavailable', true],
    [522, 'upstream_unavailable', true],
    [523, 'upstream_unavailable', true],
    [524, 'upstream_unavailable', true],
    [529, 'upstream_unavailable', true],
  ])('of %i is %s (transient: %s)', (status, code, transient) => {
    const expected = { code, details: { transient } };
    expect(readObject({ error: { message: 'm' } }, {}, status)).toMatchObject(expected);
    // The same without a status, where StepFun's object states it.
    if (status >= 400) expect(readObject({ error: { code: status } })).toMatchObject(expected);
  });

  it('counts more than the object that comes with it', () => {
    expect(readObject({ error: { code: 451, type: 'rate_limit' } }, {}, 400).code).toBe('upstream_rejected');
  });

  it.each([
    [401, 'invalid_api_key'],
    [402, 'insufficient_quota'],
    [403, 'invalid_api_key'],
  ])("of %i concerns the client's own key with UPSTREAM_KEY=client: %s", (status, code) => {
    const context = { keySource: 'client' } as const;
    for (const error of [
      readUpstreamError(null, context, { status }),
      readObject({ error: { status } }, context),
    ]) {
      expect(error.code).toBe(code);
      // The rows' own texts are about this gateway's keys and budgets.
      expect(error.message).toMatch(/StepFun/);
    }
  });
});

describe('a model that does not exist', () => {
  it.each([
    [404, { error: { message: 'no' } }],
    [404, { detail: 'Not Found' }],
    [400, { error: { message: 'model step-99 does not exist', type: 'request_params_invalid' } }],
  ])('is model_not_found: %i %j', (status, value) => {
    const error = readObject(value, {}, status);
    expect(error).toMatchObject({ code: 'model_not_found', status: 404, details: { param: 'model' } });
    expect(error.message).toContain('/v1/models');
    expect(error.message).not.toContain('step-99');
  });

  it.each(['404 page not found', '<html>Not Found</html>', '', null])(
    'is not what a wrong path answers: 404 %s is upstream_misconfigured',
    (text) => {
      const error = readUpstreamError(text, { baseUrl: BASE_URL }, { status: 404 });
      expect(error).toMatchObject({ code: 'upstream_misconfigured', status: 502, retry: false });
      expect(error.details.detail).toContain(BASE_URL);
      expect(error.message).not.toContain(BASE_URL);
    },
  );

  it('is not what a path without POST answers', () => {
    expect(readUpstreamError('<html>', {}, { status: 405 }).code).toBe('upstream_misconfigured');
    expect(readObject({ error: {} }, {}, 405).code).toBe('upstream_rejected');
  });
});

describe('a 429', () => {
  it.each([
    [OVER_CONCURRENCY, { kind: 'concurrency', limit: 15 }],
    [OVER_RPM, { kind: 'rpm', limit: 10 }],
    [OVER_TPM, { kind: 'tpm', limit: 500_000 }],
    ['slow down', { kind: 'unknown', limit: null }],
  ])('states a limit as data, and the client reads none of its words: %s', (message, rateLimit) => {
    const error = readObject({ error: { message, type: 'rate_limited' } }, {}, 429);
    expect(error).toMatchObject({ code: 'upstream_rate_limited', status: 429, details: { rateLimit } });
    expect(error.message).not.toMatch(/current|limit:|top up|slow/);
  });

  it.each([OVER_RPM, OVER_TPM])('of a limit a minute is over when the minute is: %s', (message) => {
    vi.useFakeTimers({ now: Date.parse('2026-11-03T10:00:48.500Z') });
    expect(readObject({ error: { message } }, {}, 429).details.retryAfterSeconds).toBe(12);
    vi.setSystemTime(Date.parse('2026-11-03T10:01:00Z'));
    expect(readObject({ error: { message } }, {}, 429).details.retryAfterSeconds).toBe(60);
  });

  it.each([OVER_CONCURRENCY, 'slow down'])('of another limit is over in seconds, jittered: %s', (message) => {
    const seconds: ReadonlySet<number> = new Set(
      Array.from(
        { length: 200 },
        () => readObject({ error: { message } }, {}, 429).details.retryAfterSeconds ?? NaN,
      ),
    );
    expect(seconds).toEqual(new Set([1, 2, 3, 4, 5]));
  });

  it('keeps its words and gets our Retry-After with UPSTREAM_KEY=client', () => {
    const error = readObject({ error: { message: OVER_CONCURRENCY } }, { keySource: 'client' }, 429);
    expect(error.message).toBe(OVER_CONCURRENCY);
    expect(error.details.retryAfterSeconds).toBeGreaterThan(0);
  });

  it('tells the log how much of the account was in use', () => {
    const { detail } = readObject(
      { error: { message: OVER_CONCURRENCY, type: 'rate_limited' } },
      {},
      429,
    ).details;
    expect(detail).toBe('StepFun answered 429: type=rate_limited kind=concurrency current=16 limit=15');
  });
});

describe("StepFun's words", () => {
  it.each([
    [400, 'upstream_rejected'],
    [451, 'content_filter'],
  ])('go to the client for a %i', (status, code) => {
    expect(readObject({ error: { message: 'why', status } })).toMatchObject({ code, message: 'why' });
    expect(readObject({ error: { message: 'why' } }, {}, status)).toMatchObject({ code, message: 'why' });
  });

  it.each([302, 401, 402, 403, 404, 408, 413, 422, 429, 500, 503])('do not for a %i', (status) => {
    for (const keySource of ['gateway', 'client'] as const) {
      if (keySource === 'client' && status === 429) continue;
      const inside = readObject({ error: { status, message: 'acme owes 7' } }, { keySource });
      const beside = readObject({ error: { message: 'acme owes 7' } }, { keySource }, status);
      expect(beside.message).not.toContain('acme');
      if (status >= 400) expect(inside.message).not.toContain('acme');
    }
  });

  it('do not go into the log, for no status: they may quote the prompt', () => {
    for (const status of [302, 400, 401, 402, 404, 413, 429, 451, 500]) {
      const error = readObject({ error: { message: 'Invalid content: my secret' } }, {}, status);
      expect(error.details.detail).not.toContain('secret');
    }
  });

  it('are redacted and capped', () => {
    const message = `canary sk-abcdef1234 ${'no way. '.repeat(1_000)}`;
    const error = readObject({ error: { message } }, { secrets: ['canary'] }, 400);
    expect(error.message).toMatch(/^\[redacted\] \[redacted\] no way/);
    expect(error.message.length).toBe(UPSTREAM_MESSAGE_CHARS + 1);
  });

  it('are replaced by ours where there are none', () => {
    for (const text of ['<html>Hello</html>', '{"error":', '', 'Hello', '{"error":{}}']) {
      const error = readUpstreamError(text, {}, { status: 400 });
      expect(error).toMatchObject({ code: 'upstream_rejected', message: 'StepFun rejected the request.' });
    }
  });
});

describe('the log’s detail', () => {
  it('has status, type, code, trace id and base URL', () => {
    const context = { baseUrl: BASE_URL, traceId: 'trace-1' };
    expect(readObject({ error: { type: 'oops', code: 17 } }, context, 500).details).toMatchObject({
      detail: `StepFun answered 500: type=oops code=17 trace_id=trace-1 base_url=${BASE_URL}`,
      upstreamRequestId: 'trace-1',
    });
  });

  it('has a hint about the two platforms for a 401', () => {
    const { detail } = readObject({ error: { type: 'invalid_api_key' } }, { baseUrl: BASE_URL }, 401).details;
    expect(detail).toBe(
      `StepFun answered 401: type=invalid_api_key base_url=${BASE_URL}. ` +
        'Keys of api.stepfun.ai and api.stepfun.com are not interchangeable.',
    );
  });

  it('has no secret, whatever the type and code are', () => {
    const error = { type: KEY, code: 'sk-abcdef123456' };
    expect(readObject({ error }, { secrets: [KEY] }, 400).details.detail).not.toMatch(/canary|abcdef/);
  });
});

describe('createUpstreamErrorReader', () => {
  it('reads the error objects of streams and bodies alike', () => {
    const read = createUpstreamErrorReader({
      keySource: 'gateway',
      secrets: [KEY],
      baseUrl: BASE_URL,
      traceId: 't1',
    });
    const error = read(`{"error":{"type":"censorship_blocked","message":"blocked ${KEY}"}}`);
    expect(error).toMatchObject({
      code: 'content_filter',
      message: 'blocked [redacted]',
      details: { upstreamRequestId: 't1' },
    });
    expect(error.details.detail).toBe(
      `StepFun's answer held an error: type=censorship_blocked trace_id=t1 base_url=${BASE_URL}`,
    );
    expect(read('no JSON').code).toBe('upstream_unavailable');
    expect(read('{"error":{"type":"engine_overloaded"}}').details.transient).toBe(true);
    expect(read('{"error":{"type":"unknown"}}').details.transient).toBe(false);
  });
});

describe('readErrorResponse', () => {
  it('knows the account that the key belongs to', async () => {
    expect((await readErrorResponse(answer(401), GATEWAY, KEY)).code).toBe('upstream_auth');
    expect((await readErrorResponse(answer(401), CLIENT, KEY)).code).toBe('invalid_api_key');
  });

  it('reads the trace id and the base URL', async () => {
    const error = await readErrorResponse(answer(500, {}, { 'x-trace-id': 'abc123' }), GATEWAY, KEY);
    expect(error.details).toMatchObject({
      upstreamRequestId: 'abc123',
      detail: `StepFun answered 500: trace_id=abc123 base_url=${BASE_URL}`,
    });
  });

  it.each([
    [{ code: 429 }, 'upstream_rate_limited'],
    [{ type: 'censorship_blocked' }, 'content_filter'],
    [{ type: 'request_params_invalid' }, 'upstream_rejected'],
    [{ type: 'invalid_api_key' }, 'upstream_auth'],
    [{ message: 'no' }, 'upstream_unavailable'],
  ])('reads the error object of a 200: %j is %s', async (error, code) => {
    expect((await readErrorResponse(answer(200, error), GATEWAY, KEY)).code).toBe(code);
  });

  it.each([429, 500, 503, 524])('honours the Retry-After of a %i', async (status) => {
    const error = await readErrorResponse(answer(status, {}, { 'retry-after': '33' }), GATEWAY, KEY);
    expect(error.details.retryAfterSeconds).toBe(33);
  });

  it("tells StepFun's own Retry-After of a 429 from ours: the first one is worth waiting for", async () => {
    const own = await readErrorResponse(answer(429, {}, { 'retry-after': '1' }), GATEWAY, KEY);
    expect(own.details).toMatchObject({ transient: true, retryAfterSeconds: 1 });
    expect((await readErrorResponse(answer(429), GATEWAY, KEY)).details.transient).toBe(false);
  });

  it.each([400, 401, 451, 501])('does not take the Retry-After of a %i', async (status) => {
    const error = await readErrorResponse(answer(status, {}, { 'retry-after': '33' }), GATEWAY, KEY);
    expect(error.details.retryAfterSeconds).toBeUndefined();
  });

  it.each(['{"choices":[{"message":{"content":"secret"}}]}', '<html>secret</html>', '[]', '', null])(
    'takes a 200 of the wrong type without an error object for malformed: %s',
    async (body) => {
      const headers = { 'content-type': 'text/html', 'x-trace-id': 't2' };
      const error = await readErrorResponse(new Response(body, { headers }), GATEWAY, KEY);
      expect(error).toMatchObject({ code: 'upstream_malformed', details: { upstreamRequestId: 't2' } });
      expect(error.details.detail).toBe('StepFun answered 200 as text/html');
    },
  );

  it('follows no redirect, and takes neither it nor an empty answer for a completion', async () => {
    const redirect = new Response(null, { status: 302, headers: { location: 'https://evil.example' } });
    for (const response of [redirect, new Response(null, { status: 204 })]) {
      expect((await readErrorResponse(response, GATEWAY, KEY)).code).toBe('upstream_malformed');
    }
  });

  it('redacts the key that was used', async () => {
    for (const settings of [GATEWAY, CLIENT]) {
      const response = answer(400, { message: `bad key ${KEY}` });
      const error = await readErrorResponse(response, settings, KEY);
      expect(error.message).toBe('bad key [redacted]');
    }
  });

  it('goes by the status alone when the body is too large or breaks', async () => {
    const large = answer(400, { message: 'x'.repeat(UPSTREAM_ERROR_BODY_BYTES) });
    const broken = new Response(
      new ReadableStream({ type: 'bytes', pull: (controller) => controller.error(new Error('reset')) }),
      { status: 400 },
    );
    for (const response of [large, broken]) {
      expect(await readErrorResponse(response, GATEWAY, KEY)).toMatchObject({
        code: 'upstream_rejected',
        message: 'StepFun rejected the request.',
      });
    }
  });
});

describe('readTraceId', () => {
  it.each([
    ['5f1c2e.abc-DEF:1', '5f1c2e.abc-DEF:1'],
    ['', null],
    ['two words', null],
    ['x'.repeat(129), null],
  ])('reads %j as %j', (value, traceId) => {
    expect(readTraceId(new Headers({ 'x-trace-id': value }))).toBe(traceId);
  });

  it('reads null where there is none', () => {
    expect(readTraceId(new Headers())).toBeNull();
  });
});
