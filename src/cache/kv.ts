// The entries in KV. Whatever KV does, a request is answered: a read that fails,
// hangs or brings rubbish is a miss, a write that fails leaves things as they
// were, and either costs one log line and nothing else.
//
// Layout: key as key.ts has it, value as entry.ts has it, no metadata.
// `expirationTtl` is the entry's TTL and the time it may serve beyond it, so KV
// itself deletes what nobody may be given any more. Metadata was rejected for
// when an entry was stored and where its reasoning stands: its 1,024 bytes don't
// hold the latter for many choices, and KV reads it apart from the value.
// `cacheTtl` stays at KV's default of 60 s: for that long a location may not see
// what another one has stored or refreshed.

import { within } from '../lib/within.ts';
import { CACHE_READ_MS, CACHE_VALUE_BYTES } from '../config/limits.ts';
import { log } from '../http/log.ts';
import { parseEntry, type Entry } from './entry.ts';
import { readReplayable } from './replayable.ts';

/** @returns the entry of this key; null when there is none, or KV is in trouble. Never rejects. */
export async function readEntry(kv: KVNamespace, key: string): Promise<Entry | null> {
  try {
    const value: unknown = await within(kv.get(key, 'arrayBuffer'), CACHE_READ_MS);
    return value === null ? null : parseEntry(value);
  } catch (thrown) {
    log('warn', 'cache_read_failed', { reason: String(thrown) });
    return null;
  }
}

/** @returns whether KV takes an entry of this size at all, and every hit on it can be answered. */
export function isStorable(entry: Entry): boolean {
  return entry.value.byteLength <= CACHE_VALUE_BYTES && readReplayable(entry) !== null;
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
    // One write a second per key is all that KV takes; the answer stands anyway.
    log('warn', 'cache_write_failed', { reason: String(thrown) });
  }
}
