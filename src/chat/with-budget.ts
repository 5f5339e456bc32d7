// What a call costs its client's token budget: put aside before, settled after,
// however the call went.

import { GatewayError, type ErrorCode } from '../http/errors.ts';
import type { Reservation } from '../http/reservation.ts';
import type { ChatExchange } from './chat-context.ts';
import type { ChatRequest } from './request/chat-request.ts';

/** Failures with which StepFun says that it did nothing. */
const FREE: ReadonlySet<ErrorCode> = new Set([
  'content_filter',
  'insufficient_quota',
  'invalid_api_key',
  'model_not_found',
  'upstream_auth',
  'upstream_rate_limited',
  'upstream_rejected',
  'upstream_unavailable',
]);

/**
 * Makes a call with tokens put aside for it. A call that succeeds settles itself,
 * since it alone knows when it has ended.
 * @param call - is given null where nobody counts.
 * @throws {GatewayError} `insufficient_quota`, or what the call throws.
 */
export async function paid<T>(
  asked: ChatRequest,
  { reserve, waitUntil }: ChatExchange,
  call: (reservation: Reservation | null) => Promise<T>,
): Promise<T> {
  const reservation = (await reserve?.(asked)) ?? null;
  try {
    return await call(reservation);
  } catch (thrown) {
    if (reservation !== null) waitUntil(reservation.settle(isFree(thrown) ? 0 : null));
    throw thrown;
  }
}

function isFree(thrown: unknown): boolean {
  return thrown instanceof GatewayError && FREE.has(thrown.code);
}
