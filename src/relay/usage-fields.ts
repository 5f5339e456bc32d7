// Token usage: read for budgets and logs, and sent under the names that OpenAI's and
// DeepSeek's clients know.

import type { Usage } from '../http/token-usage.ts';
import { isObject, type JsonObject } from '../lib/json.ts';

/**
 * @param usage - StepFun's usage object.
 * @returns its counts. A missing total is the sum of its parts.
 */
export function readUsage(usage: JsonObject): Usage {
  const promptTokens = count(usage['prompt_tokens']);
  const completionTokens = count(usage['completion_tokens']);
  return {
    promptTokens,
    completionTokens,
    totalTokens: Math.max(count(usage['total_tokens']), promptTokens + completionTokens),
    cachedTokens: count(cachedTokens(usage)),
  };
}

/**
 * Gives the number of cached tokens all of its names: `cached_tokens` (StepFun),
 * `prompt_tokens_details.cached_tokens` (OpenAI), `prompt_cache_hit_tokens` (DeepSeek).
 * @param usage - is changed.
 * @returns whether anything changed.
 */
export function completeUsage(usage: JsonObject): boolean {
  const cached = cachedTokens(usage);
  if (typeof cached !== 'number') return false;
  let changed = false;
  for (const name of ['cached_tokens', 'prompt_cache_hit_tokens']) {
    if (isAbsent(usage[name])) {
      usage[name] = cached;
      changed = true;
    }
  }
  const details = usage['prompt_tokens_details'];
  if (isAbsent(details)) {
    usage['prompt_tokens_details'] = { cached_tokens: cached };
    return true;
  }
  if (isObject(details) && isAbsent(details['cached_tokens'])) {
    details['cached_tokens'] = cached;
    return true;
  }
  return changed;
}

function cachedTokens(usage: JsonObject): unknown {
  const details = usage['prompt_tokens_details'];
  return (
    usage['cached_tokens'] ??
    (isObject(details) ? details['cached_tokens'] : null) ??
    usage['prompt_cache_hit_tokens']
  );
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** A token budget is settled with these: a value that is no whole number from 0 counts as 0. */
function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
