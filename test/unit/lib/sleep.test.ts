import { describe, expect, it, vi } from 'vitest';
import { sleep } from '../../../src/lib/sleep.ts';

describe('sleep', () => {
  it('resolves after its time and leaves no listener', async () => {
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, 'removeEventListener');
    await expect(sleep(5, signal)).resolves.toBeUndefined();
    expect(remove).toHaveBeenCalledOnce();
  });

  it('rejects with the reason of a signal that aborts, or has aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('left');
    const pause = sleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(pause).rejects.toBe(reason);
    await expect(sleep(60_000, controller.signal)).rejects.toBe(reason);
  });
});
