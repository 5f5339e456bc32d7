// The frontend's own user tokens (`JWT_*`): signed JWTs (RFC 7519), verified with jose
// against the issuer's keys, as RFC 8725 (best current practices) asks.

import { createLocalJWKSet, errors, jwtVerify, type JWTHeaderParameters, type JWTPayload } from 'jose';
import type { Config } from '../config/config.ts';
import { CLOCK_SKEW_SECONDS } from '../config/limits.ts';
import { GatewayError } from '../http/errors.ts';
import type { RequestContext } from '../http/request-context.ts';
import { refusal } from './client.ts';
import { findKeys } from './jwks.ts';

type JwtSettings = NonNullable<Config['access']['jwt']>;

/** The parts of a verified token that the gateway uses. */
export interface UserToken {
  readonly subject: string;
  /** The value of the claim `JWT_POLICY_CLAIM`; null without one. */
  readonly policyName: unknown;
}

/**
 * Signatures by a private key alone (RFC 8725 §3.1). An HMAC is not among them:
 * its "key" would be the issuer's public key, which is no secret.
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

/** Header fields that contain or name a key (RFC 7515 §4.1): anyone can sign a token with a key of their own. */
const OWN_KEYS = ['jku', 'jwk', 'x5u', 'x5c'];

/** Not `nbf`: Auth0 issues none, and it can't be added there. If it is present, jose checks it. */
const REQUIRED_CLAIMS = ['iss', 'aud', 'exp', 'sub'];

const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** @returns whether a bearer has the form of a JWT: three parts in base64url (RFC 7515 §3.1). */
export function isCompactJws(bearer: string): boolean {
  return COMPACT_JWS.test(bearer);
}

/**
 * @param token - a compact JWS.
 * @returns the user, or why not: `invalid_api_key`, whose detail names the claim that
 *   failed, or `access_unavailable` when the issuer has never answered.
 */
export async function verifyToken(
  token: string,
  settings: JwtSettings,
  waitUntil: RequestContext['waitUntil'],
): Promise<UserToken | GatewayError> {
  try {
    const payload = await verify(token, settings, waitUntil);
    // jose checks that the claim is present, not its type.
    if (typeof payload.sub !== 'string' || payload.sub === '') return refusal('JWT: sub is not a string');
    const policyName = settings.policyClaim === null ? null : (payload[settings.policyClaim] ?? null);
    return { subject: payload.sub, policyName };
  } catch (error) {
    return error instanceof GatewayError ? error : refusal(`JWT: ${reasonOf(error)}`);
  }
}

async function verify(
  token: string,
  settings: JwtSettings,
  waitUntil: RequestContext['waitUntil'],
): Promise<JWTPayload> {
  const options = {
    algorithms: ALGORITHMS,
    issuer: settings.issuer,
    audience: settings.audiences,
    requiredClaims: REQUIRED_CLAIMS,
    clockTolerance: CLOCK_SKEW_SECONDS,
  };
  const keyOf = async (header: JWTHeaderParameters) => {
    const { kid } = header;
    if (kid !== undefined && (typeof kid !== 'string' || kid === ''))
      throw refusal('JWT: kid is not a string');
    if (OWN_KEYS.some((name) => name in header)) throw refusal('JWT: header contains its own key');
    const keys = await findKeys(kid ?? null, settings.jwksUrl, waitUntil);
    if (keys === null) throw new GatewayError('access_unavailable', undefined, { detail: 'JWT: no JWKS' });
    // A new set for each request: it holds the promise of an import.
    return createLocalJWKSet({ keys: [...keys] })(header);
  };
  try {
    return (await jwtVerify(token, keyOf, options)).payload;
  } catch (error) {
    // Without a `kid` several keys may fit: each is tried (RFC 7515 §6 leaves the choice to us).
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      const verified = await jwtVerify(token, key, options).catch((failure: unknown) => {
        if (failure instanceof errors.JWSSignatureVerificationFailed) return null;
        throw failure;
      });
      if (verified !== null) return verified.payload;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** The claim that failed, or jose's code; never a value of the token. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    return `${error.claim} ${error.reason}`;
  }
  return error instanceof errors.JOSEError ? error.code : 'the token or a key of the issuer is malformed';
}
