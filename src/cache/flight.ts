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
import { costOfAnswer, costOfFailure } from '../http/call-cost.ts';
import { GatewayError, toGatewayError } from '../http/errors.ts';
import type { ReservationRef } from '../http/reservation.ts';
import { isPrivate, type Complete } from './upstream-call.ts';
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
  /** Puts what a call did cost in place of a reservation. Never rejects. */
  readonly settle: (reservation: ReservationRef, tokens: number) => Promise<unknown>;
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
  /** Whether StepFun has been asked. */
  hasAsked: boolean;
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
}

/** The payer is the first caller that still waited when the call ended. */
type Outcome =
  | { readonly kind: 'success'; readonly answer: Answer; readonly payer: Caller | undefined }
  | { readonly kind: 'failure'; readonly error: GatewayError; readonly payer: Caller | undefined }
  /** The leader's body never arrived: there was no call. */
  | { readonly kind: 'no_call' };

interface Answer {
  readonly entry: Entry;
  readonly attempts: number;
  readonly upstreamRequestId: string | null;
  readonly queueMs: number | null;
  readonly finishReasons: readonly (string | null)[];
  /** Whether others may have it, too; else it is the leader's alone. */
  readonly isShared: boolean;
  readonly isStored: boolean;
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
    if (this.#lastFailure !== null && nowMs < this.#lastFailure.untilMs) {
      return { kind: 'failed', error: asFree(this.#lastFailure.error) };
    }
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
      finishReasons: [],
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
    if (ended.kind === 'no_call') {
      // The others ask again, with the reservations that they have.
      if (caller === leader) this.#settle(caller, 0);
      return { kind: 'retry' };
    }
    const isShared = ended.kind === 'success' ? ended.answer.isShared : !isOwn(leader);
    if (caller !== leader && !isShared) return { kind: 'alone' };
    const isPayer = caller === ended.payer;
    // The caller's Worker settles, too. But its client may leave while the result is on its way to it,
    // and then it knows the estimate alone. For a caller that has left before, `#leave` settles.
    if (waiting.has(caller)) this.#settle(caller, isPayer ? costOf(ended, caller, inFlight) : 0);
    if (ended.kind === 'failure') {
      return { kind: 'failed', error: isPayer ? ended.error : asFree(ended.error) };
    }
    return { kind: 'answer', ...ended.answer, isCollapsed: !isPayer };
  }

  /** The first settlement of a reservation counts. Those of the Worker and of the flight are equal where both know the result. */
  #settle({ flightRequest: { reservation } }: Caller, tokens: number): void {
    if (reservation !== null) this.#state.waitUntil(this.#options.settle(reservation, tokens));
  }

  #leave(caller: Caller, inFlight: InFlight): void {
    const { waiting, leader, ending, outcome } = inFlight;
    waiting.delete(caller);
    // As long as others wait, the call is theirs. But the call of a leader with a low `max_tokens` may
    // serve it alone: it ends with its leader, which pays, and the others ask by themselves.
    const isTheirs = waiting.size > 0 && !(caller === leader && isOwn(leader));
    if (isTheirs || ending.signal.aborted) return this.#settle(caller, 0);
    ending.abort();
    // The next caller starts anew rather than wait for a call that has been ended.
    if (this.#inFlight === inFlight) this.#inFlight = null;
    // Only then is known whether StepFun had been asked, or had refused.
    this.#state.waitUntil(outcome.then((ended) => this.#settle(caller, costOf(ended, caller, inFlight))));
  }

  #start(leader: Caller): InFlight {
    const waiting = new Set([leader]);
    const ending = new AbortController();
    const inFlight: Omit<InFlight, 'outcome'> = { waiting, leader, ending, hasAsked: false };
    const outcome = this.#call(inFlight)
      .catch((thrown: unknown): Outcome => {
        const error = toGatewayError(thrown);
        if (!ending.signal.aborted && !isOwn(leader))
          this.#lastFailure = { error, untilMs: Date.now() + FLIGHT_FAILURE_MS };
        const [payer] = waiting;
        return { kind: 'failure', error, payer };
      })
      .finally(() => {
        if (!ending.signal.aborted) this.#inFlight = null;
      });
    return Object.assign(inFlight, { outcome });
  }

  async #call(inFlight: Omit<InFlight, 'outcome'>): Promise<Outcome> {
    const { leader, waiting, ending } = inFlight;
    const { request, flightRequest } = leader;
    let body: Uint8Array;
    try {
      body = new Uint8Array(await request.arrayBuffer());
    } catch {
      return { kind: 'no_call' };
    }
    const waitUntil = (work: Promise<unknown>) => this.#state.waitUntil(work);
    const onAttempt = () => void (inFlight.hasAsked = true);
    const call = { signal: ending.signal, waitUntil, onAttempt };
    const completion = await this.#options.complete({ ...flightRequest, body }, call);
    const { entry, isStored } = storeCompletion(completion, flightRequest, {
      ...this.#options,
      key: flightRequest.key,
      ttl: flightRequest.ttl,
      waitUntil,
    });
    const { attempts, upstreamRequestId, queueMs, finishReasons } = completion;
    const [payer] = waiting;
    const isShared = !isPrivate(completion, flightRequest);
    return {
      kind: 'success',
      answer: { entry, isStored, attempts, upstreamRequestId, queueMs, finishReasons, isShared },
      payer,
    };
  }
}

/**
 * Whether a failure of this leader's call says nothing about others: it was made with a budget's
 * low `max_tokens`, or was a refresh, which is given up rather than queued.
 */
function isOwn({ flightRequest: { isCapped, isBackground } }: Caller): boolean {
  return isCapped || isBackground;
}

/** @returns a failure for a caller that does not pay for the call. */
function asFree({ code, message, details }: GatewayError): GatewayError {
  return new GatewayError(code, message, { ...details, isFree: true });
}

/** @returns what a call that has ended costs the caller that pays for it. */
function costOf(
  ended: Outcome,
  { flightRequest: { reservation } }: Caller,
  { hasAsked }: Pick<InFlight, 'hasAsked'>,
): number {
  const promptTokens = reservation?.promptTokens ?? 0;
  switch (ended.kind) {
    case 'success':
      return costOfAnswer(ended.answer.entry.usage, true, promptTokens);
    case 'failure':
      return hasAsked ? costOfFailure(ended.error, promptTokens) : 0;
    case 'no_call':
      return 0;
  }
}

function ignore(): void {}
