// One call for many: identical requests that are under way at the same time, anywhere on the
// network, make one call to StepFun. They meet in a Durable Object for each cache key, so
// the scope of the cache is that of the flights.
//
// The object itself makes the call. Rejected: the first client's Worker makes it and the
// object only holds the others; when that client leaves, its Worker ends within 30 s
// (`waitUntil`'s bound), and with it the call of all others. Here the call ends when the last
// caller has left, which `request.signal` tells (flag `enable_request_signal`). The price:
// each miss is a request to an object, and occupies it as long as StepFun takes.
//
// Every caller brings the body for StepFun, since any of them may be the first. The first
// one's is used; if it leaves before its body has arrived, the others are told to retry.
// Their bodies are read and dropped: workerd reports that a caller has left only when its
// request has been read to the end. A client's own StepFun key comes beside the body and is
// never stored. The object stores nothing of its own.
//
// A caller that comes after the flight has ended, and missed in KV what it stored, gets it
// from this isolate's memory. A failure answers all callers, and those that come within
// FLIGHT_FAILURE_MS: a failing question asks StepFun once in that time.

import { FLIGHT_FAILURE_MS } from '../config/limits.ts';
import { toGatewayError, type GatewayError } from '../http/errors.ts';
import { isPrivate, type Complete } from './completion.ts';
import type { Entry } from './entry.ts';
import { flightResponse, readFlightRequest, type FlightRequest, type FlightResult } from './flight-wire.ts';
import { freshness, serves } from './freshness.ts';
import { hotEntries } from './hot-entries.ts';
import { storeCompletion } from './store.ts';

export interface FlightOptions {
  readonly kv: KVNamespace;
  /** How long past its TTL an entry may serve. */
  readonly staleSeconds: number;
  readonly complete: Complete;
}

interface Caller {
  readonly flightRequest: FlightRequest;
  readonly request: Request;
}

interface InFlight {
  /** The callers that still wait, in the order of their arrival. */
  readonly waiting: Set<Caller>;
  /** The caller whose body and key are used. */
  readonly leader: Caller;
  /** Ends the call when nobody waits any more. */
  readonly ending: AbortController;
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
}

type Outcome =
  | { readonly kind: 'success'; readonly answer: Answer }
  | { readonly kind: 'failure'; readonly error: GatewayError }
  /** The leader's body never arrived: there was no call. */
  | { readonly kind: 'no_call' };

interface Answer {
  readonly entry: Entry;
  readonly attempts: number;
  readonly upstreamRequestId: string | null;
  readonly queueMs: number | null;
  /** Whether others may have it, too; else it is the leader's alone. */
  readonly isShared: boolean;
  readonly isStored: boolean;
  /** The caller that pays for it: the first that still waited for it. */
  readonly payer: Caller | undefined;
}

/** The code of the Durable Object; src/index.ts exports it as `Flight`. */
export class FlightObject {
  readonly #state: DurableObjectState;
  readonly #options: FlightOptions;
  #inFlight: InFlight | null = null;
  #lastFailure: { readonly error: GatewayError; readonly untilMs: number } | null = null;

  constructor(state: DurableObjectState, options: FlightOptions) {
    this.#state = state;
    this.#options = options;
  }

  /** @param request - as `joinFlight` sends it. */
  async fetch(request: Request): Promise<Response> {
    const flightRequest = readFlightRequest(request);
    return flightResponse(this.#recent(flightRequest) ?? (await this.#wait({ flightRequest, request })));
  }

  /** @returns the result of a flight that has just ended, if that will do. */
  #recent({ key, maxAge }: FlightRequest): FlightResult | null {
    const nowMs = Date.now();
    if (this.#lastFailure !== null && nowMs < this.#lastFailure.untilMs)
      return { kind: 'failed', error: this.#lastFailure.error };
    const entry = hotEntries.get(key, nowMs);
    if (entry === null || !serves(freshness(entry, nowMs), maxAge, 0)) return null;
    return {
      kind: 'answer',
      entry,
      isStored: true,
      isCollapsed: true,
      attempts: 0,
      upstreamRequestId: null,
      queueMs: null,
    };
  }

  async #wait(caller: Caller): Promise<FlightResult> {
    const inFlight = (this.#inFlight ??= this.#start(caller));
    const { waiting, leader, outcome } = inFlight;
    waiting.add(caller);
    if (caller !== leader) caller.request.body?.pipeTo(new WritableStream()).catch(ignore);
    const { signal } = caller.request;
    const leave = () => this.#leave(caller, inFlight);
    // A refresh goes on when its caller leaves: its client has had its answer already.
    if (!caller.flightRequest.isBackground) {
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    }

    const ended = await outcome;
    signal.removeEventListener('abort', leave);
    switch (ended.kind) {
      case 'no_call':
        return { kind: 'retry' };
      case 'failure':
        // With its budget's low `max_tokens` a call may fail that succeeds for another client.
        if (leader.flightRequest.isCapped && caller !== leader) return { kind: 'alone' };
        return { kind: 'failed', error: ended.error };
      case 'success': {
        const { payer, isShared, ...answer } = ended.answer;
        if (!isShared && caller !== leader) return { kind: 'alone' };
        return { kind: 'answer', ...answer, isCollapsed: payer !== caller };
      }
    }
  }

  #leave(caller: Caller, inFlight: InFlight): void {
    inFlight.waiting.delete(caller);
    if (inFlight.waiting.size > 0) return;
    inFlight.ending.abort();
    // The next caller starts anew rather than wait for a call that has been ended.
    if (this.#inFlight === inFlight) this.#inFlight = null;
  }

  #start(leader: Caller): InFlight {
    const waiting = new Set([leader]);
    const ending = new AbortController();
    const outcome = this.#call(leader, waiting, ending.signal)
      .catch((thrown: unknown): Outcome => {
        const error = toGatewayError(thrown);
        if (!ending.signal.aborted && !leader.flightRequest.isCapped)
          this.#lastFailure = { error, untilMs: Date.now() + FLIGHT_FAILURE_MS };
        return { kind: 'failure', error };
      })
      .finally(() => {
        if (!ending.signal.aborted) this.#inFlight = null;
      });
    return { waiting, leader, ending, outcome };
  }

  async #call(leader: Caller, waiting: Set<Caller>, signal: AbortSignal): Promise<Outcome> {
    const { request, flightRequest } = leader;
    let body: Uint8Array;
    try {
      body = new Uint8Array(await request.arrayBuffer());
    } catch {
      return { kind: 'no_call' };
    }
    const waitUntil = (work: Promise<unknown>) => this.#state.waitUntil(work);
    const completion = await this.#options.complete({ ...flightRequest, body }, { signal, waitUntil });
    const { entry, isStored } = storeCompletion(completion, flightRequest, {
      ...this.#options,
      key: flightRequest.key,
      ttl: flightRequest.ttl,
      waitUntil,
    });
    const { attempts, upstreamRequestId, queueMs } = completion;
    const [payer] = waiting;
    const isShared = !isPrivate(completion, flightRequest);
    return {
      kind: 'success',
      answer: { entry, isStored, attempts, upstreamRequestId, queueMs, isShared, payer },
    };
  }
}

function ignore(): void {}
