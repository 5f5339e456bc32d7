// The text of an answer. The writers of the prompt's language are asked in order; the first that returns a text
// decides. There is no model: they use patterns, a few facts and templates with the prompt's words.

import type { Media } from '../messages.ts';
import type { Effort } from '../models.ts';
import type { ChatRequest } from '../request.ts';
import type { Pick } from '../seed.ts';
import type { Plan } from '../triggers.ts';
import { chinese, thinkInChinese } from './chinese.ts';
import { thinkInEnglish } from './english-thoughts.ts';
import { english } from './english.ts';
import { isChinese } from './words.ts';

export interface Prompt {
  /** The beginning of the last user message, without its triggers. */
  readonly text: string;
  /** The whole message, for the writer that repeats it. */
  readonly whole: string;
  readonly model: string;
  readonly media: readonly Media[];
  /** The tool results after it. */
  readonly results: readonly { readonly name: string; readonly text: string }[];
  /** The user's earlier messages. */
  readonly earlier: readonly string[];
}

/** @returns the answer; undefined if this writer does not know one. */
export type Writer = (prompt: Prompt, pick: Pick) => string | undefined;

/** Bounds the time of the writers' patterns, which try every position. */
const PROMPT_CHARS_MAX = 2_000;

/** @returns the parts of a request that the writers use. */
export function promptOf(request: ChatRequest, plan: Plan): Prompt {
  const users = request.messages.filter(({ role }) => role === 'user');
  const last = users.at(-1);
  const lastOther = request.messages.findLastIndex(({ role }) => role !== 'tool');
  return {
    text: plan.text.slice(0, PROMPT_CHARS_MAX).trim(),
    whole: plan.text.trim(),
    model: request.model,
    media: last?.media ?? [],
    results: request.messages
      .slice(lastOther + 1)
      .map((message) => ({ name: message.toolName, text: message.text })),
    earlier: users.slice(0, -1).map((message) => message.text),
  };
}

/** @returns the answer, as Markdown; never empty. */
export function write(prompt: Prompt, pick: Pick): string {
  const writers = isChinese(prompt.text) ? chinese : english;
  for (const writer of writers) {
    const text = writer(prompt, pick);
    if (text !== undefined && text !== '') return text;
  }
  throw new Error('The last writer of a list must always answer.');
}

/**
 * @param effort - low: one sentence, medium: three, high: six.
 * @param tool - the name of the first tool that is called; null: none.
 * @returns the reasoning before the answer.
 */
export function think(prompt: Prompt, effort: Effort, tool: string | null): string {
  const sentences = isChinese(prompt.text) ? thinkInChinese(prompt, tool) : thinkInEnglish(prompt, tool);
  const count = { low: 1, medium: 3, high: sentences.length }[effort];
  return sentences.slice(0, count).join(isChinese(prompt.text) ? '' : ' ');
}
