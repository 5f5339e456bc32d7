// The most used entries, in the isolate's memory: a question that many clients ask costs no
// KV read. Plain data: no promise and no stream of one request is shared with another
// (workerd would end the second with the first). The key holds the scope, so these
// entries are as private as KV's.

import { HOT_ENTRIES_BYTES, HOT_ENTRY_BYTES, HOT_ENTRY_MS } from '../config/limits.ts';
import { BoundedMap } from '../lib/bounded-map.ts';
import type { Entry } from './entry.ts';

export interface HotEntries {
  /** @returns the entry that was set less than HOT_ENTRY_MS ago, or null. */
  get(key: string, nowMs: number): Entry | null;
  /** Remembers an entry, and forgets those that were used longest ago. */
  set(key: string, entry: Entry, nowMs: number): void;
  /** @returns whether the caller is the first within HOT_ENTRY_MS to refresh this key. */
  claimRefresh(key: string, nowMs: number): boolean;
}

interface HotEntry {
  readonly entry: Entry;
  readonly untilMs: number;
}

/** The cost of a key, a Map's slot and the views, beside the value. */
const OVERHEAD_BYTES = 512;
const CLAIMS_MAX = 1_000;

/** @returns an empty memory; the isolate has one, each test its own. */
export function createHotEntries(): HotEntries {
  // A Map walks its keys in the order in which they were set: set again at each use, the
  // first is the least recently used.
  const entries = new Map<string, HotEntry>();
  const claims = new BoundedMap<string, number>(CLAIMS_MAX);
  let bytes = 0;

  function remove(key: string, { entry }: HotEntry): void {
    entries.delete(key);
    bytes -= sizeOf(entry);
  }

  return {
    get(key, nowMs) {
      const found = entries.get(key);
      if (found === undefined) return null;
      if (nowMs >= found.untilMs) {
        remove(key, found);
        return null;
      }
      entries.delete(key);
      entries.set(key, found);
      return found.entry;
    },

    set(key, entry, nowMs) {
      const before = entries.get(key);
      if (before !== undefined) remove(key, before);
      if (entry.value.byteLength > HOT_ENTRY_BYTES) return;
      entries.set(key, { entry, untilMs: nowMs + HOT_ENTRY_MS });
      bytes += sizeOf(entry);
      for (const [oldest, found] of entries) {
        if (bytes <= HOT_ENTRIES_BYTES) break;
        remove(oldest, found);
      }
    },

    claimRefresh(key, nowMs) {
      const until = claims.get(key);
      if (until !== undefined && nowMs < until) return false;
      claims.set(key, nowMs + HOT_ENTRY_MS);
      return true;
    },
  };
}

function sizeOf(entry: Entry): number {
  return entry.value.byteLength + OVERHEAD_BYTES;
}

/** The isolate's own. */
export const hotEntries = createHotEntries();
