// An issuer's public keys (JWKS, RFC 7517), kept by the isolate.
//
// What is kept is plain data. jose's own remote set shares the promise of its one
// fetch, and in Workers a promise belongs to the request that made it: when that
// client leaves, the others wait for ever. Here one request fetches, the fetch
// outlives its client (`waitUntil`), and whoever else needs its outcome looks for
// the data with a timer of its own.
//
// The isolate asks at most once per 30 s, whatever arrives and whether or not the
// issuer answered; while it does not, the keys it last gave stay in use.

import type { JWK } from 'jose';
import type { RequestContext } from '../http/request-context.ts';
import { JWKS_BYTES, JWKS_FRESH_MS, JWKS_INTERVAL_MS, JWKS_TIMEOUT_MS } from '../config/limits.ts';
import { log } from '../http/log.ts';
import { fetchJson, OutboundError } from './outbound.ts';

const POLL_MS = 20;

interface KeySet {
  /** null: the issuer has never answered. */
  keys: readonly JWK[] | null;
  fetchedAtMs: number;
  askedAtMs: number;
  /** A fetch is under way. */
  pending: boolean;
}

/** By address: one for each issuer, that is, one. */
const memory = new Map<string, KeySet>();

/**
 * @param kid - the key that a token names.
 * @returns the issuer's keys of that name, usually one; null if the issuer has
 *   never answered. Never rejects.
 */
export async function findKeys(
  kid: string,
  jwksUrl: string,
  waitUntil: RequestContext['waitUntil'],
): Promise<readonly JWK[] | null> {
  const set = memory.get(jwksUrl) ?? { keys: null, fetchedAtMs: 0, askedAtMs: 0, pending: false };
  memory.set(jwksUrl, set);
  const has = () => set.keys?.some((key) => key.kid === kid) === true;

  const stale = Date.now() - set.fetchedAtMs >= JWKS_FRESH_MS;
  if (Date.now() - set.askedAtMs >= JWKS_INTERVAL_MS) {
    if (stale || !has()) {
      const refreshed = refresh(set, jwksUrl);
      waitUntil(refreshed);
      await refreshed;
    }
  } else if (!has()) await settled(set);
  return set.keys?.filter((key) => key.kid === kid) ?? null;
}

async function refresh(set: KeySet, jwksUrl: string): Promise<void> {
  set.askedAtMs = Date.now();
  set.pending = true;
  try {
    const bounds = { timeoutMs: JWKS_TIMEOUT_MS, maxBytes: JWKS_BYTES };
    set.keys = parseKeys(await fetchJson(jwksUrl, { headers: { accept: 'application/json' } }, bounds));
    set.fetchedAtMs = Date.now();
  } catch (error) {
    log('warn', 'jwks_unavailable', { detail: String(error) });
  } finally {
    set.pending = false;
  }
}

/** Waits for a fetch that another request began, no longer than a fetch may take. */
async function settled(set: KeySet): Promise<void> {
  while (set.pending && Date.now() - set.askedAtMs < JWKS_TIMEOUT_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** @returns the set's keys (RFC 7517 §5); what each is good for, jose judges. */
function parseKeys(jwks: unknown): readonly JWK[] {
  if (typeof jwks === 'object' && jwks !== null && 'keys' in jwks && Array.isArray(jwks.keys)) {
    return jwks.keys.filter((key: unknown): key is JWK => typeof key === 'object' && key !== null);
  }
  throw new OutboundError('not a JWKS');
}
