// The request to StepFun on behalf of a client.

import type { UpstreamRequest } from '../cache/upstream-call.ts';
import type { Reservation } from '../http/reservation.ts';
import type { ChatContext } from './chat-context.ts';
import type { ChatRequest, UpstreamOverrides } from './request/chat-request.ts';

/**
 * @param reservation - may lower `max_tokens` to what is left of the client's budget.
 * @param overrides - what StepFun is asked differently.
 */
export function createUpstreamRequest(
  asked: ChatRequest,
  reservation: Reservation | null,
  { clientId, upstreamKey }: Pick<ChatContext, 'clientId' | 'upstreamKey'>,
  overrides: UpstreamOverrides & { readonly isBackground?: boolean } = {},
): UpstreamRequest {
  // Unless it is lowered, StepFun gets what the client asked for, also where that is nothing.
  const budgeted = reservation?.isLowered === true ? { maxTokens: reservation.maxTokens } : {};
  return {
    body: asked.upstreamBody({ ...overrides, ...budgeted }),
    upstreamKey,
    clientId,
    isBackground: overrides.isBackground === true,
    choices: asked.choices,
    reservation: reservation?.ref ?? null,
    isCapped: reservation?.isLowered === true,
  };
}
