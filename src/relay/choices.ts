// The state of an answer's choices: which have ended and how, and what each holds.

import { CHOICES_MAX } from '../config/limits.ts';
import { CollectedMessage } from './collected-message.ts';
import { ToolCalls } from './tool-calls.ts';

/** OpenAI's. */
const FINISH_REASONS: ReadonlySet<string> = new Set([
  'stop',
  'length',
  'tool_calls',
  'content_filter',
  'function_call',
]);

export class Choice {
  readonly index: number;
  readonly toolCalls = new ToolCalls();
  /** Null unless the answer is collected for the cache. */
  readonly collected: CollectedMessage | null;
  /** The last finish_reason that was neither empty nor null. */
  finishReason: string | null = null;
  /** Whether its first delta has come. */
  hasBegun = false;
  hasCalledTools = false;

  constructor(index: number, isCollected: boolean) {
    this.index = index;
    this.collected = isCollected ? new CollectedMessage() : null;
  }
}

export class Choices {
  readonly #asked: number;
  readonly #isCollected: boolean;
  readonly #choices = new Map<number, Choice>();
  #unfinished: number;

  /**
   * @param asked - how many the client asked for: choices 0 to n - 1 must all come and end.
   * @param isCollected - whether their messages are put together for the cache.
   */
  constructor(asked: number, isCollected: boolean) {
    this.#asked = asked;
    this.#isCollected = isCollected;
    this.#unfinished = asked;
  }

  /** Whether every choice that was asked for, or has come, has its finish_reason. */
  get areComplete(): boolean {
    return this.#unfinished === 0;
  }

  /** @returns the choice with this index; null when there are more than CHOICES_MAX. */
  at(index: number): Choice | null {
    const known = this.#choices.get(index);
    if (known !== undefined) return known;
    if (this.#choices.size === CHOICES_MAX) return null;
    const choice = new Choice(index, this.#isCollected);
    this.#choices.set(index, choice);
    if (index >= this.#asked) this.#unfinished++;
    return choice;
  }

  finish(choice: Choice, reason: string): void {
    if (choice.finishReason === null) this.#unfinished--;
    choice.finishReason = reason;
  }

  /**
   * How each choice has ended, for the cache and the log: OpenAI's reasons, else `other`, since StepFun
   * may send any text; null: it has not ended.
   */
  get finishReasons(): (string | null)[] {
    return this.inOrder().map(({ finishReason: reason }) =>
      reason === null || FINISH_REASONS.has(reason) ? reason : 'other',
    );
  }

  /** @returns all choices, in the order of their indexes. */
  inOrder(): Choice[] {
    return [...this.#choices.values()].sort((a, b) => a.index - b.index);
  }
}
