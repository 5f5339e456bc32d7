// The tokens of a call: reserved before StepFun is called, settled with the cost afterwards.

import {
  AUDIO_BYTES_PER_TOKEN,
  DETAILED_IMAGE_TOKENS_MAX,
  IMAGE_TOKENS_MAX,
  OUTPUT_TOKENS_UNASKED,
  RESERVATION_GRACE_MS,
  RESERVED_RETRY_SECONDS,
  TEXT_BYTES_PER_TOKEN,
  VIDEO_TOKENS_MAX,
} from '../config/limits.ts';
import { GatewayError } from '../http/errors.ts';
import type { BudgetHeaders, PromptSize, Reservation, ReservationRef } from '../http/reservation.ts';
import {
  budgetObject,
  dayOf,
  secondsUntil,
  type BudgetObject,
  type Budgets,
  type Day,
} from './budget-object.ts';
import type { Claim, Grant } from './budget.ts';
import type { Client } from './client.ts';

export interface TokenRequest {
  /** The prompt's cost, as estimated by `estimatePromptTokens`. */
  readonly promptTokens: number;
  /** The request's `max_tokens`, if it has one. */
  readonly maxTokens: number | undefined;
  /** `n`: each choice costs. */
  readonly choices: number;
  /** How long the call may take, its time in the queue included, in ms: then its reservation lapses. */
  readonly callMs: number;
}

/** @returns tokens, an upper bound: the excess is returned when the call is settled. */
export function estimatePromptTokens(size: PromptSize): number {
  return (
    Math.ceil(size.textBytes / TEXT_BYTES_PER_TOKEN) +
    size.images * IMAGE_TOKENS_MAX +
    size.detailedImages * DETAILED_IMAGE_TOKENS_MAX +
    size.videos * VIDEO_TOKENS_MAX +
    Math.ceil(size.audioBytes / AUDIO_BYTES_PER_TOKEN)
  );
}

/**
 * @param budgets - the binding `BUDGETS`; undefined: absent.
 * @param client - its limit of tokens a day is above 0.
 * @param signal - aborts when the client leaves: the wait for tokens ends, and nothing
 *   stays reserved. The caller keeps the Worker alive (`waitUntil`) until this settles.
 * @throws {GatewayError} `invalid_value` for a prompt that no whole day has room for;
 *   `insufficient_quota` with the time of reset (0:00 UTC); `budget_reserved` when calls
 *   under way have reserved what is left; `access_unavailable` when the object fails:
 *   no call is made without being counted. The signal's reason when the client has left.
 */
export async function reserveTokens(
  budgets: Budgets | undefined,
  client: Client,
  { promptTokens, maxTokens = OUTPUT_TOKENS_UNASKED, choices, callMs }: TokenRequest,
  signal?: AbortSignal,
): Promise<Reservation> {
  const limit = client.limits.tokensPerDay;
  if (promptTokens + choices > limit) throw tooLarge(promptTokens, limit);

  const nowMs = Date.now();
  const day = dayOf(nowMs);
  const holdMs = callMs + RESERVATION_GRACE_MS;
  const claim: Claim = {
    id: crypto.randomUUID(),
    lapsesAtMs: nowMs + holdMs,
    limit,
    promptTokens,
    maxTokens,
    choices,
    forgetAtMs: day.endMs + holdMs,
  };
  const object = budgetObject(budgets, client, day);
  const grant = await reserve(object, claim, signal);
  const headers = budgetHeaders(limit, grant.remaining, day);
  if (grant.kind !== 'granted') throw createBudgetError(grant, headers, day);

  const ref: ReservationRef = {
    client: { id: client.id, name: client.name },
    day: day.number,
    call: { id: claim.id, lapsesAtMs: claim.lapsesAtMs },
    limit,
    promptTokens,
  };
  const settle = async (tokens: number) => {
    const remaining = await settleReservation(budgets, ref, tokens);
    return remaining === null ? headers : budgetHeaders(limit, remaining, day);
  };
  const isLowered = grant.maxTokens < maxTokens;
  return { ref, maxTokens: grant.maxTokens, isLowered, promptTokens, headers, settle };
}

/**
 * Replaces a call's reservation by its cost. Only the first settlement of a reservation
 * counts.
 * @returns what is left of the client's day; null when the object failed, which is logged:
 *   then the reservation lapses, and counts as spent.
 */
export async function settleReservation(
  budgets: Budgets | undefined,
  { client, day, call, limit }: ReservationRef,
  tokens: number,
): Promise<number | null> {
  const object = budgetObject(budgets, client, { number: day });
  try {
    return await object.ask((budget) => budget.settle(call, tokens, limit));
  } catch (error) {
    object.createFailure('settle', error);
    return null;
  }
}

/** Calls the object. If the client leaves meanwhile or the object fails, nothing stays reserved. */
async function reserve(object: BudgetObject, claim: Claim, signal: AbortSignal | undefined): Promise<Grant> {
  signal?.throwIfAborted();
  const cancel = async () => {
    await object.ask((budget) => budget.settle(claim, 0, claim.limit)).catch(() => {});
  };
  const leave = () => void cancel(); // ends the object's wait
  signal?.addEventListener('abort', leave);
  try {
    const grant = await object.ask((budget) => budget.reserve(claim));
    // The signal may have come before the object knew the claim.
    if (signal?.aborted === true) await cancel();
    signal?.throwIfAborted();
    return grant;
  } catch (error) {
    signal?.throwIfAborted();
    leave(); // the object may have granted it, and only its answer was lost
    throw object.createFailure('reserve', error);
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}

function tooLarge(promptTokens: number, limit: number): GatewayError {
  const message = `The prompt is estimated at ${promptTokens} tokens; this client's limit is ${limit} tokens a day.`;
  return new GatewayError('invalid_value', message, { param: 'messages' });
}

function createBudgetError({ kind }: Grant, headers: BudgetHeaders, day: Day): GatewayError {
  return kind === 'used_up'
    ? new GatewayError('insufficient_quota', undefined, {
        retryAfterSeconds: secondsUntil(day.endMs),
        headers,
      })
    : new GatewayError('budget_reserved', undefined, { retryAfterSeconds: RESERVED_RETRY_SECONDS, headers });
}

/** OpenAI's names and notation. The time is a Go duration, as theirs; a parser of numbers reads its seconds. */
function budgetHeaders(limit: number, remaining: number, day: Day): BudgetHeaders {
  return {
    'x-ratelimit-limit-tokens': String(limit),
    'x-ratelimit-remaining-tokens': String(remaining),
    'x-ratelimit-reset-tokens': `${secondsUntil(day.endMs)}s`,
  };
}
