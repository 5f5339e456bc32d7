// Repeats a call to StepFun that failed, as long as the client has got nothing of it and
// another attempt may succeed at once. With a slot of the gate each repetition waits for its
// turn, and a refusal for one of the account's limits is left to the gate.
//
// The budget bounds what a failing StepFun gets on top (Google's SRE book, "Handling
// Overload"): each request adds 0.09 retries, and an isolate saves at most ten. Rejected: a
// bound per request alone, which triples the load on an upstream that is down.

import {
  CONCURRENCY_RETRIES_MAX,
  CONCURRENCY_RETRY_BASE_MS,
  LATE_FAILURE_MS,
  RETRIES_MAX,
  RETRY_AFTER_HONOURED_SECONDS,
  RETRY_BASE_MS,
} from '../config/limits.ts';
import { isFree } from '../http/call-cost.ts';
import { GatewayError, type ErrorDetails, type StatedLimit } from '../http/errors.ts';
import { sleep } from '../lib/sleep.ts';
import type { Slot } from './gate/remote-slot.ts';

/** The share that a request adds to the budget, and the most that an isolate saves: 1,000 failing requests make at most 1,100 calls. */
const RETRIES_PER_REQUEST = 0.09;
const SAVED_RETRIES_MAX = 10;

/** Plain numbers of the isolate, which requests may share. */
const isolateBudget = { retries: SAVED_RETRIES_MAX };

/** Effects that tests replace. */
export interface RetryEffects {
  readonly budget: { retries: number };
  readonly random: () => number;
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

const PLATFORM: RetryEffects = { budget: isolateBudget, random: Math.random, nowMs: Date.now, sleep };

/** The result, and how many calls to StepFun it took. */
export interface Attempted<T> {
  readonly value: T;
  readonly attempts: number;
}

export interface RetryContext {
  /** Ends a pause between attempts. */
  readonly signal: AbortSignal;
  /** @returns when the answer must have begun, in ms since the epoch: no pause ends later. */
  readonly deadlineMs: () => number;
  /** The call's slot; null: there is no gate. */
  readonly slot: Pick<Slot, 'again'> | null;
}

/**
 * @param attempt - calls StepFun once. Where it rejects, the client must have got nothing.
 * @throws {GatewayError} the last attempt's failure, with `attempts` in its details; also when the signal
 *   ends a pause. The signal's reason when it ends an attempt.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { signal, deadlineMs, slot }: RetryContext,
  effects: RetryEffects = PLATFORM,
): Promise<Attempted<T>> {
  const { budget, random, nowMs, sleep: pause } = effects;
  budget.retries = Math.min(budget.retries + RETRIES_PER_REQUEST, SAVED_RETRIES_MAX);
  let pauses = 0;
  let hasCost = false;
  for (let attempts = 1; ; attempts++) {
    const startedAtMs = nowMs();
    try {
      return { value: await attempt(), attempts };
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) throw thrown;
      // StepFun refuses within a second. It answers 503 also after ten minutes of work.
      const isLate = thrown.code === 'upstream_unavailable' && nowMs() - startedAtMs >= LATE_FAILURE_MS;
      // An attempt that StepFun began costs the prompt, also if a later one is refused.
      hasCost ||= isLate || !isFree(thrown);
      const failure = withDetails(thrown, { attempts, isFree: !hasCost });
      const { rateLimit } = failure.details;
      if (slot !== null && rateLimit !== undefined && !signal.aborted) {
        if (await waitForTurn(slot, rateLimit, failure)) continue;
      }
      const pauseMs = pauseBeforeRetry(thrown, ++pauses, random);
      const isLast = pauseMs === null || isLate || budget.retries < 1 || nowMs() + pauseMs >= deadlineMs();
      if (isLast || signal.aborted) throw failure;
      budget.retries--;
      // When the client leaves during the pause, the failure of the last call decides the cost.
      await pause(pauseMs, signal).catch(() => {
        throw failure;
      });
      if (slot !== null) await waitForTurn(slot, null, failure);
    }
  }
}

/**
 * @param refusal - the limit that StepFun named; null: the call failed for another reason.
 * @param failure - of the last call.
 * @returns whether the call may be repeated at once: its turn has come. False: there was no wait.
 * @throws the failure, where the turn does not come in time or the client leaves. The gate's
 *   estimate replaces the Retry-After of a refusal.
 */
async function waitForTurn(
  slot: Pick<Slot, 'again'>,
  refusal: StatedLimit | null,
  failure: GatewayError,
): Promise<boolean> {
  try {
    return await slot.again(refusal);
  } catch (thrown) {
    const estimate = thrown instanceof GatewayError ? thrown.details.retryAfterSeconds : undefined;
    if (estimate === undefined) throw failure;
    throw withDetails(failure, { retryAfterSeconds: estimate });
  }
}

/**
 * @param attempts - how many there were.
 * @returns ms to wait before the next one, jittered: clients that failed together must not
 *   come back together. null: another attempt does not help.
 */
function pauseBeforeRetry(error: GatewayError, attempts: number, random: () => number): number | null {
  const { transient = false, retryAfterSeconds = 0, rateLimit } = error.details;
  if (transient) {
    if (attempts > RETRIES_MAX || retryAfterSeconds > RETRY_AFTER_HONOURED_SECONDS) return null;
    return Math.max(random() * RETRY_BASE_MS * 2 ** (attempts - 1), retryAfterSeconds * 1_000);
  }
  if (rateLimit?.kind !== 'concurrency' || attempts > CONCURRENCY_RETRIES_MAX) return null;
  // At least half of it: an answer must end first, which takes seconds.
  return (0.5 + random() / 2) * CONCURRENCY_RETRY_BASE_MS * 2 ** (attempts - 1);
}

function withDetails({ code, message, details }: GatewayError, others: ErrorDetails): GatewayError {
  return new GatewayError(code, message, { ...details, ...others });
}
