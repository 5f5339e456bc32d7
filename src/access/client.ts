// A caller, once it is identified. The cache's scope, the rate limit and the token budget use its
// id, so a caller must not be able to choose it: it begins with its kind, and the rest is made here (a digest, a UUID, an address) or by the operator
// (a key's name), never copied from the request.

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

/** A caller, and how much it may do. */
export interface Client extends Identity {
  readonly limits: ClientLimits;
}

const NAME_CHARS = 12;

/** A caller by the name of its key, in `CLIENT_KEYS` or in the binding `CLIENTS`. */
export function keyClient(name: string): Identity {
  return { kind: 'key', id: `key:${name}`, name, upstreamKey: null };
}

/** A user of the frontend: subjects are unique for their issuer (RFC 7519 §4.1.2), so both count. */
export async function tokenClient(issuer: string, subject: string): Promise<Identity> {
  const digest = await sha256Hex(JSON.stringify([issuer, subject]));
  return { kind: 'token', ...named('token', digest), upstreamKey: null };
}

/** A browser session, by its random id. */
export function sessionClient(id: string): Identity {
  return { kind: 'session', ...named('session', id), upstreamKey: null };
}

/** A caller that brings a StepFun key of its own. */
export async function stepfunClient(key: string): Promise<Identity> {
  return { kind: 'stepfun', ...named('stepfun', await sha256Hex(key)), upstreamKey: key };
}

/** A caller without credentials, by its address. */
export function anonymousClient(request: Request): Identity {
  return { kind: 'anonymous', id: addressId(request.headers), name: 'anonymous', upstreamKey: null };
}

/**
 * Every caller that is not let in gets the same answer; the reason is for the log alone.
 * @param reason - never a credential or a part of one.
 */
export function refusal(reason: string): GatewayError {
  return new GatewayError('invalid_api_key', undefined, { detail: reason });
}

function named(kind: ClientKind, unique: string): Pick<Identity, 'id' | 'name'> {
  return { id: `${kind}:${unique}`, name: `${kind}:${unique.slice(0, NAME_CHARS)}` };
}
