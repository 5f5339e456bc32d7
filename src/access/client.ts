// An identified caller. The cache scope, rate limit and budget use its id, so a caller must
// not be able to choose it: the id begins with the caller's kind, and the rest comes from
// the gateway (a digest, a UUID, an address) or from the operator (a key's name), never
// directly from the request.

import { GatewayError } from '../http/errors.ts';
import { addressId } from './address.ts';
import type { ClientLimits } from './client-limits.ts';
import { sha256Hex } from '../lib/digest.ts';

export type ClientKind = 'key' | 'token' | 'session' | 'stepfun' | 'anonymous';

/** The identity of a caller. */
export interface Identity {
  readonly kind: ClientKind;
  /** Stable and unforgeable: `key:app`, `token:<sha256>`, `session:<uuid>`, `stepfun:<sha256>`, `ip:203.0.113.7`. */
  readonly id: string;
  /** For logs: no secret, no subject, no address. */
  readonly name: string;
  /** The client's own StepFun key; null: the gateway's is used. */
  readonly upstreamKey: string | null;
}

/** A caller with its limits. */
export interface Client extends Identity {
  readonly limits: ClientLimits;
}

const NAME_CHARS = 12;

/** A caller by the name of its key, in `CLIENT_KEYS` or in the binding `CLIENTS`. */
export function keyIdentity(name: string): Identity {
  return { kind: 'key', id: `key:${name}`, name, upstreamKey: null };
}

/** A user of the frontend, by issuer and subject: a subject is unique only for its issuer (RFC 7519 §4.1.2). */
export async function tokenIdentity(issuer: string, subject: string): Promise<Identity> {
  const digest = await sha256Hex(JSON.stringify([issuer, subject]));
  return { kind: 'token', ...identityNames('token', digest), upstreamKey: null };
}

/** A browser session, by its random id. */
export function sessionIdentity(id: string): Identity {
  return { kind: 'session', ...identityNames('session', id), upstreamKey: null };
}

/** A caller that brings a StepFun key of its own. */
export async function stepfunIdentity(key: string): Promise<Identity> {
  return { kind: 'stepfun', ...identityNames('stepfun', await sha256Hex(key)), upstreamKey: key };
}

/** A caller without credentials, by its address. */
export function anonymousIdentity(request: Request): Identity {
  return { kind: 'anonymous', id: addressId(request.headers), name: 'anonymous', upstreamKey: null };
}

/**
 * The error of a refused caller. Each one gets the same answer; only the log has the reason.
 * @param reason - never a credential or a part of one.
 */
export function refusal(reason: string): GatewayError {
  return new GatewayError('invalid_api_key', undefined, { detail: reason });
}

function identityNames(kind: ClientKind, unique: string): Pick<Identity, 'id' | 'name'> {
  return { id: `${kind}:${unique}`, name: `${kind}:${unique.slice(0, NAME_CHARS)}` };
}
