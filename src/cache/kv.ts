// The entries in KV. KV never fails a request: a read that fails, hangs or brings garbage
// is a miss, a write that fails changes nothing, and both cost one log line.
//
// Layout: key as in key.ts, value as in entry.ts, no metadata. `expirationTtl` is the
// entry's TTL and the time that it may serve beyond it, so KV itself deletes what
// can't serve any more. `cacheTtl` stays at KV's default of 60 s: that long a location may
// not see what another one has stored or refreshed.

import { within } from '../lib/within.ts';
import { CACHE_READ_MS, CACHE_VALUE_BYTES } from '../config/limits.ts';
import { log } from '../http/log.ts';
import { parseEntry, type Entry } from './entry.ts';

/** @returns the entry of this key; null when there is none, or KV fails or hangs. Never rejects. */
export async function readEntry(kv: KVNamespace, key: string): Promise<Entry | null> {
  try {
    const value: unknown = await within(kv.get(key, 'arrayBuffer'), CACHE_READ_MS);
    return value === null ? null : parseEntry(value);
  } catch (thrown) {
    log('warn', 'cache_read_failed', { reason: String(thrown) });
    return null;
  }
}

/** @returns whether the entry is small enough to be stored. */
export function fitsIntoCache({ value }: Entry): boolean {
  return value.byteLength <= CACHE_VALUE_BYTES;
}

/**
 * Stores an entry; meant for `waitUntil`. Never rejects.
 * @param staleSeconds - how long past its TTL it may serve.
 */
export async function writeEntry(
  kv: KVNamespace,
  key: string,
  entry: Entry,
  staleSeconds: number,
): Promise<void> {
  try {
    await kv.put(key, entry.value, { expirationTtl: entry.ttl + staleSeconds });
  } catch (thrown) {
    // KV takes one write a second per key. The client has its answer anyway.
    log('warn', 'cache_write_failed', { reason: String(thrown) });
  }
}
