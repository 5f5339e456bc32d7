// An answer of StepFun's that is not the one asked for: what of it is read, and what
// its headers say. What it means is the business of upstream-error.ts.

import type { Config } from '../config/config.ts';
import { GatewayError } from '../http/errors.ts';
import { readAll } from '../lib/bytes.ts';
import {
  RETRY_AFTER_SECONDS_MAX,
  UPSTREAM_ERROR_BODY_BYTES,
  UPSTREAM_ERROR_BODY_MS,
} from '../config/limits.ts';
import { holdsError, readUpstreamError } from './upstream-error.ts';

/**
 * @param response - its body is read (to a cap) and let go.
 * @param settings - whose key is used by default.
 * @param key - the key that was used.
 */
export async function upstreamFailure(
  response: Response,
  { keySource }: Config['upstream'],
  key: string,
): Promise<GatewayError> {
  const { status } = response;
  const text = await readText(response);
  if (status === 200 && (text === null || !holdsError(text))) {
    const type = response.headers.get('content-type') ?? 'no type';
    return new GatewayError('upstream_malformed', undefined, { detail: `StepFun answered 200 as ${type}` });
  }
  const retryAfterSeconds = retryAfter(response.headers.get('retry-after'), Date.now());
  return readUpstreamError(text, {
    keySource,
    secrets: [key],
    ...(status !== 200 && { status }),
    ...(retryAfterSeconds !== null && { retryAfterSeconds }),
  });
}

/** @returns the body, or null where it is too large, too slow or broken: then the status alone has to do. */
async function readText(response: Response): Promise<string | null> {
  if (response.body === null) return null;
  try {
    const bounds = { maxBytes: UPSTREAM_ERROR_BODY_BYTES, timeoutMs: UPSTREAM_ERROR_BODY_MS };
    const bytes = await readAll(response.body, bounds);
    if (typeof bytes !== 'string') return new TextDecoder().decode(bytes);
    await response.body.cancel();
  } catch {
    // Reset.
  }
  return null;
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
