// The rules: what changes between StepFun's answer and the client's, for the chunks of a
// stream and for completions alike. Everything else stays as StepFun sent it.
//
// Synchronous and pure, apart from ids that are made for tool calls without one.

import type { Usage } from '../http/token-usage.ts';
import { isNothing, isObject, type JsonObject } from '../lib/json.ts';
import { Choices, type Choice } from './choices.ts';
import { CollectedAnswer } from './collected-answer.ts';
import { setIfMissing, setMember } from './members.ts';
import type { RewriteOptions } from './options.ts';
import { formatReasoning, hideLogprobs, reasoningOf } from './reasoning-fields.ts';
import { completeToolCall, rewriteToolCallPiece } from './tool-calls.ts';
import { completeUsage, readUsage } from './usage-fields.ts';

/**
 * - `unchanged`, `changed`: it may go out; `changed`: it was changed in place.
 * - `dropped`: a chunk that has nothing for the client.
 * - `error`: an error object in place of an answer.
 * - `malformed`: no chunk or completion at all.
 */
export type Verdict = 'unchanged' | 'changed' | 'dropped' | 'error' | 'malformed';

export type AnswerRulesOptions = Omit<RewriteOptions, 'readError'> & {
  /** Whether a stream's chunks are put together as a completion, for the cache. */
  readonly isCollected?: boolean;
};

/** The rules, applied to one answer: one completion, or the chunks of one stream in their order. */
export class AnswerRules {
  readonly choices: Choices;
  /** StepFun's largest count so far: its first ones may be placeholders of zeros. */
  usage: Usage | null = null;
  readonly #options: AnswerRulesOptions;
  readonly #isRepaired: boolean;
  /** The chunk or completion with that count, and its usage object. */
  #usageSource: { readonly answer: JsonObject; readonly usage: JsonObject } | null = null;
  #isUsageSent = false;
  readonly #collected: CollectedAnswer | null;

  constructor(options: AnswerRulesOptions) {
    const isCollected = options.isCollected === true;
    this.#options = options;
    this.#isRepaired = options.shape === 'openai';
    this.choices = new Choices(options.choices, isCollected);
    this.#collected = isCollected ? new CollectedAnswer() : null;
  }

  /** @param chunk - parsed JSON; is changed in place. */
  chunk(chunk: unknown): Verdict {
    if (!isObject(chunk)) return 'malformed';
    if (isError(chunk['error'])) return 'error';
    const choices = chunk['choices'] ?? (chunk['choices'] === null ? [] : undefined);
    if (!Array.isArray(choices)) return 'malformed';

    this.#noteUsage(chunk);
    this.#collected?.add(chunk);
    let isChanged = this.#isRepaired && this.#repairCreated(chunk);
    for (const [position, given] of choices.entries() as ArrayIterator<[number, unknown]>) {
      if (!isObject(given)) return 'malformed';
      const choice = this.#choiceOf(given, position);
      if (choice === null) return 'malformed';
      const changed = this.#choiceOfChunk(given, choice);
      if (changed === null) return 'malformed';
      isChanged = changed || isChanged;
    }
    if (this.#isRepaired) {
      // OpenAI sends such a chunk for the usage alone, when it is asked for; see `usageChunk`.
      if (choices.length === 0) return 'dropped';
      isChanged = this.#placeUsage(chunk) || isChanged;
    }
    return this.#verdict(isChanged);
  }

  /** @param completion - parsed JSON; is changed in place. */
  completion(completion: unknown): Verdict {
    if (!isObject(completion)) return 'malformed';
    if (isError(completion['error'])) return 'error';
    const { choices, usage } = completion;
    if (!Array.isArray(choices) || choices.length === 0) return 'malformed';

    this.#noteUsage(completion);
    let isChanged = false;
    for (const [position, given] of choices.entries() as ArrayIterator<[number, unknown]>) {
      if (!isObject(given)) return 'malformed';
      const choice = this.#choiceOf(given, position);
      if (choice === null) return 'malformed';
      const changed = this.#choiceOfCompletion(given, choice);
      if (changed === null) return 'malformed';
      isChanged = changed || isChanged;
    }
    if (this.#isRepaired) {
      isChanged = this.#repairCreated(completion) || isChanged;
      isChanged = setIfMissing(completion, 'system_fingerprint', null) || isChanged;
      if (isObject(usage)) isChanged = completeUsage(usage) || isChanged;
    }
    return this.#verdict(isChanged);
  }

  /** @returns the chunk that OpenAI sends last when the usage is asked for; null when there is nothing to send. */
  usageChunk(): JsonObject | null {
    const { includeUsage } = this.#options;
    if (!this.#isRepaired || !includeUsage || this.#isUsageSent || this.#usageSource === null) return null;
    this.#isUsageSent = true;
    const { answer, usage } = this.#usageSource;
    completeUsage(usage);
    return { ...answer, choices: [], usage };
  }

  /**
   * @returns the stream as the completion that it would have been; null when it was not
   *   collected, is not complete, or can't be put together with certainty.
   */
  collectedCompletion(): JsonObject | null {
    return this.#collected?.toCompletion(this.choices, this.#usageSource?.usage ?? null) ?? null;
  }

  /**
   * Where reasoning is hidden, nothing goes out as it came: of two members with one name
   * JSON.parse sees the last, and the bytes hold both.
   */
  #verdict(isChanged: boolean): Verdict {
    return isChanged || this.#options.reasoning === 'hidden' ? 'changed' : 'unchanged';
  }

