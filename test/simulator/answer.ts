// What is answered, before it is known how it will be sent: for each choice its
// reasoning, its text or its tool calls, cut where the request says so, in tokens.

import { writeJson } from './json.ts';
import { reasons } from './models.ts';
import type { ChatRequest } from './request.ts';
import { pickFor } from './seed.ts';
import type { Seed } from './seed.ts';
import { promptTokens, repeatedTokens, tokensOf } from './tokens.ts';
import { toolCalls } from './tools.ts';
import type { ToolCall } from './tools.ts';
import type { Plan } from './triggers.ts';
import { promptOf, think, write } from './writer/writer.ts';

export interface CallTokens {
  readonly id: string;
  readonly name: string;
  readonly arguments: readonly string[];
}

export interface Choice {
  readonly reasoning: readonly string[];
  readonly content: readonly string[];
  readonly calls: readonly CallTokens[];
  readonly finish: string;
}

export interface Answer {
  readonly id: string;
  /** Unix time in seconds. */
  readonly created: number;
  readonly model: string;
  readonly choices: readonly Choice[];
  readonly reasoningField: ChatRequest['reasoningField'];
  readonly promptTokens: number;
  /** 0: nothing was cached, and nothing is said about it. */
  readonly cachedTokens: number;
  /** Whether usage is told at all. */
  readonly usage: boolean;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly cached_tokens?: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/**
 * @param created - Unix time in seconds: the one thing that differs when the same
 *   request is asked again.
 */
export function compose(request: ChatRequest, plan: Plan, seed: Seed, created: number): Answer {
  const tokens = promptTokens(request);
  return {
    id: seed.id,
    created,
    model: request.model,
    choices: Array.from({ length: request.n }, (_, choice) => composeChoice(request, plan, seed, choice)),
    reasoningField: request.reasoningField,
    promptTokens: tokens,
    cachedTokens: Math.min(plan.cachedTokens ?? repeatedTokens(request), tokens),
    usage: plan.usage,
  };
}

/** @returns usage in the order of StepFun's page. */
export function usageOf(answer: Answer, completionTokens: number): Usage {
  return {
    prompt_tokens: answer.promptTokens,
    ...(answer.cachedTokens > 0 && { cached_tokens: answer.cachedTokens }),
    completion_tokens: completionTokens,
    total_tokens: answer.promptTokens + completionTokens,
  };
}

/** @returns the tokens of one choice; a tool's name counts as one. */
export function choiceTokens({ reasoning, content, calls }: Choice): number {
  return calls.reduce((sum, call) => sum + 1 + call.arguments.length, reasoning.length + content.length);
}

function composeChoice(request: ChatRequest, plan: Plan, seed: Seed, choice: number): Choice {
  const prompt = promptOf(request, plan);
  const called = toolCalls(request, plan, seed, choice);
  const thought =
    reasons(request.model) && plan.reasoning ? think(prompt, request.effort, called[0]?.name ?? null) : '';

  // Generation stops wherever max_tokens is reached: in thought, text or arguments.
  let left = request.maxTokens;
  const spend = (tokens: readonly string[]): readonly string[] => {
    const kept = tokens.slice(0, Math.max(left, 0));
    left -= tokens.length;
    return kept;
  };
  const reasoning = spend(tokensOf(thought));
  const calls = called.flatMap((call) => spendCall(call, spend));
  const content =
    called.length > 0
      ? []
      : spend(plan.textTokens === null ? contentOf(request, plan, seed, choice) : longText(plan.textTokens));
  const finish = left < 0 ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop';
  return { reasoning, content, calls, finish: plan.finish ?? finish };
}

function spendCall(
  call: ToolCall,
  spend: (tokens: readonly string[]) => readonly string[],
): readonly CallTokens[] {
  if (spend([call.name]).length === 0) return [];
  return [{ id: call.id, name: call.name, arguments: spend(tokensOf(call.arguments)) }];
}

function contentOf(request: ChatRequest, plan: Plan, seed: Seed, choice: number): string[] {
  const said = write(promptOf(request, plan), pickFor(seed, choice));
  const text = writeJson(request.format, plan.text, said) ?? said;
  const stops = request.stop.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return tokensOf(stops.length === 0 ? text : text.slice(0, Math.min(...stops)));
}

/** Text without a meaning, of so many tokens: for length, load and limits. */
function longText(tokens: number): string[] {
  const WORDS = [
    'The',
    ' stream',
    ' goes',
    ' on',
    ',',
    ' word',
    ' by',
    ' word',
    ',',
    ' to',
    ' its',
    ' end',
    '.',
    '\n',
  ];
  return Array.from({ length: tokens }, (_, i) => WORDS[i % WORDS.length] ?? '');
}
