import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Budget, type Claim } from '../../../src/access/budget.ts';
import { MemoryStorage } from './objects.ts';

vi.mock('cloudflare:workers', () => ({
  DurableObject: class {
    readonly ctx: unknown;
    constructor(ctx: unknown) {
      this.ctx = ctx;
    }
  },
}));

const NOON = Date.parse('2026-11-22T12:00:00Z');
const MINUTE = 60_000;

let storage: MemoryStorage;
let budget: Budget;
let ids = 0;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOON });
  storage = new MemoryStorage();
  budget = new Budget({ storage } as unknown as DurableObjectState, {});
});
afterEach(() => void vi.useRealTimers());

const claim = (changes: Partial<Claim> = {}): Claim => ({
  id: `call-${(ids += 1)}`,
  limit: 1_000,
  promptTokens: 10,
  maxTokens: 90,
  choices: 1,
  expiresAtMs: Date.now() + 10 * MINUTE,
  forgetAtMs: NOON + 720 * MINUTE,
  ...changes,
});

describe('reserve', () => {
  it('grants what is asked for while it is there', async () => {
    expect(await budget.reserve(claim())).toEqual({ maxTokens: 90, remaining: 900 });
    expect(await budget.reserve(claim())).toEqual({ maxTokens: 90, remaining: 800 });
  });

  it('lets exactly 10 of 100 through where there is enough for 10', async () => {
    const grants = await Promise.all(Array.from({ length: 100 }, () => budget.reserve(claim())));
    expect(grants.filter(({ maxTokens }) => maxTokens === 90)).toHaveLength(10);
    expect(grants.filter(({ maxTokens }) => maxTokens === 0)).toHaveLength(90);
    expect(grants.at(-1)).toEqual({ maxTokens: 0, remaining: 0 });
  });

  it('cuts the last one down to what is left', async () => {
    await budget.reserve(claim({ maxTokens: 900 }));
    expect(await budget.reserve(claim())).toEqual({ maxTokens: 80, remaining: 0 });
    expect(await budget.reserve(claim())).toEqual({ maxTokens: 0, remaining: 0 });
  });

  it('counts every choice, and gives each the same', async () => {
    expect(await budget.reserve(claim({ choices: 4 }))).toEqual({ maxTokens: 90, remaining: 630 });
    expect(await budget.reserve(claim({ choices: 8 }))).toEqual({ maxTokens: 77, remaining: 4 });
  });

  it('refuses when there is not one token for each choice beside the prompt', async () => {
    const tight = { limit: 100, promptTokens: 95 };
    expect(await budget.reserve(claim({ ...tight, choices: 6 }))).toEqual({ maxTokens: 0, remaining: 100 });
    expect(await budget.reserve(claim({ ...tight, choices: 5 }))).toEqual({ maxTokens: 1, remaining: 0 });
    expect(await budget.reserve(claim({ limit: 200, promptTokens: 100 }))).toEqual({
      maxTokens: 0,
      remaining: 100,
    });
  });

  it('keeps nothing of what it refuses', async () => {
    await budget.reserve(claim({ promptTokens: 5_000 }));
    expect(storage.data.size).toBe(0);
    expect(storage.alarmAtMs).toBeNull();
  });

  it('grants the same claim once, however often it is repeated', async () => {
    const repeated = claim();
    await budget.reserve(repeated);
    await budget.reserve(claim());
    expect(await budget.reserve(repeated)).toEqual({ maxTokens: 90, remaining: 900 });
    expect(await budget.reserve(claim())).toEqual({ maxTokens: 90, remaining: 700 });
  });

  it('follows a limit that the operator has changed', async () => {
    await budget.reserve(claim());
    expect(await budget.reserve(claim({ limit: 150 }))).toEqual({ maxTokens: 40, remaining: 0 });
    expect(await budget.reserve(claim({ limit: 50 }))).toEqual({ maxTokens: 0, remaining: 0 });
    expect(await budget.reserve(claim({ limit: 10_000 }))).toEqual({ maxTokens: 90, remaining: 9_750 });
  });
});

