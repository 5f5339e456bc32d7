// The gate's decisions: which request may start, which one waits, which one is refused.
// Pure: no I/O, no timer, the clock is passed in. gate-object.ts calls `advance` when
// `wakeAtMs` says so.

import {
  GATE_ANSWER_MS,
  GATE_CUT_MS,
  GATE_RESTART_MS,
  GATE_WINDOW_MS,
  RETRY_AFTER_SECONDS_MAX,
} from '../../config/limits.ts';
import type { StatedLimit } from '../../http/errors.ts';
import { FairQueue } from './fair-queue.ts';
import { LearnedLimits, type GateLimits } from './learned-limits.ts';
import { SlidingWindow } from './sliding-window.ts';

/** The share of the queue's places that only clients without a place may take. */
const SHARE_OF_NEWCOMERS = 0.1;

export interface GateRequest {
  /** The client's id: the queue is fair between clients. */
  readonly client: string;
  readonly limits: GateLimits;
  /** How many requests may wait. */
  readonly queueSize: number;
  /** How long this one may wait, in ms. */
  readonly timeoutMs: number;
  /** It starts at once or not at all: nobody waits for its answer. */
  readonly isBackground: boolean;
  /** Held by the request when the object was restarted; null: it is new. */
  readonly had: 'slot' | 'place' | null;
}

/** `slot`: it may start. `waiting`: the call's `onGrant` is called when it may. `busy`: a background request that would wait. */
export type Admission =
  | { readonly kind: 'slot' | 'waiting'; readonly call: GateCall }
  | { readonly kind: 'busy' }
  | { readonly kind: 'full' | 'timeout'; readonly retryAfterSeconds: number };

/** The result of `again`. */
export type Readmission =
  | { readonly kind: 'slot' | 'waiting' }
  | { readonly kind: 'timeout'; readonly retryAfterSeconds: number };

/** One request at the gate; its fields are the core's own. */
export interface GateCall {
  readonly client: string;
  /** Called when a waiting call gets its slot. */
  onGrant: () => void;
  state: 'waiting' | 'slot' | 'ended';
  /** Since when it has its slot, in ms since the epoch. */
  startedAtMs: number;
}

/** How a call ended. */
export interface CallEnd {
  /** StepFun's charge for it; null: not known. */
  readonly tokens: number | null;
  /** It was ended from here, before its answer's end. */
  readonly isCut: boolean;
}

export type OnRecord = (window: 'starts' | 'tokens', atMs: number, amount: number) => void;

export class GateCore {
  readonly learned = new LearnedLimits();
  /** One entry for each start within the last minute, where requests a minute are limited. */
  readonly starts = new SlidingWindow();
  /** One entry for each answer within the last minute, where tokens are. */
  readonly tokens = new SlidingWindow();
  readonly #queue = new FairQueue<GateCall>();
  /** Calls that have a slot. */
  #active = 0;
  /** When the slots of cut calls are free again, oldest first. */
  #cooling: number[] = [];
  /** After a restart: nothing new is granted before. null: no restart was seen. */
  #restartEndsMs: number | null = null;
  #answerMs = GATE_ANSWER_MS;
  readonly #onRecord: OnRecord;

  /** @param onRecord - is told what is added to the windows, for a store that outlives a restart. */
  constructor(onRecord: OnRecord = ignore) {
    this.#onRecord = onRecord;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  get active(): number {
    return this.#active;
  }

