// From a request to the client behind it: every way in, in order.

import type { Config } from '../config/config.ts';
import type { OriginRules } from '../config/origins.ts';
import { GatewayError } from '../http/errors.ts';
import type { RequestContext } from '../http/request-context.ts';
import { hex } from '../lib/hex.ts';
import { CLIENT_KEY_PREFIX, type Policy } from './client-entry.ts';
import { resolveLimits } from './client-limits.ts';
import {
  anonymousClient,
  keyClient,
  refusal,
  stepfunClient,
  tokenClient,
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
interface Holder {
  readonly identity: Identity;
  readonly policy: Policy | null;
  readonly origins: OriginRules | null;
}

/** RFC 6750 §2.1, and any visible character, since operators choose their keys themselves. */
const BEARER = /^Bearer +([\x21-\x7e]+)$/i;

/**
 * @param request - its `Authorization`, `Origin` and address are read, nothing else.
 * @returns the caller, by client key, session token, user token, a StepFun key of its own,
 *   or its address; with the limits that hold for it.
 * @throws {GatewayError} `access_not_configured` if nobody can come in at all;
 *   `invalid_api_key`; `rate_limit_exceeded` after too many failed credentials;
 *   `origin_not_allowed` for a key that is bound to other origins; `access_unavailable`
 *   when the credential can't be judged (the issuer has never answered, KV fails).
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
  const address = anonymousClient(request);
  refuseGuesser(address, digestHex);
  const holder = await recognise(bearer, digest, request, context, bindings.clients);
  if (holder instanceof GatewayError) {
    if (holder.code !== 'invalid_api_key') throw holder;
    const error = await closedOr(holder, config, bindings);
    if (error === holder) await countFailure(bindings.limiter, address, digestHex);
    throw error;
  }
  rememberGoodBearer(digestHex);
  return clientOf(holder, request, config);
}

/** The error for a refused caller. If no way in is configured, the error names that instead. */
async function closedOr(
  error: GatewayError,
  config: Config,
  { clients }: AccessBindings,
): Promise<GatewayError> {
  return (await hasWayIn(config, clients)) ? error : new GatewayError('access_not_configured');
}

/** `ANONYMOUS_ACCESS`: a bearer that nobody knows is ignored, since SDKs insist on sending one. */
async function knownOrAnonymous(
  bearer: string | null,
  request: Request,
  context: Context,
  { clients }: AccessBindings,
): Promise<Client> {
  const holder =
    bearer === null ? null : await recognise(bearer, await sha256(bearer), request, context, clients);
  // A key of the command is known, or was: without KV its limits are not.
  const isClientKey = bearer?.startsWith(CLIENT_KEY_PREFIX) === true;
  if (isClientKey && holder instanceof GatewayError && holder.code === 'access_unavailable') throw holder;
  const isKnown = holder !== null && !(holder instanceof GatewayError);
  const anonymous = { identity: anonymousClient(request), policy: null, origins: null };
  return clientOf(isKnown ? holder : anonymous, request, context.config);
}

/**
 * `UPSTREAM_KEY=client`: a bearer that the gateway doesn't know is taken for a StepFun key,
 * and StepFun judges it. A bearer that the gateway does know is a secret between it and its
 * client: it is refused, not sent to StepFun. So is a token that is good for another page,
 * another audience or a moment later, and a key of the command, recognized by its prefix.
 */
async function bringYourOwn(bearer: string | null, request: Request, context: Context): Promise<Client> {
  if (bearer === null) throw refusal('no StepFun key');
  const { config } = context;
  const { session, jwt } = config.access;
  const holder = await recognise(bearer, await sha256(bearer), request, context, undefined);
  if (!(holder instanceof GatewayError)) throw refusal('no StepFun key');
  const isToken = (session !== null && isSessionToken(bearer)) || (jwt !== null && isCompactJws(bearer));
  if (holder.code !== 'invalid_api_key' || isToken) throw holder;
  if (bearer.startsWith(CLIENT_KEY_PREFIX)) throw refusal('no StepFun key');
  return clientOf({ identity: await stepfunClient(bearer), policy: null, origins: null }, request, config);
}

/** @returns the holder of a credential that the gateway itself knows, or why there is none. */
async function recognise(...args: Parameters<typeof verifyBearer>): Promise<Holder | GatewayError> {
  try {
    return await verifyBearer(...args);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/**
 * Tries every kind of credential. The forms of a session's token and of a
 * JWT can't be mistaken for each other. KV comes last: a token costs no read.
 */
async function verifyBearer(
  bearer: string,
  digest: Uint8Array,
  request: Request,
  { config, waitUntil }: Context,
  clients: KVNamespace | undefined,
): Promise<Holder | GatewayError> {
  const { clientKeys, session, jwt } = config.access;
  const name = await matchClientKey(digest, clientKeys);
  if (name !== null) return { identity: keyClient(name), policy: null, origins: null };
  if (session !== null && isSessionToken(bearer)) {
    const identity = await verifySession(bearer, request, session);
    return identity instanceof GatewayError ? identity : { identity, policy: null, origins: null };
  }
  if (jwt !== null && isCompactJws(bearer)) {
    const token = await verifyToken(bearer, jwt, waitUntil);
    if (token instanceof GatewayError) return token;
    const identity = await tokenClient(jwt.issuer, token.subject);
    return { identity, policy: await findPolicy(token.policy, clients), origins: null };
  }
  if (clients === undefined) return refusal('unknown bearer');
  const holder = await findKeyHolder(hex(digest), clients);
  return holder instanceof GatewayError ? holder : { ...holder, identity: keyClient(holder.name) };
}

/** @throws {GatewayError} `origin_not_allowed` for a page that this key is not for. */
function clientOf({ identity, policy, origins }: Holder, request: Request, config: Config): Client {
  if (origins !== null && !judgeOrigin(request, origins).allowed) {
    throw new GatewayError('origin_not_allowed', 'This key may not be used from this origin.', {
      detail: `not in the origins of ${identity.id}: ${request.headers.get('origin')}`,
    });
  }
  return { ...identity, limits: resolveLimits(policy, config) };
}
