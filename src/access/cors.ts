// Which pages may read our answers: the server's half of CORS (WHATWG Fetch
// §3.2), written here because itty-router's `cors()` turns 429 and 500 into 200
// and sends no `Vary`.
//
// Pure. The verdict on an origin is data, since a refusal's own answer needs it
// too: the router judges once, refuses once, and marks every answer with it.
// `Access-Control-Allow-Credentials` is never sent: no cookie means anything
// here, and without it `*` is harmless.

import type { ResponseHeaders } from '../http/response.ts';
import { GatewayError } from '../http/errors.ts';

/** What was found out about a request's origin. */
export interface OriginVerdict {
  readonly allowed: boolean;
  /** The value of `Access-Control-Allow-Origin`; null: the header is left out. */
  readonly allowOrigin: string | null;
}

/** Headers of ours that scripts may read beyond the ones every script may (Fetch §2.2.2). */
const EXPOSED_HEADERS = [
  'age',
  'allow',
  'cache-status',
  'retry-after',
  'server-timing',
  'www-authenticate',
  'x-adjusted-params',
  'x-ignored-params',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-tokens',
  'x-request-id',
  'x-should-retry',
  'x-upstream-attempts',
].join(', ');

/** Headers that a page may send; `x-stainless-*` is what OpenAI's SDKs add. */
const REQUEST_HEADER =
  /^(authorization|content-type|accept|cache-control|user-agent|x-request-id|x-reasoning-format|x-cache-ttl|traceparent|x-stainless-[a-z0-9-]+)$/;

const METHODS = 'GET, POST';
const PREFLIGHT_MAX_AGE_SECONDS = 86_400;

/**
 * @param request - any request; one without `Origin` does not come from another page.
 * @param allowed - exact origins as browsers write them, or `*`. Twins (a suffix,
 *   another port, http for https, `null`) differ as strings, so equality is the
 *   whole check; a pattern would be the hole.
 * @returns whether it may go on. The gateway's own origin always may.
 */
export function judgeOrigin(request: Request, allowed: ReadonlySet<string>): OriginVerdict {
  if (allowed.has('*')) return { allowed: true, allowOrigin: '*' };
  const origin = request.headers.get('origin');
  if (origin === null) return { allowed: true, allowOrigin: null };
  const known = allowed.has(origin) || origin === new URL(request.url).origin;
  return { allowed: known, allowOrigin: known ? origin : null };
}

/**
 * @param request - of which the log is told the origin: a page can't read why it was refused.
 * @throws {GatewayError} `origin_not_allowed`, before anything else is done for that page.
 */
export function requireOrigin(verdict: OriginVerdict, request: Request): void {
  if (verdict.allowed) return;
  const origin = request.headers.get('origin');
  throw new GatewayError('origin_not_allowed', undefined, { detail: `not in ALLOWED_ORIGINS: ${origin}` });
}

/**
 * @param verdict - of the request that is answered.
 * @returns what marks its answer, whatever its status. What only a page can read
 *   goes to pages alone.
 */
export function corsHeaders({ allowOrigin }: OriginVerdict): ResponseHeaders {
  if (allowOrigin === null) return { vary: 'Origin' };
  return {
    vary: 'Origin',
    'access-control-allow-origin': allowOrigin,
    'access-control-expose-headers': EXPOSED_HEADERS,
  };
}

/** @returns whether a browser asks on a page's behalf (Fetch §3.2.2), not a client for what an address takes. */
export function isPreflight(request: Request): boolean {
  const { headers, method } = request;
  return method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method');
}

/**
 * Answers a preflight, which by its nature carries no credentials. It needs
 * `corsHeaders` like every answer.
 * @returns 204 with what was asked for and is allowed.
 */
export function preflightResponse(request: Request): Response {
  const asked = (request.headers.get('access-control-request-headers') ?? '').toLowerCase().split(',');
  const granted = asked.map((name) => name.trim()).filter((name) => REQUEST_HEADER.test(name));
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': METHODS,
      'access-control-max-age': String(PREFLIGHT_MAX_AGE_SECONDS),
      ...(granted.length > 0 && { 'access-control-allow-headers': granted.join(', ') }),
    },
  });
}
