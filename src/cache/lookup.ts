// Looking up: whether a request is the cache's business at all, under which key, and
// whether what is kept there will do.

import type { Config, StreamShape } from '../config/config.ts';
import type { CacheControl } from './control.ts';
import type { Entry } from './entry.ts';
import { freshness, serves, type Freshness } from './freshness.ts';
import { keyOf, scopeOf } from './key.ts';
import { readEntry } from './kv.ts';
import { isolateMemory } from './memory.ts';
import { readReplayable, type Replayable } from './replayable.ts';

export interface LookupOptions {
  /** Without it, and with a TTL of 0, every request passes by. */
  readonly kv: KVNamespace | undefined;
  readonly settings: Config['cache'];
  readonly upstream: Pick<Config['upstream'], 'baseUrl' | 'keySource'>;
  readonly shape: StreamShape;
}

/** What the cache wants to know of a request; a ChatRequest knows it all. */
export interface Question {
  /** What the answer depends on, and nothing else. */
  canonical(): readonly (string | Uint8Array)[];
  readonly stream: boolean;
  /** Whether it has images or videos by URL: what is behind a URL can change. */
  readonly remoteMedia: boolean;
}

export type Found = Hit | Miss | Bypass;

export interface Hit {
  readonly kind: 'hit';
  readonly entry: Entry;
  /** What is to be replayed; null when the question is for no stream. */
  readonly replayable: Replayable | null;
  /** Whole seconds, for the `Age` header. */
  readonly age: number;
  readonly cacheStatus: string;
  /** From the isolate's memory: the same was asked for, or made, within MEMORY_MS. */
  readonly isHot: boolean;
  /** Past its TTL: to be refreshed; null when that isn't wanted. */
  readonly refresh: Miss | null;
}

export interface Miss {
  readonly kind: 'miss';
  readonly key: string;
  /** How long the answer is to be kept, in seconds. */
  readonly ttl: number;
  /** As a flight's ticket has it. */
  readonly maxAge: number | null;
  readonly cacheStatus: string;
}

export interface Bypass {
  readonly kind: 'bypass';
  readonly cacheStatus: string;
}

const STATUS = 'stepfun-edge';
const BYPASS: Bypass = { kind: 'bypass', cacheStatus: `${STATUS}; fwd=bypass` };

/** Older than any: an answer that was there before will not do. */
const NONE_KEPT = -1;

/** @returns the answer, or that there is none. Never rejects for a trouble of KV's. */
export async function lookUp(
  { kv, settings, upstream, shape }: LookupOptions,
  question: Question,
  clientId: string,
  control: CacheControl,
): Promise<Found> {
  const unwanted =
    control.noStore ||
    (question.stream && settings.streams === 'off') ||
    (question.remoteMedia && control.ttl === null);
  if (kv === undefined || settings.ttlSeconds === 0 || unwanted) return BYPASS;

  const key = await keyOf(question, {
    shape,
    baseUrl: upstream.baseUrl,
    clientId: scopeOf(clientId, settings, upstream),
  });
  const ttl = control.ttl ?? settings.ttlSeconds;
  const maxAge = control.noCache ? NONE_KEPT : control.maxAge;
  const miss: Miss = { kind: 'miss', key, ttl, maxAge, cacheStatus: `${STATUS}; fwd=miss` };
  if (control.noCache) return miss;

  function hit(entry: Entry, fresh: Freshness, isHot: boolean, refresh: Miss | null): Hit | Miss {
    const replayable = question.stream ? readReplayable(entry) : null;
    // Rubbish, or stored by an earlier version, which didn't look.
    if (question.stream && replayable === null) return miss;
    const cacheStatus = `${STATUS}; hit; ttl=${fresh.ttl}${isHot ? '; detail=memory' : ''}`;
    return { kind: 'hit', entry, replayable, age: fresh.age, cacheStatus, isHot, refresh };
  }

  const askedAtMs = Date.now();
  const hot = isolateMemory.get(key, askedAtMs);
  if (hot !== null) {
    const fresh = freshness(hot, askedAtMs);
    if (serves(fresh, maxAge, 0)) return hit(hot, fresh, true, null);
  }
  const entry = await readEntry(kv, key);
  if (entry === null) return miss;
  const nowMs = Date.now();
  const state = freshness(entry, nowMs);
  if (!serves(state, maxAge, settings.staleSeconds)) return miss;
  if (state.ttl <= 0) return hit(entry, state, false, control.onlyIfCached ? null : miss);
  isolateMemory.set(key, entry, nowMs);
  return hit(entry, state, false, null);
}
