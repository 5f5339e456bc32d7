import { describe, expect, it, vi } from 'vitest';
import { LATE_FAILURE_MS } from '../../../src/config/limits.ts';
import { GatewayError, type ErrorDetails } from '../../../src/http/errors.ts';
import { withRetries, type RetryEffects } from '../../../src/upstream/retry.ts';

const LIVE = new AbortController().signal;

/** A clock that stands at 0 and advances with the pauses. */
function createEffects(retries = 10) {
  const pauses: number[] = [];
  let nowMs = 0;
  const effects: RetryEffects = {
    budget: { retries },
    random: () => 0.5,
    nowMs: () => nowMs,
    sleep: async (ms) => {
      pauses.push(ms);
      nowMs += ms;
    },
  };
  return { effects, pauses };
}

const transient = (details: ErrorDetails = {}) =>
  new GatewayError('upstream_unavailable', undefined, { ...details, transient: true });
const limited = (details: ErrorDetails) => new GatewayError('upstream_rate_limited', undefined, details);
const overConcurrency = () => limited({ rateLimit: { kind: 'concurrency', limit: 5 }, retryAfterSeconds: 4 });

/** Fails with these in turn, then succeeds. */
function failing(...failures: unknown[]) {
  let call = 0;
  return vi.fn<() => Promise<string>>(async () => {
    const failure = failures[call++];
    if (failure !== undefined) throw failure;
    return 'answer';
  });
}

const run = (attempt: () => Promise<string>, effects: RetryEffects, deadlineMs = Infinity) =>
  withRetries(attempt, { signal: LIVE, deadlineMs: () => deadlineMs, slot: null }, effects);

