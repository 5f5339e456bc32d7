import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keyIdentity } from '../../../src/access/client.ts';
import { reserveTokens } from '../../../src/access/reserve-tokens.ts';
import { usageResponse } from '../../../src/access/usage-response.ts';
import { budgetHouse, type BudgetHouse } from './objects.ts';
import { captureLog, clientOf, failure } from './support.ts';

const NOON = Date.parse('2026-11-22T12:00:00Z');
const MIDNIGHT_SECONDS = Date.parse('2026-11-23T00:00:00Z') / 1_000;

let house: BudgetHouse;
beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
  house = budgetHouse();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const app = (tokensPerDay: number) => clientOf(keyIdentity('app'), { tokensPerDay });
const usage = async (tokensPerDay: number, budgets = house.namespace) => {
  const response = await usageResponse(app(tokensPerDay), budgets);
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('private, no-store');
  return response.json();
};

describe('usageResponse', () => {
  it('tells a client’s budget of today', async () => {
    const call = { promptTokens: 10, maxTokens: 90, choices: 1, callMs: 1 };
    const ended = await reserveTokens(house.namespace, app(1_000), call);
    await ended.settle(40);
    await reserveTokens(house.namespace, app(1_000), call);
    expect(await usage(1_000)).toEqual({
      object: 'usage',
      client: 'app',
      day: '2026-11-22',
      tokens: { limit: 1_000, used: 40, reserved: 100, remaining: 860, resets_at: MIDNIGHT_SECONDS },
    });
    expect(await usage(50)).toMatchObject({ tokens: { limit: 50, remaining: 0 } });
  });

  it('asks no object for a client without a budget', async () => {
    expect(await usage(0, undefined)).toEqual({
      object: 'usage',
      client: 'app',
      day: '2026-11-22',
      tokens: { limit: null, used: 0, reserved: 0, remaining: null, resets_at: MIDNIGHT_SECONDS },
    });
    await usage(0);
    expect(house.objects.size).toBe(0);
  });

  it('fails with the object', async () => {
    const lines = captureLog();
    house.namespace.get = () => {
      throw new Error('down');
    };
    expect((await failure(usageResponse(app(1), house.namespace))).code).toBe('access_unavailable');
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'error',
      event: 'budget_failed',
      during: 'usage',
      client: 'app',
      detail: 'Error: down',
    });
    expect((await failure(usageResponse(app(1), undefined))).code).toBe('access_unavailable');
  });
});
