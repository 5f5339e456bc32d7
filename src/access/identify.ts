// From a request to the client behind it: every way in, in order.

import { isAccessConfigured, type Config } from '../config/config.ts';
import { GatewayError } from '../http/errors.ts';
import type { RequestContext } from '../http/request-context.ts';
import { anonymousClient, keyClient, refusal, stepfunClient, type Client } from './client.ts';
import { isCompactJws, verifyToken } from './jwt.ts';
import { matchClientKey } from './keys.ts';
import { isSessionToken, verifySession } from './session-token.ts';

/** RFC 6750 §2.1, and any visible character, since operators choose their keys themselves. */
const BEARER = /^Bearer +([\x21-\x7e]+)$/i;

/**
 * @param request - its `Authorization`, `Origin` and address are looked at, nothing else.
 * @returns who the caller is: by client key, session token or user token, by a
 *   StepFun key of its own, or by its address.
 * @throws {GatewayError} `access_not_configured` if nobody can come in at all;
 *   `invalid_api_key`; `access_unavailable` when a token can't be judged because
 *   its issuer never answered.
 */
export async function identify(
  request: Request,
  { config, waitUntil }: Pick<RequestContext, 'config' | 'waitUntil'>,
): Promise<Client> {
  if (!isAccessConfigured(config)) throw new GatewayError('access_not_configured');
  const { access } = config;
  const bringsKey = config.upstream.keySource === 'client';
  const bearer = readBearer(request.headers);
  if (bearer === null) {
    if (access.anonymous && !bringsKey) return anonymousClient(request);
    throw refusal(bringsKey ? 'no StepFun key' : 'no bearer');
  }
  const known = await recognise(bearer, request, access, waitUntil);
  if (bringsKey) return bringYourOwn(bearer, known, access);
  if (!(known instanceof GatewayError)) return known;
  if (access.anonymous) return anonymousClient(request);
  throw known;
}

function readBearer(headers: Headers): string | null {
  return BEARER.exec(headers.get('authorization') ?? '')?.[1] ?? null;
}

/** The three credentials that the gateway itself knows. A session's and a JWT's form can't be mistaken for each other. */
async function recognise(
  bearer: string,
  request: Request,
  access: Config['access'],
  waitUntil: RequestContext['waitUntil'],
): Promise<Client | GatewayError> {
  const name = await matchClientKey(bearer, access.clientKeys);
  if (name !== null) return keyClient(name);
  if (access.session !== null && isSessionToken(bearer))
    return verifySession(bearer, request, access.session);
  if (access.jwt !== null && isCompactJws(bearer)) return verifyToken(bearer, access.jwt, waitUntil);
  return refusal('unknown bearer');
}

/**
 * `UPSTREAM_KEY=client`: whatever the gateway doesn't know is taken for a StepFun
 * key, and StepFun judges it. What the gateway does know is a secret between it
 * and its client: it is refused, not sent to StepFun. So is a token that is good
 * for another page, another audience or a moment later: its form tells what it is.
 */
async function bringYourOwn(
  bearer: string,
  known: Client | GatewayError,
  access: Config['access'],
): Promise<Client> {
  if (known instanceof GatewayError && known.code !== 'invalid_api_key') throw known;
  if (!(known instanceof GatewayError)) throw refusal('no StepFun key');
  const isToken =
    (access.session !== null && isSessionToken(bearer)) || (access.jwt !== null && isCompactJws(bearer));
  if (isToken) throw known;
  return stepfunClient(bearer);
}
