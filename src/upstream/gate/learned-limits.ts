// The account's limits as the settings state them, lowered by what StepFun's refusals show:
// others may use the account, or the settings may be wrong. Pure: the clock is passed in.
//
// Requests at a time: a refusal lowers the cap to the number of other calls under way. Then one more
// is tried every second, up to every 8 s after a try that fails: the cap comes back when
// the others leave. A limit that the refusal's text states is not exceeded by a try.
//
// Requests and tokens a minute: the stated limit replaces a higher one. Since nobody knows
// when the others' requests leave the window, starts pause and then one alone is tried.
// Rejected: starting as many as have room, which asks thousands of times in one window.

import { GATE_CUT_MS, GATE_LEARNED_MS, GATE_PROBE_MAX_MS, GATE_PROBE_MS } from '../../config/limits.ts';
import type { StatedLimit } from '../../http/errors.ts';

/** Requests at a time, requests a minute, tokens a minute; 0: no limit. */
export interface GateLimits {
  readonly concurrency: number;
  readonly rpm: number;
  readonly tpm: number;
}

/** Waits for the next try: longer after each try that failed. */
class Probe {
  /** When the next try may start, in ms since the epoch. */
  nextAtMs = 0;
  #delayMs = GATE_PROBE_MS;
  /** A try has started, and no refusal has come since. */
  #isTrying = false;

  start(nowMs: number): void {
    if (this.#isTrying) this.#delayMs = GATE_PROBE_MS;
    this.#isTrying = true;
    this.nextAtMs = nowMs + GATE_PROBE_MS;
  }

  get isTrying(): boolean {
    return this.#isTrying;
  }

  onRefusal(nowMs: number): void {
    if (this.#isTrying) this.#delayMs = Math.min(2 * this.#delayMs, GATE_PROBE_MAX_MS);
    this.#isTrying = false;
    this.nextAtMs = nowMs + this.#delayMs;
  }
}

interface Stated {
  readonly limit: number;
  readonly untilMs: number;
}

export class LearnedLimits {
  #limits: GateLimits = { concurrency: 0, rpm: 0, tpm: 0 };
  /** The most requests at a time that StepFun seems to accept. */
  #cap = Infinity;
  readonly #capProbe = new Probe();
  /** After a refusal for a limit a minute; null: none is known. */
  #minuteProbe: Probe | null = null;
  readonly #stated = new Map<StatedLimit['kind'], Stated>();
  /** No start before this time. */
  #pausedUntilMs = 0;
  #lastCutAtMs = -Infinity;

  /** @param limits - from the settings: a deployment may change them. */
  configure(limits: GateLimits): void {
    const isOther = limits.concurrency !== this.#limits.concurrency;
    this.#limits = limits;
    if (isOther) this.#cap = orInfinity(limits.concurrency);
  }

  rpm(nowMs: number): number {
    return Math.min(orInfinity(this.#limits.rpm), this.#statedLimit('rpm', nowMs));
  }

  tpm(nowMs: number): number {
    return Math.min(orInfinity(this.#limits.tpm), this.#statedLimit('tpm', nowMs));
  }

  /** Requests at a time; 0: others use all of the account. */
  get cap(): number {
    return this.#cap;
  }

  /** @returns when a request may start beside `active` others, in ms since the epoch; null: not before another ends. */
  startAtMs(active: number, nowMs: number): number | null {
    const atMs = Math.max(this.#pausedUntilMs, this.#minuteProbe?.nextAtMs ?? 0);
    if (active < this.#cap) return atMs;
    return active < this.#maximum(nowMs) ? Math.max(atMs, this.#capProbe.nextAtMs) : null;
  }

  /** A request starts beside `active` others. */
  onStart(active: number, nowMs: number): void {
    if (active >= this.#cap) {
      this.#cap = active + 1;
      this.#capProbe.start(nowMs);
    }
    if (this.#minuteProbe === null) return;
    // The one before was accepted: StepFun has room again.
    if (this.#minuteProbe.isTrying) this.#minuteProbe = null;
    else this.#minuteProbe.start(nowMs);
  }

  /** A call was cut off: StepFun counts it for a moment longer. */
  onCut(nowMs: number): void {
    this.#lastCutAtMs = nowMs;
  }

  /**
   * StepFun refused a request.
   * @param others - how many calls were under way besides.
   */
  onRefusal({ kind, limit }: StatedLimit, others: number, nowMs: number): void {
    if (kind === 'rpm' || kind === 'tpm') {
      this.#state(kind, limit, nowMs);
      this.#minuteProbe ??= new Probe();
      this.#minuteProbe.onRefusal(nowMs);
      return;
    }
    // The slot of a cut call is handed on after GATE_CUT_MS; the refusal arrives later by a
    // round trip. It may be about that call. Repeated, such refusals would lower the cap to 1.
    if (nowMs - this.#lastCutAtMs <= 2 * GATE_CUT_MS) {
      this.#pausedUntilMs = nowMs + GATE_CUT_MS;
      return;
    }
    this.#state('concurrency', limit, nowMs);
    this.#cap = Math.min(this.#cap, others, limit ?? Infinity);
    this.#capProbe.onRefusal(nowMs);
  }

  #state(kind: StatedLimit['kind'], limit: number | null, nowMs: number): void {
    if (limit !== null && limit > 0) this.#stated.set(kind, { limit, untilMs: nowMs + GATE_LEARNED_MS });
  }

  #statedLimit(kind: StatedLimit['kind'], nowMs: number): number {
    const stated = this.#stated.get(kind);
    return stated !== undefined && nowMs < stated.untilMs ? stated.limit : Infinity;
  }

  #maximum(nowMs: number): number {
    return Math.min(orInfinity(this.#limits.concurrency), this.#statedLimit('concurrency', nowMs));
  }
}

function orInfinity(limit: number): number {
  return limit === 0 ? Infinity : limit;
}
