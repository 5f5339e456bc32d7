import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorResponse } from '../../../src/http/response.ts';
import type { Claim, Grant } from '../../../src/access/budget.ts';
import { anonymousIdentity, keyIdentity } from '../../../src/access/client.ts';
import {
  estimatePromptTokens,
  reserveTokens,
  type TokenRequest,
} from '../../../src/access/reserve-tokens.ts';
import { budgetHouse, type BudgetHouse } from './objects.ts';
import { captureLog, clientOf, failure, request } from './support.ts';

const NOON = Date.parse('2026-11-22T12:00:00Z');
const TODAY = Math.floor(NOON / 86_400_000);
const HALF_A_DAY_SECONDS = 43_200;
const CALL: TokenRequest = { promptTokens: 10, maxTokens: 90, choices: 1, callMs: 600_000 };

let house: BudgetHouse;
let lines: string[];

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
  lines = captureLog();
  house = budgetHouse();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const app = keyIdentity('app');
const reserve = (
  call: Partial<TokenRequest> = {},
  identity = app,
  tokensPerDay = 1_000,
  signal?: AbortSignal,
) => reserveTokens(house.namespace, clientOf(identity, { tokensPerDay }), { ...CALL, ...call }, signal);
/** Puts a function in place of the object's `reserve`; it gets that one, to call it or not. */
const replaceReserve = (replacement: (reserve: () => Promise<Grant>) => Promise<Grant>) => {
  const { namespace } = house;
  const get = namespace.get.bind(namespace);
  namespace.get = (id) => {
    const stub = get(id);
    const original = stub.reserve.bind(stub);
    const reserve = (claim: Claim) => replacement(async () => original(claim));
    return Object.assign(stub, { reserve });
  };
};
/** For a reservation that waits as long as the object does. */
const waited = async <T>(promise: Promise<T>) => {
  const outcome = promise.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(2_000);
  return outcome as Promise<T>;
};
const left = (headers: Readonly<Record<string, string>>) => headers['x-ratelimit-remaining-tokens'];

