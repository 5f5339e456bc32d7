// The Worker's side of the Durable Object `Budget`: the choice of the object, the bound on
// its time, and the error of its failure.

import { BUDGET_TIMEOUT_MS } from '../config/limits.ts';
import { GatewayError } from '../http/errors.ts';
import { log } from '../http/log.ts';
import { within } from '../lib/within.ts';
import type { Budget } from './budget.ts';
import type { Client } from './client.ts';

const DAY_MS = 86_400_000;

export type Budgets = DurableObjectNamespace<Budget>;

/** A UTC day. */
export interface Day {
  /** Days since the epoch. */
  readonly number: number;
  readonly endMs: number;
}

export interface BudgetObject {
  /**
   * Calls a method of the object, twice at most: an object that moves or is updated fails
   * once, and calling a method twice is safe.
   */
  readonly ask: <T>(method: (budget: DurableObjectStub<Budget>) => Promise<T>) => Promise<T>;
  /**
   * Writes a log line about a failure.
   * @returns `access_unavailable`: no call is made without being counted.
   */
  readonly createFailure: (during: string, error: unknown) => GatewayError;
}

/** @param timeMs - since the epoch. */
export function dayOf(timeMs: number): Day {
  const number = Math.floor(timeMs / DAY_MS);
  return { number, endMs: (number + 1) * DAY_MS };
}

/** @returns whole seconds, at least 1. */
export function secondsUntil(timeMs: number): number {
  return Math.max(1, Math.ceil((timeMs - Date.now()) / 1_000));
}

/**
 * @param budgets - the binding `BUDGETS`; undefined: absent.
 * @param period - a day for tokens; null for requests, whose minute may span midnight.
 * @throws {GatewayError} `access_unavailable` without the binding.
 */
export function budgetObject(
  budgets: Budgets | undefined,
  client: Pick<Client, 'id' | 'name'>,
  period: Pick<Day, 'number'> | null,
): BudgetObject {
  if (budgets === undefined) {
    throw new GatewayError('access_unavailable', undefined, { detail: 'the binding BUDGETS is missing' });
  }
  const id = budgets.idFromName(`${period?.number ?? 'requests'}/${client.id}`);
  return {
    ask: async (method) => {
      const attempt = async () => within(method(budgets.get(id)), BUDGET_TIMEOUT_MS);
      return attempt().catch(attempt);
    },
    createFailure: (during, error) => {
      log('error', 'budget_failed', { during, client: client.name, detail: String(error) });
      return new GatewayError('access_unavailable');
    },
  };
}
