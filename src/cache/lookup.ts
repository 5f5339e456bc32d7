// The lookup: whether a request may be answered from the cache, under which key, and
// whether the entry is fresh enough.

import type { Config, StreamShape } from '../config/config.ts';
import type { CacheControl } from './control.ts';
import type { Entry } from './entry.ts';
import { freshness, serves, type Freshness } from './freshness.ts';
import { cacheKey, scopeOf } from './key.ts';
import { hotEntries } from './hot-entries.ts';
import { readEntry } from './kv.ts';
import { readReplayable, type Replayable } from './replay.ts';

export interface LookupOptions {
  /** Without it, and with a TTL of 0, every request bypasses the cache. */
  readonly kv: KVNamespace | undefined;
  readonly settings: Config['cache'];
  readonly upstream: Pick<Config['upstream'], 'baseUrl' | 'keySource'>;
  readonly shape: StreamShape;
}

/** The properties of a request that the cache needs; a ChatRequest has them. */
export interface CacheableRequest {
  /** Everything that the answer depends on, and nothing else. */
  canonical(): readonly (string | Uint8Array)[];
  readonly stream: boolean;
  /** Whether it has images or videos by URL: the content behind a URL can change. */
  readonly remoteMedia: boolean;
}

export type Found = Hit | Miss | Bypass;

export interface Hit {
  readonly kind: 'hit';
  readonly entry: Entry;
  /** The completion to replay; null when the request is not for a stream. */
  readonly replayable: Replayable | null;
  /** Whole seconds, for the `Age` header. */
  readonly age: number;
  readonly cacheStatus: string;
  /** The entry is past its TTL: the refresh to make; null when none is wanted. */
  readonly refresh: Miss | null;
}

export interface Miss {
  readonly kind: 'miss';
  readonly key: string;
  /** How long the answer shall be fresh, in seconds. */
  readonly ttl: number;
  /** The oldest answer that will do, in seconds; null: any that is fresh; -1: only a new one. */
  readonly maxAge: number | null;
  readonly cacheStatus: string;
}

export interface Bypass {
  readonly kind: 'bypass';
  readonly cacheStatus: string;
}

const STATUS = 'stepfun-edge';
const BYPASS: Bypass = { kind: 'bypass', cacheStatus: `${STATUS}; fwd=bypass` };

/** No entry is as young as this: only a new answer will do. */
const ONLY_NEW = -1;

/** @returns the answer, or that there is none. Never rejects because of KV. */
export async function lookUp(
  { kv, settings, upstream, shape }: LookupOptions,
  request: CacheableRequest,
  clientId: string,
  control: CacheControl,
): Promise<Found> {
  const unwanted =
    control.noStore ||
    (request.stream && settings.streams === 'off') ||
    (request.remoteMedia && control.ttl === null);
  if (kv === undefined || settings.ttlSeconds === 0 || unwanted) return BYPASS;

  const key = await cacheKey({
    shape,
    baseUrl: upstream.baseUrl,
    clientId: scopeOf(clientId, settings, upstream),
    canonical: request.canonical(),
  });
  const ttl = ttlOf(control.ttl, settings);
  const maxAge = control.noCache ? ONLY_NEW : control.maxAge;
  const miss: Miss = { kind: 'miss', key, ttl, maxAge, cacheStatus: `${STATUS}; fwd=miss` };
  if (control.noCache) return miss;

  function hit(entry: Entry, fresh: Freshness, isHot: boolean, refresh: Miss | null): Hit | Miss {
    const replayable = request.stream ? readReplayable(entry.completion) : null;
    // The head is valid, the completion is not.
    if (request.stream && replayable === null) return miss;
    const cacheStatus = `${STATUS}; hit; ttl=${fresh.ttl}${isHot ? '; detail=memory' : ''}`;
    return { kind: 'hit', entry, replayable, age: fresh.age, cacheStatus, refresh };
  }

  const askedAtMs = Date.now();
  const hot = hotEntries.get(key, askedAtMs);
  if (hot !== null) {
    const fresh = freshness(hot, askedAtMs);
    if (serves(fresh, maxAge, 0)) return hit(hot, fresh, true, null);
  }
  const entry = await readEntry(kv, key);
  if (entry === null) return miss;
  const nowMs = Date.now();
  const fresh = freshness(entry, nowMs);
  if (!serves(fresh, maxAge, settings.staleSeconds)) return miss;
  if (fresh.ttl <= 0) return hit(entry, fresh, false, control.onlyIfCached ? null : miss);
  hotEntries.set(key, entry, nowMs);
  return hit(entry, fresh, false, null);
}

/** Where clients share entries, a client may shorten a TTL, not lengthen it: others will be answered from it. */
function ttlOf(asked: number | null, { ttlSeconds, scope }: Config['cache']): number {
  if (asked === null) return ttlSeconds;
  return scope === 'shared' ? Math.min(asked, ttlSeconds) : asked;
}
