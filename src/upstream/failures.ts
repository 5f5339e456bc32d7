// What StepFun's refusals mean to a client of the gateway: the contract's rows
// for upstream statuses. Its text is shown only where the client can act on it,
// then capped and redacted; what concerns the operator's account goes to the log.

import type { Config } from '../config.ts';
import { GatewayError, type ErrorCode } from '../errors.ts';
import { readAll } from '../bytes.ts';
import { RETRY_AFTER_SECONDS_MAX, UPSTREAM_ERROR_BODY_BYTES, UPSTREAM_ERROR_BODY_MS } from '../limits.ts';
import { redact } from '../redact.ts';

/**
 * @param response - any answer of StepFun's that is not the one asked for; its
 *   body is read (to a cap) and let go.
 * @param settings - whose key was used: with the client's own, trouble with the
 *   key is the client's to know.
 */
export async function upstreamFailure(
  response: Response,
  settings: Config['upstream'],
): Promise<GatewayError> {
  const text = await readMessage(response);
  const code = codeFor(response.status, settings.keySource);
  const shown = SHOWN.has(code) && text !== null ? redact(text, settings.apiKey) : undefined;
  const detail = `StepFun answered ${response.status}: ${redact(text ?? 'no message', settings.apiKey)}`;
  const retryAfterSeconds = retryAfter(response.headers.get('retry-after'), Date.now());
  return new GatewayError(code, shown, {
    detail,
    transient: TRANSIENT.has(response.status),
    ...(code === 'upstream_rate_limited' && retryAfterSeconds !== null && { retryAfterSeconds }),
  });
}

/** Failures that a client can mend with StepFun's own words. */
const SHOWN: ReadonlySet<ErrorCode> = new Set([
  'upstream_rejected',
  'content_filter',
  'model_not_found',
  'upstream_rate_limited',
]);

/** Statuses that may be gone a moment later. 529 is what some APIs call "overloaded". */
const TRANSIENT: ReadonlySet<number> = new Set([500, 502, 503, 504, 529]);

function codeFor(status: number, keySource: Config['upstream']['keySource']): ErrorCode {
  switch (status) {
    case 401:
    case 403:
      return keySource === 'client' ? 'invalid_api_key' : 'upstream_auth';
    case 402:
      return keySource === 'client' ? 'insufficient_quota' : 'upstream_auth';
    case 404:
      return 'model_not_found';
    case 408:
    case 429:
      return 'upstream_rate_limited';
    case 451:
      return 'content_filter';
    default:
      if (status >= 500) return 'upstream_unavailable';
      return status >= 400 ? 'upstream_rejected' : 'upstream_malformed';
  }
}

/** @returns `error.message` of StepFun's envelope, or null: then the status alone has to do. */
async function readMessage(response: Response): Promise<string | null> {
  if (response.body === null) return null;
  try {
    const bounds = { maxBytes: UPSTREAM_ERROR_BODY_BYTES, timeoutMs: UPSTREAM_ERROR_BODY_MS };
    const bytes = await readAll(response.body, bounds);
    if (typeof bytes !== 'string') return messageOf(JSON.parse(new TextDecoder().decode(bytes)));
    await response.body.cancel();
    return null;
  } catch {
    // Reset, or no JSON.
    return null;
  }
}

function messageOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('error' in body)) return null;
  const { error } = body;
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null || !('message' in error)) return null;
  return typeof error.message === 'string' ? error.message : null;
}

/**
 * `Retry-After` (RFC 9110 §10.2.3): seconds, or a date as HTTP writes it. What is
 * neither (`-1`, `1e9`, rubbish) says nothing; Date.parse alone would read a
 * year into it.
 * @returns seconds within 0…RETRY_AFTER_SECONDS_MAX, or null where it says nothing.
 */
export function retryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const seconds = /^\d+$/.test(value)
    ? Number(value)
    : /^[A-Z][a-z]{2}, .* GMT$/.test(value)
      ? Math.ceil((Date.parse(value) - nowMs) / 1000)
      : NaN;
  return Number.isNaN(seconds) ? null : Math.min(Math.max(seconds, 0), RETRY_AFTER_SECONDS_MAX);
}
