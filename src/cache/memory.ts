// The hottest entries, kept in the isolate's memory so that a question everybody
// asks costs no KV read. Plain data: no promise and no stream of one request is
// ever seen by another (workerd would end the second with the first). The key
// holds the scope, so the privacy of KV's entries is that of these.

import { MEMORY_BYTES, MEMORY_ENTRY_BYTES, MEMORY_MS } from '../config/limits.ts';
import type { Entry } from './entry.ts';

export interface Memory {
  /** @returns the entry kept for less than MEMORY_MS, or null. */
  get(key: string, nowMs: number): Entry | null;
  /** Keeps an entry, letting the ones go that were asked for longest ago. */
  set(key: string, entry: Entry, nowMs: number): void;
  /** @returns whether the caller is the first within MEMORY_MS to ask for this key. */
  claim(key: string, nowMs: number): boolean;
}

interface Kept {
  readonly entry: Entry;
  readonly untilMs: number;
}

/** What a key, a Map's slot and the views cost beside the value. */
const OVERHEAD_BYTES = 512;
const CLAIMS_MAX = 1_000;

/** @returns an empty memory; the isolate has one, each test its own. */
export function createMemory(): Memory {
  // A Map walks its keys in the order they were set: set again at each use, the
  // first is the least recently used.
  const kept = new Map<string, Kept>();
  const claims = new Map<string, number>();
  let bytes = 0;

  function drop(key: string, { entry }: Kept): void {
    kept.delete(key);
    bytes -= sizeOf(entry);
  }

  return {
    get(key, nowMs) {
      const found = kept.get(key);
      if (found === undefined) return null;
      if (nowMs >= found.untilMs) {
        drop(key, found);
        return null;
      }
      kept.delete(key);
      kept.set(key, found);
      return found.entry;
    },

    set(key, entry, nowMs) {
      const before = kept.get(key);
      if (before !== undefined) drop(key, before);
      // One giant would drive out everything else.
      if (entry.value.byteLength > MEMORY_ENTRY_BYTES) return;
      kept.set(key, { entry, untilMs: nowMs + MEMORY_MS });
      bytes += sizeOf(entry);
      for (const [oldest, found] of kept) {
        if (bytes <= MEMORY_BYTES) break;
        drop(oldest, found);
      }
    },

    claim(key, nowMs) {
      const until = claims.get(key);
      if (until !== undefined && nowMs < until) return false;
      claims.delete(key);
      claims.set(key, nowMs + MEMORY_MS);
      for (const oldest of claims.keys()) {
        if (claims.size <= CLAIMS_MAX) break;
        claims.delete(oldest);
      }
      return true;
    },
  };
}

function sizeOf(entry: Entry): number {
  return entry.value.byteLength + OVERHEAD_BYTES;
}

/** The isolate's own. */
export const isolateMemory = createMemory();
