// The rules: what changes between StepFun's answer and the client's, for chunks and
// completions alike. Everything else in an answer stays as StepFun wrote it.
//
// A rule looks at marks (where something stands) and makes edits (what stands there
// instead); what it must remember from chunk to chunk, it keeps here.

import { MINUS, OPEN_BRACKET, ZERO, encode } from './ascii.ts';
import { Choices, type Choice } from './choices.ts';
import { Document } from './document.ts';
import type { Edits } from './edits.ts';
import { numberAt } from './json.ts';
import type { RewriteOptions } from './options.ts';
import * as place from './places.ts';
import { rewriteSaid } from './said.ts';
import type { Mark } from './scan.ts';
import { appendMember } from './surgery.ts';
import { mendUsage } from './usage.ts';

const NULL = encode('null');
const NO_CHOICES = encode('[]');
const NO_FINISH_REASON = encode(',"finish_reason":null');
const NO_FINGERPRINT = encode(',"system_fingerprint":null');
const CALLED_TOOLS = encode('"tool_calls"');

const document = new Document();

/**
 * `sound`: the edits are made. `error`: the document tells of a failure instead.
 * `malformed`: it is no JSON, or no answer's. The edits are void in both cases.
 */
export type Verdict = 'sound' | 'error' | 'malformed';

/** The rules at work on one answer: one completion, or a stream's chunks in their order. */
export class Rules {
  readonly #options: RewriteOptions;
  readonly #mending: boolean;
  readonly choices: Choices;

  /** Where the last document's usage object stands; -1: it had none. */
  usageStart = -1;
  usageEnd = -1;
  /** Whether a chunk has gone out with its usage. */
  usageSent = false;

  constructor(options: RewriteOptions) {
    this.#options = options;
    this.#mending = options.shape === 'openai';
    this.choices = new Choices(options.choices);
  }

