import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Budget, type Claim } from '../../../src/access/budget.ts';
import { MemoryStorage } from './objects.ts';

const NOON = Date.parse('2026-11-22T12:00:00Z');
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

let storage: MemoryStorage;
let budget: Budget;
let ids = 0;

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
  storage = new MemoryStorage();
  budget = createBudget();
});
afterEach(() => void vi.useRealTimers());

/** The object as the runtime creates it: anew after each eviction, on the same storage. */
function createBudget(): Budget {
  return new Budget({ storage } as unknown as DurableObjectState, {});
}

const claim = (changes: Partial<Claim> = {}): Claim => ({
  id: `call-${(ids += 1)}`,
  limit: 1_000,
  promptTokens: 10,
  maxTokens: 90,
  choices: 1,
  lapsesAtMs: Date.now() + 10 * MINUTE,
  forgetAtMs: NOON + 720 * MINUTE,
  ...changes,
});

const granted = (maxTokens: number, remaining: number) => ({ kind: 'granted', maxTokens, remaining });
const usedUp = (remaining: number) => ({ kind: 'used_up', maxTokens: 0, remaining });
const reserved = (remaining: number) => ({ kind: 'reserved', maxTokens: 0, remaining });

/** Reserves and waits as long as the object does. */
async function reserveWaiting(call: Claim) {
  const grant = budget.reserve(call);
  await vi.advanceTimersByTimeAsync(2 * SECOND);
  return grant;
}

describe('reserve', () => {
  it('grants the whole claim while there is room', async () => {
    expect(await budget.reserve(claim())).toEqual(granted(90, 900));
    expect(await budget.reserve(claim())).toEqual(granted(90, 800));
  });

  it('grants exactly 10 of 100 calls where there is room for 10', async () => {
    const grants = Promise.all(Array.from({ length: 100 }, () => budget.reserve(claim())));
    await vi.advanceTimersByTimeAsync(2 * SECOND);
    const kinds = (await grants).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'granted')).toHaveLength(10);
    expect(kinds.filter((kind) => kind === 'reserved')).toHaveLength(90);
  });

  it('lowers max_tokens to what the used tokens leave', async () => {
    const past = claim();
    await budget.reserve(past);
    budget.settle(past, 940, 1_000);
    expect(await budget.reserve(claim())).toEqual(granted(50, 0));
  });

  it('lowers no max_tokens for what calls under way have reserved', async () => {
    await budget.reserve(claim({ maxTokens: 900 }));
    expect(await reserveWaiting(claim())).toEqual(reserved(90));
    expect(await budget.reserve(claim({ maxTokens: 80 }))).toEqual(granted(80, 0));
  });

  it('counts every choice, and gives each the same', async () => {
    const past = claim({ choices: 4 });
    expect(await budget.reserve(past)).toEqual(granted(90, 630));
    budget.settle(past, 370, 1_000);
    expect(await budget.reserve(claim({ choices: 8 }))).toEqual(granted(77, 4));
  });

  it('is used up when the used tokens leave less than one for each choice beside the prompt', async () => {
    const tight = { limit: 100, promptTokens: 95 };
    expect(await budget.reserve(claim({ ...tight, choices: 6 }))).toEqual(usedUp(100));
    expect(await budget.reserve(claim({ ...tight, choices: 5 }))).toEqual(granted(1, 0));
    expect(await budget.reserve(claim({ limit: 200, promptTokens: 200 }))).toEqual(usedUp(100));
  });

  it('stores nothing of a refused call', async () => {
    await budget.reserve(claim({ promptTokens: 5_000 }));
    expect(storage.data.size).toBe(0);
    expect(storage.alarmAtMs).toBeNull();
  });

  it('grants the same claim once, however often it is repeated', async () => {
    const repeated = claim();
    await budget.reserve(repeated);
    await budget.reserve(claim());
    expect(await budget.reserve(repeated)).toEqual(granted(90, 900));
    expect(await budget.reserve(claim())).toEqual(granted(90, 700));
  });

  it('follows a limit that the operator has changed', async () => {
    await budget.reserve(claim());
    expect(await reserveWaiting(claim({ limit: 150 }))).toEqual(reserved(50));
    expect(await budget.reserve(claim({ limit: 5 }))).toEqual(usedUp(0));
    expect(await budget.reserve(claim({ limit: 10_000 }))).toEqual(granted(90, 9_800));
  });

  it('knows its totals after an eviction', async () => {
    const [one, other] = [claim(), claim()];
    await budget.reserve(one);
    await budget.reserve(other);
    budget.settle(one, 40, 1_000);
    budget = createBudget();
    expect(budget.usage()).toEqual({ used: 40, reserved: 100 });
    expect(budget.settle(other, 60, 1_000)).toBe(900);
  });
});

