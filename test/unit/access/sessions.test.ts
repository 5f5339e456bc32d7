import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { identify } from '../../../src/access/identify.ts';
import { sessionResponse, sessionSchema } from '../../../src/access/sessions.ts';
import { SESSION_BODY_BYTES, SESSION_BODY_MS } from '../../../src/config/limits.ts';
import type { Config } from '../../../src/config/config.ts';
import { keyEntry, testKv } from './kv.ts';
import { freshToken, startSiteverify, YES, type Siteverify } from './siteverify.ts';
import {
  captureLog,
  exchange,
  failure,
  GATEWAY,
  json,
  NO_BINDINGS,
  PAGE,
  request,
  settings,
} from './support.ts';

let siteverify: Siteverify;
let config: Config;

beforeAll(async () => {
  siteverify = await startSiteverify();
  config = settings(siteverify.vars);
});
afterAll(() => siteverify[Symbol.asyncDispose]());
beforeEach(() => {
  siteverify.asked.length = 0;
  siteverify.answer = (response) => json(response, YES);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const post = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  new Request(`${GATEWAY}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: PAGE, ...headers },
    body,
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  });
const tokenBody = (token: string = freshToken()) => JSON.stringify({ turnstile_token: token });
const ask = (body: BodyInit | null = tokenBody(), headers: Record<string, string> = {}) =>
  sessionResponse(post(body, headers), exchange(config), NO_BINDINGS);

describe('a session', () => {
  it('is given for a Turnstile token and opens the gateway to its page', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-22T12:00:00.700Z') });
    const response = await ask();
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { token, expires_at: expiresAt, ...rest } = sessionSchema.parse(await response.json());
    expect(rest).toEqual({});
    expect(expiresAt).toBe(Date.parse('2026-11-22T12:02:00Z') / 1_000);

    const client = await identify(request({ origin: PAGE }, token), exchange(config), NO_BINDINGS);
    expect(client.id).toMatch(/^session:[\da-f-]{36}$/);
    const elsewhere = identify(
      request({ origin: 'https://evil.example' }, token),
      exchange(config),
      NO_BINDINGS,
    );
    expect((await failure(elsewhere)).code).toBe('invalid_api_key');
    vi.setSystemTime(expiresAt * 1_000);
    const late = identify(request({ origin: PAGE }, token), exchange(config), NO_BINDINGS);
    expect((await failure(late)).code).toBe('invalid_api_key');
  });

  it('has an id of its own each time', async () => {
    const ids = new Set<string>();
    for (let round = 0; round < 5; round += 1) {
      const { token } = sessionSchema.parse(await (await ask()).json());
      ids.add((await identify(request({ origin: PAGE }, token), exchange(config), NO_BINDINGS)).id);
    }
    expect(ids.size).toBe(5);
  });

  it('keeps to its origin even where origins are odd', async () => {
    const open = settings({ ...siteverify.vars, ALLOWED_ORIGINS: '*' });
    const odd = { origin: 'app://app.example' }; // to the URL parser, its origin is "null"
    const response = await sessionResponse(post(tokenBody(), odd), exchange(open), NO_BINDINGS);
    const { token } = sessionSchema.parse(await response.json());
    await identify(request(odd, token), exchange(open), NO_BINDINGS);
    const sandbox = identify(request({ origin: 'null' }, token), exchange(open), NO_BINDINGS);
    expect((await failure(sandbox)).code).toBe('invalid_api_key');
  });

  it('is verified with the page’s hostname and the visitor’s address', async () => {
    siteverify.answer = (response) => json(response, { ...YES, hostname: 'other.example' });
    const headers = { origin: 'https://other.example:8443', 'cf-connecting-ip': '203.0.113.7' };
    const token = freshToken();
    expect((await ask(tokenBody(token), headers)).status).toBe(200);
    expect(Object.fromEntries(siteverify.asked[0] ?? [])).toMatchObject({
      response: token,
      remoteip: '203.0.113.7',
    });
  });
});

describe('no session is given', () => {
  it('for a token that siteverify refuses, or knows from another page', async () => {
    siteverify.answer = (response) => json(response, { success: false });
    expect((await failure(ask())).details.detail).toBe('Turnstile: undefined');
    siteverify.answer = (response) => json(response, { ...YES, hostname: 'gateway.example' });
    expect((await failure(ask())).details.detail).toBe('Turnstile: other hostname');
  });

  it('without an origin: a session belongs to a page', async () => {
    for (const headers of [
      { 'content-type': 'application/json' },
      { 'content-type': 'application/json', origin: 'null' },
    ]) {
      const plain = new Request(`${GATEWAY}/v1/session`, { method: 'POST', headers, body: tokenBody() });
      const error = await failure(sessionResponse(plain, exchange(config), NO_BINDINGS));
      expect(error.code).toBe('origin_not_allowed');
      expect(error.message).toBe('A session belongs to a page: send its Origin.');
    }
    expect(siteverify.asked).toEqual([]);
  });

  it('where sessions are not configured', async () => {
    const anonymous = settings({ ANONYMOUS_ACCESS: 'true' });
    const error = await failure(sessionResponse(post(tokenBody()), exchange(anonymous), NO_BINDINGS));
    expect(error.code).toBe('not_found');
    expect(error.message).toBe(
      'This gateway has no browser sessions. Its operator can set TURNSTILE_SECRET_KEY, TURNSTILE_SITE_KEY and SESSION_SIGNING_KEY.',
    );
    const closed = await failure(sessionResponse(post(tokenBody()), exchange(settings()), NO_BINDINGS));
    expect(closed.code).toBe('access_not_configured');
    const clients = testKv(keyEntry('sfe-key')).kv;
    const keysOnly = sessionResponse(post(tokenBody()), exchange(settings()), { ...NO_BINDINGS, clients });
    expect((await failure(keysOnly)).code).toBe('not_found');
  });
});

const fails = async (body: BodyInit | null, headers: Record<string, string> = {}) => {
  const { code, details, message } = await failure(ask(body, headers));
  expect(siteverify.asked).toEqual([]);
  return { code, param: details.param, message };
};

describe('the request for a session', () => {
  const expected = 'turnstile_token: expected a Turnstile token of 1 to 2048 characters';

  it('is of type JSON', async () => {
    expect(await fails(tokenBody(), { 'content-type': 'text/plain' })).toMatchObject({
      code: 'unsupported_media_type',
    });
  });

  it.each(['', '{', 'token', '{"turnstile_token":"a"} x', '\uFEFF{"turnstile_token":"a"}'])(
    'is JSON, not "%s"',
    async (body) => {
      expect(await fails(body)).toMatchObject({ code: 'invalid_json' });
    },
  );

  it('is UTF-8', async () => {
    const broken = new Uint8Array([...new TextEncoder().encode('{"turnstile_token":"'), 0xff, 0x22, 0x7d]);
    expect(await fails(broken)).toMatchObject({ code: 'invalid_json' });
  });

  it.each([
    'null',
    '[]',
    '"token"',
    '7',
    '{}',
    '{"turnstile_token":7}',
    '{"turnstile_token":null}',
    '{"turnstile_token":""}',
    '{"turnstile_token":["a"]}',
  ])('holds a token, not %s', async (body) => {
    expect(await fails(body)).toEqual({ code: 'invalid_value', param: 'turnstile_token', message: expected });
  });

  it('holds a token of at most 2048 characters', async () => {
    expect(await fails(tokenBody('x'.repeat(2_049)))).toEqual({
      code: 'invalid_value',
      param: 'turnstile_token',
      message: expected,
    });
    expect((await ask(tokenBody(freshToken().padEnd(2_048, 'x')))).status).toBe(200);
  });

  it('holds nothing else', async () => {
    expect(await fails('{"turnstile_token":"a","origin":"https://evil.example"}')).toMatchObject({
      code: 'unknown_parameter',
      param: 'origin',
    });
  });

  it('is small', async () => {
    const padding = ' '.repeat(SESSION_BODY_BYTES);
    expect(await fails(tokenBody() + padding)).toMatchObject({ code: 'request_too_large' });
  });

  it('arrives in time', async () => {
    vi.useFakeTimers();
    const slowBody = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array([0x7b])),
    });
    const outcome = failure(ask(slowBody));
    await vi.advanceTimersByTimeAsync(SESSION_BODY_MS);
    expect((await outcome).code).toBe('request_timeout');
  });

  it('does not break off', async () => {
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(new Error('reset')),
    });
    expect(await fails(broken)).toMatchObject({ code: 'request_timeout' });
  });

  it('has a body', async () => {
    expect(await fails(null)).toMatchObject({ code: 'invalid_json' });
  });

  it('is counted by address, before its body is read', async () => {
    captureLog();
    const limit = vi.fn<RateLimit['limit']>(async () => ({ success: false }));
    const refusedPost = post('not JSON', { 'cf-connecting-ip': '203.0.113.7' });
    const error = await failure(
      sessionResponse(refusedPost, exchange(config), { ...NO_BINDINGS, limiter: { limit } }),
    );
    expect(error.code).toBe('rate_limit_exceeded');
    expect(limit).toHaveBeenCalledWith({ key: 'ip:203.0.113.7' });
    expect(refusedPost.bodyUsed).toBe(false);
    const down = { limit: () => Promise.reject(new Error('down')) };
    expect(
      (await failure(sessionResponse(post(tokenBody()), exchange(config), { ...NO_BINDINGS, limiter: down })))
        .code,
    ).toBe('rate_limit_exceeded');
  });
});
