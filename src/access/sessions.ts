// `POST /v1/session`: a page's visitor proves with Turnstile that it is not a robot, and
// gets a token that works for a few minutes, from that page.

import * as z from 'zod/mini';
import { SESSION_BODY_BYTES, SESSION_BODY_MS, TURNSTILE_TOKEN_CHARS } from '../config/limits.ts';
import { GatewayError } from '../http/errors.ts';
import { requireJson } from '../http/media-type.ts';
import type { RequestContext } from '../http/request-context.ts';
import { jsonResponse } from '../http/response.ts';
import { readBytes } from '../lib/read-bytes.ts';
import { within } from '../lib/within.ts';
import { anonymousIdentity } from './client.ts';
import { hasWayIn } from './client-store.ts';
import type { AccessBindings } from './identify.ts';
import { limitByBinding } from './rate-limit.ts';
import { signSession } from './session-token.ts';
import { verifyTurnstile } from './turnstile.ts';

const NO_SESSIONS =
  'This gateway has no browser sessions. Its operator can set TURNSTILE_SECRET_KEY, TURNSTILE_SITE_KEY and SESSION_SIGNING_KEY.';

export const sessionRequestSchema = z.strictObject({
  turnstile_token: z.string().check(z.minLength(1), z.maxLength(TURNSTILE_TOKEN_CHARS)),
});

export const sessionSchema = z.object({
  token: z.string(),
  /** Seconds since the epoch. */
  expires_at: z.number(),
});

/**
 * @param request - its origin has been allowed already; it must have one, since a
 *   session belongs to a page.
 * @param bindings - the rate limit counts by address: each session is a new client with a
 *   limit and a budget of its own, so the number of new sessions needs a bound.
 * @returns `{"token","expires_at"}`; the token is presented as Bearer.
 * @throws {GatewayError} `not_found` without the Turnstile settings,
 *   `origin_not_allowed`, `rate_limit_exceeded`, the errors of a body, and those
 *   of `verifyTurnstile`.
 */
export async function sessionResponse(
  request: Request,
  { config }: Pick<RequestContext, 'config'>,
  bindings: AccessBindings,
): Promise<Response> {
  const settings = config.access.session;
  if (settings === null) throw await noSessions(config, bindings);
  const origin = request.headers.get('origin') ?? '';
  const hostname = URL.parse(origin)?.hostname ?? '';
  if (hostname === '') {
    throw new GatewayError('origin_not_allowed', 'A session belongs to a page: send its Origin.');
  }

  await limitByBinding(bindings.limiter, anonymousIdentity(request));
  const { turnstile_token: turnstileToken } = await readSessionRequest(request);
  await verifyTurnstile(turnstileToken, hostname, request.headers.get('cf-connecting-ip'), settings);

  const expiresAt = Math.floor(Date.now() / 1_000) + settings.ttlSeconds;
  const session = { id: crypto.randomUUID(), origin, expiresAt };
  const answer: z.infer<typeof sessionSchema> = {
    token: await signSession(session, settings.signingKey),
    expires_at: expiresAt,
  };
  return jsonResponse(answer, { 'cache-control': 'no-store' });
}

async function noSessions(
  config: RequestContext['config'],
  { clients }: AccessBindings,
): Promise<GatewayError> {
  return (await hasWayIn(config, clients))
    ? new GatewayError('not_found', NO_SESSIONS)
    : new GatewayError('access_not_configured');
}

async function readSessionRequest(request: Request): Promise<z.infer<typeof sessionRequestSchema>> {
  requireJson(request.headers);
  const body = await within(readBytes(request.body, SESSION_BODY_BYTES), SESSION_BODY_MS).catch(() => {
    throw new GatewayError('request_timeout'); // too slow, or the connection broke
  });
  if (body === null) throw new GatewayError('request_too_large');
  const parsed = sessionRequestSchema.safeParse(decodeJson(body));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    throw new GatewayError('unknown_parameter', undefined, { param: issue.keys[0] ?? '' });
  }
  const expected = `turnstile_token: expected a Turnstile token of 1 to ${TURNSTILE_TOKEN_CHARS} characters`;
  throw new GatewayError('invalid_value', expected, { param: 'turnstile_token' });
}

function decodeJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new GatewayError('invalid_json'); // without its cause, which quotes the body
  }
}
