// Which tools are called, and with what: the one whose name and description share
// most words with the prompt, with arguments that satisfy its schema.

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
 * @returns the calls of one choice; none when there are no tools, `tool_choice` is
 *   none, or the last message is not the user's (a tool has just answered).
 */
export function toolCalls(request: ChatRequest, plan: Plan, seed: Seed, choice: number): ToolCall[] {
  const { toolChoice, tools, messages } = request;
  if (tools.length === 0 || toolChoice === 'none' || messages.at(-1)?.role !== 'user') return [];
  const offered =
    typeof toolChoice === 'object'
      ? tools.filter((tool) => tool.name === toolChoice.name)
      : byFit(tools, plan.text);
  const source = createSource(plan.text);
  const count = request.parallelToolCalls ? plan.toolCalls : 1;
  return Array.from({ length: count }, (_, i) => offered[i % offered.length])
    .filter((tool) => tool !== undefined)
    .map((tool, i) => ({
      id: `call_${seed.hash.slice(0, 20)}${choice}_${i}`,
      name: tool.name,
      arguments: JSON.stringify(valueFor(tool.parameters, source)),
    }));
}

function byFit(tools: readonly Tool[], text: string): Tool[] {
  const asked = keywords(text).map(stem);
  const fit = (tool: Tool): number => {
    const words = new Set(
      keywords(
        `${tool.name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[_-]/g, ' ')} ${tool.description}`,
      ).map(stem),
    );
    return asked.filter((word) => words.has(word)).length;
  };
  return tools
    .map((tool) => ({ tool, fit: fit(tool) }))
    .toSorted((one, other) => other.fit - one.fit)
    .map(({ tool }) => tool);
}

/** `cities` and `city`, `adding` and `add` are the same word for this purpose. */
function stem(word: string): string {
  return word.toLowerCase().replace(/(?:ies|y|ing|es|s|ed)$/, '');
}
