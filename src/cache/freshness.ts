// How old an entry is, and whether that will do (RFC 9111 §4.2, RFC 5861 §3).

import type { Entry } from './entry.ts';

export interface Freshness {
  /** Since it was stored, in seconds: the `Age` header. */
  readonly age: number;
  /** Seconds until it is stale; negative: seconds since then. */
  readonly ttl: number;
}

/** @returns an entry's age and what is left of its TTL. */
export function freshness(entry: Entry, nowMs: number): Freshness {
  // Another machine's clock may be ahead of ours.
  const age = Math.max(0, Math.floor(nowMs / 1000) - entry.storedAtSeconds);
  return { age, ttl: entry.ttl - age };
}

/**
 * @param maxAge - the oldest that the client takes, in seconds; null: any. Without
 *   `max-stale` it means that nothing stale is wanted either (RFC 9111 §5.2.1.1).
 * @param staleSeconds - how long past its TTL an entry may serve.
 */
export function serves({ age, ttl }: Freshness, maxAge: number | null, staleSeconds: number): boolean {
  if (maxAge !== null && age > maxAge) return false;
  return ttl > 0 || (maxAge === null && ttl > -staleSeconds);
}
