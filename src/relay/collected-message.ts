// A streamed message put together piece by piece, for the cache (CACHE_STREAMS=write).
//
// Only what can be put together with certainty counts: a member that nobody here knows how
// to join makes the answer one that is not stored.

import { COLLECTED_CHARS } from '../config/limits.ts';
import { isNothing, isObject, stringifyJson, type JsonObject } from '../lib/json.ts';
import type { ToolCallPiece, ToolCalls } from './tool-calls.ts';

/** Members of a delta that are texts, to be joined. */
const TEXTS = ['content', 'reasoning', 'refusal'] as const;
/** Members that are handled elsewhere. */
const KNOWN_IN_DELTA = new Set<string>([...TEXTS, 'reasoning_content', 'role', 'tool_calls']);
const KNOWN_IN_CHOICE = new Set(['index', 'delta', 'finish_reason', 'logprobs']);
const KNOWN_IN_CALL = new Set(['index', 'id', 'type', 'function']);
const KNOWN_IN_FUNCTION = new Set(['name', 'arguments']);

export class CollectedMessage {
  readonly #texts: Record<string, string> = {};
  /** By name, each list joined; null until a chunk has some. A Map: a name can be `__proto__`. */
  #logprobs: Map<string, unknown[]> | null = null;
  #isWhole = true;
  #chars = 0;

  /** Whether everything so far could be put together, within COLLECTED_CHARS. */
  get isWhole(): boolean {
    return this.#isWhole && this.#chars <= COLLECTED_CHARS;
  }

  /** @param choice - a chunk's choice, its reasoning still under whatever name StepFun used. */
  addChoice(choice: JsonObject): void {
    this.#require(hasOnly(choice, KNOWN_IN_CHOICE));
    const { logprobs } = choice;
    if (!isObject(logprobs)) return this.#require(isNothing(logprobs));
    this.#logprobs ??= new Map();
    for (const [name, list] of Object.entries(logprobs)) {
      if (Array.isArray(list)) this.#addLogprobs(this.#logprobs, name, list);
      else this.#require(isNothing(list));
    }
  }

  /** @param reasoning - the delta's reasoning, whichever name it has. */
  addDelta(delta: JsonObject, reasoning: unknown): void {
    this.#require(hasOnly(delta, KNOWN_IN_DELTA));
    for (const name of TEXTS) {
      const text = name === 'reasoning' ? reasoning : delta[name];
      // A content that is "" throughout is "" in StepFun's completion, too, not null.
      if (name === 'content' && text === '') this.#texts[name] ??= '';
      if (isNothing(text)) continue;
      if (typeof text !== 'string') return this.#require(false);
      this.#count(text.length);
      if (this.isWhole) this.#texts[name] = (this.#texts[name] ?? '') + text;
    }
  }

  addToolCallPiece(piece: JsonObject, { call }: ToolCallPiece): void {
    const called = piece['function'];
    this.#require(hasOnly(piece, KNOWN_IN_CALL));
    if (!isObject(called)) return this.#require(isNothing(called));
    this.#require(hasOnly(called, KNOWN_IN_FUNCTION));
    const text = called['arguments'];
    if (isNothing(text)) return;
    if (typeof text !== 'string') return this.#require(false);
    this.#count(text.length);
    if (this.isWhole) call.arguments += text;
  }

  /** A part of the answer that can't be put together: the answer is not stored. */
  reject(): void {
    this.#isWhole = false;
  }

  /** @returns the choice of a completion. */
  toChoice(index: number, finishReason: string | null, { calls }: ToolCalls): JsonObject {
    const { content = null, ...others } = this.#texts;
    const message = {
      role: 'assistant',
      content: content ?? (calls.length > 0 ? null : ''),
      ...others,
      ...(calls.length > 0 && {
        tool_calls: calls.map(({ id, type, name, arguments: text }) => ({
          id,
          type,
          function: { name, arguments: text },
        })),
      }),
    };
    return {
      index,
      message,
      ...(this.#logprobs !== null && { logprobs: Object.fromEntries(this.#logprobs) }),
      finish_reason: finishReason,
    };
  }

  #addLogprobs(logprobs: Map<string, unknown[]>, name: string, list: readonly unknown[]): void {
    this.#count(stringifyJson(list)?.length ?? Infinity);
    if (!this.isWhole) return;
    const joined = logprobs.get(name) ?? [];
    logprobs.set(name, joined);
    // No spread: some hundred thousand arguments are more than a call can have.
    for (const item of list) joined.push(item);
  }

  #count(chars: number): void {
    this.#chars += chars;
  }

  #require(condition: boolean): void {
    this.#isWhole &&= condition;
  }
}

/** Whether every member that is not among `known` is empty. */
function hasOnly(value: JsonObject, known: ReadonlySet<string>): boolean {
  for (const name in value) if (!known.has(name) && !isNothing(value[name])) return false;
  return true;
}
