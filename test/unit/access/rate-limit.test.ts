import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  anonymousIdentity,
  keyIdentity,
  sessionIdentity,
  stepfunIdentity,
} from '../../../src/access/client.ts';
import { limitByBinding, limitRate } from '../../../src/access/rate-limit.ts';
import { budgetHouse } from './objects.ts';
import { captureLog, clientOf, failure, request } from './support.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const anonymous = anonymousIdentity(request({ 'cf-connecting-ip': '203.0.113.7' }));
const limiter = (limit: RateLimit['limit']): RateLimit => ({ limit });

describe('limitByBinding', () => {
  it('limits nothing without the binding', async () => {
    await expect(limitByBinding(undefined, anonymous)).resolves.toBeUndefined();
  });

  it('counts by the client', async () => {
    const limit = vi.fn<RateLimit['limit']>(async () => ({ success: true }));
    await limitByBinding(limiter(limit), anonymous);
    await limitByBinding(limiter(limit), keyIdentity('app'));
    expect(limit.mock.calls).toEqual([[{ key: 'ip:203.0.113.7' }], [{ key: 'key:app' }]]);
  });

  it.each([anonymous, keyIdentity('app')])(
    'refuses $id beyond the limit, and says for how long',
    async (client) => {
      const lines = captureLog();
      const error = await failure(
        limitByBinding(
          limiter(async () => ({ success: false })),
          client,
        ),
      );
      expect(error.code).toBe('rate_limit_exceeded');
      expect(error.details.retryAfterSeconds).toBe(60);
      expect(lines).toEqual([]);
    },
  );

  describe.each([
    ['fails', async () => Promise.reject(new Error('limiter down'))],
    [
      'throws',
      () => {
        throw new Error('limiter down');
      },
    ],
    ['answers nothing', async () => undefined as never],
  ] satisfies [string, RateLimit['limit']][])('when the limiter %s', (_, limit) => {
    it('refuses anonymous callers, with one log line', async () => {
      const lines = captureLog();
      const error = await failure(limitByBinding(limiter(limit), anonymous));
      expect(error.code).toBe('rate_limit_exceeded');
      expect(lines).toHaveLength(1);
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({
        level: 'error',
        event: 'rate_limiter_failed',
        client: 'anonymous',
        detail: expect.stringMatching(/Error/),
      });
    });

    it('lets known clients pass, with one log line', async () => {
      const lines = captureLog();
      for (const client of [keyIdentity('app'), sessionIdentity('s'), await stepfunIdentity('sk')]) {
        await limitByBinding(limiter(limit), client);
      }
      expect(lines).toHaveLength(3);
    });
  });

  it('counts a limiter that hangs as failed after a second', async () => {
    vi.useFakeTimers();
    captureLog();
    const passed = vi.fn<() => void>();
    void limitByBinding(
      limiter(() => new Promise(() => {})),
      keyIdentity('app'),
    ).then(passed);
    await vi.advanceTimersByTimeAsync(999);
    expect(passed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(passed).toHaveBeenCalledOnce();
  });
});

describe('limitRate', () => {
  const app = keyIdentity('app');
  it('leaves clients without a limit of their own to the binding', async () => {
    const limit = vi.fn<RateLimit['limit']>(async () => ({ success: false }));
    const { namespace, objects } = budgetHouse();
    const limited = limitRate({ limiter: { limit }, budgets: namespace }, clientOf(app));
    expect((await failure(limited)).details.retryAfterSeconds).toBe(60);
    expect(limit.mock.calls).toEqual([[{ key: 'key:app' }]]);
    expect(objects.size).toBe(0);
  });

  it('counts a client with a limit of its own exactly, and not by the binding', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-22T12:00:00Z') });
    const limit = vi.fn<RateLimit['limit']>();
    const { namespace, objects } = budgetHouse();
    const client = clientOf(app, { requestsPerMinute: 10 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, () => limitRate({ limiter: { limit }, budgets: namespace }, client)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    const error = await failure(limitRate({ limiter: undefined, budgets: namespace }, client));
    expect(error.code).toBe('rate_limit_exceeded');
    expect(error.details.retryAfterSeconds).toBe(60);
    expect(limit).not.toHaveBeenCalled();
    expect([...objects.keys()]).toEqual(['requests/key:app']);
  });

  it('counts nothing where the limit is 0', async () => {
    const limit = vi.fn<RateLimit['limit']>();
    await limitRate({ limiter: { limit }, budgets: undefined }, clientOf(app, { requestsPerMinute: 0 }));
    expect(limit).not.toHaveBeenCalled();
  });

  it('refuses when it can’t count', async () => {
    const lines = captureLog();
    const client = clientOf(app, { requestsPerMinute: 10 });
    const missing = await failure(limitRate({ limiter: undefined, budgets: undefined }, client));
    expect(missing.code).toBe('access_unavailable');
    expect(missing.details.detail).toBe('the binding BUDGETS is missing');
    const { namespace } = budgetHouse();
    namespace.get = () => {
      throw new Error('down');
    };
    const failed = await failure(limitRate({ limiter: undefined, budgets: namespace }, client));
    expect(failed.code).toBe('access_unavailable');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { level: 'error', event: 'budget_failed', during: 'count', client: 'app', detail: 'Error: down' },
    ]);
  });
});
