import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAccount, readLimits, TIER_NAMES } from '../../simulator/account.ts';
import type { AccountStatus, Limits } from '../../simulator/account.ts';
import type * as ask from './ask.ts';
import { question } from './ask.ts';

function limits(fields: Partial<Limits> = {}): Limits {
  const none = { concurrency: Infinity, rpm: Infinity, tpm: Infinity };
  return { ...none, isTrial: false, cutDelayMs: 100, minuteMs: 60_000, ...fields };
}

function createClock() {
  const clock = { time: 1_000_000, now: () => clock.time };
  return clock;
}

describe('readLimits', () => {
  it('has no limits by default', () => {
    expect(readLimits({})).toEqual(limits());
  });

  it.each([
    ['V0', 5, 100, 500_000],
    ['V4', 130, 2_600, 13_000_000],
    ['com-V0', 5, 10, 5_000_000],
    ['com-V5', 10_000, 200_000, 100_000_000],
    ['step-plan', 8, Infinity, Infinity],
  ])('knows the tier %s', (TIER, concurrency, rpm, tpm) => {
    expect(TIER_NAMES).toContain(TIER);
    expect(readLimits({ TIER })).toMatchObject({ concurrency, rpm, tpm, isTrial: TIER.endsWith('V0') });
  });

  it('lets each limit replace that of the tier', () => {
    const settings = { TIER: 'V1', CONCURRENCY: '3', RPM: 0, CUT_DELAY_MS: '0', MINUTE_MS: '500' };
    expect(readLimits(settings)).toEqual(
      limits({ concurrency: 3, tpm: 2_000_000, cutDelayMs: 0, minuteMs: 500 }),
    );
  });

  it.each([
    [{ TIER: 'V9' }, 'TIER: expected one of V0'],
    [{ TIER: 'toString' }, 'TIER: '],
    [{ CONCURRENCY: 'many' }, 'CONCURRENCY: expected a whole number'],
    [{ RPM: '-1' }, 'RPM: '],
  ])('refuses %j', (settings, message) => {
    expect(() => readLimits(settings)).toThrow(message);
  });
});

describe('an account', () => {
  it('holds a slot until its answer has ended', () => {
    const account = createAccount();
    const two = limits({ concurrency: 2 });
    const [first] = [account.enter(two), account.enter(two)];
    expect(() => account.enter(two)).toThrow('concurrency reached, current: 3, limit: 2');
    first?.release(false, 10);
    first?.release(false, 10);
    account.enter(two);
    expect(() => account.enter(two)).toThrow('current: 3, limit: 2');
    expect(account.show(two)).toMatchObject({ held: 2, peak: 2, started: 3, refused: { concurrency: 2 } });
  });

  it('holds the slot of a cut request for a moment', () => {
    const clock = createClock();
    const account = createAccount(clock.now);
    const one = limits({ concurrency: 1 });
    account.enter(one).release(true, 0);
    clock.time += 99;
    expect(() => account.enter(one)).toThrow('concurrency reached, current: 2, limit: 1');
    clock.time += 1;
    account.enter(one);
  });

  it('counts the slots of others', () => {
    const account = createAccount();
    account.setOthers(2);
    const three = limits({ concurrency: 3 });
    account.enter(three);
    expect(() => account.enter(three)).toThrow('concurrency reached, current: 4, limit: 3');
    account.setOthers(0);
    account.enter(three);
  });

  it('counts the requests of the last minute, refused ones excluded', () => {
    const clock = createClock();
    const account = createAccount(clock.now);
    const two = limits({ rpm: 2 });
    account.enter(two);
    clock.time += 30_000;
    account.enter(two);
    for (let i = 0; i < 3; i += 1) {
      expect(() => account.enter(two)).toThrow('request limited RPM reached, current: 3, limit: 2');
    }
    clock.time += 29_999;
    expect(() => account.enter(two)).toThrow('RPM');
    clock.time += 1;
    account.enter(two);
    expect(() => account.enter(two)).toThrow('RPM');
    expect(account.show(two)).toMatchObject({ started: 3, refused: { RPM: 5 }, lastMinute: { requests: 2 } });
  });

  it('counts the tokens of answers that ended in the last minute', () => {
    const clock = createClock();
    const account = createAccount(clock.now);
    const some = limits({ tpm: 100 });
    const slot = account.enter(some);
    account.enter(some).release(false, 99);
    slot.release(true, 60);
    expect(() => account.enter(some)).toThrow('request limited TPM reached, current: 159, limit: 100');
    clock.time += 60_000;
    account.enter(some);
  });

  it('tells a trial account where to top up', () => {
    const account = createAccount();
    const trial = limits({ concurrency: 1, isTrial: true });
    account.enter(trial);
    expect(() => account.enter(trial)).toThrow(
      /^request limited concurrency reached, current: 2, limit: 1\. Please top up at https:/,
    );
  });
});