describe('a call for which others have reserved the room', () => {
  it('waits until one of them has ended', async () => {
    const first = claim({ maxTokens: 990 });
    await budget.reserve(first);
    const second = budget.reserve(claim());
    await vi.advanceTimersByTimeAsync(1_999);
    budget.settle(first, 40, 1_000);
    expect(await second).toEqual(granted(90, 860));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes on waiting when too little was freed', async () => {
    const [small, large] = [claim({ maxTokens: 40 }), claim({ maxTokens: 930 })];
    await budget.reserve(small);
    await budget.reserve(large);
    const outcome = vi.fn<(grant: unknown) => void>();
    void budget.reserve(claim()).then(outcome);
    budget.settle(small, 0, 1_000);
    await vi.advanceTimersByTimeAsync(0);
    expect(outcome).not.toHaveBeenCalled();
    budget.settle(large, 0, 1_000);
    await vi.advanceTimersByTimeAsync(0);
    expect(outcome).toHaveBeenCalledWith(granted(90, 900));
  });

  it('is refused after 2 s', async () => {
    await budget.reserve(claim({ maxTokens: 990 }));
    const outcome = vi.fn<(grant: unknown) => void>();
    void budget.reserve(claim()).then(outcome);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(outcome).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome).toHaveBeenCalledWith(reserved(0));
  });

  it('stops waiting when it is settled, and has reserved nothing', async () => {
    const first = claim({ maxTokens: 990 });
    await budget.reserve(first);
    const leaving = claim();
    const second = budget.reserve(leaving);
    budget.settle(leaving, 0, 1_000);
    expect(await second).toEqual(reserved(0));
    expect(vi.getTimerCount()).toBe(0);
    expect(budget.settle(first, 0, 1_000)).toBe(1_000);
  });

  it('leaves the others waiting when it stops', async () => {
    const first = claim({ maxTokens: 990 });
    await budget.reserve(first);
    const leaving = claim();
    const [second, third] = [budget.reserve(leaving), budget.reserve(claim())];
    budget.settle(leaving, 0, 1_000);
    await second;
    budget.settle(first, 0, 1_000);
    expect(await third).toEqual(granted(90, 900));
  });

  it('five small questions at once on a fresh day are all answered', async () => {
    const calls = Array.from({ length: 5 }, () => claim({ limit: 100_000, maxTokens: 32_768 }));
    const grants = calls.map((call) => budget.reserve(call));
    await vi.advanceTimersByTimeAsync(500);
    for (const call of calls.slice(0, 3)) budget.settle(call, 200, 100_000);
    for (const { kind, maxTokens } of await Promise.all(grants)) {
      expect([kind, maxTokens]).toEqual(['granted', 32_768]);
    }
  });
});

describe('settle', () => {
  it('replaces the reserved tokens by the used ones', async () => {
    const call = claim();
    await budget.reserve(call);
    expect(budget.settle(call, 40, 1_000)).toBe(960);
    expect(await budget.reserve(claim())).toEqual(granted(90, 860));
  });

  it('counts more than was reserved, too', async () => {
    const call = claim();
    await budget.reserve(call);
    expect(budget.settle(call, 1_200, 1_000)).toBe(0);
    expect(await budget.reserve(claim())).toEqual(usedUp(0));
  });

  it('counts a call once', async () => {
    const call = claim();
    await budget.reserve(call);
    expect(budget.settle(call, 40, 1_000)).toBe(960);
    expect(budget.settle(call, 40, 1_000)).toBe(960);
  });

  it('ignores a call that was never reserved', () => {
    expect(budget.settle(claim(), 40, 1_000)).toBe(1_000);
    expect(storage.data.size).toBe(0);
  });

  it('leaves the reservations of other calls alone', async () => {
    const [one, other] = [claim(), claim()];
    await budget.reserve(one);
    await budget.reserve(other);
    expect(budget.settle(one, 0, 1_000)).toBe(900);
    expect(budget.settle(other, 100, 1_000)).toBe(900);
  });

  it('leaves no row in the storage', async () => {
    const call = claim();
    await budget.reserve(call);
    budget.settle(call, 40, 1_000);
    expect([...storage.data.keys()]).toEqual(['totals']);
  });
});

