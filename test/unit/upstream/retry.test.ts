import { describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../src/http/errors.ts';
import { withRetries, type RetryMeans } from '../../../src/upstream/retry.ts';

const LIVE = new AbortController().signal;

function means(retries = 10) {
  const pauses: number[] = [];
  const given: RetryMeans = {
    budget: { retries },
    random: () => 0.5,
    sleep: async (ms) => {
      pauses.push(ms);
    },
  };
  return { given, pauses };
}

const transient = () => new GatewayError('upstream_unavailable', undefined, { transient: true });
const limited = (retryAfterSeconds?: number) =>
  new GatewayError(
    'upstream_rate_limited',
    'slow',
    retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  );

/** Fails with these in turn, then succeeds. */
function failing(...failures: unknown[]) {
  let call = 0;
  return vi.fn<() => Promise<string>>(async () => {
    const failure = failures[call++];
    if (failure !== undefined) throw failure;
    return 'answer';
  });
}

describe('withRetries', () => {
  it('asks once where once is enough', async () => {
    expect(await withRetries(failing(), LIVE, means().given)).toEqual({ value: 'answer', attempts: 1 });
  });

  it('asks again, at most twice, and says how often', async () => {
    const twice = failing(transient(), transient());
    expect(await withRetries(twice, LIVE, means().given)).toEqual({ value: 'answer', attempts: 3 });
    const always = failing(transient(), transient(), transient(), transient());
    await expect(withRetries(always, LIVE, means().given)).rejects.toMatchObject({
      code: 'upstream_unavailable',
      details: { headers: { 'x-upstream-attempts': '3' } },
    });
    expect(always).toHaveBeenCalledTimes(3);
  });

  it('pauses with full jitter, longer each time', async () => {
    const { given, pauses } = means();
    await withRetries(failing(transient(), transient()), LIVE, given);
    expect(pauses).toEqual([125, 250]);
  });

  it.each([0, 1, 2])('waits the %i s that StepFun asks for', async (seconds) => {
    const { given, pauses } = means();
    await withRetries(failing(limited(seconds)), LIVE, given);
    expect(pauses).toEqual([Math.max(125, seconds * 1000)]);
  });

  it.each([
    ['a rate limit that lasts', limited(3)],
    ['a rate limit without an end', limited()],
    ['a rejection', new GatewayError('upstream_rejected')],
    ['a filter', new GatewayError('content_filter')],
    ['an account', new GatewayError('upstream_auth')],
    ['a model', new GatewayError('model_not_found')],
    ['a clock', new GatewayError('upstream_timeout')],
    ['garbage', new GatewayError('upstream_malformed')],
    ['a status that is no passing trouble', new GatewayError('upstream_unavailable')],
  ])('does not ask again after %s', async (_, failure) => {
    const attempt = failing(failure);
    await expect(withRetries(attempt, LIVE, means().given)).rejects.toMatchObject({ code: failure.code });
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it('passes on what is no failure of StepFun', async () => {
    const gone = new DOMException('gone', 'AbortError');
    await expect(withRetries(failing(gone), LIVE, means().given)).rejects.toBe(gone);
  });

  it('does not ask again for a client that has left', async () => {
    const attempt = failing(transient());
    await expect(withRetries(attempt, AbortSignal.abort(), means().given)).rejects.toMatchObject({
      code: 'upstream_unavailable',
    });
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it('leaves with the client in the middle of a pause', async () => {
    const controller = new AbortController();
    const reason = new Error('left');
    const attempt = failing(limited(2));
    const answer = withRetries(attempt, controller.signal);
    setTimeout(() => controller.abort(reason), 5);
    await expect(answer).rejects.toBe(reason);
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it('makes at most 1,100 calls of 1,000 requests to an upstream that is down', async () => {
    const { given } = means();
    let calls = 0;
    const attempt = async () => {
      calls++;
      throw transient();
    };
    for (let i = 0; i < 1_000; i++) await withRetries(attempt, LIVE, given).catch(() => {});
    expect(calls).toBeLessThanOrEqual(1_100);
    expect(calls).toBeGreaterThan(1_050);
  });

  it('has earned its retries back when StepFun is well again', async () => {
    const { given } = means(0);
    for (let i = 0; i < 200; i++) await withRetries(failing(), LIVE, given);
    expect(given.budget.retries).toBe(10);
  });
});