describe('the limits of the Worker', () => {
  const env = { CONCURRENCY: '2', CUT_DELAY_MS: '0' };
  const stalled = question('hi simulate stall', { stream: true });
  // Tests of other files may have left requests running in the simulator that all of them share.
  let get: typeof ask.get;
  let send: typeof ask.send;
  beforeAll(async () => {
    vi.resetModules();
    ({ get, send } = await import('./ask.ts'));
  });
  beforeEach(() => get('/_/account', { method: 'DELETE' }));

  const status = async (): Promise<AccountStatus> => (await get('/_/account', {}, env)).json();

  it("answers 429 in StepFun's words, without Retry-After", async () => {
    const open = [await send(stalled, { env }), await send(stalled, { env })];
    const refused = await send(question('hi'), { env });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBeNull();
    expect(await refused.json()).toEqual({
      error: { message: 'concurrency reached, current: 3, limit: 2', type: 'rate_limited' },
    });
    expect(await status()).toMatchObject({ held: 2, peak: 2, started: 2, refused: { concurrency: 1 } });
    for (const response of open) await response.body?.cancel();
    expect(await status()).toMatchObject({ held: 0 });
    const next = await send(question('hi'), { env });
    expect(next.status).toBe(200);
    // The slot is held until the answer has been read.
    expect(await status()).toMatchObject({ held: 1 });
    await next.text();
    expect(await status()).toMatchObject({ held: 0 });
  });

  it('frees the slot of a whole answer, of an error and of a client that leaves before the answer', async () => {
    await (await send(question('hi', { stream: true }), { env })).text();
    await send(question('hi simulate error 500'), { env });
    await send(question('hi', { n: 0 }), { env });
    await (await send(question('hi simulate html'), { env })).text();
    const gone = new AbortController();
    const waiting = send(question('hi simulate delay 600000'), { env, signal: gone.signal });
    await expect.poll(status).toMatchObject({ held: 1 });
    gone.abort();
    await expect.poll(status).toMatchObject({ held: 0, started: 5 });
    await waiting;
  });

  it('counts neither refused keys nor lists of models', async () => {
    await send(question('hi'), { env, headers: { authorization: 'Bearer sk-invalid' } });
    await get('/v1/models', {}, env);
    expect(await status()).toMatchObject({ started: 0 });
  });

  it('lets a test occupy slots', async () => {
    expect((await get('/_/account', { method: 'PUT', body: '{"others":2}' }, env)).status).toBe(200);
    expect((await send(question('hi'), { env })).status).toBe(429);
    expect(await status()).toMatchObject({ others: 2, held: 0 });
    expect((await get('/_/account', { method: 'PUT', body: '{}' }, env)).status).toBe(400);
  });

  it('counts the tokens that were sent', async () => {
    const limited = { TPM: '1000000' };
    const { usage } = await (
      await send(question('hi'), { env: limited })
    ).json<{ usage: { total_tokens: number } }>();
    const { lastMinute } = await (await get('/_/account', {}, limited)).json<AccountStatus>();
    expect(lastMinute).toEqual({ requests: 0, tokens: usage.total_tokens });
  });
});
