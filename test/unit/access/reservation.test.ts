import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorResponse, toResponse } from '../../../src/http/response.ts';
import { Budget } from '../../../src/access/budget.ts';
import { anonymousClient, keyClient } from '../../../src/access/client.ts';
import { estimatePromptTokens, reserveTokens, type TokenRequest } from '../../../src/access/reservation.ts';
import { budgetHouse, type BudgetHouse } from './objects.ts';
import { captureLog, failure, request } from './support.ts';

vi.mock('cloudflare:workers', () => ({
  DurableObject: class {
    readonly ctx: unknown;
    constructor(ctx: unknown) {
      this.ctx = ctx;
    }
  },
}));

const NOON = Date.parse('2026-11-22T12:00:00Z');
const TODAY = Math.floor(NOON / 86_400_000);
const HALF_A_DAY_SECONDS = 43_200;
const CALL: TokenRequest = { promptTokens: 10, maxTokens: 90, choices: 1, callMs: 600_000 };

let house: BudgetHouse;
let lines: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOON });
  lines = captureLog();
  house = budgetHouse((storage) => new Budget({ storage } as unknown as DurableObjectState, {}));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const app = keyClient('app');
const reserve = (call: Partial<TokenRequest> = {}, client = app, limit = 1_000) =>
  reserveTokens(house.namespace, limit, client, { ...CALL, ...call });

describe('a reservation', () => {
  it('says what may be asked of upstream, and what is left', async () => {
    const { maxTokens, headers } = await reserve();
    expect(maxTokens).toBe(90);
    expect(headers).toEqual({
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '900',
      'x-ratelimit-reset-tokens': '43200s',
    });
  });

  it('caps what is asked of upstream at what is left', async () => {
    expect((await reserve({ maxTokens: 5_000 })).maxTokens).toBe(990);
    expect((await failure(reserve())).code).toBe('insufficient_quota');
  });

  it('of a call that names no max_tokens is bounded all the same, and leaves room for others', async () => {
    expect((await reserve({ maxTokens: undefined }, app, 100_000)).maxTokens).toBe(32_768);
    expect((await reserve({ maxTokens: undefined }, app, 100_000)).maxTokens).toBe(32_768);
  });

  it('counts prompt and choices', async () => {
    const { maxTokens, headers } = await reserve({ promptTokens: 100, choices: 3 });
    expect(maxTokens).toBe(90);
    expect(headers['x-ratelimit-remaining-tokens']).toBe('630');
  });

  it('is settled with what the call did cost', async () => {
    const { settle } = await reserve();
    expect(await settle(40)).toMatchObject({ 'x-ratelimit-remaining-tokens': '960' });
    expect(await settle(40)).toMatchObject({ 'x-ratelimit-remaining-tokens': '960' });
  });

  it('costs nothing when StepFun did nothing, and the prompt when nobody knows', async () => {
    const [nothing, unknown] = [await reserve(), await reserve()];
    await nothing.settle(0);
    expect(await unknown.settle(null)).toMatchObject({ 'x-ratelimit-remaining-tokens': '990' });
  });

  it('lapses when its call can’t be under way any more', async () => {
    await reserve({ maxTokens: 990 });
    vi.setSystemTime(NOON + 659_999);
    expect((await failure(reserve())).code).toBe('insufficient_quota');
    vi.setSystemTime(NOON + 660_000);
    expect((await reserve()).maxTokens).toBe(90);
  });

  it('is forgotten when nothing of its day can be under way any more', async () => {
    await reserve();
    const storage = house.stores.get(`${TODAY}/key:app`);
    expect(storage?.alarmAtMs).toBe(Date.parse('2026-11-23T00:11:00Z'));
  });
});

