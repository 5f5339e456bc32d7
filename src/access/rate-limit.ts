// The rate limit: Workers' own binding, counted by client.

import { within } from '../lib/within.ts';
import { GatewayError } from '../http/errors.ts';
import { RATE_LIMIT_PERIOD_SECONDS, RATE_LIMIT_TIMEOUT_MS } from '../config/limits.ts';
import { log } from '../http/log.ts';
import type { Client } from './client.ts';

/**
 * Counts this request, before its body is read.
 * @param limiter - the binding `RATE_LIMITER`; without it there is no limit.
 * @throws {GatewayError} `rate_limit_exceeded`. A limiter that fails lets clients
 *   with a name pass, who can be called to account, and anonymous callers not.
 */
export async function limitRate(limiter: RateLimit | undefined, client: Client): Promise<void> {
  if (limiter === undefined) return;
  const allowed = await isWithinRate(limiter, client);
  if (!allowed) {
    // The binding doesn't tell when; after its longest period it is so for sure.
    throw new GatewayError('rate_limit_exceeded', undefined, {
      retryAfterSeconds: RATE_LIMIT_PERIOD_SECONDS,
    });
  }
}

async function isWithinRate(limiter: RateLimit, client: Client): Promise<boolean> {
  try {
    const { success } = await within(limiter.limit({ key: client.id }), RATE_LIMIT_TIMEOUT_MS);
    return success;
  } catch (error) {
    log('error', 'rate_limiter_failed', { client: client.name, detail: String(error) });
    return client.kind !== 'anonymous';
  }
}
