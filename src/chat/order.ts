// What is asked of StepFun on behalf of a client.

import type { Order } from '../cache/completion.ts';
import type { Reservation } from '../http/reservation.ts';
import type { ChatExchange } from './chat-context.ts';
import type { ChatRequest, UpstreamOverrides } from './request/chat-request.ts';

/**
 * @param reservation - may lower `max_tokens` to what is left of the client's budget.
 * @param overrides - what StepFun is to be asked differently.
 */
export function orderOf(
  asked: ChatRequest,
  reservation: Reservation | null,
  { upstreamKey }: ChatExchange,
  overrides: UpstreamOverrides = {},
): Order {
  const budgeted = reservation === null ? {} : { maxTokens: reservation.maxTokens };
  return {
    body: asked.upstreamBody({ ...overrides, ...budgeted }),
    upstreamKey,
    choices: asked.choices,
    capped: reservation !== null && reservation.maxTokens !== asked.maxTokens,
  };
}