  /**
   * Applies the rules to the chunk that stands between two positions.
   * @param edits - receives what changes.
   */
  chunk(bytes: Uint8Array, start: number, end: number, edits: Edits): Verdict {
    if (!document.read(bytes, start, end, edits)) return 'malformed';
    const verdict = this.#document();
    if (verdict === 'sound' && this.#mending) this.#usageOfChunk();
    return verdict;
  }

  /**
   * Applies the rules to a whole completion.
   * @param edits - receives what changes.
   */
  completion(bytes: Uint8Array, edits: Edits): Verdict {
    if (!document.read(bytes, 0, bytes.length, edits)) return 'malformed';
    const verdict = this.#document();
    if (verdict !== 'sound') return verdict;
    if (!document.has(place.CHOICE)) return 'malformed';
    if (!this.#mending) return verdict;
    if (this.usageStart !== -1) mendUsage(bytes, this.usageStart, this.usageEnd, edits);
    if (!document.has(place.SYSTEM_FINGERPRINT)) appendMember(bytes, document.at(0), NO_FINGERPRINT, edits);
    return verdict;
  }

  /**
   * Makes of a chunk with usage the one that OpenAI sends last: the same members, no choices.
   * @param bytes - nothing but a chunk that was sound and had usage.
   * @param edits - receives what changes.
   */
  usageChunk(bytes: Uint8Array, edits: Edits): void {
    document.read(bytes, 0, bytes.length, edits);
    for (let i = 1; i < document.length; i = document.at(i).next) {
      const mark = document.at(i);
      if (mark.kind === place.CREATED) this.#created(mark);
      else if (mark.kind === place.CHOICES) document.replace(mark, NO_CHOICES);
    }
    this.#keepLastUsage();
  }

  #document(): Verdict {
    this.usageStart = this.usageEnd = -1;
    let understood = false;
    for (let i = 1; i < document.length; i = document.at(i).next) {
      const mark = document.at(i);
      switch (mark.kind) {
        case place.CREATED:
          if (this.#mending) this.#created(mark);
          break;
        case place.CHOICES:
          if (!this.#everyChoice(i)) return 'malformed';
          understood = true;
          break;
        case place.USAGE:
          // Of duplicates the last counts, as it does for JSON.parse.
          this.usageStart = document.isObject(mark) ? mark.start : -1;
          this.usageEnd = mark.end;
          break;
        case place.ERROR:
          if (document.isObject(mark) || document.saysSomething(mark)) return 'error';
      }
    }
    return understood ? 'sound' : 'malformed';
  }

  /** StepFun's first chunk says `created: 0`; clients show that as 1970. */
  #created(mark: Mark): void {
    // Only what begins like a zero is worth a closer look: 0, -0, 0.0, 0e9.
    const first = document.bytes[mark.start]!;
    if (first !== ZERO && first !== MINUS) return;
    if (numberAt(document.bytes, mark.start, mark.end) === 0) {
      document.replace(mark, String(this.#options.created));
    }
  }

  #everyChoice(choicesAt: number): boolean {
    const choices = document.at(choicesAt);
    if (document.bytes[choices.start] !== OPEN_BRACKET) return document.isNull(choices);
    let position = 0;
    for (let i = choicesAt + 1; i < choices.next; i = document.at(i).next) {
      if (!this.#choice(i, position)) return false;
      position++;
    }
    return true;
  }

  /** @param position - among its siblings: its index, if it names none. */
  #choice(choiceAt: number, position: number): boolean {
    const mark = document.at(choiceAt);
    if (!document.isObject(mark)) return false;
    const choice = this.choices.at(indexOfChoice(choiceAt, position));
    if (choice === null) return false;
    for (let i = choiceAt + 1; i < mark.next; i = document.at(i).next) {
      const said = document.at(i);
      if (said.kind !== place.DELTA && said.kind !== place.MESSAGE) continue;
      if (!document.isObject(said)) {
        if (!document.isNull(said)) return false;
      } else if (!rewriteSaid(document, i, choice, this.#options)) {
        return false;
      }
    }
    // Last: whether tools were called counts, wherever in the choice that stands.
    this.#finishReason(choiceAt, choice);
    return true;
  }

  #finishReason(choiceAt: number, choice: Choice): void {
    const mark = document.at(choiceAt);
    let given = false;
    for (let i = choiceAt + 1; i < mark.next; i = document.at(i).next) {
      const reason = document.at(i);
      if (reason.kind !== place.FINISH_REASON) continue;
      given = true;
      if (document.saysSomething(reason)) this.#finished(reason, choice);
      else if (this.#mending && document.isEmptyString(reason)) document.replace(reason, NULL);
    }
    if (!given && this.#mending) appendMember(document.bytes, mark, NO_FINISH_REASON, document.edits);
  }

  #finished(mark: Mark, choice: Choice): void {
    let reason = document.string(mark) ?? '';
    if (this.#mending && reason === 'stop' && choice.calledTools) {
      reason = 'tool_calls';
      document.replace(mark, CALLED_TOOLS);
    }
    this.choices.finish(choice, reason);
  }

  /**
   * StepFun counts up the usage on every chunk; clients that add it up are wrong by
   * far. It stays where OpenAI has it: with `include_usage` on a last chunk without
   * choices, else on the chunk with the last finish_reason. OpenAI has null on the
   * chunks before; OpenRouter's SDK refuses that, and nobody misses it.
   */
  #usageOfChunk(): void {
    const { includeUsage } = this.#options;
    const hasUsage = this.usageStart !== -1 && !this.usageSent;
    if (hasUsage && this.choices.complete && !(includeUsage && document.has(place.CHOICE))) {
      this.usageSent = true;
      this.#keepLastUsage();
      return;
    }
    let front = -1;
    for (let i = 1; i < document.length; i = document.at(i).next) {
      const mark = document.at(i);
      if (mark.kind === place.USAGE) front = document.remove(mark, front);
    }
  }

  /** Of duplicates the last remains, told under all its names. */
  #keepLastUsage(): void {
    let last: Mark | null = null;
    let front = -1;
    for (let i = 1; i < document.length; i = document.at(i).next) {
      const mark = document.at(i);
      if (mark.kind !== place.USAGE) continue;
      if (last !== null) front = document.remove(last, front);
      last = mark;
    }
    if (last !== null) mendUsage(document.bytes, last.start, last.end, document.edits);
  }
}

function indexOfChoice(choiceAt: number, position: number): number {
  let index = position;
  for (let i = choiceAt + 1; i < document.at(choiceAt).next; i = document.at(i).next) {
    const mark = document.at(i);
    if (mark.kind === place.INDEX) index = document.index(mark) ?? position;
  }
  return index;
}
