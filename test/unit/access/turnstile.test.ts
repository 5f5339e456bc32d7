import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { verifyTurnstile } from '../../../src/access/turnstile.ts';
import type { Config } from '../../../src/config/config.ts';
import { TURNSTILE_TOKENS_REMEMBERED } from '../../../src/config/limits.ts';
import { freshToken, startSiteverify, YES, type Siteverify } from './siteverify.ts';
import { failure, json, settings } from './support.ts';

let siteverify: Siteverify;
let session: NonNullable<Config['access']['session']>;

beforeAll(async () => {
  siteverify = await startSiteverify();
  const { access } = settings(siteverify.vars);
  if (access.session === null) throw new Error('no sessions');
  session = access.session;
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

const verify = (token = freshToken(), address: string | null = null) =>
  verifyTurnstile(token, 'app.example', address, session);

it('siteverify is asked with the secret, the token and the visitor’s address', async () => {
  const token = freshToken();
  await verify(token, '203.0.113.7');
  await verify();
  expect(Object.fromEntries(siteverify.asked[0] ?? [])).toEqual({
    secret: 'turnstile-secret',
    response: token,
    remoteip: '203.0.113.7',
  });
  expect(siteverify.asked[1]?.has('remoteip')).toBe(false);
});

describe('a token is not accepted', () => {
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
    ['codes that are no list', { 'error-codes': 'internal-error' }, 'Turnstile: "internal-error"'],
    ['another hostname', { ...YES, hostname: 'evil.example' }, 'Turnstile: other hostname'],
    ['a subdomain', { ...YES, hostname: 'evil.app.example' }, 'Turnstile: other hostname'],
    ['no hostname', { ...YES, hostname: undefined }, 'Turnstile: other hostname'],
    ['another action', { ...YES, action: 'login' }, 'Turnstile: other action'],
    ['no action', { ...YES, action: undefined }, 'Turnstile: other action'],
  ])('for %s of siteverify', async (_, verdict, detail) => {
    siteverify.answer = (response) => json(response, verdict);
    const error = await failure(verify());
    expect(error.code).toBe('invalid_api_key');
    expect(error.message).toBe(
      'Turnstile did not confirm this visitor: let the widget make a new token and send it.',
    );
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
    siteverify.answer = reply;
    const error = await failure(verify());
    expect(error.code).toBe('access_unavailable');
    expect(error.details.detail).toBe(detail);
  });

  it('when siteverify hangs', async () => {
    const timeout = vi
      .spyOn(AbortSignal, 'timeout')
      .mockImplementation(() => AbortSignal.abort(new DOMException('', 'TimeoutError')));
    expect((await failure(verify())).details.detail).toBe('Turnstile: OutboundError: TimeoutError');
    expect(timeout).toHaveBeenCalledWith(5_000);
  });
});

describe('a Turnstile token', () => {
  it('works once', async () => {
    const token = freshToken();
    await verify(token);
    const error = await failure(verify(token));
    expect(error.code).toBe('invalid_api_key');
    expect(error.message).toMatch(/^Turnstile did not confirm this visitor: /);
    expect(error.details.detail).toBe('Turnstile: token already used');
    expect(siteverify.asked).toHaveLength(1);
  });

  it('works once of many times at once', async () => {
    const token = freshToken();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => verify(token)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(siteverify.asked).toHaveLength(1);
  });

  it('that was refused stays refused', async () => {
    const token = freshToken();
    siteverify.answer = (response) => json(response, { success: false });
    await failure(verify(token));
    siteverify.answer = (response) => json(response, YES);
    expect((await failure(verify(token))).code).toBe('invalid_api_key');
  });

  it.each(['internal-error', 'missing-input-secret', 'invalid-input-secret', 'bad-request'])(
    'stays good where %s is not the visitor’s fault',
    async (code) => {
      const token = freshToken();
      siteverify.answer = (response) => json(response, { success: false, 'error-codes': [code] });
      const error = await failure(verify(token));
      expect(error.code).toBe('access_unavailable');
      expect(error.status).toBe(503);
      expect(error.details.detail).toContain(`Turnstile: OutboundError: ${code}`);
      expect(error.details.detail?.includes('TURNSTILE_SECRET_KEY is wrong')).toBe(code.includes('secret'));
      siteverify.answer = (response) => json(response, YES);
      await verify(token);
    },
  );

  it('is judged by success alone where that is true', async () => {
    siteverify.answer = (response) => json(response, { ...YES, 'error-codes': ['internal-error'] });
    await verify();
  });

  it('works yet when siteverify didn’t answer the first time', async () => {
    const token = freshToken();
    siteverify.answer = (response) => json(response, {}, 503);
    await failure(verify(token));
    siteverify.answer = (response) => json(response, YES);
    await verify(token);
  });

  it('is remembered as long as Turnstile holds it valid, then forgotten', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    const [token, later] = [freshToken(), freshToken()];
    await verify(token);
    vi.setSystemTime(Date.now() + 299_999);
    await verify(later);
    expect((await failure(verify(token))).details.detail).toBe('Turnstile: token already used');
    vi.setSystemTime(Date.now() + 1);
    await verify(token);
    expect((await failure(verify(later))).details.detail).toBe('Turnstile: token already used');
  });

  it('makes room by forgetting the oldest', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 7_200_000 });
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(YES));
    const [first, second] = [freshToken(), freshToken()];
    await verify(first);
    await verify(second);
    for (let more = 2; more < TURNSTILE_TOKENS_REMEMBERED; more += 1) await verify(freshToken());
    expect((await failure(verify(first))).code).toBe('invalid_api_key');
    await verify(freshToken());
    expect((await failure(verify(second))).code).toBe('invalid_api_key');
    await verify(first);
  });
});
