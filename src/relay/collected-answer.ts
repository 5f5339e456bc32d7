// A streamed answer put together as the completion that it would have been, for the cache
// (CACHE_STREAMS=write). Its messages are in collected-message.ts.

import type { JsonObject } from '../lib/json.ts';
import type { Choices } from './choices.ts';

export class CollectedAnswer {
  /** A map, since a chunk may name its members `constructor`. */
  readonly #members = new Map<string, unknown>([
    ['id', ''],
    ['object', 'chat.completion'],
    ['created', 0],
    ['model', ''],
  ]);

  /** Adds a chunk's own members: the first value of each that is not empty is used. */
  add(chunk: JsonObject): void {
    for (const name in chunk) {
      if (name === 'choices' || name === 'usage' || this.#members.get(name)) continue;
      this.#members.set(name, chunk[name]);
    }
  }

  /**
   * @param usage - StepFun's last usage object; null: it sent none.
   * @returns the completion; null when it is not complete, or can't be put together with certainty.
   */
  toCompletion(all: Choices, usage: JsonObject | null): JsonObject | null {
    const choices = all.inOrder();
    const isWhole = all.areComplete && choices.every(({ collected }) => collected?.isWhole === true);
    if (!isWhole) return null;
    return {
      ...Object.fromEntries(this.#members),
      choices: choices.map(({ collected, index, finishReason, toolCalls }) =>
        collected?.toChoice(index, finishReason, toolCalls),
      ),
      ...(usage !== null && { usage }),
    };
  }
}