describe('a call that is never settled', () => {
  it('holds its tokens, and counts as spent once it lapses', async () => {
    await budget.reserve(claim({ maxTokens: 890 }));
    vi.setSystemTime(NOON + 10 * MINUTE - 1);
    expect(budget.usage()).toEqual({ used: 0, reserved: 900 });
    vi.setSystemTime(NOON + 10 * MINUTE);
    expect(budget.usage()).toEqual({ used: 900, reserved: 0 });
    expect(await budget.reserve(claim())).toEqual(granted(90, 0));
  });

  it('counts its usage when that comes late, but before the row was folded', async () => {
    const late = claim({ maxTokens: 990 });
    await budget.reserve(late);
    vi.setSystemTime(NOON + 30 * MINUTE);
    expect(budget.settle(late, 700, 1_000)).toBe(300);
  });

  it('is not counted twice when its usage comes after it was counted', async () => {
    const late = claim({ maxTokens: 890 });
    await budget.reserve(late);
    vi.setSystemTime(NOON + 30 * MINUTE);
    budget.usage();
    expect(budget.settle(late, 700, 1_000)).toBe(100);
  });
});

describe('the cost of the object', () => {
  it('does not grow with the calls of the day', async () => {
    for (let index = 0; index < 100; index += 1) await budget.reserve(claim({ limit: 1_000_000 }));
    expect(storage.rowsListed).toBe(0);
  });

  it('reads each lapsed row once, 1,000 at a time', async () => {
    for (let index = 0; index < 1_500; index += 1) await budget.reserve(claim({ limit: 1_000_000 }));
    vi.setSystemTime(NOON + 10 * MINUTE);
    expect(budget.usage()).toEqual({ used: 100_000, reserved: 50_000 });
    expect(budget.usage()).toEqual({ used: 150_000, reserved: 0 });
    expect(budget.usage()).toEqual({ used: 150_000, reserved: 0 });
    expect(storage.rowsListed).toBe(1_500);
    expect([...storage.data.keys()]).toEqual(['totals']);
  });
});

describe('the day after', () => {
  it('has its alarm set once', async () => {
    await budget.reserve(claim());
    await budget.reserve(claim());
    expect(storage.alarmAtMs).toBe(NOON + 720 * MINUTE);
    expect(storage.alarmsSet).toBe(1);
  });

  it('everything is deleted, and is not restored', async () => {
    const call = claim();
    await budget.reserve(call);
    budget.settle(call, 40, 1_000);
    const open = claim();
    await budget.reserve(open);
    await budget.alarm();
    expect(storage.data.size).toBe(0);
    budget.settle(open, 40, 1_000);
    expect(storage.data.size).toBe(0);
  });
});

