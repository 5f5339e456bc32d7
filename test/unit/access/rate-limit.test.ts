import { afterEach, describe, expect, it, vi } from 'vitest';
import { anonymousClient, keyClient, sessionClient, stepfunClient } from '../../../src/access/client.ts';
import { limitRate } from '../../../src/access/rate-limit.ts';
import { captureLog, failure, request } from './support.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const anonymous = anonymousClient(request({ 'cf-connecting-ip': '203.0.113.7' }));
const limiter = (limit: RateLimit['limit']): RateLimit => ({ limit });

describe('limitRate', () => {
  it('has nothing to say without the binding', async () => {
    await expect(limitRate(undefined, anonymous)).resolves.toBeUndefined();
  });

  it('counts by the client', async () => {
    const limit = vi.fn<RateLimit['limit']>(async () => ({ success: true }));
    await limitRate(limiter(limit), anonymous);
    await limitRate(limiter(limit), keyClient('app'));
    expect(limit.mock.calls).toEqual([[{ key: 'ip:203.0.113.7' }], [{ key: 'key:app' }]]);
  });

  it.each([anonymous, keyClient('app')])(
    'refuses $id beyond the limit, and says for how long',
    async (client) => {
      const lines = captureLog();
      const error = await failure(
        limitRate(
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
    ['answers rubbish', async () => undefined as never],
  ] satisfies [string, RateLimit['limit']][])('when the limiter %s', (_, limit) => {
    it('refuses anonymous callers, with one log line', async () => {
      const lines = captureLog();
      const error = await failure(limitRate(limiter(limit), anonymous));
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
      for (const client of [keyClient('app'), sessionClient('s'), await stepfunClient('sk')]) {
        await limitRate(limiter(limit), client);
      }
      expect(lines).toHaveLength(3);
    });
  });

  it('counts a limiter that hangs as failed after a second', async () => {
    vi.useFakeTimers();
    captureLog();
    const passed = vi.fn<() => void>();
    void limitRate(
      limiter(() => new Promise(() => {})),
      keyClient('app'),
    ).then(passed);
    await vi.advanceTimersByTimeAsync(999);
    expect(passed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(passed).toHaveBeenCalledOnce();
  });
});