describe('a budget', () => {
  it('is one for each client and UTC day', async () => {
    await reserve();
    await reserve();
    await reserve({}, keyClient('shop'));
    await reserve({}, anonymousClient(request()));
    vi.setSystemTime(Date.parse('2026-11-22T23:59:59.999Z'));
    await reserve();
    vi.setSystemTime(Date.parse('2026-11-23T00:00:00Z'));
    expect((await reserve()).headers).toMatchObject({
      'x-ratelimit-remaining-tokens': '900',
      'x-ratelimit-reset-tokens': '86400s',
    });
    expect([...house.objects.keys()]).toEqual([
      `${TODAY}/key:app`,
      `${TODAY}/key:shop`,
      `${TODAY}/ip:unknown`,
      `${TODAY + 1}/key:app`,
    ]);
  });

  it('settles on the day on which it was reserved', async () => {
    vi.setSystemTime(Date.parse('2026-11-22T23:59:59Z'));
    const { settle } = await reserve();
    vi.setSystemTime(Date.parse('2026-11-23T00:01:00Z'));
    expect(await settle(40)).toEqual({
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '960',
      'x-ratelimit-reset-tokens': '1s',
    });
    expect([...house.objects.keys()]).toEqual([`${TODAY}/key:app`]);
  });

  it('lets exactly 10 of 100 through where there is enough for 10', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => reserve()));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  });

  it('that is used up says so, and when it will be there again', async () => {
    await reserve({ maxTokens: 990 });
    const error = await failure(reserve());
    expect(error.code).toBe('insufficient_quota');
    const { status, headers } = toResponse(errorResponse(error));
    expect(status).toBe(429);
    expect(headers.get('retry-after')).toBe(String(HALF_A_DAY_SECONDS));
    expect(headers.get('x-ratelimit-limit-tokens')).toBe('1000');
    expect(headers.get('x-ratelimit-remaining-tokens')).toBe('0');
    expect(headers.get('x-ratelimit-reset-tokens')).toBe(`${HALF_A_DAY_SECONDS}s`);
    expect(headers.get('x-should-retry')).toBe('false');
  });
});

describe('an object that fails', () => {
  it('once is asked again', async () => {
    let calls = 0;
    const { namespace } = house;
    const get = namespace.get.bind(namespace);
    namespace.get = (id) => {
      calls += 1;
      if (calls % 2 === 1) throw new Error('the object has moved');
      return get(id);
    };
    const { settle, maxTokens } = await reserve();
    expect(maxTokens).toBe(90);
    expect(await settle(40)).toMatchObject({ 'x-ratelimit-remaining-tokens': '960' });
    expect(lines).toEqual([]);
  });

  it('after it has reserved does not reserve twice', async () => {
    const { namespace } = house;
    const get = namespace.get.bind(namespace);
    let lost = 1;
    namespace.get = (id) => {
      const stub = get(id);
      const answer = stub.reserve.bind(stub);
      return Object.assign(stub, {
        reserve: async (claim: Parameters<typeof answer>[0]) => {
          const grant = await answer(claim);
          if (lost-- > 0) throw new Error('the answer was lost');
          return grant;
        },
      });
    };
    expect((await reserve()).headers['x-ratelimit-remaining-tokens']).toBe('900');
    expect((await reserve()).headers['x-ratelimit-remaining-tokens']).toBe('800');
  });

  it('lets nobody through', async () => {
    house.namespace.get = () => {
      throw new Error('down');
    };
    const error = await failure(reserve());
    expect(error.code).toBe('access_unavailable');
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      { level: 'error', event: 'budget_failed', during: 'reserve', client: 'app', detail: 'Error: down' },
    ]);
  });

  it('at the end costs nobody an answer', async () => {
    const { settle, headers } = await reserve();
    house.namespace.get = () => {
      throw new Error('down');
    };
    expect(await settle(40)).toEqual(headers);
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      { level: 'error', event: 'budget_failed', during: 'settle', client: 'app', detail: 'Error: down' },
    ]);
  });

  it('by hanging is waited for ten seconds at most', async () => {
    vi.useFakeTimers();
    house.namespace.get = () => ({ reserve: () => new Promise(() => {}) }) as never;
    const ended = vi.fn<(code: string) => void>();
    void failure(reserve()).then(({ code }) => ended(code));
    await vi.advanceTimersByTimeAsync(9_999);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toHaveBeenCalledWith('access_unavailable');
  });
});

describe('estimatePromptTokens', () => {
  it('counts a token for every three bytes of text, and a thousand for every other part', () => {
    expect(estimatePromptTokens({ textBytes: 0, mediaParts: 0 })).toBe(0);
    expect(estimatePromptTokens({ textBytes: 1, mediaParts: 0 })).toBe(1);
    expect(estimatePromptTokens({ textBytes: 300, mediaParts: 0 })).toBe(100);
    expect(estimatePromptTokens({ textBytes: 301, mediaParts: 2 })).toBe(2_101);
  });
});
