// What an answer's choices have shown so far: which of them have ended and how, and
// the tool calls that each has made.

import { CHOICES_MAX, TOOL_CALLS_MAX } from '../config/limits.ts';

export class Choice {
  /** The last finish_reason that said something. */
  finishReason: string | null = null;
  calledTools = false;
  readonly toolCalls = new ToolCalls();
}

export class Choices {
  readonly #asked: number;
  readonly #seen = new Map<number, Choice>();
  #outstanding: number;

  /** @param asked - how many the client asked for: choices 0 to n - 1 must all come and end. */
  constructor(asked: number) {
    this.#asked = asked;
    this.#outstanding = asked;
  }

  /** Whether every choice asked for or seen has had its finish_reason. */
  get complete(): boolean {
    return this.#outstanding === 0;
  }

  /** @returns the choice with this index, or null when there are more than anybody asked for. */
  at(index: number): Choice | null {
    let choice = this.#seen.get(index);
    if (choice === undefined) {
      if (this.#seen.size === CHOICES_MAX) return null;
      choice = new Choice();
      this.#seen.set(index, choice);
      if (index >= this.#asked) this.#outstanding++;
    }
    return choice;
  }

  finish(choice: Choice, reason: string): void {
    if (choice.finishReason === null) this.#outstanding--;
    choice.finishReason = reason;
  }

  /** @returns how each choice ended, by the order in which they were seen first. */
  finishReasons(): (string | null)[] {
    return Array.from(this.#seen.values(), (choice) => choice.finishReason);
  }
}

/**
 * The index of each tool call within its choice. OpenAI's clients gather a call's
 * pieces by it; StepFun streams calls without.
 */
export class ToolCalls {
  readonly #indexes = new Map<string, number>();
  #last = -1;
  #next = 0;

  /** Whether a call with this id has begun. */
  has(id: string): boolean {
    return this.#indexes.has(id);
  }

  /**
   * @param id - as the piece gives it; only a call's first piece need have one.
   * @returns the call's index: a known id's own, the next free one for a new id, the
   *   last call's without id; null when there are more calls than can be.
   */
  indexOf(id: string | null): number | null {
    if (id === null || id === '') return this.#use(Math.max(this.#last, 0));
    const known = this.#indexes.get(id);
    if (known !== undefined) return this.#use(known);
    return this.keep(id, this.#next) ? this.#last : null;
  }

  /**
   * Respects an index that upstream gave itself.
   * @returns false when there are more calls than can be.
   */
  keep(id: string | null, index: number): boolean {
    this.#use(index);
    if (id === null || id === '') return true;
    if (this.#indexes.size === TOOL_CALLS_MAX) return this.#indexes.has(id);
    this.#indexes.set(id, index);
    return true;
  }

  #use(index: number): number {
    this.#last = index;
    this.#next = Math.max(this.#next, index + 1);
    return index;
  }
}