describe('a reservation', () => {
  it('gives the max_tokens for upstream and what is left', async () => {
    const { maxTokens, headers } = await reserve();
    expect(maxTokens).toBe(90);
    expect(headers).toEqual({
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '900',
      'x-ratelimit-reset-tokens': '43200s',
    });
  });

  it('lowers max_tokens to what the used tokens leave, and marks that', async () => {
    const first = await reserve({ maxTokens: 5_000 });
    expect(first).toMatchObject({ maxTokens: 990, isLowered: true, promptTokens: 10 });
    await first.settle(500);
    expect(await reserve({ maxTokens: 490 })).toMatchObject({ maxTokens: 490, isLowered: false });
  });

  it('of a call that names no max_tokens is bounded all the same, and leaves room for others', async () => {
    for (let round = 0; round < 2; round += 1) {
      const reservation = await reserve({ maxTokens: undefined }, app, 100_000);
      expect(reservation).toMatchObject({ maxTokens: 32_768, isLowered: false });
    }
  });

  it('counts prompt and choices', async () => {
    const { maxTokens, headers } = await reserve({ promptTokens: 100, choices: 3 });
    expect(maxTokens).toBe(90);
    expect(headers['x-ratelimit-remaining-tokens']).toBe('630');
  });

  it('is settled with the cost of the call', async () => {
    const { settle } = await reserve();
    expect(await settle(40)).toMatchObject({ 'x-ratelimit-remaining-tokens': '960' });
    expect(await settle(40)).toMatchObject({ 'x-ratelimit-remaining-tokens': '960' });
  });

  it('costs nothing when StepFun did nothing', async () => {
    const { settle } = await reserve();
    expect(await settle(0)).toMatchObject({ 'x-ratelimit-remaining-tokens': '1000' });
  });

  it('lapses when its call can’t be under way any more, and counts as spent then', async () => {
    await reserve({ maxTokens: 890 });
    vi.setSystemTime(NOON + 659_999);
    expect((await waited(failure(reserve({ maxTokens: 100 })))).code).toBe('budget_reserved');
    vi.setSystemTime(NOON + 660_000);
    expect((await reserve({ maxTokens: 100 })).maxTokens).toBe(90);
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
    await reserve({}, keyIdentity('shop'));
    await reserve({}, anonymousIdentity(request()));
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

  it('grants exactly 10 of 100 calls where there is room for 10', async () => {
    const outcomes = await waited(Promise.allSettled(Array.from({ length: 100 }, () => reserve())));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  });

  it('that is used up is 429 until midnight UTC', async () => {
    await (await reserve({ maxTokens: 990 })).settle(1_000);
    const error = await failure(reserve());
    expect(error.code).toBe('insufficient_quota');
    const { status, headers } = errorResponse(error);
    expect(status).toBe(429);
    expect(headers.get('retry-after')).toBe(String(HALF_A_DAY_SECONDS));
    expect(headers.get('x-ratelimit-limit-tokens')).toBe('1000');
    expect(headers.get('x-ratelimit-remaining-tokens')).toBe('0');
    expect(headers.get('x-ratelimit-reset-tokens')).toBe(`${HALF_A_DAY_SECONDS}s`);
    expect(headers.get('x-should-retry')).toBe('false');
  });

  it('that calls under way have reserved is 429 after 2 s, with a retry in seconds', async () => {
    await reserve({ maxTokens: 950 });
    const error = await waited(failure(reserve()));
    expect(error.code).toBe('budget_reserved');
    const { status, headers } = errorResponse(error);
    expect(status).toBe(429);
    expect(headers.get('retry-after')).toBe('5');
    expect(headers.get('x-ratelimit-remaining-tokens')).toBe('40');
    expect(headers.has('x-should-retry')).toBe(false);
  });

  it('waits for a call under way to end', async () => {
    const first = await reserve({ maxTokens: 990 });
    const second = reserve();
    await vi.advanceTimersByTimeAsync(1_000);
    await first.settle(40);
    expect(left((await second).headers)).toBe('860');
  });

  it('refuses a prompt for which no whole day has room', async () => {
    const error = await failure(reserve({ promptTokens: 1_000 }));
    expect(error.code).toBe('invalid_value');
    expect(error.message).toBe(
      "The prompt is estimated at 1000 tokens; this client's limit is 1000 tokens a day.",
    );
    expect(error.details.param).toBe('messages');
    expect((await failure(reserve({ promptTokens: 998, choices: 3 }))).code).toBe('invalid_value');
    expect((await reserve({ promptTokens: 998, choices: 2 })).maxTokens).toBe(1);
    expect(house.objects.size).toBe(1);
  });
});

describe('a client that leaves', () => {
  const reason = new DOMException('the client has left', 'AbortError');
  const used = () => house.objects.get(`${TODAY}/key:app`)?.usage();

  it('before it asked reserves nothing', async () => {
    await expect(reserve({}, app, 1_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(house.objects.size).toBe(0);
  });

  it('while it waits for tokens ends the wait, and reserves nothing', async () => {
    await reserve({ maxTokens: 990 });
    const gone = new AbortController();
    const outcome = vi.fn<(error: unknown) => void>();
    void reserve({}, app, 1_000, gone.signal).catch(outcome);
    await vi.advanceTimersByTimeAsync(500);
    gone.abort(reason);
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome).toHaveBeenCalledWith(reason);
    expect(vi.getTimerCount()).toBe(0);
    expect(used()).toEqual({ used: 0, reserved: 1_000 });
  });

  it('while the object answers has nothing reserved afterwards', async () => {
    const gone = new AbortController();
    replaceReserve(async (answer) => {
      gone.abort(reason); // its settlement arrives before the reservation
      await vi.advanceTimersByTimeAsync(1);
      return answer();
    });
    await expect(reserve({}, app, 1_000, gone.signal)).rejects.toBe(reason);
    expect(used()).toEqual({ used: 0, reserved: 0 });
    expect(lines).toEqual([]);
  });

  it('afterwards is the call’s to settle', async () => {
    const gone = new AbortController();
    await reserve({}, app, 1_000, gone.signal);
    gone.abort(reason);
    await vi.advanceTimersByTimeAsync(1);
    expect(used()).toEqual({ used: 0, reserved: 100 });
  });
});

describe('an object that fails', () => {
  it('after it has reserved does not reserve twice', async () => {
    let lost = 1;
    replaceReserve(async (answer) => {
      const grant = await answer();
      if (lost-- > 0) throw new Error('the answer was lost');
      return grant;
    });
    expect((await reserve()).headers['x-ratelimit-remaining-tokens']).toBe('900');
    expect((await reserve()).headers['x-ratelimit-remaining-tokens']).toBe('800');
  });

  it('refuses the call', async () => {
    house.namespace.get = () => {
      throw new Error('down');
    };
    const error = await failure(reserve());
    expect(error.code).toBe('access_unavailable');
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      { level: 'error', event: 'budget_failed', during: 'reserve', client: 'app', detail: 'Error: down' },
    ]);
  });

  it('at the end fails no answer', async () => {
    const { settle, headers } = await reserve();
    house.namespace.get = () => {
      throw new Error('down');
    };
    expect(await settle(40)).toEqual(headers);
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      { level: 'error', event: 'budget_failed', during: 'settle', client: 'app', detail: 'Error: down' },
    ]);
  });

  it('that granted and whose answer was lost twice has nothing reserved afterwards', async () => {
    replaceReserve(async (answer) => {
      await answer();
      throw new Error('the answer was lost');
    });
    expect((await failure(reserve())).code).toBe('access_unavailable');
    await vi.advanceTimersByTimeAsync(1);
    expect(house.objects.get(`${TODAY}/key:app`)?.usage()).toEqual({ used: 0, reserved: 0 });
  });
});

describe('estimatePromptTokens', () => {
  const nothing = { textBytes: 0, images: 0, detailedImages: 0, videos: 0, audioBytes: 0 };

  it.each([
    [{}, 0],
    [{ textBytes: 1 }, 1],
    [{ textBytes: 300 }, 100],
    [{ textBytes: 301 }, 101],
    [{ images: 2 }, 2_000],
    [{ detailedImages: 2 }, 6_400],
    [{ videos: 2 }, 240_000],
    [{ audioBytes: 24 }, 1],
    [{ audioBytes: 25 }, 2],
    [{ textBytes: 3, images: 1, detailedImages: 1, videos: 1, audioBytes: 24 }, 124_202],
  ])('of %o is %i', (size, tokens) => {
    expect(estimatePromptTokens({ ...nothing, ...size })).toBe(tokens);
  });
});