describe('settle', () => {
  it('puts what was used in place of what was reserved', async () => {
    const call = claim();
    await budget.reserve(call);
    expect(budget.settle(call.id, 40, 1_000)).toBe(960);
    expect(await budget.reserve(claim())).toEqual({ maxTokens: 90, remaining: 860 });
  });

  it('counts more than was reserved, too', async () => {
    const call = claim();
    await budget.reserve(call);
    expect(budget.settle(call.id, 1_200, 1_000)).toBe(0);
    expect(await budget.reserve(claim())).toEqual({ maxTokens: 0, remaining: 0 });
  });

  it('counts a call once', async () => {
    const call = claim();
    await budget.reserve(call);
    expect(budget.settle(call.id, 40, 1_000)).toBe(960);
    expect(budget.settle(call.id, 40, 1_000)).toBe(960);
  });

  it('knows no call that was never reserved', () => {
    expect(budget.settle('unknown', 40, 1_000)).toBe(1_000);
    expect(storage.data.size).toBe(0);
  });

  it('leaves the other calls’ reservations alone', async () => {
    const [one, other] = [claim(), claim()];
    await budget.reserve(one);
    await budget.reserve(other);
    expect(budget.settle(one.id, 0, 1_000)).toBe(900);
    expect(budget.settle(other.id, 100, 1_000)).toBe(900);
  });
});

describe('a call that is never settled', () => {
  it('holds its tokens until it expires', async () => {
    await budget.reserve(claim({ maxTokens: 990 }));
    vi.setSystemTime(NOON + 10 * MINUTE - 1);
    expect((await budget.reserve(claim())).maxTokens).toBe(0);
    vi.setSystemTime(NOON + 10 * MINUTE);
    expect(await budget.reserve(claim())).toEqual({ maxTokens: 90, remaining: 900 });
  });

  it('counts all the same when its usage comes late', async () => {
    const late = claim({ maxTokens: 990 });
    await budget.reserve(late);
    vi.setSystemTime(NOON + 30 * MINUTE);
    expect(budget.settle(late.id, 700, 1_000)).toBe(300);
  });
});

describe('the day after', () => {
  it('has its alarm set once', async () => {
    await budget.reserve(claim());
    await budget.reserve(claim());
    expect(storage.alarmAtMs).toBe(NOON + 720 * MINUTE);
    expect(storage.alarmsSet).toBe(1);
  });

  it('everything is forgotten, and stays so', async () => {
    const call = claim();
    await budget.reserve(call);
    budget.settle(call.id, 40, 1_000);
    const open = claim();
    await budget.reserve(open);
    await budget.alarm();
    expect(storage.data.size).toBe(0);
    budget.settle(open.id, 40, 1_000);
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
      budget = new Budget({ storage } as unknown as DurableObjectState, {});
      const open: { id: string; reserved: number }[] = [];
      let used = 0;
      let [left, said] = [0, 0];
      for (const step of steps) {
        if (step.do === 'reserve') {
          const call = claim(step);
          const { maxTokens, remaining } = await budget.reserve(call);
          if (maxTokens > 0)
            open.push({ id: call.id, reserved: call.promptTokens + maxTokens * call.choices });
          left = 1_000 - used - open.reduce((sum, each) => sum + each.reserved, 0);
          said = remaining;
        } else {
          const [call] = open.splice(step.which % Math.max(1, open.length), 1);
          const tokens = Math.floor((call?.reserved ?? 0) * step.part);
          used += tokens;
          left = 1_000 - used - open.reduce((sum, each) => sum + each.reserved, 0);
          said = budget.settle(call?.id ?? 'none', tokens, 1_000);
        }
        expect(left).toBeGreaterThanOrEqual(0);
        expect(said).toBe(left);
      }
    }),
  );
});
