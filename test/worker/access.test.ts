// Access, black-box: every way in and every refusal over HTTP, in workerd.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keyPair, sign, startIssuer, type Issuer, type KeyPair } from '../unit/access/issuer.ts';
import { bodyOf, json, serve, type TestServer } from '../unit/access/support.ts';
import { startGateway, type Gateway } from './harness.ts';

const PAGE = 'https://page.example';
const OTHER_PAGE = 'https://other.example';
const EVIL = 'https://page.example.evil.example';

let issuer: Issuer;
let siteverify: TestServer;
let userKey: KeyPair;
let gateway: Gateway;

beforeAll(async () => {
  userKey = await keyPair('main', 'RS256');
  issuer = await startIssuer(userKey);
  const solved = new Set<string>(); // as the real one: each token once
  siteverify = await serve(async (incoming, response) => {
    const token = new URLSearchParams(await bodyOf(incoming)).get('response') ?? '';
    const success = token.startsWith('good') && !solved.has(token);
    solved.add(token);
    json(response, { success, hostname: 'page.example', action: 'chat', 'error-codes': [] });
  });
  gateway = await startGateway({
    ANONYMOUS_ACCESS: 'false',
    ALLOWED_ORIGINS: `${PAGE}, ${OTHER_PAGE}`,
    CLIENT_KEYS: 'app:client-key-of-app,shop:client-key-of-shop',
    TURNSTILE_SECRET_KEY: 'turnstile-secret',
    TURNSTILE_SITE_KEY: 'site',
    TURNSTILE_VERIFY_URL: `${siteverify.url}/siteverify`,
    SESSION_SIGNING_KEY: 'signing-key-of-32-characters-0001',
    ...issuer.vars,
  });
});
afterAll(async () => {
  await gateway.close();
  await issuer[Symbol.asyncDispose]();
  await siteverify[Symbol.asyncDispose]();
});
beforeEach(() => gateway.forget());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function code(response: Response): Promise<string> {
  const body = await response.json<{ error: { code: string } }>();
  return body.error.code;
}

async function openSession(token: string, origin = PAGE): Promise<Response> {
  return gateway.fetch('/v1/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ turnstile_token: token }),
  });
}

describe('CORS', () => {
  const app = { ...bearer('client-key-of-app'), origin: PAGE };
  const answers: [string, () => Promise<Response>, number][] = [
    ['a completion', () => gateway.chat({}, app), 200],
    ['a stream', () => gateway.chat({ stream: true }, app), 200],
    ['a wrong request', () => gateway.chat({ temperature: 9 }, app), 400],
    ['a wrong key', () => gateway.chat({}, { ...app, ...bearer('nope') }), 401],
    ['nothing there', () => gateway.fetch('/nope', { headers: { origin: PAGE } }), 404],
    ['a wrong method', () => gateway.fetch('/v1/chat/completions', { headers: { origin: PAGE } }), 405],
    ['the models', () => gateway.fetch('/v1/models', { headers: app }), 200],
    ['StepFun’s refusal', () => gateway.chat({ messages: [say('simulate error 429')] }, app), 429],
    ['StepFun’s failure', () => gateway.chat({ messages: [say('simulate error 402')] }, app), 502],
  ];

  it.each(answers)('has CORS headers on %s', async (_, ask, status) => {
    const response = await ask();
    await response.text();
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(response.headers.get('vary')).toMatch(/\bOrigin\b/);
    expect(response.headers.get('access-control-expose-headers')).toContain('x-request-id');
    expect(response.headers.has('access-control-allow-credentials')).toBe(false);
  });

  it('has CORS headers on a cache hit', async () => {
    const ask = () => gateway.chat({ messages: [say('Ask me twice.')] }, app);
    await (await ask()).text();
    await expect
      .poll(async () => (await ask()).headers.get('cache-status'), { timeout: 5_000 })
      .toContain('hit');
    expect((await ask()).headers.get('access-control-allow-origin')).toBe(PAGE);
  });

  it.each([EVIL, 'null', 'http://page.example', 'https://page.example:8443', 'https://evil-page.example'])(
    'refuses %s without asking StepFun',
    async (origin) => {
      const response = await gateway.chat({}, { ...bearer('client-key-of-app'), origin });
      expect(response.status).toBe(403);
      expect(response.headers.has('access-control-allow-origin')).toBe(false);
      expect(response.headers.get('vary')).toMatch(/\bOrigin\b/);
      expect(await code(response)).toBe('origin_not_allowed');
      expect(await gateway.received()).toEqual([]);
    },
  );

  it('allows the gateway’s own pages', async () => {
    expect((await gateway.chat({}, { ...bearer('client-key-of-app'), origin: gateway.url })).status).toBe(
      200,
    );
  });

  const preflight = (origin: string, path = '/v1/chat/completions') =>
    gateway.fetch(path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-stainless-os,sentry-trace,no token',
      },
    });

  it.each(['/v1/chat/completions', '/v1/session', '/v1/models'])(
    'answers a preflight of %s without credentials',
    async (path) => {
      const response = await preflight(PAGE, path);
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-origin')).toBe(PAGE);
      expect(response.headers.get('access-control-allow-methods')).toBe('GET, POST');
      expect(response.headers.get('access-control-allow-headers')).toBe(
        'authorization, content-type, x-stainless-os, sentry-trace',
      );
      expect(response.headers.get('access-control-max-age')).toBe('86400');
    },
  );

  it('refuses a preflight of an origin that is not allowed', async () => {
    const response = await preflight(EVIL);
    expect(response.status).toBe(403);
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
  });
});

