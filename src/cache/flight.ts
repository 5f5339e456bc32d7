// Asked once: identical requests that are under way at the same time, anywhere on
// the network, make one call to StepFun. A Durable Object for each key (the same
// that names the entry, so its scope is that of the cache) is where they meet.
//
// The object itself makes the call. Rejected: the first client's Worker makes it
// and the object is a latch; then the first client's leaving would end it for all
// within 30 s (waitUntil's bound), and its answer would have to travel to the
// object and from there to the others. Here nobody is first: the call ends when
// the last one who waits for it has left, which `request.signal` tells (flag
// `enable_request_signal`): it aborts here when a client or its Worker is gone.
// The price: each miss is a request to an object and occupies it for as long as
// StepFun takes.
//
// Every waiter brings the body for StepFun, since any may be the first. The first
// one's is used; should it leave before that has arrived, the others are told to
// come again. Their bodies are read and dropped: workerd reports the leaving of a
// client only when nothing of its request is unread. A client's own StepFun key
// comes beside the body and is never stored. The object stores nothing of its own.
//
// Who comes when the flight has landed, having missed in KV what it stored, gets
// it from this isolate's memory. A failure reaches all who wait and whoever comes
// within FLIGHT_FAILURE_MS: a storm asks StepFun no more than once in that time.

import { toGatewayError, type GatewayError } from '../http/errors.ts';
import { FLIGHT_FAILURE_MS } from '../config/limits.ts';
import { createEntry, type Entry } from './entry.ts';
import { landingResponse, readTicket, type Landing, type Ticket } from './flight-wire.ts';
import { freshness, serves } from './freshness.ts';
import { isStorable, writeEntry } from './kv.ts';
import { isolateMemory } from './memory.ts';
import { isPrivate, isWhole, type Complete } from './completion.ts';

export interface FlightOptions {
  readonly kv: KVNamespace;
  /** How long past its TTL an entry may serve. */
  readonly staleSeconds: number;
  readonly complete: Complete;
}

interface Waiter {
  readonly ticket: Ticket;
  readonly request: Request;
}

interface Airborne {
  /** Who still waits, in the order of their coming. */
  readonly waiters: Set<Waiter>;
  /** Whose body is used. */
  readonly giver: Waiter;
  /** Ends the call when nobody waits any more. */
  readonly ending: AbortController;
  /** Never rejects. */
  readonly arrival: Promise<Arrival>;
}

/** What came of it: StepFun's answer, a failure, or no call since no body came. */
type Arrival = Success | GatewayError | null;

interface Success {
  readonly entry: Entry;
  readonly attempts: number;
  /** Whether it is everybody's; else it is the giver's alone. */
  readonly shared: boolean;
  readonly stored: boolean;
  /** Whom the call is put down to: the first who still waited for it. */
  readonly leader: Waiter | undefined;
}

/** The Durable Object's code; src/index.ts exports it as `Flight`. */
export class FlightObject {
  readonly #state: DurableObjectState;
  readonly #options: FlightOptions;
  #airborne: Airborne | null = null;
  #failure: { readonly error: GatewayError; readonly untilMs: number } | null = null;

  constructor(state: DurableObjectState, options: FlightOptions) {
    this.#state = state;
    this.#options = options;
  }

  /** @param request - as `joinFlight` sends it. */
  async fetch(request: Request): Promise<Response> {
    const ticket = readTicket(request);
    return landingResponse(this.#remembered(ticket) ?? (await this.#wait({ ticket, request })));
  }

  /** @returns what a flight that has just landed brought, if that will do. */
  #remembered({ key, maxAge }: Ticket): Landing | null {
    const nowMs = Date.now();
    if (this.#failure !== null && nowMs < this.#failure.untilMs)
      return { kind: 'failed', error: this.#failure.error };
    const entry = isolateMemory.get(key, nowMs);
    if (entry === null || !serves(freshness(entry, nowMs), maxAge, 0)) return null;
    return { kind: 'landed', entry, stored: true, collapsed: true, attempts: 0 };
  }

  async #wait(waiter: Waiter): Promise<Landing> {
    const airborne = (this.#airborne ??= this.#start(waiter));
    const { waiters, giver, arrival } = airborne;
    waiters.add(waiter);
    if (waiter !== giver) waiter.request.body?.pipeTo(new WritableStream()).catch(ignore);
    const { signal } = waiter.request;
    const leave = () => this.#leave(waiter, airborne);
    if (!waiter.ticket.detached) {
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    }

    const arrived = await arrival;
    signal.removeEventListener('abort', leave);
    if (arrived === null) return { kind: 'again' };
    if (arrived instanceof Error) return { kind: 'failed', error: arrived };
    const { entry, stored, attempts, leader, shared } = arrived;
    if (!shared && waiter !== giver) return { kind: 'alone' };
    return { kind: 'landed', entry, stored, attempts, collapsed: leader !== waiter };
  }

  #leave(waiter: Waiter, airborne: Airborne): void {
    airborne.waiters.delete(waiter);
    if (airborne.waiters.size > 0) return;
    airborne.ending.abort();
    // Who comes now starts anew rather than wait for what has been ended.
    if (this.#airborne === airborne) this.#airborne = null;
  }

  #start(giver: Waiter): Airborne {
    const waiters = new Set([giver]);
    const ending = new AbortController();
    const arrival = this.#fly(giver, waiters, ending.signal)
      .catch((thrown: unknown) => {
        const error = toGatewayError(thrown);
        if (!ending.signal.aborted) this.#failure = { error, untilMs: Date.now() + FLIGHT_FAILURE_MS };
        return error;
      })
      .finally(() => {
        if (!ending.signal.aborted) this.#airborne = null;
      });
    return { waiters, giver, ending, arrival };
  }

  async #fly(
    { request, ticket }: Waiter,
    waiters: Set<Waiter>,
    signal: AbortSignal,
  ): Promise<Success | null> {
    let body: Uint8Array;
    try {
      body = new Uint8Array(await request.arrayBuffer());
    } catch {
      return null;
    }
    const { kv, staleSeconds, complete } = this.#options;
    const completion = await complete({ ...ticket, body }, signal);

    const nowMs = Date.now();
    const entry = createEntry(completion, ticket.ttl, nowMs);
    const stored = isWhole(completion, ticket) && isStorable(entry);
    if (stored) {
      isolateMemory.set(ticket.key, entry, nowMs);
      this.#state.waitUntil(writeEntry(kv, ticket.key, entry, staleSeconds));
    }
    const [leader] = waiters;
    return { entry, stored, attempts: completion.attempts, shared: !isPrivate(completion, ticket), leader };
  }
}

function ignore(): void {}
