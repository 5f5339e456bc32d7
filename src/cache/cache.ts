// The cache as the chat handler uses it: look up; else have the answer made, once for all
// identical requests, and stored; or store the completion collected from a stream.
//
// It fails open: a failure of KV or of a Durable Object fails no request that StepFun can
// answer.

import { GatewayError, toGatewayError } from '../http/errors.ts';
import { log } from '../http/log.ts';
import type { CallContext, Complete, UpstreamRequest } from './upstream-call.ts';
import type { CacheControl } from './control.ts';
import { createEntry, type Entry } from './entry.ts';
import { joinFlight, LeftFlight, type FlightResult } from './flight-wire.ts';
import { hotEntries } from './hot-entries.ts';
import {
  lookUp,
  type Bypass,
  type CacheableRequest,
  type Found,
  type LookupOptions,
  type Miss,
} from './lookup.ts';
import { storeCompletion, type StorableCompletion } from './store.ts';

export interface CacheOptions extends LookupOptions {
  /** Without it, identical misses are not joined. */
  readonly flights: DurableObjectNamespace | undefined;
  readonly complete: Complete;
  /** How long a flight may take, in ms: the call's own clocks, and a moment more. */
  readonly flightMs: number;
}

export interface Completed {
  readonly entry: Entry;
  readonly cacheStatus: string;
  /** Another client's call brought it: it costs this client nothing. */
  readonly isCollapsed: boolean;
  /** How often StepFun was asked; 0: not for this request. */
  readonly attempts: number;
  readonly upstreamRequestId: string | null;
  /** How long the call waited for a slot of the gate, in ms; null: there is no gate. */
  readonly queueMs: number | null;
  /** How each choice ended; none where the answer was there already. */
  readonly finishReasons: readonly (string | null)[];
}

type WaitUntil = CallContext['waitUntil'];

export interface Cache {
  /**
   * @param clientId - as src/access has established it.
   * @returns the answer, or that there is none.
   * @throws {GatewayError} `cache_miss` when the client wants nothing else.
   */
  lookup(request: CacheableRequest, clientId: string, control: CacheControl): Promise<Found>;
  /**
   * The answer to a request that was not found, from StepFun.
   * @throws what `complete` throws.
   */
  complete(found: Miss | Bypass, request: UpstreamRequest, call: CallContext): Promise<Completed>;
  /**
   * Refreshes an entry past its TTL in the background, once however many requests ask for it.
   * @param work - asks StepFun with the means that `complete` has.
   */
  refresh(found: Miss, work: () => Promise<unknown>, waitUntil: WaitUntil): void;
  /** Whether the stream that answers a miss shall be stored. */
  storesStream(found: Miss | Bypass): found is Miss;
  /** Stores the completion collected from a stream. */
  storeStream(
    found: Miss,
    completion: StorableCompletion,
    request: Pick<UpstreamRequest, 'choices' | 'isCapped'>,
    waitUntil: WaitUntil,
  ): void;
}

/** @returns the cache of an isolate: its entries are in KV and in `hotEntries`. */
export function createCache(options: CacheOptions): Cache {
  const { kv, flights, settings, complete, flightMs } = options;

  /** @returns the flight's answer; null when this request has to ask by itself. */
  async function completeInFlight(
    found: Miss,
    { body, ...rest }: UpstreamRequest,
    signal: AbortSignal,
  ): Promise<Completed | null> {
    if (flights === undefined) return null;
    const { key, ttl, maxAge } = found;
    let result: Exclude<FlightResult, { kind: 'retry' }>;
    try {
      const request = { ...rest, key, ttl, maxAge };
      result = await joinFlight(flights, request, body, signal, flightMs);
    } catch (thrown) {
      if (thrown instanceof LeftFlight) throw thrown;
      // Overloaded, restarted by a deployment, hanging: an own call is better than a failure.
      log('warn', 'flight_failed', { reason: String(thrown) });
      return null;
    }
    if (result.kind === 'failed') throw result.error;
    if (result.kind === 'alone') return null;
    const { kind: _, entry, isStored, ...calls } = result;
    if (isStored) hotEntries.set(key, entry, Date.now());
    const detail = calls.isCollapsed ? '; collapsed' : isStored ? '; stored' : '';
    return { entry, ...calls, cacheStatus: found.cacheStatus + detail };
  }

  function store(
    found: Miss,
    completion: StorableCompletion,
    request: Pick<UpstreamRequest, 'choices' | 'isCapped'>,
    waitUntil: WaitUntil,
  ): { readonly entry: Entry; readonly isStored: boolean } {
    const { key, ttl } = found;
    // Without KV the lookup finds no miss.
    if (kv === undefined) return { entry: createEntry(completion, ttl, Date.now()), isStored: false };
    const { staleSeconds } = settings;
    return storeCompletion(completion, request, { kv, key, ttl, staleSeconds, waitUntil });
  }

  return {
    async lookup(request, clientId, control) {
      const found = await lookUp(options, request, clientId, control);
      if (found.kind !== 'hit' && control.onlyIfCached) throw new GatewayError('cache_miss');
      return found;
    },

    async complete(found, request, call) {
      const shared = found.kind === 'miss' ? await completeInFlight(found, request, call.signal) : null;
      if (shared !== null) return shared;
      const completion = await complete(request, call);
      const { attempts, upstreamRequestId, queueMs, finishReasons } = completion;
      const { entry, isStored } =
        found.kind === 'miss'
          ? store(found, completion, request, call.waitUntil)
          : { entry: createEntry(completion, 0, Date.now()), isStored: false };
      const cacheStatus = found.cacheStatus + (isStored ? '; stored' : '');
      return { entry, attempts, upstreamRequestId, queueMs, finishReasons, isCollapsed: false, cacheStatus };
    },

    refresh({ key }, work, waitUntil) {
      if (!hotEntries.claimRefresh(key, Date.now())) return;
      waitUntil(
        work().catch((thrown: unknown) => {
          const { code, details } = toGatewayError(thrown);
          // A refresh is skipped while others wait for StepFun. A later request asks again.
          if (code === 'queue_full') return;
          log('warn', 'cache_refresh_failed', { code, detail: details.detail });
        }),
      );
    },

    storesStream(found): found is Miss {
      return found.kind === 'miss' && settings.streams === 'write';
    },

    storeStream(found, completion, request, waitUntil) {
      store(found, completion, request, waitUntil);
    },
  };
}
