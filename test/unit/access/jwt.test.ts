import { createHash } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { isCompactJws, verifyToken } from '../../../src/access/jwt.ts';
import { AUDIENCE, claims, ISSUER, keyPair, sign, startIssuer, type Issuer, type KeyPair } from './issuer.ts';
import { admitted, captureLog, collector, json, refused } from './support.ts';

const { waitUntil } = collector();
let issuer: Issuer;
let key: KeyPair;
let stranger: KeyPair;

beforeAll(async () => {
  key = await keyPair('main', 'RS256');
  stranger = await keyPair('main', 'RS256');
  issuer = await startIssuer(key);
});
afterAll(() => issuer[Symbol.asyncDispose]());
afterEach(() => void vi.restoreAllMocks());

const verify = (token: string) => verifyToken(token, issuer.jwt, waitUntil);

describe('a good token', () => {
  it('gives its subject', async () => {
    expect(admitted(await verify(await sign(key)))).toEqual({ subject: 'ada', policyName: null });
    expect(admitted(await verify(await sign(key, { sub: 'bob' }))).subject).toBe('bob');
  });

  it('may have other audiences beside ours', async () => {
    const token = await sign(key, { aud: ['https://other.example', AUDIENCE] });
    expect(admitted(await verify(token)).subject).toBe('ada');
  });

  it('may be for any one of several audiences', async () => {
    const settings = { ...issuer.jwt, audiences: ['https://admin.example', AUDIENCE] };
    for (const aud of settings.audiences) {
      expect(admitted(await verifyToken(await sign(key, { aud }), settings, waitUntil)).subject).toBe('ada');
    }
    const other = await verifyToken(await sign(key, { aud: 'https://other.example' }), settings, waitUntil);
    expect(refused(other).details.detail).toBe('JWT: aud check_failed');
  });

  it('needs no nbf', async () => {
    expect(admitted(await verify(await sign(key, { nbf: undefined }))).subject).toBe('ada');
  });

  it('names its policy in the claim that the settings name', async () => {
    const settings = { ...issuer.jwt, policyClaim: 'https://app.example/plan' };
    const withPlan = async (plan: unknown) =>
      admitted(await verifyToken(await sign(key, { 'https://app.example/plan': plan }), settings, waitUntil))
        .policyName;
    expect(await withPlan('pro')).toBe('pro');
    expect(await withPlan(7)).toBe(7);
    expect(await withPlan(undefined)).toBeNull();
    expect(admitted(await verify(await sign(key, { plan: 'pro' }))).policyName).toBeNull();
  });

  it.each([
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'Ed25519',
    'EdDSA',
  ])('may be signed with %s', async (alg) => {
    const own = await keyPair('own', alg);
    await using other = await startIssuer(own);
    expect(admitted(await verifyToken(await sign(own), other.jwt, waitUntil)).subject).toBe('ada');
  });
});

describe('the clocks of issuer and gateway', () => {
  afterEach(() => void vi.useRealTimers());

  it('may differ by 60 s, both ways', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-22T12:00:00Z') });
    const now = Date.now() / 1_000;
    const [begins, ends] = [await sign(key, { nbf: now + 60 }), await sign(key, { exp: now - 59 })];
    expect(admitted(await verify(begins)).subject).toBe('ada');
    expect(admitted(await verify(ends)).subject).toBe('ada');
    expect(refused(await verify(await sign(key, { nbf: now + 61 }))).details.detail).toBe(
      'JWT: nbf check_failed',
    );
    expect(refused(await verify(await sign(key, { exp: now - 60 }))).details.detail).toBe(
      'JWT: exp check_failed',
    );
  });
});

describe('a token without a kid', () => {
  it('is accepted with any key of the issuer', async () => {
    const [one, two] = [await keyPair('one', 'RS256'), await keyPair('two', 'RS256')];
    await using other = await startIssuer(one, two, await keyPair('three', 'ES256'));
    const unnamed = (pair: KeyPair, changes = {}) =>
      new SignJWT({ ...claims(changes) }).setProtectedHeader({ alg: pair.alg }).sign(pair.privateKey);
    for (const pair of [one, two]) {
      expect(admitted(await verifyToken(await unnamed(pair), other.jwt, waitUntil)).subject).toBe('ada');
    }
    const strange = await verifyToken(await unnamed(stranger), other.jwt, waitUntil);
    expect(refused(strange).details.detail).toBe('JWT: ERR_JWS_SIGNATURE_VERIFICATION_FAILED');
    const expired = await verifyToken(await unnamed(two, { exp: 1 }), other.jwt, waitUntil);
    expect(refused(expired).details.detail).toBe('JWT: exp check_failed');
  });

  it('is accepted with the issuer’s only key', async () => {
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey);
    expect(admitted(await verify(token)).subject).toBe('ada');
  });
});

