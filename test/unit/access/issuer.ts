// An issuer of user tokens, as small as can be: keys, a JWKS over HTTP, and a way
// to sign whatever a test wants signed. (jwt.oidc.test.ts has a real one.)

import type { ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { json, serve, settings, type TestServer } from './support.ts';
import type { Config } from '../../../src/config/config.ts';

export const ISSUER = 'https://issuer.example/';
export const AUDIENCE = 'https://gateway.example';

export interface KeyPair {
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function keyPair(kid: string, alg = 'ES256'): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** The claims of a good token; a test changes one, or removes it with `undefined`. */
export function claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1_000);
  return { iss: ISSUER, aud: AUDIENCE, sub: 'ada', iat: now, nbf: now, exp: now + 300, ...changes };
}

/** @returns a compact JWS by that key, with what a test adds to its header. */
export function sign(
  key: KeyPair,
  changes: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const protectedHeader = { alg: key.alg, kid: key.jwk.kid ?? '', ...header };
  return new SignJWT(JSON.parse(JSON.stringify(claims(changes))))
    .setProtectedHeader(protectedHeader)
    .sign(key.privateKey);
}

export interface Issuer extends TestServer {
  /** The answer to the next request for the JWKS. */
  answer: (response: ServerResponse) => void;
  readonly jwt: NonNullable<Config['access']['jwt']>;
  readonly vars: Record<string, string>;
}

/** Serves these public keys until `answer` is set to something else. */
export async function startIssuer(...keys: KeyPair[]): Promise<Issuer> {
  const server = await serve((_, response) => issuer.answer(response));
  const vars = {
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: AUDIENCE,
    JWT_JWKS_URL: `${server.url}/jwks`,
  };
  const { jwt } = settings(vars).access;
  if (jwt === null) throw new Error('no JWT settings');
  const issuer: Issuer = {
    ...server,
    vars,
    jwt,
    answer: (response) => json(response, { keys: keys.map((key) => key.jwk) }),
  };
  return issuer;
}
