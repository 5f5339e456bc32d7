// The answer to a request, independent of how it will be sent: for each choice its reasoning, its text or its
// tool calls, as tokens, cut where the request says so.

import type { AudioFormat } from './audio.ts';
import { jsonContent } from './json.ts';
import type { ChatRequest } from './request.ts';
import { pickFor } from './seed.ts';
import type { Seed } from './seed.ts';
import { promptTokens, repeatedTokens, tokensOf } from './tokens.ts';
import { toolCalls } from './tools.ts';
import type { ToolCall } from './tools.ts';
import type { Dialect, Plan } from './triggers.ts';
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
  readonly finishReason: string;
}

type ReasoningName = 'reasoning' | 'reasoning_content';

export interface Answer {
  readonly id: string;
  /** Unix time in seconds. */
  readonly created: number;
  readonly model: string;
  readonly dialect: Dialect;
  readonly choices: readonly Choice[];
  /** The fields that carry the reasoning, each with the same text. */
  readonly reasoningNames: readonly ReasoningName[];
  /** The format of its sound; null: none. */
  readonly audio: AudioFormat | null;
  readonly promptTokens: number;
  /** 0: nothing was cached, and the usage does not mention it. */
  readonly cachedTokens: number;
  readonly cachedInDetails: boolean;
  /** Whether the usage is sent at all. */
  readonly usage: boolean;
}

interface Usage {
  readonly prompt_tokens: number;
  readonly cached_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens: number };
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly completion_tokens_details?: { readonly reasoning_tokens: number };
}

/**
 * @param created - Unix time in seconds: the only field that differs if the same request comes again.
 */
export function createAnswer(request: ChatRequest, plan: Plan, seed: Seed, created: number): Answer {
  const tokens = promptTokens(request);
  return {
    id: plan.dialect === '2026' ? seed.id : seed.id2024,
    created,
    model: request.model,
    dialect: plan.dialect,
    choices: Array.from({ length: request.n }, (_, choice) => createChoice(request, plan, seed, choice)),
    reasoningNames: reasoningNames(request, plan),
    audio: request.audio,
    promptTokens: tokens,
    cachedTokens: Math.min(plan.cachedTokens ?? repeatedTokens(request), tokens),
    cachedInDetails: plan.cachedInDetails,
    usage: plan.usage,
  };
}

/** Without `reasoning_format` StepFun sends both names today; in 2024 the default was `general`. */
function reasoningNames({ reasoningFormat }: ChatRequest, plan: Plan): readonly ReasoningName[] {
  const names = plan.reasoningNames ?? (reasoningFormat === null && plan.dialect === '2026' ? 'both' : null);
  if (names === 'both') return ['reasoning', 'reasoning_content'];
  return [names ?? (reasoningFormat === 'deepseek-style' ? 'reasoning_content' : 'reasoning')];
}

/** @returns the reasoning under its names, for a delta or a message. */
export function reasoningFields(answer: Answer, text: string): Partial<Record<ReasoningName, string>> {
  return Object.fromEntries(answer.reasoningNames.map((name) => [name, text]));
}

/** @returns the usage after so many generated tokens. */
export function usageOf(answer: Answer, completionTokens: number): Usage {
  const { promptTokens: prompt, cachedTokens: cached, cachedInDetails } = answer;
  return {
    prompt_tokens: prompt,
    ...(cached > 0 &&
      (cachedInDetails ? { prompt_tokens_details: { cached_tokens: cached } } : { cached_tokens: cached })),
    completion_tokens: completionTokens,
    total_tokens: prompt + completionTokens,
    // Documented and always 0: reasoning is counted in completion_tokens.
    ...(answer.dialect === '2026' && { completion_tokens_details: { reasoning_tokens: 0 } }),
  };
}

/** @returns the tokens of all choices; a tool's name counts as one. */
export function generatedTokens(answer: Answer): number {
  return answer.choices.reduce(
    (total, { reasoning, content, calls }) =>
      calls.reduce((sum, call) => sum + 1 + call.arguments.length, total + reasoning.length + content.length),
    0,
  );
}

function createChoice(request: ChatRequest, plan: Plan, seed: Seed, choice: number): Choice {
  const prompt = promptOf(request, plan);
  const called = toolCalls(request, plan, seed, choice);
  const { effort } = request;
  const thoughts = effort !== null && plan.reasoning ? think(prompt, effort, called[0]?.name ?? null) : '';

  // max_tokens counts everything that is generated: reasoning, text and arguments.
  let left = request.maxTokens;
  const spend = (tokens: readonly string[]): readonly string[] => {
    const spent = tokens.slice(0, Math.max(left, 0));
    left -= tokens.length;
    return spent;
  };
  const reasoning = spend(tokensOf(thoughts));
  const calls = called.flatMap((call) => spendCall(call, spend));
  const content =
    called.length > 0
      ? []
      : spend(plan.textTokens === null ? contentOf(request, plan, seed, choice) : longText(plan.textTokens));
  const finishReason = left < 0 ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop';
  return { reasoning, content, calls, finishReason: plan.finishReason ?? finishReason };
}

function spendCall(
  call: ToolCall,
  spend: (tokens: readonly string[]) => readonly string[],
): readonly CallTokens[] {
  if (spend([call.name]).length === 0) return [];
  return [{ id: call.id, name: call.name, arguments: spend(tokensOf(call.arguments)) }];
}

function contentOf(request: ChatRequest, plan: Plan, seed: Seed, choice: number): string[] {
  const plain = write(promptOf(request, plan), pickFor(seed, choice));
  const text = jsonContent(request.format, plan.text, plain) ?? plain;
  const stops = request.stop.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return tokensOf(stops.length === 0 ? text : text.slice(0, Math.min(...stops)));
}

/** Filler text of a given length, for tests of long answers and of load. */
function longText(tokens: number): string[] {
  const WORDS = ['This', ' text', ' has', ' exactly', ' the', ' length', ' that', ' the', ' test', ' asked'];
  const SENTENCE = [...WORDS, ' for', '.', '\n'];
  return Array.from({ length: tokens }, (_, i) => SENTENCE[i % SENTENCE.length] ?? '');
}
