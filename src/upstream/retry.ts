// Asking again. Only while the client has got nothing, and only where that may help
// at once; never so often that a StepFun in trouble gets more of it.
//
// The budget is what keeps a storm small (Google's SRE book, "Handling Overload"):
// each request earns a tenth of a retry, and no isolate saves up more than a few. A
// bound per request alone would triple the load on an upstream that is down.

import { GatewayError } from '../http/errors.ts';
import { RETRY_AFTER_HONOURED_SECONDS, RETRY_BASE_MS, RETRIES_MAX } from '../config/limits.ts';

/** What a request earns, and what an isolate has at its start and saves up at most: 1,000 failures make at most 1,100 calls. */
const EARNED = 0.09;
const SAVED_MAX = 10;

/** Plain numbers of the isolate, which requests may share. */
const isolateBudget = { retries: SAVED_MAX };

/** Effects that tests replace. */
export interface RetryMeans {
  readonly budget: { retries: number };
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

const PLATFORM: RetryMeans = { budget: isolateBudget, random: Math.random, sleep };

/** What was had, and how often StepFun was asked for it. */
export interface Attempted<T> {
  readonly value: T;
  readonly attempts: number;
}

/**
 * @param attempt - asks StepFun once; the client must have got nothing of it when it rejects.
 * @param signal - ends the waiting between attempts.
 * @throws {GatewayError} the last attempt's failure, with the number of attempts in its
 *   details; the signal's reason.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  signal: AbortSignal,
  { budget, random, sleep: pause }: RetryMeans = PLATFORM,
): Promise<Attempted<T>> {
  budget.retries = Math.min(budget.retries + EARNED, SAVED_MAX);
  for (let attempts = 1; ; attempts++) {
    try {
      return { value: await attempt(), attempts };
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) throw thrown;
      const ended = attempts > RETRIES_MAX || budget.retries < 1 || signal.aborted;
      if (ended || !isTransient(thrown)) throw counted(thrown, attempts);
      budget.retries--;
      // Full jitter: clients that failed together must not come back together.
      const backoffMs = random() * RETRY_BASE_MS * 2 ** (attempts - 1);
      await pause(Math.max(backoffMs, (thrown.details.retryAfterSeconds ?? 0) * 1_000), signal);
    }
  }
}

/** A connection that broke or a StepFun that stumbled; a 429 where it says itself that it is over soon. */
function isTransient({ code, details }: GatewayError): boolean {
  if (code !== 'upstream_rate_limited') return details.transient === true;
  const { retryAfterSeconds } = details;
  return retryAfterSeconds !== undefined && retryAfterSeconds <= RETRY_AFTER_HONOURED_SECONDS;
}

function counted(error: GatewayError, attempts: number): GatewayError {
  return new GatewayError(error.code, error.message, { ...error.details, attempts });
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = () => {
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', end, { once: true });
  });
}
