// The frontend's own user tokens (`JWT_*`): signed JWTs (RFC 7519), verified with
// jose against the issuer's keys, as RFC 8725 (best current practices) asks.

import { createLocalJWKSet, errors, jwtVerify, type JWTHeaderParameters } from 'jose';
import type { Config } from '../config/config.ts';
import { GatewayError } from '../http/errors.ts';
import type { RequestContext } from '../http/request-context.ts';
import { CLOCK_SKEW_SECONDS } from '../config/limits.ts';
import { refusal, tokenClient, type Client } from './client.ts';
import { findKeys } from './jwks.ts';

type JwtSettings = NonNullable<Config['access']['jwt']>;

/**
 * Signatures by a private key alone (RFC 8725 §3.1). An HMAC is not among them:
 * its "key" would be the issuer's public key, which everybody has.
 */
const ALGORITHMS = [
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
];

/** Keys that a token brings along or points to (RFC 7515 §4.1) vouch for nothing: honest tokens name a `kid`. */
const OWN_KEYS = ['jku', 'jwk', 'x5u', 'x5c'];

const REQUIRED_CLAIMS = ['iss', 'aud', 'exp', 'nbf', 'sub'];

const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** @returns whether a bearer has the form of a JWT: three parts in base64url (RFC 7515 §3.1). */
export function isCompactJws(bearer: string): boolean {
  return COMPACT_JWS.test(bearer);
}

/**
 * @param token - a compact JWS.
 * @returns the user, or why not: `invalid_api_key`, or `access_unavailable` when
 *   the issuer has never answered.
 */
export async function verifyToken(
  token: string,
  settings: JwtSettings,
  waitUntil: RequestContext['waitUntil'],
): Promise<Client | GatewayError> {
  const keyOf = async (header: JWTHeaderParameters) => {
    const { kid } = header;
    if (typeof kid !== 'string' || kid === '') throw refusal('JWT: no kid');
    if (OWN_KEYS.some((name) => name in header)) throw refusal('JWT: brings its own key');
    const keys = await findKeys(kid, settings.jwksUrl, waitUntil);
    if (keys === null) throw new GatewayError('access_unavailable', undefined, { detail: 'JWT: no JWKS' });
    // A set of its own for each request: it holds the promise of an import.
    return createLocalJWKSet({ keys: [...keys] })(header);
  };
  try {
    const { payload } = await jwtVerify(token, keyOf, {
      algorithms: ALGORITHMS,
      issuer: settings.issuer,
      audience: settings.audience,
      requiredClaims: REQUIRED_CLAIMS,
      clockTolerance: CLOCK_SKEW_SECONDS,
    });
    // jose's tolerance is one for both ends; expiry gets none.
    if ((payload.exp ?? 0) <= Date.now() / 1_000) return refusal('JWT: expired');
    if (typeof payload.sub !== 'string' || payload.sub === '') return refusal('JWT: no subject');
    return await tokenClient(settings.issuer, payload.sub);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    return refusal(`JWT: ${error instanceof errors.JOSEError ? error.code : 'malformed'}`);
  }
}
