// An issuer's public keys (JWKS, RFC 7517), remembered by the isolate.
//
// Only plain data is remembered. jose's own remote set shares the promise of its one
// fetch, and in Workers a promise belongs to the request that made it: when that client
// leaves, the others wait without end. Here one request fetches, the fetch outlives its
// client (`waitUntil`), and other requests poll for the data with their own timers.
//
// The isolate fetches at most once per 30 s. While the issuer doesn't answer, its last keys
// stay in use; without any keys, it is asked again after 1 s, 2 s, 4 s …

import type { JWK } from 'jose';
import {
  JWKS_BYTES,
  JWKS_FRESH_MS,
  JWKS_INTERVAL_MS,
  JWKS_RETRY_MS,
  JWKS_TIMEOUT_MS,
} from '../config/limits.ts';
import { log } from '../http/log.ts';
import type { RequestContext } from '../http/request-context.ts';
import { fetchJson, OutboundError } from './outbound.ts';

const POLL_MS = 20;

interface KeySet {
  /** null: the issuer has never answered. */
  keys: readonly JWK[] | null;
  fetchedAtMs: number;
  askedAtMs: number;
  /** Failed fetches since the last one that succeeded. */
  failures: number;
  /** A fetch is under way. */
  pending: boolean;
}

/** By URL. A deployment has one issuer. */
const memory = new Map<string, KeySet>();

/**
 * @param kid - the key that a token names; null: it names none.
 * @returns the issuer's keys of that name, usually one, or all of them for null; null if
 *   the issuer has never answered. Never rejects.
 */
export async function findKeys(
  kid: string | null,
  jwksUrl: string,
  waitUntil: RequestContext['waitUntil'],
): Promise<readonly JWK[] | null> {
  const set = memory.get(jwksUrl) ?? {
    keys: null,
    fetchedAtMs: 0,
    askedAtMs: 0,
    failures: 0,
    pending: false,
  };
  memory.set(jwksUrl, set);
  const matching = () => set.keys?.filter((key) => kid === null || key.kid === kid) ?? null;
  const has = () => (matching()?.length ?? 0) > 0;

  const nowMs = Date.now();
  const ageMs = nowMs - set.fetchedAtMs;
  const isStale = ageMs >= JWKS_FRESH_MS;
  /** After a long pause: then a known key does not serve while it is fetched anew. */
  const isOld = ageMs >= 2 * JWKS_FRESH_MS;
  if (nowMs - set.askedAtMs >= intervalMs(set)) {
    if (isStale || !has()) {
      const refreshed = refresh(set, jwksUrl);
      waitUntil(refreshed);
      await refreshed;
    }
  } else if (isOld || !has()) await waitForFetch(set);
  return matching();
}

/** Known keys serve while the issuer is down; without keys every user is refused, so the pause is shorter. */
function intervalMs({ keys, failures }: KeySet): number {
  if (keys !== null || failures === 0) return JWKS_INTERVAL_MS;
  return Math.min(JWKS_INTERVAL_MS, JWKS_RETRY_MS * 2 ** (failures - 1));
}

async function refresh(set: KeySet, jwksUrl: string): Promise<void> {
  set.askedAtMs = Date.now();
  set.pending = true;
  try {
    const bounds = { timeoutMs: JWKS_TIMEOUT_MS, maxBytes: JWKS_BYTES };
    set.keys = parseKeys(await fetchJson(jwksUrl, { headers: { accept: 'application/json' } }, bounds));
    set.fetchedAtMs = Date.now();
    set.failures = 0;
  } catch (error) {
    set.failures += 1;
    log('warn', 'jwks_unavailable', { detail: String(error) });
  } finally {
    set.pending = false;
  }
}

/** Waits for a fetch that another request began, no longer than a fetch may take. */
async function waitForFetch(set: KeySet): Promise<void> {
  while (set.pending && Date.now() - set.askedAtMs < JWKS_TIMEOUT_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** @returns the set's keys (RFC 7517 §5); jose decides which algorithm each one is for. */
function parseKeys(jwks: unknown): readonly JWK[] {
  if (typeof jwks === 'object' && jwks !== null && 'keys' in jwks && Array.isArray(jwks.keys)) {
    return jwks.keys.filter((key: unknown): key is JWK => typeof key === 'object' && key !== null);
  }
  throw new OutboundError('not a JWKS');
}