  #choiceOf({ index }: JsonObject, position: number): Choice | null {
    const isIndex = typeof index === 'number' && Number.isSafeInteger(index) && index >= 0;
    return this.choices.at(isIndex ? index : position);
  }

  /** @returns whether anything changed; null when it is malformed. */
  #choiceOfChunk(given: JsonObject, choice: Choice): boolean | null {
    let isChanged = false;
    choice.collected?.addChoice(given);
    if (this.#isRepaired) isChanged = setIfMissing(given, 'delta', {});
    const { delta } = given;
    if (isObject(delta)) {
      const changed = this.#toolCallPieces(delta['tool_calls'], choice);
      if (changed === null) return null;
      isChanged = changed || isChanged;
      choice.collected?.addDelta(delta, reasoningOf(delta));
      if (this.#isRepaired) isChanged = repairRole(delta, choice) || isChanged;
      isChanged = formatReasoning(delta, this.#options.reasoning) || isChanged;
    } else if (!isNothing(delta)) {
      return null;
    }
    return this.#restOfChoice(given, given['message'], choice, isChanged);
  }

  #choiceOfCompletion(given: JsonObject, choice: Choice): boolean | null {
    let isChanged = false;
    const { message } = given;
    if (isObject(message)) {
      const { tool_calls: calls } = message;
      for (const call of Array.isArray(calls) ? calls : []) {
        if (!isObject(call)) continue;
        choice.hasCalledTools = true;
        if (this.#isRepaired) isChanged = completeToolCall(call) || isChanged;
      }
      if (this.#isRepaired) {
        if (isNothing(message['role'])) {
          message['role'] = 'assistant';
          isChanged = true;
        }
        isChanged = setIfMissing(message, 'refusal', null) || isChanged;
      }
      isChanged = formatReasoning(message, this.#options.reasoning) || isChanged;
    } else if (!isNothing(message)) {
      return null;
    }
    const changed = this.#restOfChoice(given, given['delta'], choice, isChanged);
    if (changed === null || !this.#isRepaired) return changed;
    return setIfMissing(given, 'logprobs', null) || changed;
  }

  /**
   * @param other - a chunk's `message`, a completion's `delta`: of no use to a client, but no
   *   place for hidden reasoning either.
   * @returns whether anything changed, now or before; null when `other` is malformed.
   */
  #restOfChoice(given: JsonObject, other: unknown, choice: Choice, isChanged: boolean): boolean | null {
    const { reasoning } = this.#options;
    if (!isObject(other) && !isNothing(other)) return null;
    const isOtherChanged = isObject(other) && formatReasoning(other, reasoning);
    const isHidden = reasoning === 'hidden' && hideLogprobs(given);
    return this.#finishReason(given, choice) || isHidden || isOtherChanged || isChanged;
  }

  /** @returns whether anything changed; null when there are too many calls. */
  #toolCallPieces(pieces: unknown, choice: Choice): boolean | null {
    if (!Array.isArray(pieces)) return false;
    let isChanged = false;
    for (const piece of pieces) {
      if (!isObject(piece)) {
        choice.collected?.reject();
        continue;
      }
      choice.hasCalledTools = true;
      const assigned = choice.toolCalls.assign(piece);
      if (assigned === null) return null;
      choice.collected?.addToolCallPiece(piece, assigned);
      if (this.#isRepaired) isChanged = rewriteToolCallPiece(piece, assigned) || isChanged;
    }
    return isChanged;
  }

  #finishReason(given: JsonObject, choice: Choice): boolean {
    const { finish_reason: reason } = given;
    if (typeof reason !== 'string' || reason === '') {
      if (!this.#isRepaired || reason === null) return false;
      given['finish_reason'] = null;
      return true;
    }
    const isChanged = this.#isRepaired && reason === 'stop' && choice.hasCalledTools;
    if (isChanged) given['finish_reason'] = 'tool_calls';
    this.choices.finish(choice, isChanged ? 'tool_calls' : reason);
    return isChanged;
  }

  /** StepFun's first chunk of 2024 says `created: 0`, which clients show as 1970. */
  #repairCreated(answer: JsonObject): boolean {
    if (typeof answer['created'] === 'number' && answer['created'] !== 0) return false;
    answer['created'] = this.#options.created;
    return true;
  }

  #noteUsage(answer: JsonObject): void {
    const { usage } = answer;
    if (!isObject(usage)) return;
    const counts = readUsage(usage);
    if (this.usage !== null && counts.totalTokens < this.usage.totalTokens) return;
    this.usage = counts;
    this.#usageSource = { answer, usage };
  }

  /**
   * StepFun sends a growing usage on every chunk; clients that add them up are wrong by far.
   * OpenAI sends it once: with `include_usage` on a last chunk without choices; here,
   * without it, on the chunk with the last finish_reason. OpenAI has null on the chunks
   * before; OpenRouter's SDK refuses that, and no client misses it.
   */
  #placeUsage(chunk: JsonObject): boolean {
    const isPlace = this.choices.areComplete && !this.#isUsageSent && !this.#options.includeUsage;
    if (!isPlace || this.#usageSource === null) {
      return setMember(chunk, 'usage', undefined);
    }
    this.#isUsageSent = true;
    const { usage } = this.#usageSource;
    const isMoved = setMember(chunk, 'usage', usage);
    return completeUsage(usage) || isMoved;
  }
}

/** The first delta of a choice says whose it is, and no other: openai's Python client joins repeated roles. */
function repairRole(delta: JsonObject, choice: Choice): boolean {
  const role = choice.hasBegun ? undefined : 'assistant';
  choice.hasBegun = true;
  return setMember(delta, 'role', role);
}

function isError(error: unknown): boolean {
  return isObject(error) || (typeof error === 'string' && error !== '');
}
