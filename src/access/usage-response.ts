// `GET /v1/usage`: the caller's token budget of today.

import { jsonResponse } from '../http/response.ts';
import { budgetObject, dayOf, type Budgets } from './budget-object.ts';
import type { Totals } from './budget.ts';
import type { Client } from './client.ts';

/**
 * @param budgets - the binding `BUDGETS`; asked only for a client with a budget.
 * @returns `{"object":"usage","client","day","tokens":{"limit","used","reserved","remaining","resets_at"}}`;
 *   `limit` and `remaining` are null without a budget. Times are Unix seconds.
 * @throws {GatewayError} `access_unavailable` when the object fails or is missing.
 */
export async function usageResponse(client: Client, budgets: Budgets | undefined): Promise<Response> {
  const nowMs = Date.now();
  const day = dayOf(nowMs);
  const limit = client.limits.tokensPerDay;
  const { used, reserved } = limit === 0 ? NOTHING : await totals();
  const usage = {
    object: 'usage',
    client: client.name,
    day: new Date(nowMs).toISOString().slice(0, 'YYYY-MM-DD'.length),
    tokens: {
      limit: limit === 0 ? null : limit,
      used,
      reserved,
      remaining: limit === 0 ? null : Math.max(0, limit - used - reserved),
      resets_at: day.endMs / 1_000,
    },
  };
  return jsonResponse(usage, { 'cache-control': 'private, no-store' });

  async function totals(): Promise<Totals> {
    const object = budgetObject(budgets, client, day);
    return object
      .ask((budget) => budget.usage())
      .catch((error: unknown) => {
        throw object.createFailure('usage', error);
      });
  }
}

const NOTHING: Totals = { used: 0, reserved: 0 };
