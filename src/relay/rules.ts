// The rules: what changes between StepFun's answer and the client's, for chunks and
// completions alike. Everything else in an answer stays as StepFun wrote it.
//
// A rule reads marks (where something stands) and makes edits (what stands there
// instead); what it must remember from chunk to chunk, it keeps here.

import { MINUS, OPEN_BRACE, OPEN_BRACKET, QUOTE, ZERO, encode } from './ascii.ts';
import { Choices, type Choice } from './choices.ts';
import { Edits } from './edits.ts';
import { isNull, isNumber, numberAt, stringAt } from './json.ts';
import type { RewriteOptions } from './options.ts';
import * as place from './places.ts';
import { Tape, scan, type Mark } from './scan.ts';
import { appendMember, prependMember, removeMember } from './surgery.ts';
import { mendUsage } from './usage.ts';

const NULL = encode('null');
const NO_CHOICES = encode('[]');
const NO_FINISH_REASON = encode(',"finish_reason":null');
const NO_FINGERPRINT = encode(',"system_fingerprint":null');
const CALLED_TOOLS = encode('"tool_calls"');
const ASSISTANT = encode('"assistant"');
const KEYS = {
  general: { kind: place.REASONING, key: encode('"reasoning"') },
  'deepseek-style': { kind: place.REASONING_CONTENT, key: encode('"reasoning_content"') },
  hidden: null,
} as const;

/** Shared by all answers of the isolate: a document is scanned and changed in one go. */
const tape = new Tape();
const NO_EDITS = new Edits();

/**
 * `sound`: the edits are made. `error`: the document tells of a failure instead.
 * `malformed`: it is no JSON, or not an answer's. The edits are void in both cases.
 */
export type Verdict = 'sound' | 'error' | 'malformed';

/** The rules at work on one answer: one completion, or a stream's chunks in their order. */
export class Rules {
  readonly #options: RewriteOptions;
  readonly #mending: boolean;
  readonly #reasoning: (typeof KEYS)[keyof typeof KEYS];
  readonly choices: Choices;
  #bytes: Uint8Array = NULL;
  #edits: Edits = NO_EDITS;

  /** Where the last document's usage object stands; -1: it had none. */
  usageStart = -1;
  usageEnd = -1;
  /** Whether a chunk has gone out with its usage. */
  usageSent = false;

  constructor(options: RewriteOptions) {
    this.#options = options;
    this.#mending = options.shape === 'openai';
    this.#reasoning = KEYS[options.reasoning];
    this.choices = new Choices(options.choices);
  }

