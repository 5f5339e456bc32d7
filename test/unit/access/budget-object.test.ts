import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { budgetObject, dayOf, secondsUntil } from '../../../src/access/budget-object.ts';
import { keyIdentity } from '../../../src/access/client.ts';
import { budgetHouse, type BudgetHouse } from './objects.ts';
import { captureLog } from './support.ts';

const NOON = Date.parse('2026-11-22T12:00:00Z');
const TODAY = Math.floor(NOON / 86_400_000);

let house: BudgetHouse;

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
  house = budgetHouse();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const app = keyIdentity('app');
const object = (client = app, period: { readonly number: number } | null = { number: TODAY }) =>
  budgetObject(house.namespace, client, period);

describe('dayOf', () => {
  it.each([
    ['2026-11-22T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['2026-11-22T23:59:59.999Z', '2026-11-23T00:00:00.000Z'],
    ['2026-11-23T00:00:00.000Z', '2026-11-24T00:00:00.000Z'],
  ])('of %s ends at %s', (time, end) => {
    const { number, endMs } = dayOf(Date.parse(time));
    expect(new Date(endMs).toISOString()).toBe(end);
    expect(number).toBe(endMs / 86_400_000 - 1);
  });
});

describe('secondsUntil', () => {
  it.each([
    [60_000, 60],
    [59_001, 60],
    [1, 1],
    [0, 1],
    [-5_000, 1],
  ])('a time in %i ms: %i', (ms, seconds) => {
    expect(secondsUntil(NOON + ms)).toBe(seconds);
  });
});

describe('budgetObject', () => {
  it('chooses an object for each client and day, and another one for requests', async () => {
    for (const one of [
      object(),
      object(app, { number: TODAY + 1 }),
      object(app, null),
      object(keyIdentity('shop')),
    ]) {
      expect(await one.ask((budget) => budget.usage())).toEqual({ used: 0, reserved: 0 });
    }
    expect([...house.objects.keys()]).toEqual([
      `${TODAY}/key:app`,
      `${TODAY + 1}/key:app`,
      'requests/key:app',
      `${TODAY}/key:shop`,
    ]);
  });

  it('is a failure of access without the binding', () => {
    expect(() => budgetObject(undefined, app, null)).toThrow(
      expect.objectContaining({
        code: 'access_unavailable',
        details: { detail: 'the binding BUDGETS is missing' },
      }),
    );
  });
});

describe('a failing object', () => {
  it('is asked again once, by a stub of its own', async () => {
    const get = vi.spyOn(house.namespace, 'get');
    const method = vi
      .fn<() => Promise<string>>(async () => 'answer')
      .mockRejectedValueOnce(new Error('it has moved'));
    expect(await object().ask(method)).toBe('answer');
    expect(get).toHaveBeenCalledTimes(2);
  });

  it('is given up after the second failure', async () => {
    const method = vi
      .fn<() => Promise<never>>(() => Promise.reject(new Error('two')))
      .mockRejectedValueOnce(new Error('one'));
    await expect(object().ask(method)).rejects.toThrow('two');
    expect(method).toHaveBeenCalledTimes(2);
  });

  it('is asked again also where it can’t be reached', async () => {
    vi.spyOn(house.namespace, 'get').mockImplementationOnce(() => {
      throw new Error('down');
    });
    expect(await object().ask((budget) => budget.usage())).toEqual({ used: 0, reserved: 0 });
  });

  it('is waited for twice 5 s', async () => {
    const method = vi.fn<() => Promise<never>>(() => new Promise(() => {}));
    const ended = vi.fn<(error: unknown) => void>();
    void object().ask(method).catch(ended);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(method).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(method).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it('is a failure of access, with a log line', () => {
    const lines = captureLog();
    const error = object().createFailure('settle', new Error('down'));
    expect([error.code, error.details]).toEqual(['access_unavailable', {}]);
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      { level: 'error', event: 'budget_failed', during: 'settle', client: 'app', detail: 'Error: down' },
    ]);
  });
});
