// The server's half of CORS (WHATWG Fetch §3.2): it decides whether a page may read answers.
// Rejected: itty-router's `cors()`, which turns 429 and 500 into 200 and sends no `Vary`.
//
// Pure. The verdict on an origin is data: the router judges a request once, and marks
// every answer with the verdict, refusals too. `Access-Control-Allow-Credentials` is
// never sent: the gateway uses no cookies, and without that header `*` is harmless.

import { matchesOrigin, type OriginRules } from '../config/origins.ts';
import { GatewayError } from '../http/errors.ts';
import type { ResponseHeaders } from '../http/response.ts';
import { isLoopbackHost } from '../lib/loopback.ts';

/** The result of the check of a request's origin. */
export interface OriginVerdict {
  readonly allowed: boolean;
  /** The value of `Access-Control-Allow-Origin`; null: the header is left out. */
  readonly allowOrigin: string | null;
}

/** The gateway's headers that a page may read, beyond those that every page may (Fetch §2.2.2). */
const EXPOSED_HEADERS = [
  'age',
  'allow',
  'cache-status',
  'retry-after',
  'server-timing',
  'www-authenticate',
  'x-adjusted-params',
  'x-ignored-params',
  'x-queue-ms',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-tokens',
  'x-request-id',
  'x-should-retry',
  'x-upstream-attempts',
].join(', ');

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** SDKs with tracing request some twenty header names. The bound keeps the answer small. */
const GRANTED_HEADERS_MAX = 64;

const METHODS = 'GET, POST';
const PREFLIGHT_MAX_AGE_SECONDS = 86_400;

const REFUSED: OriginVerdict = { allowed: false, allowOrigin: null };

/**
 * @param request - any request; one without `Origin` comes from a program or from the gateway's own page.
 * @param rules - `ALLOWED_ORIGINS`.
 * @returns whether the request may go on. The gateway's own origin always may. Without
 *   TLS only loopback names are the gateway's own: a page of evil.example whose name
 *   points to 127.0.0.1 (DNS rebinding) has the gateway's address, but not its name.
 */
export function judgeOrigin(request: Request, rules: OriginRules): OriginVerdict {
  const url = new URL(request.url);
  if (!hasSafeHost(url)) return REFUSED;
  if (rules.any) return { allowed: true, allowOrigin: '*' };
  const origin = request.headers.get('origin');
  if (origin === null) return { allowed: true, allowOrigin: null };
  return origin === url.origin || matchesOrigin(rules, origin)
    ? { allowed: true, allowOrigin: origin }
    : REFUSED;
}

/**
 * @param request - the request of this verdict.
 * @throws {GatewayError} `origin_not_allowed`. The log has the reason: a page can't
 *   read the answer.
 */
export function requireOrigin(verdict: OriginVerdict, request: Request): void {
  if (verdict.allowed) return;
  const url = new URL(request.url);
  if (!hasSafeHost(url)) {
    const message = 'Without TLS this gateway accepts only loopback host names such as localhost: use https.';
    throw new GatewayError('origin_not_allowed', message, { detail: `http with the host ${url.hostname}` });
  }
  const origin = request.headers.get('origin');
  throw new GatewayError('origin_not_allowed', undefined, { detail: `not in ALLOWED_ORIGINS: ${origin}` });
}

/** @returns the CORS headers of an answer, whatever its status. Only pages get the list of readable headers. */
export function corsHeaders({ allowOrigin }: OriginVerdict): ResponseHeaders {
  if (allowOrigin === null) return { vary: 'Origin' };
  return {
    vary: 'Origin',
    'access-control-allow-origin': allowOrigin,
    'access-control-expose-headers': EXPOSED_HEADERS,
  };
}

/** @returns whether a browser asks on behalf of a page (Fetch §3.2.2); other OPTIONS requests ask for `Allow`. */
export function isPreflight(request: Request): boolean {
  const { headers, method } = request;
  return method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method');
}

/**
 * Answers a preflight of an allowed origin. Every header name is granted: no header of a
 * client is sent to StepFun, and the gateway ignores those that it doesn't know. Rejected:
 * a list of names, which refused the headers of tracing tools and of OpenRouter's SDK.
 * @returns 204; the caller adds `corsHeaders`.
 */
export function preflightResponse(request: Request): Response {
  const asked = (request.headers.get('access-control-request-headers') ?? '').toLowerCase().split(',');
  const granted = asked
    .map((name) => name.trim())
    .filter((name) => TOKEN.test(name))
    .slice(0, GRANTED_HEADERS_MAX);
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': METHODS,
      'access-control-max-age': String(PREFLIGHT_MAX_AGE_SECONDS),
      ...(granted.length > 0 && { 'access-control-allow-headers': granted.join(', ') }),
    },
  });
}

function hasSafeHost({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || isLoopbackHost(hostname);
}
