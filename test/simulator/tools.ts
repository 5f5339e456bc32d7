// Chooses the tools to call, by the words that their names and descriptions share with the prompt, and writes
// arguments that satisfy their schemas.

import type { ChatRequest, Tool } from './request.ts';
import { valueFor } from './schema.ts';
import type { Seed } from './seed.ts';
import { createSource } from './source.ts';
import type { Plan } from './triggers.ts';
import { keywords } from './writer/words.ts';

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON, as a string. */
  readonly arguments: string;
}

/**
 * @returns the calls of one choice. There are none without tools, if `tool_choice` is none, or if the last message
 *   is not the user's (a tool has just answered). If the prompt names several tools, each of them is called.
 */
export function toolCalls(request: ChatRequest, plan: Plan, seed: Seed, choice: number): ToolCall[] {
  const { toolChoice, tools, messages } = request;
  if (tools.length === 0 || toolChoice === 'none' || messages.at(-1)?.role !== 'user') return [];
  const named = tools.filter((tool) => isNamed(tool, plan.text));
  const offered =
    typeof toolChoice === 'object'
      ? tools.filter((tool) => tool.name === toolChoice.name)
      : named.length > 1
        ? [...named, ...tools.filter((tool) => !named.includes(tool))]
        : byFit(tools, plan.text);
  const namedCount = typeof toolChoice === 'object' ? 1 : Math.max(1, named.length);
  const count = request.parallelToolCalls ? (plan.toolCalls ?? namedCount) : 1;
  const source = createSource(plan.text);
  return Array.from({ length: count }, (_, i) => offered[i % offered.length])
    .filter((tool) => tool !== undefined)
    .map((tool, i) => ({
      id: `call_${seed.hash.slice(0, 20)}${choice}_${i}`,
      name: tool.name,
      arguments: JSON.stringify(valueFor(tool.parameters, source)),
    }));
}

/** Verbs in the names of tools, which a prompt rarely repeats: `get_weather` is named by "weather". */
const VERBS = new Set(
  ['get', 'fetch', 'find', 'look', 'search', 'query', 'read', 'show', 'list', 'run', 'call'].map(stem),
);

/** @returns whether the prompt contains the tool's name, or all words of it that are not verbs. */
function isNamed(tool: Tool, text: string): boolean {
  if (text.includes(tool.name)) return true;
  const prompt = new Set(wordsOf(text));
  const words = wordsOf(tool.name).filter((word) => !VERBS.has(word));
  return words.length > 0 && words.every((word) => prompt.has(word));
}

/** The best fit first. */
function byFit(tools: readonly Tool[], text: string): Tool[] {
  const prompt = wordsOf(text);
  const fit = (tool: Tool): number => {
    const words = new Set(wordsOf(`${tool.name} ${tool.description}`));
    return prompt.filter((word) => words.has(word)).length;
  };
  return tools
    .map((tool) => ({ tool, fit: fit(tool) }))
    .toSorted((one, other) => other.fit - one.fit)
    .map(({ tool }) => tool);
}

const PROMPT_CHARS_MAX = 2_000;

/** @returns the keywords, with the words of identifiers such as `getWeather` apart, as stems. */
function wordsOf(text: string): string[] {
  return keywords(
    text
      .slice(0, PROMPT_CHARS_MAX)
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .replace(/[_-]/g, ' '),
  ).map(stem);
}

/** `cities` and `city`, `adding` and `add` have the same stem. */
function stem(word: string): string {
  return word.toLowerCase().replace(/(?:ies|y|ing|es|s|ed)$/, '');
}
