// The rate limit: Workers' own binding, counted by client; or, for a client with a limit
// of its own, its Budget object.

import { RATE_LIMIT_PERIOD_SECONDS, RATE_LIMIT_TIMEOUT_MS } from '../config/limits.ts';
import { GatewayError } from '../http/errors.ts';
import { log } from '../http/log.ts';
import { within } from '../lib/within.ts';
import { budgetObject, type Budgets } from './budget-object.ts';
import type { Client, Identity } from './client.ts';

/** The bindings that count requests; undefined: absent. */
export interface RateBindings {
  readonly limiter: RateLimit | undefined;
  readonly budgets: Budgets | undefined;
}

/**
 * Counts this request, before its body is read.
 * @throws {GatewayError} `rate_limit_exceeded`; `access_unavailable` when the client has a
 *   limit of its own and the object that counts fails or is missing.
 */
export async function limitRate({ limiter, budgets }: RateBindings, client: Client): Promise<void> {
  const { requestsPerMinute } = client.limits;
  if (requestsPerMinute === null) return limitByBinding(limiter, client);
  if (requestsPerMinute === 0) return;
  const object = budgetObject(budgets, client, null);
  const verdict = await object
    .ask((budget) => budget.countRequest(requestsPerMinute))
    .catch((error: unknown) => {
      throw object.createFailure('count', error);
    });
  if (!verdict.isAllowed) throw tooOften(verdict.retryAfterSeconds);
}

/**
 * @param limiter - the binding `RATE_LIMITER`; without it there is no limit.
 * @param identity - counted by its id.
 * @throws {GatewayError} `rate_limit_exceeded`; also for anonymous callers while the
 *   limiter fails. Clients with a credential pass then: the operator knows them.
 */
export async function limitByBinding(limiter: RateLimit | undefined, identity: Identity): Promise<void> {
  if (limiter === undefined) return;
  const isAllowed = await isWithinRate(limiter, identity, identity.kind !== 'anonymous');
  // The binding gives no time. After its longest period the next request is allowed.
  if (!isAllowed) throw tooOften(RATE_LIMIT_PERIOD_SECONDS);
}

/**
 * @param ifFailed - the answer when the limiter fails; the failure is logged.
 * @returns whether one more request of this identity is within the limit.
 */
export async function isWithinRate(
  limiter: RateLimit,
  identity: Identity,
  ifFailed: boolean,
): Promise<boolean> {
  try {
    const { success } = await within(limiter.limit({ key: identity.id }), RATE_LIMIT_TIMEOUT_MS);
    return success;
  } catch (error) {
    log('error', 'rate_limiter_failed', { client: identity.name, detail: String(error) });
    return ifFailed;
  }
}

function tooOften(retryAfterSeconds: number): GatewayError {
  return new GatewayError('rate_limit_exceeded', undefined, { retryAfterSeconds });
}