describe('credentials', () => {
  it('of three kinds are accepted', async () => {
    expect((await gateway.chat({}, bearer('client-key-of-app'))).status).toBe(200);
    expect((await gateway.chat({}, bearer(await sign(userKey)))).status).toBe(200);
    const session = await (await openSession('good-1')).json<{ token: string }>();
    expect((await gateway.chat({}, { ...bearer(session.token), origin: PAGE })).status).toBe(200);
  });

  it('never reach StepFun, which gets the gateway’s own key', async () => {
    const stray = { ...bearer('client-key-of-app'), cookie: 'a=b', origin: PAGE };
    await gateway.chat({ messages: [say('Who am I?')] }, stray);
    const [call] = await gateway.received();
    expect(call?.headers['authorization']).toBe('Bearer sk-simulator');
    expect(JSON.stringify(call)).not.toMatch(/client-key-of-app|page\.example|cookie/);
  });

  it('that are wrong get the same error, whatever the request is', async () => {
    const wrong: Record<string, string>[] = [
      {},
      bearer('client-key-of-nobody'),
      bearer('k'.repeat(5_000)),
      bearer('sess_a.b'),
      bearer(await sign(userKey, { exp: 1 })),
      bearer(await sign(userKey, { aud: 'https://other.example' })),
      bearer(await sign(userKey, {}, { kid: 'unknown' })),
      { authorization: 'Basic a2V5LW9mLWFwcDo=' },
      { 'x-api-key': 'client-key-of-app' },
    ];
    const bodies = new Set<string>();
    for (const headers of wrong) {
      const response = await gateway.chat({ temperature: 'not even valid' }, headers);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(response.headers.get('x-should-retry')).toBe('false');
      bodies.add(await response.text());
    }
    expect(bodies.size).toBe(1);
    expect(await gateway.received()).toEqual([]);
    expect((await gateway.fetch('/v1/models')).status).toBe(401);
  });
});

describe('a session', () => {
  it('works on its own page only', async () => {
    const opened = await openSession('good-2');
    expect(opened.status).toBe(200);
    expect(opened.headers.get('access-control-allow-origin')).toBe(PAGE);
    const { token, expires_at: expiresAt } = await opened.json<{ token: string; expires_at: number }>();
    expect(Math.abs(expiresAt - Date.now() / 1_000 - 600)).toBeLessThan(10);
    const from = (headers: Record<string, string>) => gateway.chat({}, { ...bearer(token), ...headers });
    expect((await from({ origin: PAGE })).status).toBe(200);
    expect((await from({ origin: OTHER_PAGE })).status).toBe(401);
    expect((await from({ origin: gateway.url })).status).toBe(401);
    expect((await from({})).status).toBe(401);
  });

  it('is issued once for each Turnstile token, to the page that solved it', async () => {
    expect((await openSession('good-3')).status).toBe(200);
    expect(await code(await openSession('good-3'))).toBe('invalid_api_key');
    expect(await code(await openSession('good-4', OTHER_PAGE))).toBe('invalid_api_key');
    expect(await code(await openSession('bad-1'))).toBe('invalid_api_key');
    expect(await code(await openSession('good-5', EVIL))).toBe('origin_not_allowed');
  });
});

describe('other deployments', () => {
  it('refuse all requests until a way in is configured', async () => {
    const closed = await startGateway({ ANONYMOUS_ACCESS: 'false' });
    for (const response of [
      await closed.chat(),
      await closed.chat({}, bearer('sk-simulator')),
      await closed.fetch('/v1/models'),
      await closed.fetch('/v1/session', { method: 'POST' }),
    ]) {
      expect(response.status).toBe(503);
      expect(await code(response)).toBe('access_not_configured');
    }
    expect(await (await closed.fetch('/healthz')).json()).toMatchObject({ access: 'not_configured' });
    expect((await closed.fetch('/')).status).toBe(200);
    expect(await closed.received()).toEqual([]);
    await closed.close();
  });

  it('may send each client’s own StepFun key to StepFun', async () => {
    const own = await startGateway({
      UPSTREAM_KEY: 'client',
      CLIENT_KEYS: 'app:client-key-of-app',
      CACHE_SCOPE: 'shared',
    });
    expect((await own.chat({}, bearer('sk-of-the-client'))).status).toBe(200);
    const [call] = await own.received();
    expect(call?.headers['authorization']).toBe('Bearer sk-of-the-client');
    await own.forget();
    expect(await code(await own.chat())).toBe('invalid_api_key');
    expect(await code(await own.chat({}, bearer('client-key-of-app')))).toBe('invalid_api_key');
    expect(await own.received()).toEqual([]);
    await own.close();
  });

  it('may allow anonymous access, and then ignore an unknown bearer', async () => {
    const open = await startGateway({ ALLOWED_ORIGINS: '*' });
    const response = await open.chat({}, { ...bearer('sk-anything'), origin: EVIL });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('vary')).toMatch(/\bOrigin\b/);
    await open.close();
  });
});

function say(content: string): { role: string; content: string } {
  return { role: 'user', content };
}
