// A call's tokens: reserved before StepFun is asked, settled with what it did cost.

import { within } from '../lib/within.ts';
import { GatewayError } from '../http/errors.ts';
import { BUDGET_TIMEOUT_MS, OUTPUT_TOKENS_UNASKED, RESERVATION_GRACE_MS } from '../config/limits.ts';
import { log } from '../http/log.ts';
import type { BudgetHeaders, PromptSize, Reservation } from '../http/reservation.ts';
import type { Budget, Claim } from './budget.ts';
import type { Client } from './client.ts';

const DAY_MS = 86_400_000;

/** How many tokens a byte of text may be: English has 4 bytes to the token, Chinese 3. */
const BYTES_PER_TOKEN = 3;

/** An image, sound or video. StepFun's page knows "around 400" for a small image; large ones cost more. */
const TOKENS_PER_MEDIA_PART = 1_000;

export interface TokenRequest {
  /** What the prompt costs, as estimated by `estimatePromptTokens`. */
  readonly promptTokens: number;
  /** `max_tokens` as the client wants it, if it does. */
  readonly maxTokens: number | undefined;
  /** `n`: each choice costs. */
  readonly choices: number;
  /** How long the call may take, in ms: then its reservation lapses. */
  readonly callMs: number;
}

/** @returns tokens, rather too many than too few: what is reserved too much comes back. */
export function estimatePromptTokens({ textBytes, mediaParts }: PromptSize): number {
  return Math.ceil(textBytes / BYTES_PER_TOKEN) + mediaParts * TOKENS_PER_MEDIA_PART;
}

/**
 * @param budgets - the binding `BUDGETS`.
 * @param limit - `TOKENS_PER_DAY`, above 0.
 * @throws {GatewayError} `insufficient_quota` with the time of reset (0:00 UTC);
 *   `access_unavailable` when the object fails: nobody spends uncounted.
 */
export async function reserveTokens(
  budgets: DurableObjectNamespace<Budget>,
  limit: number,
  client: Client,
  { promptTokens, maxTokens = OUTPUT_TOKENS_UNASKED, choices, callMs }: TokenRequest,
): Promise<Reservation> {
  const now = Date.now();
  const day = Math.floor(now / DAY_MS);
  const resetAtMs = (day + 1) * DAY_MS;
  const holdMs = callMs + RESERVATION_GRACE_MS;
  const claim: Claim = {
    id: crypto.randomUUID(),
    limit,
    promptTokens,
    maxTokens,
    choices,
    expiresAtMs: now + holdMs,
    forgetAtMs: resetAtMs + holdMs,
  };
  const object = budgets.idFromName(`${day}/${client.id}`);
  /** Twice at most: an object that moves or is updated fails once, and both methods bear a repetition. */
  const ask = async <T>(method: (stub: DurableObjectStub<Budget>) => Promise<T>): Promise<T> => {
    const once = async () => within(method(budgets.get(object)), BUDGET_TIMEOUT_MS);
    return once().catch(once);
  };
  const failed = (during: string, error: unknown) =>
    log('error', 'budget_failed', { during, client: client.name, detail: String(error) });

  const grant = await ask((budget) => budget.reserve(claim)).catch((error: unknown) => {
    failed('reserve', error);
    throw new GatewayError('access_unavailable');
  });
  const headers = budgetHeaders(limit, grant.remaining, resetAtMs);
  if (grant.maxTokens === 0) {
    const retryAfterSeconds = secondsUntil(resetAtMs);
    throw new GatewayError('insufficient_quota', undefined, { retryAfterSeconds, headers });
  }
  const settle = async (tokens: number | null) => {
    try {
      const remaining = await ask((budget) => budget.settle(claim.id, tokens ?? promptTokens, limit));
      return budgetHeaders(limit, remaining, resetAtMs);
    } catch (error) {
      failed('settle', error);
      return headers;
    }
  };
  return { maxTokens: grant.maxTokens, promptTokens, headers, settle };
}

/** OpenAI's names and notation; the time is a Go duration, as theirs, and a whole number to whoever parses one. */
function budgetHeaders(limit: number, remaining: number, resetAtMs: number): BudgetHeaders {
  return {
    'x-ratelimit-limit-tokens': String(limit),
    'x-ratelimit-remaining-tokens': String(remaining),
    'x-ratelimit-reset-tokens': `${secondsUntil(resetAtMs)}s`,
  };
}

function secondsUntil(timeMs: number): number {
  return Math.max(1, Math.ceil((timeMs - Date.now()) / 1_000));
}
