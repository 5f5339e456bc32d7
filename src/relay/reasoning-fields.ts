// The reasoning of a delta or a message, under the one name that the client reads.

import type { ReasoningFormat } from '../config/config.ts';
import { isNothing, type JsonObject } from '../lib/json.ts';
import { setMember } from './members.ts';

const NAMES = {
  general: { wanted: 'reasoning', other: 'reasoning_content' },
  'deepseek-style': { wanted: 'reasoning_content', other: 'reasoning' },
} as const;

/** @returns the reasoning, under whichever name it is; StepFun often sends both with the same text. */
export function reasoningOf(target: JsonObject): unknown {
  const { reasoning, reasoning_content: alias } = target;
  return isNothing(reasoning) && alias !== undefined ? alias : reasoning;
}

/**
 * Renames or removes the reasoning.
 * @param target - a delta or a message; is changed.
 * @returns whether anything changed.
 */
export function formatReasoning(target: JsonObject, format: ReasoningFormat): boolean {
  if (format === 'hidden') {
    const names = ['reasoning', 'reasoning_content', 'reasoning_details'];
    return names.filter((name) => setMember(target, name, undefined)).length > 0;
  }
  const { wanted, other } = NAMES[format];
  if (target[other] === undefined) return false;
  target[wanted] = reasoningOf(target);
  setMember(target, other, undefined);
  return true;
}

/**
 * Removes what would spell out hidden reasoning token by token.
 * @param choice - of a chunk or a completion; is changed.
 * @returns whether anything changed.
 */
export function hideLogprobs(choice: JsonObject): boolean {
  return setMember(choice, 'logprobs', undefined);
}
