// Bounds the guessing of credentials. Only failed credentials are counted, by address;
// beyond the limit the isolate refuses that address for a minute, before it verifies
// anything. Bearers that this isolate has accepted before still pass, so that an office or
// a mobile network goes on working. A new session or a renewed token at that address
// waits, too.

import { GOOD_BEARERS_REMEMBERED, GUESSERS_REMEMBERED, RATE_LIMIT_PERIOD_SECONDS } from '../config/limits.ts';
import { GatewayError } from '../http/errors.ts';
import { BoundedMap } from '../lib/bounded-map.ts';
import { isWithinRate } from './rate-limit.ts';
import type { Identity } from './client.ts';

/** By address: until when (ms) it is refused. */
const refusedUntilMs = new BoundedMap<string, number>(GUESSERS_REMEMBERED);

/** SHA-256 (hex) of bearers that were accepted. A bearer in this map is still verified. */
const goodBearers = new BoundedMap<string, true>(GOOD_BEARERS_REMEMBERED);

/**
 * @param address - an anonymous identity's.
 * @param digest - SHA-256 of the bearer, in hex.
 * @throws {GatewayError} `rate_limit_exceeded` for an address that has guessed too often.
 */
export function refuseGuesser(address: Identity, digest: string): void {
  const untilMs = refusedUntilMs.get(address.id) ?? 0;
  if (Date.now() < untilMs && !goodBearers.has(digest)) throw tooManyGuesses(untilMs);
}

/** @param digest - SHA-256 of an accepted bearer, in hex. */
export function rememberGoodBearer(digest: string): void {
  goodBearers.set(digest, true);
}

/**
 * Counts a failed credential.
 * @param limiter - the binding `RATE_LIMITER`; without it nothing is counted.
 * @throws {GatewayError} `rate_limit_exceeded` when this failure is beyond the limit.
 */
export async function countFailure(
  limiter: RateLimit | undefined,
  address: Identity,
  digest: string,
): Promise<void> {
  goodBearers.delete(digest); // a key that was revoked is a guess from now on
  if (limiter === undefined) return;
  // A key of its own: new sessions are counted under the address, and many visitors behind
  // one address must not make a single mistyped key look like the last of many guesses.
  const guesser = { ...address, id: `guess:${address.id}` };
  if (await isWithinRate(limiter, guesser, true)) return;
  const untilMs = Date.now() + RATE_LIMIT_PERIOD_SECONDS * 1_000;
  refusedUntilMs.set(address.id, untilMs);
  throw tooManyGuesses(untilMs);
}

function tooManyGuesses(untilMs: number): GatewayError {
  return new GatewayError('rate_limit_exceeded', undefined, {
    retryAfterSeconds: Math.ceil((untilMs - Date.now()) / 1_000),
    detail: 'too many failed credentials from this address',
  });
}