  /**
   * Applies the rules to the chunk that stands between two positions.
   * @param edits - receives what changes.
   */
  chunk(bytes: Uint8Array, start: number, end: number, edits: Edits): Verdict {
    const verdict = this.#read(bytes, start, end, edits);
    if (verdict === 'sound' && this.#mending) this.#usageOfChunk();
    return verdict;
  }

  /**
   * Applies the rules to the completion that stands between two positions.
   * @param edits - receives what changes.
   */
  completion(bytes: Uint8Array, start: number, end: number, edits: Edits): Verdict {
    const verdict = this.#read(bytes, start, end, edits);
    if (verdict !== 'sound') return verdict;
    if (!this.#has(place.CHOICE)) return 'malformed';
    if (!this.#mending) return verdict;
    if (this.usageStart !== -1) mendUsage(bytes, this.usageStart, this.usageEnd, this.#edits);
    if (!this.#has(place.SYSTEM_FINGERPRINT)) appendMember(bytes, tape.at(0), NO_FINGERPRINT, this.#edits);
    return verdict;
  }

  /**
   * Makes of a chunk with usage the one that OpenAI sends last: the same members, no choices.
   * @param bytes - nothing but a chunk that was sound and had usage.
   * @param edits - receives what changes.
   */
  usageChunk(bytes: Uint8Array, edits: Edits): void {
    scan(bytes, 0, bytes.length, place.ANSWER_PATH, tape);
    this.#bytes = bytes;
    this.#edits = edits;
    for (let i = 1; i < tape.length; i = tape.at(i).next) {
      const mark = tape.at(i);
      if (mark.kind === place.CREATED) this.#created(mark);
      else if (mark.kind === place.CHOICES) this.#edits.replace(mark.start, mark.end, NO_CHOICES);
    }
    this.#keepLastUsage();
  }

  #read(bytes: Uint8Array, start: number, end: number, edits: Edits): Verdict {
    this.usageStart = this.usageEnd = -1;
    if (!scan(bytes, start, end, place.ANSWER_PATH, tape)) return 'malformed';
    if (bytes[tape.at(0).start] !== OPEN_BRACE) return 'malformed';
    this.#bytes = bytes;
    this.#edits = edits;
    let understood = false;
    for (let i = 1; i < tape.length; i = tape.at(i).next) {
      const mark = tape.at(i);
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
          this.usageStart = bytes[mark.start] === OPEN_BRACE ? mark.start : -1;
          this.usageEnd = mark.end;
          break;
        case place.ERROR:
          if (bytes[mark.start] === OPEN_BRACE || this.#saysSomething(mark)) return 'error';
      }
    }
    return understood ? 'sound' : 'malformed';
  }

  /** StepFun's first chunk says `created: 0`; clients show that as 1970. */
  #created(mark: Mark): void {
    if (!isNumber(this.#bytes, mark.start)) return;
    // Only what begins like a zero is worth a closer look: 0, -0, 0.0, 0e9.
    const first = this.#bytes[mark.start]!;
    if (first !== ZERO && first !== MINUS) return;
    if (numberAt(this.#bytes, mark.start, mark.end) === 0) {
      this.#edits.replace(mark.start, mark.end, encode(String(this.#options.created)));
    }
  }

  #everyChoice(choicesAt: number): boolean {
    const choices = tape.at(choicesAt);
    if (this.#bytes[choices.start] !== OPEN_BRACKET) return isNull(this.#bytes, choices.start, choices.end);
    let position = 0;
    for (let i = choicesAt + 1; i < choices.next; i = tape.at(i).next) {
      if (!this.#choice(i, position)) return false;
      position++;
    }
    return true;
  }

  /** @param position - among its siblings: its index, if it names none. */
  #choice(choiceAt: number, position: number): boolean {
    const mark = tape.at(choiceAt);
    if (this.#bytes[mark.start] !== OPEN_BRACE) return false;
    const choice = this.choices.at(this.#indexOfChoice(choiceAt, position));
    if (choice === null) return false;
    for (let i = choiceAt + 1; i < mark.next; i = tape.at(i).next) {
      const { kind, start, end } = tape.at(i);
      if (kind !== place.DELTA && kind !== place.MESSAGE) continue;
      if (this.#bytes[start] === OPEN_BRACE) {
        if (!this.#said(i, choice)) return false;
      } else if (!isNull(this.#bytes, start, end)) {
        return false;
      }
    }
    this.#finishReason(choiceAt, choice);
    return true;
  }

  #indexOfChoice(choiceAt: number, position: number): number {
    let index = position;
    for (let i = choiceAt + 1; i < tape.at(choiceAt).next; i = tape.at(i).next) {
      if (tape.at(i).kind === place.INDEX) index = this.#wholeNumber(tape.at(i)) ?? position;
    }
    return index;
  }

  /** The members of a delta or a message. */
  #said(saidAt: number, choice: Choice): boolean {
    const said = tape.at(saidAt);
    const survivor = this.#reasoning === null ? -1 : this.#survivor(saidAt);
    let front = -1;
    for (let i = saidAt + 1; i < said.next; i = tape.at(i).next) {
      const mark = tape.at(i);
      switch (mark.kind) {
        case place.REASONING:
        case place.REASONING_CONTENT:
          if (this.#reasoning === null || i !== survivor) {
            front = removeMember(this.#bytes, mark, front, this.#edits);
          } else if (mark.kind !== this.#reasoning.kind) {
            this.#edits.replace(mark.keyStart, mark.keyEnd, this.#reasoning.key);
          }
          break;
        case place.ROLE:
          // AI SDK's providers reject a chunk with `role: ""`.
          if (!this.#mending || !this.#isEmptyString(mark)) break;
          if (said.kind === place.DELTA) front = removeMember(this.#bytes, mark, front, this.#edits);
          else this.#edits.replace(mark.start, mark.end, ASSISTANT);
          break;
        case place.TOOL_CALLS:
          if (this.#mending && !this.#toolCalls(i, choice, said.kind === place.DELTA)) return false;
      }
    }
    return true;
  }

  /**
   * Where reasoning is said more than once (both names, or a duplicate key) one is
   * to remain: the last that says something, else the last.
   */
  #survivor(saidAt: number): number {
    let survivor = -1;
    for (let i = saidAt + 1; i < tape.at(saidAt).next; i = tape.at(i).next) {
      const mark = tape.at(i);
      if (mark.kind !== place.REASONING && mark.kind !== place.REASONING_CONTENT) continue;
      if (survivor === -1 || this.#hasValue(mark) || !this.#hasValue(tape.at(survivor))) survivor = i;
    }
    return survivor;
  }

  #toolCalls(callsAt: number, choice: Choice, needIndex: boolean): boolean {
    for (let i = callsAt + 1; i < tape.at(callsAt).next; i = tape.at(i).next) {
      if (this.#bytes[tape.at(i).start] !== OPEN_BRACE) continue;
      choice.calledTools = true;
      if (needIndex && !this.#toolCall(i, choice)) return false;
    }
    return true;
  }

  #toolCall(callAt: number, choice: Choice): boolean {
    const call = tape.at(callAt);
    let id: string | null = null;
    let own: Mark | null = null;
    for (let i = callAt + 1; i < call.next; i = tape.at(i).next) {
      const mark = tape.at(i);
      if (mark.kind === place.CALL_ID) id = stringAt(this.#bytes, mark.start, mark.end);
      else if (mark.kind === place.CALL_INDEX) own = mark;
    }
    const given = own === null ? null : this.#wholeNumber(own);
    if (given !== null) return choice.toolCalls.keep(id, given);

    const index = choice.toolCalls.indexOf(id);
    if (index === null) return false;
    if (own === null) prependMember(this.#bytes, call, encode(`"index":${index},`), this.#edits);
    else this.#edits.replace(own.start, own.end, encode(String(index)));
    return true;
  }

  #finishReason(choiceAt: number, choice: Choice): void {
    const mark = tape.at(choiceAt);
    let given = false;
    for (let i = choiceAt + 1; i < mark.next; i = tape.at(i).next) {
      const reason = tape.at(i);
      if (reason.kind !== place.FINISH_REASON) continue;
      given = true;
      if (this.#saysSomething(reason)) this.#finished(reason, choice);
      else if (this.#mending && this.#isEmptyString(reason)) {
        this.#edits.replace(reason.start, reason.end, NULL);
      }
    }
    if (!given && this.#mending) appendMember(this.#bytes, mark, NO_FINISH_REASON, this.#edits);
  }

  #finished(mark: Mark, choice: Choice): void {
    let reason = stringAt(this.#bytes, mark.start, mark.end) ?? '';
    if (this.#mending && reason === 'stop' && choice.calledTools) {
      reason = 'tool_calls';
      this.#edits.replace(mark.start, mark.end, CALLED_TOOLS);
    }
    this.choices.finish(choice, reason);
  }

  /**
   * StepFun counts up the usage on every chunk; clients that add it up are wrong by
   * far. It stays where OpenAI has it: with `include_usage` on a last chunk without
   * choices, else on the chunk with the last finish_reason.
   */
  #usageOfChunk(): void {
    const { includeUsage } = this.#options;
    const carries =
      this.usageStart !== -1 &&
      !this.usageSent &&
      this.choices.complete &&
      (!includeUsage || !this.#has(place.CHOICE));
    if (carries) {
      this.usageSent = true;
      this.#keepLastUsage();
      return;
    }
    let front = -1;
    for (let i = 1; i < tape.length; i = tape.at(i).next) {
      const mark = tape.at(i);
      if (mark.kind !== place.USAGE) continue;
      if (!includeUsage) front = removeMember(this.#bytes, mark, front, this.#edits);
      else if (!isNull(this.#bytes, mark.start, mark.end)) {
        this.#edits.replace(mark.start, mark.end, NULL);
      }
    }
  }

  #keepLastUsage(): void {
    let last: Mark | null = null;
    let front = -1;
    for (let i = 1; i < tape.length; i = tape.at(i).next) {
      const mark = tape.at(i);
      if (mark.kind !== place.USAGE) continue;
      if (last !== null) front = removeMember(this.#bytes, last, front, this.#edits);
      last = mark;
    }
    if (last !== null) mendUsage(this.#bytes, last.start, last.end, this.#edits);
  }

  #has(kind: number): boolean {
    for (let i = 1; i < tape.length; i++) if (tape.at(i).kind === kind) return true;
    return false;
  }

  #isEmptyString({ start, end }: Mark): boolean {
    return end - start === 2 && this.#bytes[start] === QUOTE;
  }

  #saysSomething({ start, end }: Mark): boolean {
    return end - start > 2 && this.#bytes[start] === QUOTE;
  }

  #hasValue(mark: Mark): boolean {
    return !this.#isEmptyString(mark) && !isNull(this.#bytes, mark.start, mark.end);
  }

  /** @returns the value as a whole number from 0, or null. */
  #wholeNumber({ start, end }: Mark): number | null {
    const first = this.#bytes[start]!;
    if (end - start === 1) return isNumber(this.#bytes, start) ? first - ZERO : null;
    const number = numberAt(this.#bytes, start, end);
    return Number.isSafeInteger(number) && number >= 0 ? number : null;
  }
}
