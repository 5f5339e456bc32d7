import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { identify } from '../../../src/access/identify.ts';
import { sessionResponse, sessionSchema } from '../../../src/access/sessions.ts';
import {
  SESSION_BODY_BYTES,
  SESSION_BODY_MS,
  TURNSTILE_TOKENS_REMEMBERED,
} from '../../../src/config/limits.ts';
import { verifyTurnstile } from '../../../src/access/turnstile.ts';
import type { Config } from '../../../src/config/config.ts';
import { keyEntry, testKv } from './kv.ts';
import {
  bodyOf,
  captureLog,
  exchange,
  failure,
  GATEWAY,
  json,
  NO_BINDINGS,
  PAGE,
  request,
  serve,
  settings,
  type TestServer,
} from './support.ts';
import type { ServerResponse } from 'node:http';

const SECRET = 'turnstile-secret';
const YES = { success: true, hostname: 'app.example', action: 'chat', 'error-codes': [] };

let siteverify: TestServer;
let asked: URLSearchParams[] = [];
let answer: (response: ServerResponse) => void;
let config: Config;
let tokens = 0;

beforeAll(async () => {
  siteverify = await serve(async (incoming, response) => {
    if (incoming.method === 'POST') asked.push(new URLSearchParams(await bodyOf(incoming)));
    answer(response);
  });
  config = settings(vars());
});
afterAll(() => siteverify[Symbol.asyncDispose]());
beforeEach(() => {
  asked = [];
  answer = (response) => json(response, YES);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const vars = () => ({
  TURNSTILE_SECRET_KEY: SECRET,
  TURNSTILE_SITE_KEY: 'site',
  SESSION_SIGNING_KEY: 'signing-key-of-32-characters-0001',
  TURNSTILE_VERIFY_URL: `${siteverify.url}/siteverify`,
  SESSION_TTL_SECONDS: '120',
});
const fresh = () => `turnstile-${(tokens += 1)}`;
const post = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  new Request(`${GATEWAY}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: PAGE, ...headers },
    body,
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  });
const tokenBody = (token: string = fresh()) => JSON.stringify({ turnstile_token: token });
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
    const open = settings({ ...vars(), ALLOWED_ORIGINS: '*' });
    const odd = { origin: 'app://app.example' }; // to the URL parser, its origin is "null"
    const response = await sessionResponse(post(tokenBody(), odd), exchange(open), NO_BINDINGS);
    const { token } = sessionSchema.parse(await response.json());
    await identify(request(odd, token), exchange(open), NO_BINDINGS);
    const sandbox = identify(request({ origin: 'null' }, token), exchange(open), NO_BINDINGS);
    expect((await failure(sandbox)).code).toBe('invalid_api_key');
  });

  it('is asked for at siteverify with the secret, the token and the visitor’s address', async () => {
    await ask(tokenBody('from-the-widget'), { 'cf-connecting-ip': '203.0.113.7' });
    await ask();
    expect(Object.fromEntries(asked[0] ?? [])).toEqual({
      secret: SECRET,
      response: 'from-the-widget',
      remoteip: '203.0.113.7',
    });
    expect(asked[1]?.has('remoteip')).toBe(false);
  });
});

describe('no session is given', () => {
  it.each([
    [
      'a refusal',
      { success: false, 'error-codes': ['timeout-or-duplicate'] },
      'Turnstile: ["timeout-or-duplicate"]',
    ],
    ['a refusal with all else right', { ...YES, success: false }, 'Turnstile: []'],
    ['a yes that is a text', { ...YES, success: 'true' }, 'Turnstile: []'],
    ['a yes that is a number', { ...YES, success: 1 }, 'Turnstile: []'],
    ['nothing', {}, 'Turnstile: undefined'],
    ['another hostname', { ...YES, hostname: 'evil.example' }, 'Turnstile: other hostname'],
    ['a subdomain', { ...YES, hostname: 'evil.app.example' }, 'Turnstile: other hostname'],
    ['no hostname', { ...YES, hostname: undefined }, 'Turnstile: other hostname'],
    ['another action', { ...YES, action: 'login' }, 'Turnstile: other action'],
    ['no action', { ...YES, action: undefined }, 'Turnstile: other action'],
  ])('for %s of siteverify', async (_, verdict, detail) => {
    answer = (response) => json(response, verdict);
    const error = await failure(ask());
    expect(error.code).toBe('invalid_api_key');
    expect(error.details.detail).toBe(detail);
  });

  it.each([
    ['fails', (response: ServerResponse) => json(response, YES, 500), 'Turnstile: OutboundError: status 500'],
    [
      'redirects',
      (response: ServerResponse) => void response.writeHead(302, { location: '/' }).end(),
      'Turnstile: OutboundError: status 302',
    ],
    [
      'sends HTML',
      (response: ServerResponse) => void response.end('<html>'),
      'Turnstile: OutboundError: SyntaxError',
    ],
    [
      'sends null',
      (response: ServerResponse) => json(response, null),
      'Turnstile: OutboundError: not an object',
    ],
    [
      'sends a text',
      (response: ServerResponse) => json(response, 'yes'),
      'Turnstile: OutboundError: not an object',
    ],
    ['breaks', (response: ServerResponse) => void response.destroy(), 'Turnstile: OutboundError: TypeError'],
    [
      'sends too much',
      (response: ServerResponse) => json(response, { ...YES, x: 'x'.repeat(20_000) }),
      'Turnstile: OutboundError: answer too large',
    ],
  ])('when siteverify %s', async (_, reply, detail) => {
    answer = reply;
    const error = await failure(ask());
    expect(error.code).toBe('access_unavailable');
    expect(error.details.detail).toBe(detail);
  });

  it('when siteverify hangs', async () => {
    const timeout = vi
      .spyOn(AbortSignal, 'timeout')
      .mockImplementation(() => AbortSignal.abort(new DOMException('', 'TimeoutError')));
    expect((await failure(ask())).details.detail).toBe('Turnstile: OutboundError: TimeoutError');
    expect(timeout).toHaveBeenCalledWith(5_000);
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
    expect(asked).toEqual([]);
  });

  it('where sessions are not configured', async () => {
    const anonymous = settings({ ANONYMOUS_ACCESS: 'true' });
    const error = await failure(sessionResponse(post(tokenBody()), exchange(anonymous), NO_BINDINGS));
    expect(error.code).toBe('not_found');
    expect(error.message).toBe('This gateway has no browser sessions.');
    const closed = await failure(sessionResponse(post(tokenBody()), exchange(settings()), NO_BINDINGS));
    expect(closed.code).toBe('access_not_configured');
    const clients = testKv(keyEntry('sfe-key')).kv;
    const keysOnly = sessionResponse(post(tokenBody()), exchange(settings()), { ...NO_BINDINGS, clients });
    expect((await failure(keysOnly)).code).toBe('not_found');
  });
});

describe('a Turnstile token', () => {
  it('works once', async () => {
    const token = fresh();
    await ask(tokenBody(token));
    const error = await failure(ask(tokenBody(token)));
    expect(error.code).toBe('invalid_api_key');
    expect(error.details.detail).toBe('Turnstile: token already used');
    expect(asked).toHaveLength(1);
  });

  it('works once of many times at once', async () => {
    const token = fresh();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => ask(tokenBody(token))));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(asked).toHaveLength(1);
  });

  it('that was refused stays refused', async () => {
    const token = fresh();
    answer = (response) => json(response, { success: false });
    await failure(ask(tokenBody(token)));
    answer = (response) => json(response, YES);
    expect((await failure(ask(tokenBody(token)))).code).toBe('invalid_api_key');
  });

  it.each(['internal-error', 'missing-input-secret', 'invalid-input-secret', 'bad-request'])(
    'stays good where %s is not the visitor’s fault',
    async (code) => {
      const token = fresh();
      answer = (response) => json(response, { success: false, 'error-codes': [code] });
      const error = await failure(ask(tokenBody(token)));
      expect(error.code).toBe('access_unavailable');
      expect(error.status).toBe(503);
      expect(error.details.detail).toContain(`Turnstile: OutboundError: ${code}`);
      expect(error.details.detail?.includes('TURNSTILE_SECRET_KEY is wrong')).toBe(code.includes('secret'));
      answer = (response) => json(response, YES);
      expect((await ask(tokenBody(token))).status).toBe(200);
    },
  );

  it('is judged by success alone where that is true', async () => {
    answer = (response) => json(response, { ...YES, 'error-codes': ['internal-error'] });
    expect((await ask()).status).toBe(200);
  });

  it('works yet when siteverify didn’t answer the first time', async () => {
    const token = fresh();
    answer = (response) => json(response, {}, 503);
    await failure(ask(tokenBody(token)));
    answer = (response) => json(response, YES);
    expect((await ask(tokenBody(token))).status).toBe(200);
  });

  it('is remembered as long as Turnstile holds it valid, then forgotten', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    const [token, later] = [fresh(), fresh()];
    await ask(tokenBody(token));
    vi.setSystemTime(Date.now() + 299_999);
    await ask(tokenBody(later));
    expect((await failure(ask(tokenBody(token)))).details.detail).toBe('Turnstile: token already used');
    vi.setSystemTime(Date.now() + 1);
    expect((await ask(tokenBody(token))).status).toBe(200);
    expect((await failure(ask(tokenBody(later)))).details.detail).toBe('Turnstile: token already used');
  });

  it('makes room by forgetting the oldest', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 7_200_000 });
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(YES));
    const { session } = config.access;
    if (session === null) throw new Error('no sessions');
    const verify = (token: string) => verifyTurnstile(token, 'app.example', null, session);
    const [first, second] = [fresh(), fresh()];
    await verify(first);
    await verify(second);
    for (let more = 2; more < TURNSTILE_TOKENS_REMEMBERED; more += 1) await verify(fresh());
    expect((await failure(verify(first))).code).toBe('invalid_api_key');
    await verify(fresh());
    expect((await failure(verify(second))).code).toBe('invalid_api_key');
    await expect(verify(first)).resolves.toBeUndefined();
  });
});

const fails = async (body: BodyInit | null, headers: Record<string, string> = {}) => {
  const { code, details, message } = await failure(ask(body, headers));
  expect(asked).toEqual([]);
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
    expect((await ask(tokenBody('x'.repeat(2_048)))).status).toBe(200);
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
