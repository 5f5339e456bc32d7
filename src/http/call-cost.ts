// The cost of a call for a token budget, however the call ended.

import { GatewayError, type ErrorCode } from './errors.ts';
import type { Usage } from './token-usage.ts';

/**
 * Failures with which StepFun did nothing, or was never asked. Not `content_filter`: it may be the output
 * that is blocked. upstream/retry.ts marks a late `upstream_unavailable` as one with a cost.
 */
const FREE: ReadonlySet<ErrorCode> = new Set([
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
 * @param usage - StepFun's largest count; null if it sent none.
 * @param isWhole - whether the answer ended as it should: then the count is exact. The count of a
 *   stream that was cut may be a placeholder of zeros.
 * @param promptTokens - the estimate of the prompt, which StepFun has read.
 * @returns tokens.
 */
export function costOfAnswer(usage: Usage | null, isWhole: boolean, promptTokens: number): number {
  const tokens = usage?.totalTokens ?? 0;
  return isWhole && tokens > 0 ? tokens : Math.max(tokens, promptTokens);
}

/**
 * @param thrown - why there is no answer.
 * @param promptTokens - the estimate of the prompt.
 * @returns tokens: a call that StepFun may have begun costs the prompt.
 */
export function costOfFailure(thrown: unknown, promptTokens: number): number {
  return isFree(thrown) ? 0 : promptTokens;
}

/** @returns whether a failure costs nothing: StepFun did nothing, was not asked, or another client pays. */
export function isFree(thrown: unknown): boolean {
  return thrown instanceof GatewayError && (thrown.details.isFree ?? FREE.has(thrown.code));
}
