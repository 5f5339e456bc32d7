import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerDeadlineMs, createDeadlines } from '../../../src/upstream/deadlines.ts';

const CLOCKS = { firstByteMs: 1_000, idleMs: 500, totalMs: 10_000, keepAliveMs: 100 };
const NOW = 1_800_000_000_000;

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

const live = () => new AbortController().signal;

describe('createDeadlines', () => {
  it('aborts a stream whose first byte does not come in time', () => {
    const { signal } = createDeadlines(live(), CLOCKS, NOW, 'stream');
    vi.advanceTimersByTime(999);
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(signal.reason).toMatchObject({ code: 'upstream_timeout' });
  });

  it('leaves a stream that has begun to the relay', () => {
    const { signal, onHeaders } = createDeadlines(live(), CLOCKS, NOW, 'stream');
    onHeaders();
    vi.advanceTimersByTime(20_000);
    expect(signal.aborted).toBe(false);
  });

  it('gives a whole answer the total time, before its headers and after them', () => {
    const waiting = createDeadlines(live(), CLOCKS, NOW, 'whole');
    const begun = createDeadlines(live(), CLOCKS, NOW, 'whole');
    begun.onHeaders();
    vi.advanceTimersByTime(9_999);
    expect([waiting.signal.aborted, begun.signal.aborted]).toEqual([false, false]);
    vi.advanceTimersByTime(1);
    for (const { signal } of [waiting, begun]) {
      expect(signal.reason).toMatchObject({ code: 'upstream_timeout' });
    }
  });

  it('shares its clocks with earlier attempts', () => {
    const { signal, firstByteDeadlineMs, totalDeadlineMs } = createDeadlines(
      live(),
      CLOCKS,
      NOW - 900,
      'stream',
    );
    expect({ firstByteDeadlineMs, totalDeadlineMs }).toEqual({
      firstByteDeadlineMs: NOW + 100,
      totalDeadlineMs: NOW + 9_100,
    });
    vi.advanceTimersByTime(100);
    expect(signal.aborted).toBe(true);
  });

  it('aborts with the reason of a client that leaves, or has left', () => {
    const client = new AbortController();
    const early = createDeadlines(client.signal, CLOCKS, NOW, 'stream');
    const reason = new Error('client left');
    client.abort(reason);
    const late = createDeadlines(client.signal, CLOCKS, NOW, 'stream');
    expect([early.signal.reason, late.signal.reason]).toEqual([reason, reason]);
  });

  it('watches nothing after its release', () => {
    const client = new AbortController();
    const { signal, release } = createDeadlines(client.signal, CLOCKS, NOW, 'stream');
    release();
    client.abort();
    vi.advanceTimersByTime(20_000);
    expect(signal.aborted).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('answerDeadlineMs', () => {
  it('is the first byte’s for a stream, within the total time, and the total time for a whole answer', () => {
    expect(answerDeadlineMs(CLOCKS, NOW, 'stream')).toBe(NOW + 1_000);
    expect(answerDeadlineMs({ ...CLOCKS, firstByteMs: 99_999 }, NOW, 'stream')).toBe(NOW + 10_000);
    expect(answerDeadlineMs(CLOCKS, NOW, 'whole')).toBe(NOW + 10_000);
  });
});
