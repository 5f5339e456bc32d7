// Identifies the client of a request: tries every way in, in order.

import type { Config } from '../config/config.ts';
import type { OriginRules } from '../config/origins.ts';
import { GatewayError } from '../http/errors.ts';
import type { RequestContext } from '../http/request-context.ts';
import { hex } from '../lib/hex.ts';
import { CLIENT_KEY_PREFIX, type EntryLimits } from './client-entry.ts';
import { resolveLimits } from './client-limits.ts';
import {
  anonymousIdentity,
  keyIdentity,
  refusal,
  stepfunIdentity,
  tokenIdentity,
  type Client,
  type Identity,
} from './client.ts';
import { findKeyHolder, findPolicy, hasWayIn } from './client-store.ts';
import { judgeOrigin } from './cors.ts';
import { sha256 } from '../lib/digest.ts';
import { countFailure, refuseGuesser, rememberGoodBearer } from './guesses.ts';
import { isCompactJws, verifyToken } from './jwt.ts';
import { matchClientKey } from './configured-keys.ts';
import { isSessionToken, verifySession } from './session-token.ts';

/** The bindings that access needs; undefined: absent. */
export interface AccessBindings {
  /** `CLIENTS`. */
  readonly clients: KVNamespace | undefined;
  /** `RATE_LIMITER`. */
  readonly limiter: RateLimit | undefined;
}

/** The part of a request's context that access needs. */
type Context = Pick<RequestContext, 'config' | 'waitUntil'>;

/** A credential that was verified. */
interface Credential {
  readonly identity: Identity;
  /** null: the deployment's limits. */
  readonly limits: EntryLimits | null;
  /** null: every origin that the deployment allows. */
  readonly origins: OriginRules | null;
}

/** RFC 6750 §2.1, with every visible character, since operators choose their keys themselves. */
const BEARER = /^Bearer +([\x21-\x7e]+)$/i;

/**
 * @param request - its only `Authorization`, `Origin` and the address are read.
 * @returns the caller, by client key, session token, user token, a StepFun key of its own,
 *   or its address; with the limits that hold for it.
 * @throws {GatewayError} `access_not_configured` if no way in is configured;
 *   `invalid_api_key`; `rate_limit_exceeded` after too many failed credentials;
 *   `origin_not_allowed` for a key that is bound to other origins; `access_unavailable`
 *   when the credential can't be verified (the issuer has never answered, KV fails, or the
 *   policy of the user is invalid).
 */
export async function identify(
  request: Request,
  context: Context,
  bindings: AccessBindings,
): Promise<Client> {
  const { config } = context;
  const bearer = BEARER.exec(request.headers.get('authorization') ?? '')?.[1] ?? null;
  if (config.upstream.keySource === 'client') return bringYourOwn(bearer, request, context);
  if (config.access.anonymous) return knownOrAnonymous(bearer, request, context, bindings);

  if (bearer === null) throw await closedOr(refusal('no bearer'), config, bindings);
  const digest = await sha256(bearer);
  const digestHex = hex(digest);
  const address = anonymousIdentity(request);
  refuseGuesser(address, digestHex);
  const credential = await verifyBearer(bearer, digest, request, context, bindings.clients);
  if (credential instanceof GatewayError) {
    if (credential.code !== 'invalid_api_key') throw credential;
    const error = await closedOr(credential, config, bindings);
    if (error === credential) await countFailure(bindings.limiter, address, digestHex);
    throw error;
  }
  rememberGoodBearer(digestHex);
  return clientOf(credential, request, config);
}

/** The error for a refused caller. If no way in is configured, the error names that instead. */
async function closedOr(
  error: GatewayError,
  config: Config,
  { clients }: AccessBindings,
): Promise<GatewayError> {
  return (await hasWayIn(config, clients)) ? error : new GatewayError('access_not_configured');
}