describe('a bad token is refused', () => {
  const now = Math.floor(Date.now() / 1_000);

  it.each([
    ['of another issuer', { iss: 'https://evil.example/' }],
    ['of the issuer, nearly', { iss: ISSUER.slice(0, -1) }],
    ['of two issuers', { iss: [ISSUER] }],
    ['for another audience', { aud: 'https://other.example' }],
    ['for other audiences', { aud: ['https://other.example', `${AUDIENCE}/`] }],
    ['for nobody', { aud: [] }],
    ['that has expired', { exp: now - 90 }],
    ['that is not valid yet', { nbf: now + 90 }],
    ['whose beginning is a text', { nbf: String(now) }],
    ['whose expiry is a text', { exp: String(now + 60) }],
    ['without issuer', { iss: undefined }],
    ['without audience', { aud: undefined }],
    ['without expiry', { exp: undefined }],
    ['without subject', { sub: undefined }],
    ['with an empty subject', { sub: '' }],
    ['with a number for a subject', { sub: 42 }],
    ['with an object for a subject', { sub: { name: 'ada' } }],
  ])('%s', async (_, changes) => {
    expect(refused(await verify(await sign(key, changes))).code).toBe('invalid_api_key');
  });

  it.each([
    [{ iss: 'https://evil.example/' }, 'JWT: iss check_failed'],
    [{ aud: 'https://other.example' }, 'JWT: aud check_failed'],
    [{ exp: undefined }, 'JWT: exp missing'],
    [{ exp: 'soon' }, 'JWT: exp invalid'],
    [{ exp: now - 90 }, 'JWT: exp check_failed'],
    [{ nbf: now + 90 }, 'JWT: nbf check_failed'],
    [{ sub: undefined }, 'JWT: sub missing'],
    [{ sub: '' }, 'JWT: sub is not a string'],
    [{ sub: 42 }, 'JWT: sub is not a string'],
  ])('%o, and the log names the claim', async (changes, detail) => {
    expect(refused(await verify(await sign(key, changes))).details.detail).toBe(detail);
  });

  it('signed by another key of the same name', async () => {
    const error = refused(await verify(await sign(stranger)));
    expect(error.details.detail).toBe('JWT: ERR_JWS_SIGNATURE_VERIFICATION_FAILED');
  });

  it('with a kid that the issuer doesn’t have', async () => {
    const error = refused(await verify(await sign(key, {}, { kid: 'other' })));
    expect(error.details.detail).toBe('JWT: ERR_JWKS_NO_MATCHING_KEY');
  });

  it.each([
    ['empty', ''],
    ['a number', 1],
    ['null', null],
  ])('with a kid that is %s', async (_, kid) => {
    const header = { alg: 'RS256', kid };
    const token = await new SignJWT(claims())
      .setProtectedHeader(header as unknown as { alg: string })
      .sign(key.privateKey);
    expect(refused(await verify(token)).details.detail).toBe('JWT: kid is not a string');
  });

  it('without a signature (alg none)', async () => {
    const unsecured = new UnsecuredJWT(claims()).encode();
    expect(refused(await verify(unsecured)).code).toBe('invalid_api_key');
    const [, payload = ''] = unsecured.split('.');
    for (const alg of ['none', 'None', 'NONE', '']) {
      const header = Buffer.from(JSON.stringify({ alg, kid: 'main' })).toString('base64url');
      expect(refused(await verify(`${header}.${payload}.`)).code).toBe('invalid_api_key');
      expect(refused(await verify(`${header}.${payload}.AAAA`)).code).toBe('invalid_api_key');
    }
  });

  it.each(['HS256', 'HS384', 'HS512'])('signed with the public key as an %s secret', async (alg) => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'main' };
    await using other = await startIssuer({ alg: 'RS256', privateKey, jwk });
    const secrets = [await exportSPKI(publicKey), JSON.stringify(jwk), jwk.n ?? ''];
    for (const secret of secrets) {
      const token = await new SignJWT(claims())
        .setProtectedHeader({ alg, kid: 'main' })
        .sign(createHash('sha512').update(secret).digest());
      const raw = await new SignJWT(claims())
        .setProtectedHeader({ alg, kid: 'main' })
        .sign(new TextEncoder().encode(secret.padEnd(64)));
      for (const forged of [token, raw]) {
        const error = refused(await verifyToken(forged, other.jwt, waitUntil));
        expect(error.details.detail).toBe('JWT: ERR_JOSE_ALG_NOT_ALLOWED');
      }
    }
    expect(other.hits()).toBe(0);
  });

  it('whose secret is in the JWKS itself', async () => {
    const secret = Buffer.alloc(32, 7);
    const oct = { kty: 'oct', k: secret.toString('base64url'), kid: 'shared' };
    await using other = await startIssuer({ ...key, jwk: oct });
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'HS256', kid: 'shared' })
      .sign(secret);
    expect(refused(await verifyToken(token, other.jwt, waitUntil)).code).toBe('invalid_api_key');
  });

  it('whose header contains its own key, or the URL of one', async () => {
    const evil = await startIssuer(stranger);
    const hints = {
      jku: evil.jwt.jwksUrl,
      jwk: stranger.jwk,
      x5u: evil.jwt.jwksUrl,
      x5c: ['MIIB'],
    };
    for (const [name, value] of Object.entries(hints)) {
      expect(refused(await verify(await sign(stranger, {}, { [name]: value }))).code).toBe('invalid_api_key');
      // Not even with a good signature: a valid token needs none of it.
      const error = refused(await verify(await sign(key, {}, { [name]: value })));
      expect(error.details.detail).toBe('JWT: header contains its own key');
    }
    expect(evil.hits()).toBe(0);
    await evil[Symbol.asyncDispose]();
  });

  it('with an extension that must be understood', async () => {
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'RS256', kid: 'main', crit: ['exp'], exp: 1 })
      .sign(key.privateKey, { crit: { exp: true } });
    expect(refused(await verify(token)).code).toBe('invalid_api_key');
  });

  it('by a key for encryption, or for another algorithm', async () => {
    for (const change of [{ use: 'enc' }, { alg: 'PS256' }, { key_ops: ['sign'] }]) {
      const other = await startIssuer({ ...key, jwk: { ...key.jwk, ...change } });
      expect(refused(await verifyToken(await sign(key), other.jwt, waitUntil)).code).toBe('invalid_api_key');
      await other[Symbol.asyncDispose]();
    }
  });

  it('by a key that is too short, or by an invalid key', async () => {
    captureLog();
    for (const jwk of [
      { kty: 'RSA', kid: 'main', n: 'AQAB', e: 'AQAB' },
      { kid: 'main' },
      { kty: 'RSA', kid: 'main' },
    ]) {
      const other = await startIssuer({ ...key, jwk });
      const { code, details } = refused(await verifyToken(await sign(key), other.jwt, waitUntil));
      expect(code).toBe('invalid_api_key');
      expect(details.detail).toMatch(/^JWT: \w/);
      await other[Symbol.asyncDispose]();
    }
  });

  it('with any byte changed', async () => {
    const token = await sign(key);
    for (let at = 0; at < token.length; at += 7) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      // The last character of a base64url part may hold bits that mean nothing.
      if (
        Buffer.from(changed.split('.')[2] ?? '', 'base64url').equals(
          Buffer.from(token.split('.')[2] ?? '', 'base64url'),
        ) &&
        changed.split('.').slice(0, 2).join() === token.split('.').slice(0, 2).join()
      )
        continue;
      expect(refused(await verify(changed)).code).toBe('invalid_api_key');
    }
  });

  it.each(['', '.', '..', 'a.b.c', '....', 'e30.e30.e30', 'null.null.null'])(
    'that is malformed: "%s"',
    async (token) => {
      expect(refused(await verify(token)).code).toBe('invalid_api_key');
    },
  );

  it('whose claims are not an object', async () => {
    const { CompactSign } = await import('jose');
    for (const payload of ['null', '[]', '"ada"', '{', '']) {
      const token = await new CompactSign(new TextEncoder().encode(payload))
        .setProtectedHeader({ alg: 'RS256', kid: 'main' })
        .sign(key.privateKey);
      expect(refused(await verify(token)).code).toBe('invalid_api_key');
    }
  });
});

it('a token can’t be judged while the issuer has never answered', async () => {
  captureLog();
  await using other = await startIssuer(key);
  other.answer = (response) => json(response, {}, 500);
  const error = refused(await verifyToken(await sign(key), other.jwt, waitUntil));
  expect(error.code).toBe('access_unavailable');
  expect(error.details.detail).toBe('JWT: no JWKS');
});

describe('isCompactJws', () => {
  it.each(['a.b.c', 'eyJ.e-_0.x', 'a.b.'])('is true for %s', (text) => expect(isCompactJws(text)).toBe(true));
  it.each(['', 'a.b', 'a.b.c.d', 'a.b.c d', 'a..c', '.b.c', 'sk-abc', '+a.b.c', 'a.b.c+'])(
    'is false for "%s"',
    (text) => expect(isCompactJws(text)).toBe(false),
  );
});
