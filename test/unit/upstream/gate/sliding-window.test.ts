import { describe, expect, it } from 'vitest';
import { GATE_WINDOW_MS } from '../../../../src/config/limits.ts';
import { SlidingWindow } from '../../../../src/upstream/gate/sliding-window.ts';

describe('SlidingWindow', () => {
  it('counts an entry for exactly one window', () => {
    const window = new SlidingWindow();
    window.add(1_000, 3);
    expect(window.sum(1_000 + GATE_WINDOW_MS - 1)).toBe(3);
    expect(window.sum(1_000 + GATE_WINDOW_MS)).toBe(0);
  });

  it('is longer than a minute: a minute exactly was refused', () => {
    expect(GATE_WINDOW_MS).toBeGreaterThan(60_000);
  });

  it('slides: entries leave one after another', () => {
    const window = new SlidingWindow();
    for (let second = 0; second < 10; second++) window.add(second * 1_000, 1);
    expect(window.sum(GATE_WINDOW_MS + 4_500)).toBe(5);
  });

  it('tells when the sum has fallen', () => {
    const window = new SlidingWindow();
    window.add(0, 5);
    window.add(1_000, 5);
    window.add(2_000, 5);
    const nowMs = 10_000;
    expect(window.msUntilAtMost(15, nowMs)).toBe(0);
    expect(window.msUntilAtMost(14, nowMs)).toBe(GATE_WINDOW_MS - nowMs);
    expect(window.msUntilAtMost(5, nowMs)).toBe(1_000 + GATE_WINDOW_MS - nowMs);
    expect(window.msUntilAtMost(0, nowMs)).toBe(2_000 + GATE_WINDOW_MS - nowMs);
    // Never, strictly: but a window later nothing of now is left.
    expect(window.msUntilAtMost(-1, nowMs)).toBe(GATE_WINDOW_MS);
  });

  it('keeps no entries that have left', () => {
    const window = new SlidingWindow();
    for (let atMs = 0; atMs < 10 * GATE_WINDOW_MS; atMs += 100) {
      window.add(atMs, 1);
      expect(window.sum(atMs)).toBe(Math.min(atMs / 100 + 1, GATE_WINDOW_MS / 100));
    }
  });
});
