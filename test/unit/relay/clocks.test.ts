import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { COMPLETE_ANSWER_MS, StreamClocks } from '../../../src/relay/clocks.ts';

const START_MS = 1_800_000_000_000;

beforeEach(() => void vi.useFakeTimers({ now: START_MS }));
afterEach(() => void vi.useRealTimers());

function start(settings: object = {}) {
  const clocks = new StreamClocks({
    keepAliveMs: 15_000,
    idleMs: 60_000,
    firstByteDeadlineMs: START_MS + 120_000,
    totalDeadlineMs: START_MS + 600_000,
    ...settings,
  });
  const told: string[] = [];
  const at = () => (Date.now() - START_MS) / 1_000;
  clocks.start({
    onSilence: () => told.push(`silence ${at()}`),
    onExpired: () => told.push(`expired ${at()}`),
    onStalled: () => told.push(`stalled ${at()}`),
  });
  /** An event comes, goes out, and the next read begins. */
  const relay = () => {
    clocks.received(Date.now());
    clocks.sent(Date.now());
    clocks.reading(Date.now());
  };
  return { clocks, told, relay };
}

const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1_000);

describe('the first byte', () => {
  it('is waited for until its deadline, with signs of life', () => {
    const { clocks, told } = start({ keepAliveMs: 50_000 });
    clocks.reading(Date.now());
    pass(300);
    expect(told).toEqual(['silence 50', 'silence 100', 'expired 120']);
  });

  it('has come with whatever was read first', () => {
    const { clocks, told } = start({ keepAliveMs: 1_000_000 });
    clocks.reading(Date.now());
    pass(100);
    clocks.received(Date.now());
    clocks.reading(Date.now());
    pass(59);
    expect(told).toEqual([]);
    pass(1);
    expect(told).toEqual(['expired 160']);
  });
});

it('an early first byte and silence behind it end the stream after idleMs', () => {
  const { told, relay } = start({ keepAliveMs: 1_000_000 });
  relay();
  pass(59);
  expect(told).toEqual([]);
  pass(1);
  expect(told).toEqual(['expired 60']);
});

describe('silence', () => {
  it('is told each time that the client has heard nothing for so long', () => {
    const { clocks, told, relay } = start();
    clocks.reading(Date.now());
    relay();
    pass(10);
    relay();
    pass(14);
    expect(told).toEqual([]);
    pass(20);
    expect(told).toEqual(['silence 25', 'silence 40']);
  });

  it('is told while StepFun sends what is not for the client', () => {
    const { clocks, told } = start();
    for (let second = 0; second < 40; second += 5) {
      clocks.reading(Date.now());
      pass(5);
      clocks.received(Date.now());
    }
    clocks.reading(Date.now());
    expect(told).toEqual(['silence 15', 'silence 30']);
  });

  it('of StepFun ends the stream after idleMs', () => {
    const { clocks, told, relay } = start({ keepAliveMs: 1_000_000 });
    clocks.reading(Date.now());
    for (let i = 0; i < 5; i++) {
      relay();
      pass(59);
    }
    expect(told).toEqual([]);
    pass(1);
    expect(told).toEqual(['expired 296']);
  });

  it('is no silence while the client reads nothing: events wait for it', () => {
    const { clocks, told } = start();
    clocks.reading(Date.now());
    clocks.received(Date.now());
    clocks.sent(Date.now());
    pass(59);
    expect(told).toEqual([]);
    clocks.reading(Date.now());
    pass(59);
    expect(told).not.toContain(expect.stringContaining('expired'));
    pass(1);
    expect(told.at(-1)).toBe('expired 119');
  });
});

describe('a client that reads nothing', () => {
  it('ends the stream after idleMs', () => {
    const { told, clocks, relay } = start();
    relay();
    pass(10);
    clocks.received(Date.now());
    pass(500);
    expect(told).toEqual(['stalled 70']);
  });

  it('gets the end of an answer that is complete', () => {
    const { told, clocks, relay } = start();
    relay();
    clocks.received(Date.now());
    clocks.answerIsComplete();
    pass(500);
    expect(told).toEqual(['expired 2']);
  });

  it('is not what the first byte’s deadline is about', () => {
    const { told } = start();
    pass(500);
    expect(told).toEqual(['expired 120']);
  });
});

describe('everything', () => {
  it('is over at the total deadline, whatever comes', () => {
    const { clocks, told, relay } = start();
    clocks.reading(Date.now());
    for (let second = 0; second < 700; second += 10) {
      relay();
      pass(10);
    }
    expect(told).toEqual(['expired 600']);
  });

  it('is over at the total deadline, also before the first byte', () => {
    const { clocks, told } = start({ totalDeadlineMs: START_MS + 5_000 });
    clocks.reading(Date.now());
    pass(10);
    expect(told).toEqual(['expired 5']);
  });

  it('is over 2 s after every choice has ended, whatever comes', () => {
    expect(COMPLETE_ANSWER_MS).toBe(2_000);
    const { clocks, told, relay } = start();
    clocks.reading(Date.now());
    pass(5);
    clocks.answerIsComplete();
    for (let i = 0; i < 6; i++) {
      relay();
      pass(0.5);
    }
    expect(told).toEqual(['expired 7']);
  });

  it('is not prolonged by an answer that is complete', () => {
    const { clocks, told } = start({ totalDeadlineMs: START_MS + 1_000 });
    clocks.answerIsComplete();
    pass(5);
    expect(told).toEqual(['expired 1']);
  });
});

describe('stopped clocks', () => {
  it('tell nothing and leave no timer', () => {
    const { clocks, told } = start();
    clocks.stop();
    clocks.answerIsComplete();
    expect(vi.getTimerCount()).toBe(0);
    pass(1_000);
    expect(told).toEqual([]);
  });

  it('are those that have expired', () => {
    const { clocks } = start();
    clocks.reading(Date.now());
    pass(1_000);
    expect(vi.getTimerCount()).toBe(0);
    clocks.answerIsComplete();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are one timer while they run', () => {
    const { clocks, relay } = start();
    clocks.reading(Date.now());
    for (let i = 0; i < 10; i++) relay();
    clocks.answerIsComplete();
    expect(vi.getTimerCount()).toBe(1);
  });
});
