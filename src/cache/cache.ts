// The cache as the chat handler uses it: look up, else have it made (once for all
// who ask, and kept), or gather a stream beside its relay.
//
// Open to failure everywhere: no trouble of KV or of a Durable Object ever fails a
// request that StepFun can answer.

import { GatewayError, toGatewayError } from '../http/errors.ts';
import { log } from '../http/log.ts';
import type { CacheControl } from './control.ts';
import { createEntry, type Entry } from './entry.ts';
import { joinFlight } from './flight-wire.ts';
import { Gatherer } from './gather.ts';
import { isStorable, writeEntry } from './kv.ts';
import { lookUp, type Bypass, type Found, type LookupOptions, type Miss, type Question } from './lookup.ts';
import { isolateMemory } from './memory.ts';
import { isWhole, type Complete, type Completion, type Order } from './completion.ts';

export interface CacheOptions extends LookupOptions {
  /** Without it, identical misses are not joined. */
  readonly flights: DurableObjectNamespace | undefined;
  readonly complete: Complete;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export interface Made {
  readonly entry: Entry;
  readonly cacheStatus: string;
  /** Another's call brought it: it costs this client nothing. */
  readonly collapsed: boolean;
  /** How often StepFun was asked; 0: not for this request. */
  readonly attempts: number;
}

export interface Cache {
  /**
   * @param clientId - who asks, as src/access has established it.
   * @returns the answer, or that there is none.
   * @throws {GatewayError} `cache_miss` when the client wants nothing else.
   */
  lookup(question: Question, clientId: string, control: CacheControl): Promise<Found>;
  /**
   * The answer to a request that was not found, from StepFun.
   * @throws what `complete` throws.
   */
  make(found: Miss | Bypass, order: Order, signal: AbortSignal): Promise<Made>;
  /**
   * One new answer in the background for an entry past its TTL, whoever asks for it how often.
   * @param ask - asks for it by the means that it is given, and pays.
   */
  refresh(found: Miss, ask: (make: (order: Order) => Promise<Made>) => Promise<unknown>): void;
  /** @returns what gathers a stream for the cache; null when it is not to be kept. */
  gather(found: Miss | Bypass, order: Pick<Order, 'choices' | 'capped'>): Gatherer | null;
}

/** @returns the cache as one request sees it; what it keeps is the isolate's and KV's. */
export function createCache(options: CacheOptions): Cache {
  const { kv, flights, settings, shape, complete, waitUntil } = options;

  /** @returns the answer of the flight; null when it has none for this one, who is to ask for itself. */
  async function fly(
    found: Miss,
    order: Order,
    signal: AbortSignal,
    detached: boolean,
  ): Promise<Made | null> {
    if (flights === undefined) return null;
    const { body, ...rest } = order;
    const ticket = { ...rest, key: found.key, ttl: found.ttl, maxAge: found.maxAge, detached };
    let landing: Awaited<ReturnType<typeof joinFlight>>;
    try {
      landing = await joinFlight(flights, ticket, body, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      // Overloaded, restarted by a deployment, out of reach: uncollapsed is better than failed.
      log('warn', 'flight_failed', { reason: String(thrown) });
      return null;
    }
    if (landing.kind === 'failed') throw landing.error;
    if (landing.kind === 'alone') return null;
    const { entry, stored, collapsed, attempts } = landing;
    if (stored) isolateMemory.set(found.key, entry, Date.now());
    const detail = collapsed ? '; collapsed' : stored ? '; stored' : '';
    return { entry, collapsed, attempts, cacheStatus: found.cacheStatus + detail };
  }

  function keep(
    found: Miss | Bypass,
    completion: Completion,
    order: Pick<Order, 'choices' | 'capped'>,
  ): Made {
    const nowMs = Date.now();
    const entry = createEntry(completion, found.kind === 'miss' ? found.ttl : 0, nowMs);
    let { cacheStatus } = found;
    if (found.kind === 'miss' && kv !== undefined && isWhole(completion, order) && isStorable(entry)) {
      isolateMemory.set(found.key, entry, nowMs);
      waitUntil(writeEntry(kv, found.key, entry, settings.staleSeconds));
      cacheStatus += '; stored';
    }
    return { entry, cacheStatus, collapsed: false, attempts: completion.attempts };
  }

  async function make(
    found: Miss | Bypass,
    order: Order,
    signal: AbortSignal,
    detached: boolean,
  ): Promise<Made> {
    const made = found.kind === 'miss' ? await fly(found, order, signal, detached) : null;
    return made ?? keep(found, await complete(order, signal), order);
  }

  return {
    async lookup(question, clientId, control) {
      const found = await lookUp(options, question, clientId, control);
      if (found.kind !== 'hit' && control.onlyIfCached) throw new GatewayError('cache_miss');
      return found;
    },

    make: (found, order, signal) => make(found, order, signal, false),

    refresh(found, ask) {
      if (!isolateMemory.claim(found.key, Date.now())) return;
      // Not the client's signal: it has its answer and may leave.
      const refreshed = ask((order) => make(found, order, new AbortController().signal, true));
      waitUntil(
        refreshed.catch((thrown: unknown) => {
          const { code, details } = toGatewayError(thrown);
          log('warn', 'cache_refresh_failed', { code, detail: details.detail });
        }),
      );
    },

    gather(found, order) {
      if (found.kind === 'bypass' || settings.streams !== 'write') return null;
      return new Gatherer({
        shape,
        choices: order.choices,
        keep: (completion) => keep(found, completion, order),
        waitUntil,
      });
    },
  };
}
