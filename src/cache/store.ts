// The storing of a new answer, in the isolate's memory and in KV.

import { isShareable, type Completion, type UpstreamRequest } from './upstream-call.ts';
import { createEntry, type Entry } from './entry.ts';
import { hotEntries } from './hot-entries.ts';
import { fitsIntoCache, writeEntry } from './kv.ts';
import { parseReplayable } from './replay.ts';

export interface StoreOptions {
  readonly kv: KVNamespace;
  readonly key: string;
  /** In seconds. */
  readonly ttl: number;
  /** How long past its TTL the entry may serve. */
  readonly staleSeconds: number;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** The properties of a completion that storing needs. */
export type StorableCompletion = Pick<Completion, 'bytes' | 'json' | 'usage' | 'finishReasons'>;

/**
 * Stores an answer if every later identical request may get it, streamed or not.
 * @returns its entry, and whether it is stored.
 */
export function storeCompletion(
  completion: StorableCompletion,
  request: Pick<UpstreamRequest, 'isCapped' | 'choices'>,
  { kv, key, ttl, staleSeconds, waitUntil }: StoreOptions,
): { readonly entry: Entry; readonly isStored: boolean } {
  const nowMs = Date.now();
  const entry = createEntry(completion, ttl, nowMs);
  const isStored =
    isShareable(completion, request) && fitsIntoCache(entry) && parseReplayable(completion.json) !== null;
  if (isStored) {
    hotEntries.set(key, entry, nowMs);
    waitUntil(writeEntry(kv, key, entry, staleSeconds));
  }
  return { entry, isStored };
}
