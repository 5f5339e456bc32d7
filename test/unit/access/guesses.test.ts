import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anonymousIdentity } from '../../../src/access/client.ts';
import { countFailure, refuseGuesser, rememberGoodBearer } from '../../../src/access/guesses.ts';
import { captureLog, failure, request } from './support.ts';

const NOON = Date.parse('2026-11-22T12:00:00Z');

let hosts = 0;
/** An address that no other test has used: the memory is the isolate's. */
const address = () => anonymousIdentity(request({ 'cf-connecting-ip': `198.51.100.${(hosts += 1)}` }));
const limiter = (success: boolean) => ({ limit: vi.fn<RateLimit['limit']>(async () => ({ success })) });
const isRefused = (...args: Parameters<typeof refuseGuesser>) => {
  try {
    refuseGuesser(...args);
    return false;
  } catch {
    return true;
  }
};

beforeEach(() => void vi.useFakeTimers({ now: NOON }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('countFailure', () => {
  it('counts by the address, under a key of its own', async () => {
    const guesser = address();
    const { limit } = limiter(true);
    await countFailure({ limit }, guesser, 'guess');
    expect(limit.mock.calls).toEqual([[{ key: `guess:${guesser.id}` }]]);
    expect(isRefused(guesser, 'guess')).toBe(false);
  });

  it('refuses the address for a minute after the limit', async () => {
    const [guesser, other] = [address(), address()];
    const error = await failure(countFailure(limiter(false), guesser, 'guess'));
    expect(error.code).toBe('rate_limit_exceeded');
    expect(error.details.retryAfterSeconds).toBe(60);
    expect(isRefused(other, 'guess')).toBe(false);
    vi.setSystemTime(NOON + 30_500);
    expect(() => refuseGuesser(guesser, 'guess')).toThrow(
      expect.objectContaining({
        code: 'rate_limit_exceeded',
        details: {
          retryAfterSeconds: 30,
          detail: 'too many failed credentials from this address',
        },
      }),
    );
    vi.setSystemTime(NOON + 59_999);
    expect(isRefused(guesser, 'guess')).toBe(true);
    vi.setSystemTime(NOON + 60_000);
    expect(isRefused(guesser, 'guess')).toBe(false);
  });

  it('counts nothing without the binding, or when it fails', async () => {
    const lines = captureLog();
    const guesser = address();
    await countFailure(undefined, guesser, 'guess');
    await countFailure({ limit: () => Promise.reject(new Error('down')) }, guesser, 'guess');
    expect(isRefused(guesser, 'guess')).toBe(false);
    expect(lines).toHaveLength(1);
  });
});

describe('a bearer that was good', () => {
  it('passes where others guess', async () => {
    const guesser = address();
    rememberGoodBearer('good');
    await failure(countFailure(limiter(false), guesser, 'guess'));
    expect(isRefused(guesser, 'good')).toBe(false);
    expect(isRefused(guesser, 'other')).toBe(true);
  });

  it('counts as a guess once it has failed', async () => {
    const guesser = address();
    rememberGoodBearer('revoked');
    await failure(countFailure(limiter(false), guesser, 'revoked'));
    expect(isRefused(guesser, 'revoked')).toBe(true);
  });
});