/** `ANONYMOUS_ACCESS`: an unknown bearer is ignored, since SDKs always send one. */
async function knownOrAnonymous(
  bearer: string | null,
  request: Request,
  context: Context,
  { clients }: AccessBindings,
): Promise<Client> {
  const credential =
    bearer === null ? null : await verifyBearer(bearer, await sha256(bearer), request, context, clients);
  // Without KV nobody knows the limits of a key of `npm run clients`.
  const isClientKey = bearer?.startsWith(CLIENT_KEY_PREFIX) === true;
  if (isClientKey && credential instanceof GatewayError && credential.code === 'access_unavailable') {
    throw credential;
  }
  const isKnown = credential !== null && !(credential instanceof GatewayError);
  return clientOf(isKnown ? credential : withDefaults(anonymousIdentity(request)), request, context.config);
}

/**
 * `UPSTREAM_KEY=client`: a bearer that the gateway doesn't know is treated as a StepFun key,
 * which StepFun verifies. A bearer that the gateway does know is a secret between it and its
 * client: it is refused, not sent to StepFun. The same holds for a token that is valid for
 * another page, another audience or another time, and for a key of `npm run clients`,
 * recognized by its prefix.
 */
async function bringYourOwn(bearer: string | null, request: Request, context: Context): Promise<Client> {
  if (bearer === null) throw refusal('no StepFun key');
  const { config } = context;
  const { session, jwt } = config.access;
  const credential = await verifyBearer(bearer, await sha256(bearer), request, context, undefined);
  if (!(credential instanceof GatewayError)) throw refusal('no StepFun key');
  const isToken = (session !== null && isSessionToken(bearer)) || (jwt !== null && isCompactJws(bearer));
  if (credential.code !== 'invalid_api_key' || isToken) throw credential;
  if (bearer.startsWith(CLIENT_KEY_PREFIX)) throw refusal('no StepFun key');
  return clientOf(withDefaults(await stepfunIdentity(bearer)), request, config);
}

/**
 * Tries every kind of credential. The forms of a session's token and of a
 * JWT can't be mistaken for each other. KV comes last: a token costs no read.
 * @returns the credential, or the error of its request: `invalid_api_key`,
 *   `access_unavailable`.
 */
async function verifyBearer(
  bearer: string,
  digest: Uint8Array,
  request: Request,
  { config, waitUntil }: Context,
  clients: KVNamespace | undefined,
): Promise<Credential | GatewayError> {
  const { clientKeys, session, jwt } = config.access;
  const name = await matchClientKey(digest, clientKeys);
  if (name !== null) return withDefaults(keyIdentity(name));
  if (session !== null && isSessionToken(bearer)) {
    const identity = await verifySession(bearer, request, session);
    return identity instanceof GatewayError ? identity : withDefaults(identity);
  }
  if (jwt !== null && isCompactJws(bearer)) {
    const token = await verifyToken(bearer, jwt, waitUntil);
    if (token instanceof GatewayError) return token;
    const limits = await findPolicy(token.policyName, clients);
    if (limits instanceof GatewayError) return limits;
    return { identity: await tokenIdentity(jwt.issuer, token.subject), limits, origins: null };
  }
  if (clients === undefined) return refusal('unknown bearer');
  const holder = await findKeyHolder(hex(digest), clients);
  return holder instanceof GatewayError ? holder : { ...holder, identity: keyIdentity(holder.name) };
}

/** The credential of an identity to which the deployment's settings apply. */
function withDefaults(identity: Identity): Credential {
  return { identity, limits: null, origins: null };
}

/** @throws {GatewayError} `origin_not_allowed` for a page whose origin this key does not allow. */
function clientOf({ identity, limits, origins }: Credential, request: Request, config: Config): Client {
  if (origins !== null && !judgeOrigin(request, origins).allowed) {
    throw new GatewayError('origin_not_allowed', 'This key may not be used from this origin.', {
      detail: `not in the origins of ${identity.id}: ${request.headers.get('origin')}`,
    });
  }
  return { ...identity, limits: resolveLimits(limits, config) };
}
