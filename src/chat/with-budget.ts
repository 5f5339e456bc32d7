// The cost of a call, for its client's token budget: reserved before, settled after,
// however the call ends.

import { GatewayError, type ErrorCode } from '../http/errors.ts';
import type { Reservation } from '../http/reservation.ts';
import type { Usage } from '../http/usage.ts';
import type { ChatContext } from './chat-context.ts';
import type { ChatRequest } from './request/chat-request.ts';

/** Failures with which StepFun says that it did nothing. */
const FREE: ReadonlySet<ErrorCode> = new Set([
  'content_filter',
  'insufficient_quota',
  'invalid_api_key',
  'model_not_found',
  'queue_full',
  'queue_timeout',
  'upstream_auth',
  'upstream_misconfigured',
  'upstream_rate_limited',
  'upstream_rejected',
  'upstream_unavailable',
]);

/**
 * Makes a call with tokens reserved for it. A call that succeeds settles itself, since it
 * alone knows when it has ended. The Worker is alive until the settlement: the router has
 * registered the request with `waitUntil`.
 * @param call - gets null where the client has no budget.
 * @throws {GatewayError} `insufficient_quota`, or what the call throws.
 */
export async function withBudget<T>(
  asked: ChatRequest,
  { reserve }: Pick<ChatContext, 'reserve'>,
  call: (reservation: Reservation | null) => Promise<T>,
): Promise<T> {
  const reservation = (await reserve?.(asked)) ?? null;
  try {
    return await call(reservation);
  } catch (thrown) {
    await reservation?.settle(isFree(thrown) ? 0 : reservation.promptTokens);
    throw thrown;
  }
}

/**
 * @param usage - StepFun's largest count; null if it sent none.
 * @param isWhole - whether the answer ended as it should: then the count is exact. The count of a
 *   stream that was cut may be a placeholder of zeros.
 * @returns the tokens that the call costs.
 */
export function costOf(usage: Usage | null, isWhole: boolean, { promptTokens }: Reservation): number {
  const tokens = usage?.totalTokens ?? 0;
  return isWhole && tokens > 0 ? tokens : Math.max(tokens, promptTokens);
}

function isFree(thrown: unknown): boolean {
  return thrown instanceof GatewayError && FREE.has(thrown.code);
}
