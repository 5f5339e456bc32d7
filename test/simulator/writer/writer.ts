// What the simulator says. A list of writers in the prompt's language is asked in
// order; the first that has something to say does. No model, no lookup: patterns,
// a few facts, and sentences around the prompt's own words.

import type { Media } from '../messages.ts';
import type { ChatRequest } from '../request.ts';
import type { Pick } from '../seed.ts';
import type { Plan } from '../triggers.ts';
import { chinese, thinkInChinese } from './chinese.ts';
import { thinkInEnglish } from './english-thoughts.ts';
import { english } from './english.ts';
import { isChinese } from './words.ts';

export interface Prompt {
  /** The last user message's text, without its triggers: as much of it as is looked at. */
  readonly text: string;
  /** All of it, for whoever repeats it. */
  readonly whole: string;
  readonly model: string;
  readonly media: readonly Media[];
  /** What tools answered since then. */
  readonly results: readonly { readonly name: string; readonly text: string }[];
  /** What the user said before. */
  readonly earlier: readonly string[];
}

/** @returns what it has to say to this prompt; undefined when that is nothing. */
export type Writer = (prompt: Prompt, pick: Pick) => string | undefined;

/** Enough to see what a prompt is about, and few enough for patterns that try every place. */
const LOOKED_AT_CHARS = 2_000;

/** @returns the prompt as writers see it. */
export function promptOf(request: ChatRequest, plan: Plan): Prompt {
  const users = request.messages.filter(({ role }) => role === 'user');
  const last = users.at(-1);
  const lastOther = request.messages.findLastIndex(({ role }) => role !== 'tool');
  return {
    text: plan.text.slice(0, LOOKED_AT_CHARS).trim(),
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
  throw new Error('the last writer of a list always answers');
}

/**
 * @param effort - low: one sentence, medium: three, high: six.
 * @returns what the model thinks before it answers.
 */
export function think(prompt: Prompt, effort: ChatRequest['effort'], tool: string | null): string {
  const sentences = isChinese(prompt.text) ? thinkInChinese(prompt, tool) : thinkInEnglish(prompt, tool);
  const count = { low: 1, medium: 3, high: sentences.length }[effort];
  return sentences.slice(0, count).join(isChinese(prompt.text) ? '' : ' ');
}
