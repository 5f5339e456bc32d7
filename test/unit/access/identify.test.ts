import { beforeAll, afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { resolveLimits } from '../../../src/access/client-limits.ts';
import { keyIdentity, sessionIdentity, stepfunIdentity, tokenIdentity } from '../../../src/access/client.ts';
import type { AccessBindings } from '../../../src/access/identify.ts';
import { isAccessConfigured, type Config } from '../../../src/config/config.ts';
import { identify } from '../../../src/access/identify.ts';
import { signSession } from '../../../src/access/session-token.ts';
import { errorResponse } from '../../../src/http/response.ts';
import { ISSUER, keyPair, sign, startIssuer, type Issuer, type KeyPair } from './issuer.ts';
import { keyEntry, testKv } from './kv.ts';
import { captureLog, collector, failure, json, NO_BINDINGS, PAGE, request, settings } from './support.ts';

const SIGNING_KEY = 'signing-key-of-32-characters-0001';
const KEYS = { CLIENT_KEYS: 'app:key-of-the-app-1,shop:key-of-the-shop1' };
const SESSIONS = {
  TURNSTILE_SECRET_KEY: 'turnstile-secret',
  TURNSTILE_SITE_KEY: 'site',
  SESSION_SIGNING_KEY: SIGNING_KEY,
};
const ANONYMOUS = { ANONYMOUS_ACCESS: 'true' };
const OWN_KEY = { UPSTREAM_KEY: 'client' };

let issuer: Issuer;
let key: KeyPair;
let everything: Config;

beforeAll(async () => {
  key = await keyPair('main');
  issuer = await startIssuer(key);
  everything = settings({ ...KEYS, ...SESSIONS, ...issuer.vars });
});
afterAll(() => issuer[Symbol.asyncDispose]());
afterEach(() => void vi.restoreAllMocks());

const { waitUntil, work } = collector();
const exchange = (config: Config) => ({ config, waitUntil });
const FROM = { origin: PAGE, 'cf-connecting-ip': '203.0.113.7' };
const come = (config: Config, bearer?: string, bindings: Partial<AccessBindings> = {}) =>
  identify(request(FROM, bearer), exchange(config), { ...NO_BINDINGS, ...bindings });
const refuse = async (config: Config, bearer?: string, bindings: Partial<AccessBindings> = {}) => {
  const { code, details } = await failure(come(config, bearer, bindings));
  expect(code).toBe('invalid_api_key');
  return details.detail;
};
const sessionToken = () =>
  signSession({ id: 'abc', origin: PAGE, expiresAt: Math.floor(Date.now() / 1_000) + 60 }, SIGNING_KEY);

describe('a gateway with every way in', () => {
  it('identifies each client by its credential', async () => {
    expect(await come(everything, 'key-of-the-app-1')).toMatchObject(keyIdentity('app'));
    expect(await come(everything, 'key-of-the-shop1')).toMatchObject(keyIdentity('shop'));
    expect(await come(everything, await sessionToken())).toMatchObject(sessionIdentity('abc'));
    expect(await come(everything, await sign(key))).toMatchObject(await tokenIdentity(ISSUER, 'ada'));
  });

  it('hands the fetch of the issuer’s keys to the runtime', async () => {
    await using other = await startIssuer(key);
    const before = work.length;
    await come(settings(other.vars), await sign(key));
    expect(work).toHaveLength(before + 1);
  });

  it('refuses all others', async () => {
    expect(await refuse(everything)).toBe('no bearer');
    expect(await refuse(everything, 'key-of-nobody-01')).toBe('unknown bearer');
    expect(await refuse(everything, await sign(key, { exp: 1 }))).toBe('JWT: exp check_failed');
    expect(await refuse(everything, `${await sessionToken()}x`)).toBe('session: not signed here');
  });

  it('chooses the verification by the form of the token', async () => {
    const jwtLike = await refuse(everything, 'sess_a.b.c');
    expect(jwtLike).toBe('session: not signed here');
    // A client's key may look like a token.
    const odd = settings({
      CLIENT_KEYS: 'odd:sess_key-of-16-chars,jwt:abcdef.ghijkl.mnop',
      ...SESSIONS,
      ...issuer.vars,
    });
    expect(await come(odd, 'sess_key-of-16-chars')).toMatchObject(keyIdentity('odd'));
    expect(await come(odd, 'abcdef.ghijkl.mnop')).toMatchObject(keyIdentity('jwt'));
  });

  it('gives the same answer, whatever was wrong', async () => {
    const bearers = [
      undefined,
      '',
      'x',
      'key-of-the-app-',
      'k'.repeat(10_000),
      'a.b.c',
      'sess_a.b',
      await sign(key, { exp: 1 }),
    ];
    const answers = await Promise.all(
      bearers.map(async (bearer) => {
        const response = errorResponse(await failure(come(everything, bearer)));
        return JSON.stringify([response.status, [...response.headers], await response.text()]);
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('401');
    expect(answers[0]).toContain('Bearer');
  });
});

describe('the Authorization header', () => {
  const config = settings(KEYS);
  const withHeader = (authorization: string) =>
    identify(request({ authorization }), exchange(config), NO_BINDINGS);

  it.each(['Bearer key-of-the-app-1', 'bearer key-of-the-app-1', 'BEARER   key-of-the-app-1'])(
    'may read "%s"',
    async (value) => {
      expect(await withHeader(value)).toMatchObject(keyIdentity('app'));
    },
  );

  it.each([
    'key-of-the-app-1',
    'Basic key-of-the-app-1',
    'Bearerkey-of-the-app-1',
    'Bearer',
    'Bearer key-of-the-app-1, Bearer key-of-the-shop1',
    'Bearer key-of-the-app-1 key-of-the-app-1',
    'xBearer key-of-the-app-1',
    'Bearer key-of-the-app-1\u00e9',
  ])('may not read "%s"', async (value) => {
    expect((await failure(withHeader(value))).details.detail).toBe('no bearer');
  });

  it('is the only place where credentials count', async () => {
    const elsewhere = new Request(
      'https://gateway.example/v1/models?api_key=key-of-the-app-1&key=key-of-the-app-1',
      {
        headers: {
          'x-api-key': 'key-of-the-app-1',
          'api-key': 'key-of-the-app-1',
          cookie: 'authorization=Bearer key-of-the-app-1',
        },
      },
    );
    expect((await failure(identify(elsewhere, exchange(config), NO_BINDINGS))).code).toBe('invalid_api_key');
  });
});

describe('a way in that is not configured', () => {
  it('does not exist', async () => {
    const keysOnly = settings(KEYS);
    expect(await refuse(keysOnly, await sessionToken())).toBe('unknown bearer');
    expect(await refuse(keysOnly, await sign(key))).toBe('unknown bearer');
    expect(await refuse(settings(SESSIONS), 'key-of-the-app-1')).toBe('unknown bearer');
    expect(await refuse(settings(issuer.vars), await sessionToken())).toBe('unknown bearer');
  });

  it('leaves a new deployment closed', async () => {
    for (const bearer of [undefined, 'key-of-the-app-1', '']) {
      const error = await failure(come(settings(), bearer));
      expect(error.code).toBe('access_not_configured');
      expect(error.status).toBe(503);
    }
  });

  it.each([
    ['client keys', () => KEYS],
    ['user tokens', () => issuer.vars],
    ['sessions', () => SESSIONS],
    ['anonymous access', () => ANONYMOUS],
    ['bring your own key', () => OWN_KEY],
  ])('is not all there is with %s', (_, vars) => {
    expect(isAccessConfigured(settings(vars()))).toBe(true);
  });
});

describe('anonymous access', () => {
  const byAddress = { kind: 'anonymous', id: 'ip:203.0.113.7', name: 'anonymous', upstreamKey: null };

  it('is by address, without credentials or with unknown ones', async () => {
    const config = settings(ANONYMOUS);
    for (const bearer of [undefined, 'sk-made-up', 'a.b.c'])
      expect(await come(config, bearer)).toMatchObject(byAddress);
    const basic = identify(request({ ...FROM, authorization: 'Basic eDp5' }), exchange(config), NO_BINDINGS);
    expect(await basic).toMatchObject(byAddress);
  });

  it('applies when a credential is invalid', async () => {
    const config = settings({ ...KEYS, ...SESSIONS, ...issuer.vars, ...ANONYMOUS });
    expect(await come(config, await sign(key, { exp: 1 }))).toMatchObject(byAddress);
    expect(await come(config, 'sess_a.b')).toMatchObject(byAddress);
    expect(await come(config, 'key-of-the-app-1')).toMatchObject(keyIdentity('app'));
    expect(await come(config, await sign(key))).toMatchObject(await tokenIdentity(ISSUER, 'ada'));
  });

  it('must be asked for', async () => {
    expect(await refuse(settings({ ...KEYS, ANONYMOUS_ACCESS: 'false' }))).toBe('no bearer');
  });
});

describe('bring your own key', () => {
  it('uses the bearer as the client’s StepFun key', async () => {
    expect(await come(settings(OWN_KEY), 'sk-of-the-client')).toMatchObject(
      await stepfunIdentity('sk-of-the-client'),
    );
  });

  it('may have the form of a token that is not configured', async () => {
    for (const bearer of ['a.b.c', 'sess_a.b']) {
      expect((await come(settings(OWN_KEY), bearer)).upstreamKey).toBe(bearer);
    }
    const [sessions, tokens] = [
      settings({ ...OWN_KEY, ...SESSIONS }),
      settings({ ...OWN_KEY, ...issuer.vars }),
    ];
    expect((await come(sessions, 'a.b.c')).upstreamKey).toBe('a.b.c');
    expect((await come(tokens, 'sess_a.b')).upstreamKey).toBe('sess_a.b');
  });

  it('needs one, even from anonymous callers: the gateway’s own is not for them', async () => {
    expect(await refuse(settings({ ...OWN_KEY, ...ANONYMOUS }))).toBe('no StepFun key');
    expect(await refuse(settings(OWN_KEY))).toBe('no StepFun key');
  });

  it('does not send the gateway’s own secrets to StepFun', async () => {
    const config = settings({ ...OWN_KEY, ...KEYS, ...SESSIONS, ...issuer.vars });
    for (const secret of ['key-of-the-app-1', await sessionToken(), await sign(key)]) {
      expect(await refuse(config, secret)).toBe('no StepFun key');
    }
    expect((await come(config, 'sk-of-the-client')).upstreamKey).toBe('sk-of-the-client');
  });

  it('nor a token that is good elsewhere or later', async () => {
    const config = settings({ ...OWN_KEY, ...SESSIONS, ...issuer.vars });
    const elsewhere = { ...FROM, origin: 'https://other.example' };
    const session = identify(request(elsewhere, await sessionToken()), exchange(config), NO_BINDINGS);
    expect((await failure(session)).details.detail).toBe('session: other origin');
    expect(await refuse(config, await sign(key, { aud: 'another service' }))).toMatch(/^JWT: /);
  });

  it('does not send an unverified token to StepFun', async () => {
    captureLog();
    await using other = await startIssuer(key);
    other.answer = (response) => json(response, {}, 503);
    const error = await failure(come(settings({ ...OWN_KEY, ...other.vars }), await sign(key)));
    expect(error.code).toBe('access_unavailable');
  });

  it('does not apply where the gateway’s key is used', async () => {
    expect(await come(settings({ ...KEYS, UPSTREAM_KEY: 'gateway' }), 'key-of-the-app-1')).toMatchObject({
      upstreamKey: null,
    });
    expect(await refuse(settings(KEYS), 'sk-of-the-client')).toBe('unknown bearer');
  });
});

describe('a key of the binding CLIENTS', () => {
  const SFE = 'sfe-web-0123456789abcdefghijklmnopqrstuv';
  const LIMITS = { models: ['step-3.7-flash'], tokens_per_day: 5 };

  it('opens the gateway, with limits of its own', async () => {
    const config = settings({ ...KEYS, ALLOWED_MODELS: 'a', MAX_OUTPUT_TOKENS: '9' });
    const clients = testKv(keyEntry(SFE, LIMITS)).kv;
    expect(await come(config, SFE, { clients })).toEqual({
      ...keyIdentity('web'),
      limits: {
        models: new Set(['step-3.7-flash']),
        tokensPerDay: 5,
        requestsPerMinute: null,
        maxOutputTokens: 9,
      },
    });
    expect((await come(config, 'key-of-the-app-1', { clients })).limits).toEqual(resolveLimits(null, config));
  });

  it('is the only way in that a deployment needs', async () => {
    const open = { clients: testKv(keyEntry(SFE)).kv };
    expect(await come(settings(), SFE, open)).toMatchObject(keyIdentity('web'));
    expect(await refuse(settings(), 'sfe-made-up', open)).toBe('unknown bearer');
    expect(await refuse(settings(), undefined, open)).toBe('no bearer');
    const empty = { clients: testKv().kv };
    for (const bearer of [SFE, undefined]) {
      expect((await failure(come(settings(), bearer, empty))).code).toBe('access_not_configured');
    }
  });

  it('costs one read a minute, and the other ways in cost none', async () => {
    const store = testKv(keyEntry(SFE));
    const bindings = { clients: store.kv };
    for (let round = 0; round < 10; round += 1) await come(settings(), SFE, bindings);
    expect(store.reads).toHaveLength(1);
    expect(store.lists).toBe(0);
    await come(everything, 'key-of-the-app-1', bindings);
    await come(everything, await sign(key), bindings);
    await come(everything, await sessionToken(), bindings);
    await refuse(everything, undefined, bindings);
    expect(store.reads).toHaveLength(1);
    expect(store.lists).toBe(0);
  });

  it('that is disabled is refused', async () => {
    const clients = testKv(keyEntry(SFE, { disabled: true })).kv;
    expect(await refuse(settings(KEYS), SFE, { clients })).toBe('client key web: disabled');
  });

  it('can’t be judged while KV fails', async () => {
    captureLog();
    const store = testKv(keyEntry(SFE));
    store.trouble = () => Promise.reject(new Error('down'));
    const limit = vi.fn<RateLimit['limit']>();
    const outcome = come(settings(KEYS), SFE, { clients: store.kv, limiter: { limit } });
    expect((await failure(outcome)).code).toBe('access_unavailable');
    expect(limit).not.toHaveBeenCalled();
    expect(await come(settings(KEYS), 'key-of-the-app-1', { clients: store.kv })).toMatchObject(
      keyIdentity('app'),
    );
  });

  it('keeps to its origins, where it is sent from a page', async () => {
    const config = settings({ ALLOWED_ORIGINS: '*' });
    const clients = testKv(keyEntry(SFE, { origins: [PAGE, 'https://*.app.pages.dev'] })).kv;
    const from = (headers: Record<string, string>) =>
      identify(request(headers, SFE), exchange(config), { ...NO_BINDINGS, clients });
    for (const headers of [
      {},
      { origin: PAGE },
      { origin: 'https://x.app.pages.dev' },
      { origin: 'https://gateway.example' },
    ]) {
      expect(await from(headers)).toMatchObject(keyIdentity('web'));
    }
    const error = await failure(from({ origin: 'https://evil.example' }));
    expect(error.code).toBe('origin_not_allowed');
    expect(error.message).toBe('This key may not be used from this origin.');
    expect(error.details.detail).toBe('not in the origins of key:web: https://evil.example');
  });

  it('is no anonymous caller while KV fails: its limits are not known', async () => {
    captureLog();
    const clients = testKv({});
    clients.trouble = () => Promise.reject(new Error('KV is down'));
    const bindings = { clients: clients.kv };
    const error = await failure(come(settings(ANONYMOUS), SFE, bindings));
    expect(error.code).toBe('access_unavailable');
    expect((await come(settings(ANONYMOUS), 'sk-any', bindings)).kind).toBe('anonymous');
  });

  it('is known beside anonymous access, which ignores all others', async () => {
    captureLog();
    const store = testKv(keyEntry(SFE, LIMITS));
    const bindings = { clients: store.kv };
    expect((await come(settings(ANONYMOUS), SFE, bindings)).limits.tokensPerDay).toBe(5);
    for (const bearer of ['sk-any', 'sfe-made-up']) {
      expect((await come(settings(ANONYMOUS), bearer, bindings)).kind).toBe('anonymous');
    }
    expect(store.reads).toHaveLength(3);
    expect((await come(settings(ANONYMOUS), undefined, bindings)).kind).toBe('anonymous');
    expect(store.reads).toHaveLength(3);
    store.trouble = () => Promise.reject(new Error('down'));
    expect((await come(settings(ANONYMOUS), 'sk-other', bindings)).kind).toBe('anonymous');
  });

  it('is never sent to StepFun, and costs no read where clients bring their own keys', async () => {
    const store = testKv(keyEntry(SFE));
    expect(await refuse(settings(OWN_KEY), SFE, { clients: store.kv })).toBe('no StepFun key');
    expect(await refuse(settings(OWN_KEY), 'sfe-', { clients: store.kv })).toBe('no StepFun key');
    expect((await come(settings(OWN_KEY), 'sk-sfe-', { clients: store.kv })).upstreamKey).toBe('sk-sfe-');
    expect(store.reads).toEqual([]);
  });
});

describe('a user’s policy', () => {
  const withPlans = () =>
    settings({ ...issuer.vars, JWT_POLICY_CLAIM: 'plan', TOKENS_PER_DAY: '7' }, { BUDGETS: {}, CLIENTS: {} });
  const clients = testKv({ 'policy:pro': { tokens_per_day: 500, created_at: 1 } }).kv;
  const tokensOf = async (plan: unknown) =>
    (await come(withPlans(), await sign(key, { plan }), { clients })).limits.tokensPerDay;

  it('is named by a claim of the token; without its entry the deployment’s settings hold', async () => {
    const lines = captureLog();
    expect(await tokensOf('pro')).toBe(500);
    expect(await tokensOf(undefined)).toBe(7);
    expect(lines).toEqual([]);
    expect(await tokensOf('gold')).toBe(7);
    expect(lines).toHaveLength(1);
  });

  it('with an invalid entry refuses the user: the deployment’s settings may allow more', async () => {
    captureLog();
    const broken = testKv({ 'policy:pro': { token_per_day: 500, created_at: 1 } }).kv;
    const token = await sign(key, { plan: 'pro' });
    expect((await failure(come(withPlans(), token, { clients: broken }))).code).toBe('access_unavailable');
  });

  it('does not change the user’s identity', async () => {
    const pro = await come(withPlans(), await sign(key, { plan: 'pro' }), { clients });
    expect(pro).toMatchObject(await tokenIdentity(ISSUER, 'ada'));
  });
});

describe('guessing', () => {
  const from = (
    address: string,
    bearer: string | undefined,
    bindings: Partial<AccessBindings>,
    config: Config,
  ) =>
    identify(request({ 'cf-connecting-ip': address }, bearer), exchange(config), {
      ...NO_BINDINGS,
      ...bindings,
    });
  /** A limiter that allows so many. */
  const limiterOf = (allowed: number) => ({
    limit: vi.fn<RateLimit['limit']>(async () => ({ success: allowed-- > 0 })),
  });
  const codeOf = async (outcome: Promise<unknown>) => (await failure(outcome)).code;

  it('is answered 429 once the limit is used up, before anything is verified', async () => {
    const config = settings({ CLIENT_KEYS: 'late:key-not-used-before' });
    const store = testKv();
    const bindings = { limiter: limiterOf(3), clients: store.kv };
    const guess = (index: number) => codeOf(from('192.0.2.1', `guess-${index}`, bindings, config));
    for (let index = 0; index < 3; index += 1) expect(await guess(index)).toBe('invalid_api_key');
    for (let index = 3; index < 150; index += 1) expect(await guess(index)).toBe('rate_limit_exceeded');
    expect(bindings.limiter.limit.mock.calls).toHaveLength(4);
    expect(new Set(bindings.limiter.limit.mock.calls.map(([{ key }]) => key))).toEqual(
      new Set(['guess:ip:192.0.2.1']),
    );
    expect(store.reads).toHaveLength(4);
    expect(await codeOf(from('192.0.2.1', 'key-not-used-before', bindings, config))).toBe(
      'rate_limit_exceeded',
    );
    expect(await codeOf(from('192.0.2.2', 'guess-0', { limiter: limiterOf(1) }, config))).toBe(
      'invalid_api_key',
    );
  });

  it('does not lock out bearers that were good before', async () => {
    const config = settings({ ...KEYS, ...SESSIONS, ...issuer.vars });
    const store = testKv(keyEntry('sfe-good-before'));
    const bindings = { limiter: limiterOf(0), clients: store.kv };
    const good = ['key-of-the-shop1', 'sfe-good-before', await sign(key)];
    for (const bearer of good) await from('192.0.2.3', bearer, bindings, config);
    expect(bindings.limiter.limit).not.toHaveBeenCalled();
    expect(await codeOf(from('192.0.2.3', 'guess', bindings, config))).toBe('rate_limit_exceeded');
    for (const bearer of good)
      expect((await from('192.0.2.3', bearer, bindings, config)).id).toMatch(/^(key|token):/);
    expect(await codeOf(from('192.0.2.3', await sign(key, { sub: 'bob' }), bindings, config))).toBe(
      'rate_limit_exceeded',
    );
  });

  it('ignores requests without a bearer, and a gateway without a way in', async () => {
    const limiter = limiterOf(0);
    expect(await codeOf(from('192.0.2.4', undefined, { limiter }, settings(KEYS)))).toBe('invalid_api_key');
    expect(await codeOf(from('192.0.2.4', 'guess', { limiter }, settings()))).toBe('access_not_configured');
    expect(limiter.limit).not.toHaveBeenCalled();
  });

  it.each([
    ['anonymous access', ANONYMOUS],
    ['bring your own key', OWN_KEY],
  ])('is not counted under %s', async (_, vars) => {
    const limiter = limiterOf(0);
    for (let index = 0; index < 3; index += 1) {
      expect((await from('192.0.2.5', `guess-${index}`, { limiter }, settings(vars))).id).toMatch(
        /^(ip|stepfun):/,
      );
    }
    expect(limiter.limit).not.toHaveBeenCalled();
  });
});
