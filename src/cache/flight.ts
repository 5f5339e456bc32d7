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
// Every waiter brings the body for StepFun, but only one is read: a body that
// nobody reads does not travel. A client's own StepFun key comes beside it and is
// never stored. The object stores nothing of its own.
//
// Who comes when the flight has landed, having missed in KV what it stored, gets
// it from this isolate's memory. A failure reaches all who wait and whoever comes
// within FLIGHT_FAILURE_MS: a storm asks StepFun no more than once in that time.

import { toGatewayError, type GatewayError } from '../errors.ts';
import { FLIGHT_FAILURE_MS } from '../limits.ts';
import { createEntry, type Entry } from './entry.ts';
import { landingResponse, readTicket, type Landing, type Ticket } from './flight-wire.ts';
import { freshness, serves } from './freshness.ts';
import { isStorable, writeEntry } from './kv.ts';
import { isolateMemory } from './memory.ts';
import { isPrivate, isWhole, type Complete } from './order.ts';

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
  /** Ends the call when nobody waits any more. */
  readonly ending: AbortController;
  /** Never rejects. */
  readonly arrival: Promise<Arrival>;
}

/** What the call brought. */
type Arrival =
  | {
      readonly entry: Entry;
      readonly attempts: number;
      /** Whether it is everybody's; else it is for the one alone whose body was used. */
      readonly shared: boolean;
      readonly stored: boolean;
      readonly giver: Waiter;
      /** Whom the call is put down to: the first who still waited for it. */
      readonly leader: Waiter;
    }
  | GatewayError;

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
    const airborne = (this.#airborne ??= this.#start());
    airborne.waiters.add(waiter);
    const { signal } = waiter.request;
    const leave = () => this.#leave(waiter, airborne);
    if (!waiter.ticket.detached) {
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    }

    const arrival = await airborne.arrival;
    signal.removeEventListener('abort', leave);
    if (arrival instanceof Error) return { kind: 'failed', error: arrival };
    const { entry, stored, attempts, leader, giver } = arrival;
    if (!arrival.shared && giver !== waiter) return { kind: 'alone' };
    return { kind: 'landed', entry, stored, attempts, collapsed: leader !== waiter };
  }

  #leave(waiter: Waiter, airborne: Airborne): void {
    airborne.waiters.delete(waiter);
    if (airborne.waiters.size > 0) return;
    airborne.ending.abort();
    // Who comes now starts anew rather than wait for what has been ended.
    if (this.#airborne === airborne) this.#airborne = null;
  }

  #start(): Airborne {
    const waiters = new Set<Waiter>();
    const ending = new AbortController();
    const arrival = this.#fly(waiters, ending.signal)
      .catch((thrown: unknown) => {
        const error = toGatewayError(thrown);
        if (!ending.signal.aborted) this.#failure = { error, untilMs: Date.now() + FLIGHT_FAILURE_MS };
        return error;
      })
      .finally(() => {
        if (!ending.signal.aborted) this.#airborne = null;
      });
    return { waiters, ending, arrival };
  }

  async #fly(waiters: Set<Waiter>, signal: AbortSignal): Promise<Arrival> {
    const { kv, staleSeconds, complete } = this.#options;
    const [giver, body] = await firstBody(waiters);
    const { key, ttl } = giver.ticket;
    const completion = await complete({ ...giver.ticket, body }, signal);

    const nowMs = Date.now();
    const entry = createEntry(completion, ttl, nowMs);
    const shared = !isPrivate(completion, giver.ticket);
    const stored = isWhole(completion, giver.ticket) && isStorable(entry);
    if (stored) {
      isolateMemory.set(key, entry, nowMs);
      this.#state.waitUntil(writeEntry(kv, key, entry, staleSeconds));
    }
    const [leader = giver] = waiters;
    return { entry, shared, stored, giver, leader, attempts: completion.attempts };
  }
}

/**
 * The first body that arrives whole: whoever leaves while theirs is on its way
 * leaves the call to the next. A Set is walked with what joins it meanwhile.
 */
async function firstBody(waiters: Set<Waiter>): Promise<[Waiter, Uint8Array]> {
  await Promise.resolve(); // The first waiter has joined by then.
  let broken: unknown;
  for (const waiter of waiters) {
    try {
      return [waiter, new Uint8Array(await waiter.request.arrayBuffer())];
    } catch (thrown) {
      broken = thrown;
    }
  }
  throw broken;
}
