// The cost of a call, for its client's token budget: reserved before, settled after,
// however the call ends.

import { LeftFlight } from '../cache/flight-wire.ts';
import { FLIGHT_SETTLES_MS } from '../config/limits.ts';
import { costOfFailure } from '../http/call-cost.ts';
import type { Reservation } from '../http/reservation.ts';
import type { ChatContext } from './chat-context.ts';
import type { ChatRequest } from './request/chat-request.ts';

export interface BudgetContext extends Pick<ChatContext, 'reserve' | 'waitUntil'> {
  /** How often StepFun has been asked for this call. */
  readonly log: Pick<ChatContext['log'], 'attempts'>;
}

/**
 * Makes a call with tokens reserved for it. A call that succeeds settles itself, since it
 * alone knows when it has ended. The Worker is alive until the settlement: the router has
 * registered the request with `waitUntil`.
 * @param signal - aborts when the client leaves.
 * @param call - gets null where the client has no budget.
 * @throws {GatewayError} `insufficient_quota`, `budget_reserved`, or what the call throws.
 */
export async function withBudget<T>(
  asked: ChatRequest,
  { reserve, log, waitUntil }: BudgetContext,
  signal: AbortSignal,
  call: (reservation: Reservation | null) => Promise<T>,
): Promise<T> {
  const reservation = (await reserve?.(asked, signal)) ?? null;
  try {
    return await call(reservation);
  } catch (thrown) {
    if (thrown instanceof LeftFlight) {
      if (reservation !== null && !thrown.isBackground) waitUntil(settleLater(reservation));
      throw thrown;
    }
    // A client that left while it waited for a slot, or before, costs nothing.
    const isUnasked = signal.aborted && log.attempts === 0;
    await reservation?.settle(isUnasked ? 0 : costOfFailure(thrown, reservation.promptTokens));
    throw thrown;
  }
}

/**
 * The flight goes on, or ends, without this Worker, and settles: it alone knows what the call costs. But
 * it can miss that a client left while its request was on the way to it. The
 * first settlement of a reservation counts.
 */
async function settleLater({ settle, promptTokens }: Reservation): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, FLIGHT_SETTLES_MS));
  await settle(promptTokens);
}
