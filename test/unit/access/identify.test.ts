import { beforeAll, afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { keyClient, sessionClient, stepfunClient, tokenClient } from '../../../src/access/client.ts';
import { isAccessConfigured, type Config } from '../../../src/config/config.ts';
import { identify } from '../../../src/access/identify.ts';
import { signSession } from '../../../src/access/session-token.ts';
import { errorResponse } from '../../../src/http/response.ts';
import { ISSUER, keyPair, sign, startIssuer, type Issuer, type KeyPair } from './issuer.ts';
import { captureLog, collector, failure, json, PAGE, request, settings } from './support.ts';

const SIGNING_KEY = 'signing-key-of-32-characters-0001';
const KEYS = { CLIENT_KEYS: 'app:key-of-app,shop:key-of-shop' };
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
const come = (config: Config, bearer?: string) => identify(request(FROM, bearer), exchange(config));
const refuse = async (config: Config, bearer?: string) => {
  const { code, details } = await failure(come(config, bearer));
  expect(code).toBe('invalid_api_key');
  return details.detail;
};
const sessionToken = () =>
  signSession({ id: 'abc', origin: PAGE, expiresAt: Math.floor(Date.now() / 1_000) + 60 }, SIGNING_KEY);

describe('a gateway with every way in', () => {
  it('knows each client by what it presents', async () => {
    expect(await come(everything, 'key-of-app')).toEqual(keyClient('app'));
    expect(await come(everything, 'key-of-shop')).toEqual(keyClient('shop'));
    expect(await come(everything, await sessionToken())).toEqual(sessionClient('abc'));
    expect(await come(everything, await sign(key))).toEqual(await tokenClient(ISSUER, 'ada'));
  });

  it('hands the fetch of the issuer’s keys to the runtime', async () => {
    await using other = await startIssuer(key);
    const before = work.length;
    await come(settings(other.vars), await sign(key));
    expect(work).toHaveLength(before + 1);
  });

  it('refuses everybody else', async () => {
    expect(await refuse(everything)).toBe('no bearer');
    expect(await refuse(everything, 'key-of-nobody')).toBe('unknown bearer');
    expect(await refuse(everything, await sign(key, { exp: 1 }))).toBe('JWT: ERR_JWT_EXPIRED');
    expect(await refuse(everything, `${await sessionToken()}x`)).toBe('session: not ours');
  });

  it('judges a token by its form alone, once', async () => {
    const jwtLike = await refuse(everything, 'sess_a.b.c');
    expect(jwtLike).toBe('session: not ours');
    // What looks like a token may still be a client's key.
    const odd = settings({ CLIENT_KEYS: 'odd:sess_key,jwt:a.b.c', ...SESSIONS, ...issuer.vars });
    expect(await come(odd, 'sess_key')).toEqual(keyClient('odd'));
    expect(await come(odd, 'a.b.c')).toEqual(keyClient('jwt'));
  });

  it('says the same to each, whatever was wrong', async () => {
    const bearers = [
      undefined,
      '',
      'x',
      'key-of-ap',
      'k'.repeat(10_000),
      'a.b.c',
      'sess_a.b',
      await sign(key, { exp: 1 }),
    ];
    const answers = await Promise.all(
      bearers.map(async (bearer) => {
        return JSON.stringify(errorResponse(await failure(come(everything, bearer))));
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('401');
    expect(answers[0]).toContain('Bearer');
  });
});

describe('the Authorization header', () => {
  const config = settings(KEYS);
  const withHeader = (authorization: string) => identify(request({ authorization }), exchange(config));

  it.each(['Bearer key-of-app', 'bearer key-of-app', 'BEARER   key-of-app'])(
    'may read "%s"',
    async (value) => {
      expect(await withHeader(value)).toEqual(keyClient('app'));
    },
  );

  it.each([
    'key-of-app',
    'Basic key-of-app',
    'Bearerkey-of-app',
    'Bearer',
    'Bearer key-of-app, Bearer key-of-shop',
    'Bearer key-of-app key-of-app',
    'xBearer key-of-app',
    'Bearer key-of-app\u00e9',
  ])('may not read "%s"', async (value) => {
    expect((await failure(withHeader(value))).details.detail).toBe('no bearer');
  });

  it('is the only place where credentials count', async () => {
    const elsewhere = new Request('https://gateway.example/v1/models?api_key=key-of-app&key=key-of-app', {
      headers: {
        'x-api-key': 'key-of-app',
        'api-key': 'key-of-app',
        cookie: 'authorization=Bearer key-of-app',
      },
    });
    expect((await failure(identify(elsewhere, exchange(config)))).code).toBe('invalid_api_key');
  });
});

describe('a way in that is not configured', () => {
  it('does not exist', async () => {
    const keysOnly = settings(KEYS);
    expect(await refuse(keysOnly, await sessionToken())).toBe('unknown bearer');
    expect(await refuse(keysOnly, await sign(key))).toBe('unknown bearer');
    expect(await refuse(settings(SESSIONS), 'key-of-app')).toBe('unknown bearer');
    expect(await refuse(settings(issuer.vars), await sessionToken())).toBe('unknown bearer');
  });

  it('leaves a new deployment closed', async () => {
    for (const bearer of [undefined, 'key-of-app', '']) {
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

  it('is by address, without credentials or with ones that nobody knows', async () => {
    const config = settings(ANONYMOUS);
    for (const bearer of [undefined, 'sk-made-up', 'a.b.c'])
      expect(await come(config, bearer)).toEqual(byAddress);
    const basic = identify(request({ ...FROM, authorization: 'Basic eDp5' }), exchange(config));
    expect(await basic).toEqual(byAddress);
  });

  it('is what is left of a credential that is worth nothing', async () => {
    const config = settings({ ...KEYS, ...SESSIONS, ...issuer.vars, ...ANONYMOUS });
    expect(await come(config, await sign(key, { exp: 1 }))).toEqual(byAddress);
    expect(await come(config, 'sess_a.b')).toEqual(byAddress);
    expect(await come(config, 'key-of-app')).toEqual(keyClient('app'));
    expect(await come(config, await sign(key))).toEqual(await tokenClient(ISSUER, 'ada'));
  });

  it('must be asked for', async () => {
    expect(await refuse(settings({ ...KEYS, ANONYMOUS_ACCESS: 'false' }))).toBe('no bearer');
  });
});

describe('bring your own key', () => {
  it('takes the bearer for the client’s StepFun key', async () => {
    expect(await come(settings(OWN_KEY), 'sk-of-the-client')).toEqual(
      await stepfunClient('sk-of-the-client'),
    );
  });

  it('needs one, even from anonymous callers: the gateway’s own is not for them', async () => {
    expect(await refuse(settings({ ...OWN_KEY, ...ANONYMOUS }))).toBe('no StepFun key');
    expect(await refuse(settings(OWN_KEY))).toBe('no StepFun key');
  });

  it('does not send to StepFun what is a secret of the gateway’s', async () => {
    const config = settings({ ...OWN_KEY, ...KEYS, ...SESSIONS, ...issuer.vars });
    for (const secret of ['key-of-app', await sessionToken(), await sign(key)]) {
      expect(await refuse(config, secret)).toBe('no StepFun key');
    }
    expect((await come(config, 'sk-of-the-client')).upstreamKey).toBe('sk-of-the-client');
  });

  it('nor a token that is good elsewhere or later', async () => {
    const config = settings({ ...OWN_KEY, ...SESSIONS, ...issuer.vars });
    const elsewhere = { ...FROM, origin: 'https://other.example' };
    const session = identify(request(elsewhere, await sessionToken()), exchange(config));
    expect((await failure(session)).details.detail).toBe('session: other origin');
    expect(await refuse(config, await sign(key, { aud: 'another service' }))).toMatch(/^JWT: /);
  });

  it('does not send to StepFun what it could not judge', async () => {
    captureLog();
    await using other = await startIssuer(key);
    other.answer = (response) => json(response, {}, 503);
    const error = await failure(come(settings({ ...OWN_KEY, ...other.vars }), await sign(key)));
    expect(error.code).toBe('access_unavailable');
  });

  it('is nobody’s privilege where the gateway’s key is used', async () => {
    expect(await come(settings({ ...KEYS, UPSTREAM_KEY: 'gateway' }), 'key-of-app')).toMatchObject({
      upstreamKey: null,
    });
    expect(await refuse(settings(KEYS), 'sk-of-the-client')).toBe('unknown bearer');
  });
});