describe('withRetries', () => {
  it('makes one call where that succeeds', async () => {
    expect(await run(failing(), createEffects().effects)).toEqual({ value: 'answer', attempts: 1 });
  });

  it('makes at most two more calls after failures that may be gone, and tells how many it made', async () => {
    const twice = failing(transient(), transient());
    expect(await run(twice, createEffects().effects)).toEqual({ value: 'answer', attempts: 3 });
    const always = failing(transient(), transient(), transient(), transient());
    await expect(run(always, createEffects().effects)).rejects.toMatchObject({
      code: 'upstream_unavailable',
      details: { attempts: 3, transient: true },
    });
    expect(always).toHaveBeenCalledTimes(3);
  });

  it('tells that a call which StepFun began has its cost, also if a later one is refused', async () => {
    const reset = new GatewayError('upstream_reset', undefined, { transient: true });
    await expect(
      run(failing(reset, transient(), transient()), createEffects().effects),
    ).rejects.toMatchObject({
      code: 'upstream_unavailable',
      details: { attempts: 3, isFree: false },
    });
    await expect(
      run(failing(...Array.from({ length: 3 }, transient)), createEffects().effects),
    ).rejects.toMatchObject({
      details: { isFree: true },
    });
  });

  it.each([
    ['repeats', LATE_FAILURE_MS - 1, 3, true],
    ['does not repeat, and charges,', LATE_FAILURE_MS, 1, false],
  ])('%s a call that fails after %i ms', async (_, ms, attempts, isFree) => {
    const { effects } = createEffects();
    const attempt = async () => {
      await effects.sleep(ms, LIVE);
      throw transient();
    };
    await expect(run(attempt, effects)).rejects.toMatchObject({ details: { attempts, isFree } });
  });

  it('repeats a refusal for the account’s limits however late it comes', async () => {
    const { effects } = createEffects();
    const answers = failing(overConcurrency());
    const attempt = async () => {
      await effects.sleep(LATE_FAILURE_MS, LIVE);
      return answers();
    };
    expect(await run(attempt, effects)).toEqual({ value: 'answer', attempts: 2 });
  });

  it('pauses with full jitter, longer each time', async () => {
    const { effects, pauses } = createEffects();
    await run(failing(transient(), transient()), effects);
    expect(pauses).toEqual([125, 250]);
  });

  it.each([0, 1, 2])('waits the %i s of a Retry-After', async (retryAfterSeconds) => {
    for (const failure of [
      transient({ retryAfterSeconds }),
      limited({ retryAfterSeconds, transient: true }),
    ]) {
      const { effects, pauses } = createEffects();
      await run(failing(failure), effects);
      expect(pauses).toEqual([Math.max(125, retryAfterSeconds * 1_000)]);
    }
  });

  it.each([
    ['a rate limit that lasts', limited({ retryAfterSeconds: 3, transient: true })],
    ['a 503 that lasts', transient({ retryAfterSeconds: 3 })],
    [
      'a limit of requests a minute',
      limited({ retryAfterSeconds: 1, rateLimit: { kind: 'rpm', limit: 10 } }),
    ],
    ['a limit of tokens a minute', limited({ retryAfterSeconds: 1, rateLimit: { kind: 'tpm', limit: 10 } })],
    ['an unknown limit', limited({ retryAfterSeconds: 1, rateLimit: { kind: 'unknown', limit: null } })],
    ['a rejection', new GatewayError('upstream_rejected')],
    ['a filter', new GatewayError('content_filter')],
    ['a refused key', new GatewayError('upstream_auth')],
    ['a missing model', new GatewayError('model_not_found')],
    ['a deadline', new GatewayError('upstream_timeout')],
    ['a malformed answer', new GatewayError('upstream_malformed')],
    ['a lasting status', new GatewayError('upstream_unavailable')],
  ])('makes no other call after %s', async (_, failure) => {
    const attempt = failing(failure);
    await expect(run(attempt, createEffects().effects)).rejects.toMatchObject({ code: failure.code });
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it('passes on what is no failure of StepFun', async () => {
    const gone = new DOMException('gone', 'AbortError');
    await expect(run(failing(gone), createEffects().effects)).rejects.toBe(gone);
  });

  it('makes no other call for a client that has left', async () => {
    const attempt = failing(transient());
    await expect(
      withRetries(
        attempt,
        { signal: AbortSignal.abort(), deadlineMs: () => Infinity, slot: null },
        createEffects().effects,
      ),
    ).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it('ends a pause when the client leaves, with the failure that was there', async () => {
    const controller = new AbortController();
    const reason = new Error('left');
    const attempt = failing(transient({ retryAfterSeconds: 2 }));
    const answer = withRetries(attempt, {
      signal: controller.signal,
      deadlineMs: () => Infinity,
      slot: null,
    });
    setTimeout(() => controller.abort(reason), 5);
    await expect(answer).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it('makes at most 1,100 calls for 1,000 requests to an upstream that is down', async () => {
    const { effects } = createEffects();
    let calls = 0;
    const attempt = async () => {
      calls++;
      throw transient();
    };
    for (let i = 0; i < 1_000; i++) await run(attempt, effects).catch(() => {});
    expect(calls).toBeLessThanOrEqual(1_100);
    expect(calls).toBeGreaterThan(1_050);
  });

  it('saves up ten retries again while calls succeed', async () => {
    const { effects } = createEffects(0);
    for (let i = 0; i < 200; i++) await run(failing(), effects);
    expect(effects.budget.retries).toBe(10);
  });
});

describe('a refusal for concurrency', () => {
  it('is followed by at most three more calls, with longer jittered pauses', async () => {
    const { effects, pauses } = createEffects();
    const thrice = failing(overConcurrency(), overConcurrency(), overConcurrency());
    expect(await run(thrice, effects)).toEqual({ value: 'answer', attempts: 4 });
    // Half of each pause is fixed; the Retry-After is the client's alone.
    expect(pauses).toEqual([750, 1_500, 3_000]);

    const always = failing(...Array.from({ length: 9 }, overConcurrency));
    await expect(run(always, createEffects().effects)).rejects.toMatchObject({
      code: 'upstream_rate_limited',
      details: { attempts: 4 },
    });
    expect(always).toHaveBeenCalledTimes(4);
  });

  it('is repeated within the budget of retries alone', async () => {
    const attempt = failing(overConcurrency(), overConcurrency(), overConcurrency());
    await expect(run(attempt, createEffects(1).effects)).rejects.toMatchObject({
      code: 'upstream_rate_limited',
    });
    expect(attempt).toHaveBeenCalledTimes(2);
  });

  it('is not repeated where the pause would end after the deadline', async () => {
    const attempt = failing(overConcurrency(), overConcurrency(), overConcurrency());
    await expect(run(attempt, createEffects().effects, 2_000)).rejects.toMatchObject({
      code: 'upstream_rate_limited',
    });
    // 750 ms fit, another 1,500 don't.
    expect(attempt).toHaveBeenCalledTimes(2);
  });
});
