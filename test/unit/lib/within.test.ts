import { afterEach, describe, expect, it, vi } from 'vitest';
import { within } from '../../../src/lib/within.ts';

afterEach(() => void vi.useRealTimers());

describe('within', () => {
  it('gives what came in time and leaves no timer', async () => {
    vi.useFakeTimers();
    expect(await within(Promise.resolve('yes'), 1_000)).toBe('yes');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives the failure that came in time and leaves no timer', async () => {
    vi.useFakeTimers();
    await expect(within(Promise.reject(new Error('no')), 1_000)).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends the waiting at the deadline, not before', async () => {
    vi.useFakeTimers();
    const ended = vi.fn<(error: unknown) => void>();
    void within(new Promise(() => {}), 1_000).catch(ended);
    await vi.advanceTimersByTimeAsync(999);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toHaveBeenCalledWith(expect.objectContaining({ name: 'TimeoutError' }));
    expect(ended.mock.calls[0]?.[0]).toHaveProperty('message', 'no answer in 1000 ms');
  });
});
