import { describe, expect, it } from 'vitest';
import { GATE_CUT_MS, GATE_LEARNED_MS } from '../../../../src/config/limits.ts';
import type { StatedLimit } from '../../../../src/http/errors.ts';
import { LearnedLimits } from '../../../../src/upstream/gate/learned-limits.ts';

function limitsOf(concurrency: number, rpm = 0, tpm = 0): LearnedLimits {
  const limits = new LearnedLimits();
  limits.configure({ concurrency, rpm, tpm });
  return limits;
}

const overConcurrency = (limit: number | null): StatedLimit => ({ kind: 'concurrency', limit });
const UNKNOWN: StatedLimit = { kind: 'unknown', limit: null };

describe('the cap on requests at a time', () => {
  it('is the setting’s until StepFun refuses', () => {
    const limits = limitsOf(5);
    expect(limits.startAtMs(4, 1_000)).toBe(0);
    expect(limits.startAtMs(5, 1_000)).toBeNull();
  });

  it('falls to what StepFun accepted besides', () => {
    const limits = limitsOf(5);
    limits.onRefusal(overConcurrency(5), 3, 1_000);
    expect(limits.cap).toBe(3);
    limits.onRefusal(UNKNOWN, 2, 1_000);
    expect(limits.cap).toBe(2);
  });

  it('falls to the limit that the refusal states, and is not raised beyond that', () => {
    const limits = limitsOf(12);
    limits.onRefusal(overConcurrency(5), 11, 1_000);
    expect(limits.cap).toBe(5);
    expect(limits.startAtMs(5, 1_000)).toBeNull();
    expect(limits.startAtMs(5, 60_000)).toBeNull();
  });

  it('believes a stated limit for a time only: the account may get another tier', () => {
    const limits = limitsOf(12);
    limits.onRefusal(overConcurrency(5), 11, 1_000);
    expect(limits.startAtMs(5, 1_000 + GATE_LEARNED_MS)).not.toBeNull();
  });

  it('rises by one a second, one request at a time, up to the setting', () => {
    const limits = limitsOf(5);
    limits.onRefusal(overConcurrency(5), 3, 1_000);
    expect(limits.startAtMs(3, 1_000)).toBe(2_000);
    limits.onStart(3, 2_000);
    expect(limits.cap).toBe(4);
    expect(limits.startAtMs(4, 2_000)).toBe(3_000);
    limits.onStart(4, 3_000);
    expect(limits.startAtMs(5, 9_000)).toBeNull();
  });

  it('waits longer after each try that fails, up to 8 s, and starts anew after one that succeeds', () => {
    const limits = limitsOf(5);
    let nowMs = 0;
    const waits: number[] = [];
    limits.onRefusal(overConcurrency(5), 3, nowMs);
    for (let tries = 0; tries < 6; tries++) {
      const atMs = limits.startAtMs(3, nowMs) ?? Infinity;
      waits.push(atMs - nowMs);
      nowMs = atMs;
      limits.onStart(3, nowMs);
      limits.onRefusal(overConcurrency(5), 3, nowMs);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);

    nowMs = limits.startAtMs(3, nowMs) ?? Infinity;
    limits.onStart(3, nowMs);
    expect(limits.startAtMs(4, nowMs)).toBe(nowMs + 1_000);
    limits.onStart(4, nowMs + 1_000);
    limits.onRefusal(overConcurrency(5), 4, nowMs + 1_000);
    expect(limits.startAtMs(4, nowMs + 1_000)).toBe(nowMs + 3_000);
  });

  it('may fall to nothing where others use all of the account: then one is tried a second', () => {
    const limits = limitsOf(5);
    limits.onRefusal(overConcurrency(5), 0, 1_000);
    expect(limits.startAtMs(0, 1_000)).toBe(2_000);
  });

  it('exists without a setting, too', () => {
    const limits = limitsOf(0, 100);
    expect(limits.startAtMs(1_000_000, 0)).toBe(0);
    limits.onRefusal(overConcurrency(null), 7, 1_000);
    expect(limits.startAtMs(7, 1_000)).toBe(2_000);
  });

  it('learns nothing from a refusal right after a call was cut off, and pauses', () => {
    const limits = limitsOf(5);
    limits.onCut(1_000);
    limits.onRefusal(overConcurrency(5), 1, 1_000 + GATE_CUT_MS);
    expect(limits.cap).toBe(5);
    expect(limits.startAtMs(1, 1_150)).toBe(1_150 + GATE_CUT_MS);
    limits.onRefusal(overConcurrency(5), 1, 5_000);
    expect(limits.cap).toBe(1);
  });

  it('is the new setting’s after a change of that', () => {
    const limits = limitsOf(5);
    limits.onRefusal(overConcurrency(null), 1, 1_000);
    limits.configure({ concurrency: 5, rpm: 0, tpm: 0 });
    expect(limits.cap).toBe(1);
    limits.configure({ concurrency: 20, rpm: 0, tpm: 0 });
    expect(limits.cap).toBe(20);
  });
});

describe('limits a minute', () => {
  it('are the settings’, or lower where StepFun states that', () => {
    const limits = limitsOf(5, 10, 0);
    expect([limits.rpm(0), limits.tpm(0)]).toEqual([10, Infinity]);
    limits.onRefusal({ kind: 'rpm', limit: 20 }, 1, 1_000);
    expect(limits.rpm(1_000)).toBe(10);
    limits.onRefusal({ kind: 'rpm', limit: 8 }, 1, 1_000);
    limits.onRefusal({ kind: 'tpm', limit: 500 }, 1, 1_000);
    expect([limits.rpm(1_000), limits.tpm(1_000)]).toEqual([8, 500]);
    expect(limits.rpm(1_000 + GATE_LEARNED_MS)).toBe(10);
  });

  it('do not touch the cap on requests at a time', () => {
    const limits = limitsOf(5, 10);
    limits.onRefusal({ kind: 'rpm', limit: 10 }, 1, 1_000);
    expect(limits.cap).toBe(5);
  });

  it('pause all starts after a refusal, then let one through alone', () => {
    const limits = limitsOf(5, 10);
    limits.onRefusal({ kind: 'rpm', limit: 10 }, 1, 1_000);
    expect(limits.startAtMs(0, 1_000)).toBe(2_000);
    limits.onStart(0, 2_000);
    expect(limits.startAtMs(1, 2_000)).toBe(3_000);
    // It was accepted: no pause any more.
    limits.onStart(1, 3_000);
    expect(limits.startAtMs(2, 3_000)).toBe(0);
  });

  it('are asked at most every 8 s while StepFun goes on refusing', () => {
    const limits = limitsOf(0, 0, 500);
    let nowMs = 0;
    let asked = 0;
    limits.onRefusal({ kind: 'tpm', limit: 500 }, 0, nowMs);
    while (nowMs < 60_500) {
      nowMs = limits.startAtMs(0, nowMs) ?? Infinity;
      limits.onStart(0, nowMs);
      limits.onRefusal({ kind: 'tpm', limit: 500 }, 0, nowMs);
      asked++;
    }
    expect(asked).toBeLessThanOrEqual(11);
  });
});