describe('countRequest', () => {
  const count = (limit = 10) => budget.countRequest(limit);
  const allowed = async (requests: number, limit = 10) => {
    const verdicts = await Promise.all(Array.from({ length: requests }, () => count(limit)));
    return verdicts.filter(({ isAllowed }) => isAllowed).length;
  };

  it('allows exactly 10 of 100 at once, and states when to try again', async () => {
    expect(await allowed(100)).toBe(10);
    expect(await count()).toEqual({ isAllowed: false, retryAfterSeconds: 60 });
    vi.setSystemTime(NOON + 20 * SECOND);
    expect(await count()).toEqual({ isAllowed: false, retryAfterSeconds: 40 });
    vi.setSystemTime(NOON + 59 * SECOND);
    expect(await count()).toEqual({ isAllowed: false, retryAfterSeconds: 1 });
    vi.setSystemTime(NOON + 60 * SECOND);
    expect(await count()).toEqual({ isAllowed: true, retryAfterSeconds: 0 });
  });

  it('lets the window slide, and counts no refusal', async () => {
    expect(await allowed(5)).toBe(5);
    vi.setSystemTime(NOON + 30 * SECOND);
    expect(await allowed(20)).toBe(5);
    vi.setSystemTime(NOON + 60 * SECOND);
    expect(await allowed(20)).toBe(5);
    vi.setSystemTime(NOON + 90 * SECOND);
    expect(await allowed(20)).toBe(5);
  });

  it('follows a limit that the operator has changed', async () => {
    expect(await allowed(5, 5)).toBe(5);
    expect(await allowed(5, 8)).toBe(3);
    expect(await allowed(5, 2)).toBe(0);
  });

  it('remembers its requests after an eviction', async () => {
    await allowed(10);
    budget = createBudget();
    expect(await allowed(10)).toBe(0);
  });

  it('never allows more than the limit in any 60 seconds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(30), { minLength: 1, maxLength: 50 }), async (pauses) => {
        storage = new MemoryStorage();
        budget = createBudget();
        let second = 0;
        const passed: number[] = [];
        for (const pause of pauses) {
          second += pause;
          vi.setSystemTime(NOON + second * SECOND);
          if ((await count(3)).isAllowed) passed.push(second);
        }
        for (const [index, at] of passed.entries()) {
          const fourth = passed[index + 3];
          if (fourth !== undefined) expect(fourth - at).toBeGreaterThanOrEqual(60);
        }
      }),
    );
  });

  it('deletes everything two minutes after the last request', async () => {
    await count();
    expect(storage.alarmAtMs).toBe(NOON + 2 * MINUTE);
    vi.setSystemTime(NOON + 100 * SECOND);
    await count();
    expect(storage.alarmsSet).toBe(1);
    vi.setSystemTime(NOON + 2 * MINUTE);
    await budget.alarm();
    expect(storage.alarmAtMs).toBe(NOON + 4 * MINUTE);
    expect(storage.data.size).toBe(1);
    vi.setSystemTime(NOON + 4 * MINUTE);
    await budget.alarm();
    expect(storage.data.size).toBe(0);
  });
});

it('never grants more than the limit, whatever happens in which order', async () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant('reserve' as const),
      promptTokens: fc.nat(50),
      maxTokens: fc.integer({ min: 1, max: 400 }),
      choices: fc.integer({ min: 1, max: 5 }),
    }),
    fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      storage = new MemoryStorage();
      budget = createBudget();
      const open: { call: Claim; tokens: number }[] = [];
      const left = () => 1_000 - used - open.reduce((sum, { tokens }) => sum + tokens, 0);
      let used = 0;
      for (const step of steps) {
        if (step.do === 'reserve') {
          const call = claim(step);
          const { kind, maxTokens, remaining } = await reserveWaiting(call);
          const asked = step.promptTokens + step.maxTokens * step.choices;
          if (kind === 'granted') {
            open.push({ call, tokens: call.promptTokens + maxTokens * call.choices });
            expect(maxTokens).toBe(
              Math.min(step.maxTokens, Math.floor((1_000 - used - step.promptTokens) / step.choices)),
            );
          } else if (kind === 'reserved') expect(left()).toBeLessThan(asked);
          else expect(1_000 - used).toBeLessThan(step.promptTokens + step.choices);
          expect(remaining).toBe(left());
        } else {
          const [settled] = open.splice(step.which % Math.max(1, open.length), 1);
          const tokens = Math.floor((settled?.tokens ?? 0) * step.part);
          used += tokens;
          expect(budget.settle(settled?.call ?? claim(), tokens, 1_000)).toBe(left());
        }
        expect(left()).toBeGreaterThanOrEqual(0);
        const totals = budget.usage();
        expect(1_000 - totals.used - totals.reserved).toBe(left());
      }
    }),
  );
});