  /** @returns what becomes of a request; with a call, it must be ended later. */
  enter(request: GateRequest, nowMs: number): Admission {
    const { client, limits, had } = request;
    this.learned.configure(limits);
    const call: GateCall = { client, onGrant: ignore, state: 'waiting', startedAtMs: nowMs };
    if (had !== null) this.#restartEndsMs ??= nowMs + GATE_RESTART_MS;
    if (had === 'slot') {
      call.state = 'slot';
      this.#active++;
      return { kind: 'slot', call };
    }
    if (this.#queue.size === 0 && this.#startAtMs(nowMs) <= nowMs) {
      this.#start(call, nowMs);
      return { kind: 'slot', call };
    }
    if (request.isBackground) return { kind: 'busy' };

    const ahead = this.#queue.aheadOf(client);
    // The last tenth of the places is for clients that have none: no client can fill the queue alone.
    const places = request.queueSize * (this.#queue.countOf(client) > 0 ? 1 - SHARE_OF_NEWCOMERS : 1);
    if (had === null && this.#queue.size >= places) {
      return { kind: 'full', retryAfterSeconds: this.#estimateSeconds(ahead, nowMs) };
    }
    const leastMs = this.#leastWaitMs(ahead, nowMs);
    if (leastMs > request.timeoutMs) {
      return { kind: 'timeout', retryAfterSeconds: toRetryAfter(leastMs) };
    }
    this.#queue.push(client, call);
    this.advance(nowMs);
    return { kind: this.#hasSlot(call) ? 'slot' : 'waiting', call };
  }

  /**
   * A call with a slot is to be made once more. It gives its slot back and waits before all others.
   * @param refusal - the limit that StepFun named; null: it failed for another reason.
   * @param timeoutMs - how long it may wait.
   */
  again(call: GateCall, refusal: StatedLimit | null, timeoutMs: number, nowMs: number): Readmission {
    this.#active--;
    if (refusal !== null) this.learned.onRefusal(refusal, this.#active, nowMs);
    const leastMs = this.#leastWaitMs(0, nowMs);
    if (leastMs > timeoutMs) {
      call.state = 'ended';
      this.advance(nowMs);
      return { kind: 'timeout', retryAfterSeconds: toRetryAfter(leastMs) };
    }
    call.state = 'waiting';
    this.#queue.pushFront(call);
    this.advance(nowMs);
    return { kind: this.#hasSlot(call) ? 'slot' : 'waiting' };
  }

  /** A call has ended, or its client has left while it was waiting. The second time does nothing. */
  end(call: GateCall, { tokens, isCut }: CallEnd, nowMs: number): void {
    const { state, client } = call;
    call.state = 'ended';
    if (state === 'ended') return;
    if (state === 'waiting') {
      this.#queue.delete(client, call);
      return;
    }
    this.#active--;
    if (tokens !== null && tokens > 0 && this.learned.tpm(nowMs) < Infinity) {
      this.tokens.add(nowMs, tokens);
      this.#onRecord('tokens', nowMs, tokens);
    }
    if (isCut) {
      this.learned.onCut(nowMs);
      this.#cooling.push(nowMs + GATE_CUT_MS);
    } else {
      this.#answerMs += (nowMs - call.startedAtMs - this.#answerMs) / 8;
    }
    this.advance(nowMs);
  }

  /** @returns seconds after which a new request of this client has a chance to start. */
  retryAfterSeconds(client: string, nowMs: number): number {
    return this.#estimateSeconds(this.#queue.aheadOf(client), nowMs);
  }

  /** Starts every call that may start now. */
  advance(nowMs: number): void {
    while (this.#queue.size > 0 && this.#startAtMs(nowMs) <= nowMs) {
      const call = this.#queue.shift();
      if (call === undefined) return;
      this.#start(call, nowMs);
      call.onGrant();
    }
  }

  /** @returns when to call `advance`, in ms since the epoch; null: not before another call. */
  wakeAtMs(nowMs: number): number | null {
    if (this.#queue.size === 0) return null;
    const atMs = this.#startAtMs(nowMs);
    return atMs === Infinity ? null : atMs;
  }

  /** `advance` may have changed the state, which the compiler cannot see. */
  #hasSlot(call: GateCall): boolean {
    return call.state === 'slot';
  }

  #start(call: GateCall, nowMs: number): void {
    this.learned.onStart(this.#busy(nowMs), nowMs);
    call.state = 'slot';
    call.startedAtMs = nowMs;
    this.#active++;
    if (this.learned.rpm(nowMs) === Infinity) return;
    this.starts.add(nowMs, 1);
    this.#onRecord('starts', nowMs, 1);
  }

  /** Slots that are taken at StepFun: those of cut calls are for a moment longer. */
  #busy(nowMs: number): number {
    while ((this.#cooling[0] ?? Infinity) <= nowMs) this.#cooling.shift();
    return this.#active + this.#cooling.length;
  }

  /** @returns when the next call may start, in ms since the epoch; Infinity: when another one ends. */
  #startAtMs(nowMs: number): number {
    const busy = this.#busy(nowMs);
    const [cooledAtMs = Infinity] = this.#cooling;
    const slotAtMs = Math.min(this.learned.startAtMs(busy, nowMs) ?? Infinity, cooledAtMs);
    const windowsMs = nowMs + this.#leastWaitMs(0, nowMs);
    return Math.max(slotAtMs, windowsMs, this.#restartEndsMs ?? 0);
  }

  /** @returns how long, in ms, the limits per minute delay a request with `ahead` requests before it. */
  #leastWaitMs(ahead: number, nowMs: number): number {
    return Math.max(this.#rpmWaitMs(ahead, nowMs), this.#tpmWaitMs(nowMs));
  }

  #rpmWaitMs(ahead: number, nowMs: number): number {
    const limit = this.learned.rpm(nowMs);
    if (limit === Infinity) return 0;
    // Each full window of starts before it takes one window.
    const windows = Math.floor(ahead / limit);
    return windows * GATE_WINDOW_MS + this.starts.msUntilAtMost(limit - 1 - (ahead % limit), nowMs);
  }

  #tpmWaitMs(nowMs: number): number {
    const limit = this.learned.tpm(nowMs);
    return limit === Infinity ? 0 : this.tokens.msUntilAtMost(limit - 1, nowMs);
  }

  #estimateSeconds(ahead: number, nowMs: number): number {
    const slots = Math.max(1, Math.min(this.learned.cap, ahead + 1));
    return toRetryAfter(Math.max(this.#leastWaitMs(ahead, nowMs), ((ahead + 1) / slots) * this.#answerMs));
  }
}

/** @returns whole seconds from 1 to RETRY_AFTER_SECONDS_MAX. */
function toRetryAfter(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms / 1_000), 1), RETRY_AFTER_SECONDS_MAX);
}

function ignore(): void {}
