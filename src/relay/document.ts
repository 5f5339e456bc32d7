// A scanned chunk or completion as the rules see it: what is marked, what the marked
// values say, and what they are changed to.

import { OPEN_BRACE, QUOTE, ZERO, encode } from './ascii.ts';
import { Edits } from './edits.ts';
import { isNull, isNumber, numberAt, stringAt } from './json.ts';
import { ANSWER_PATH } from './places.ts';
import { Tape, scan, type Mark } from './scan.ts';
import { removeMember } from './surgery.ts';

/** One serves all answers of the isolate: a document is read and changed in one go. */
export class Document {
  bytes: Uint8Array = new Uint8Array(0);
  edits = new Edits();
  readonly #tape = new Tape();

  /**
   * Turns to the JSON between two positions.
   * @param edits - receives what changes.
   * @returns false when that is no JSON. Of a document that is no object nothing is marked.
   */
  read(bytes: Uint8Array, start: number, end: number, edits: Edits): boolean {
    this.bytes = bytes;
    this.edits = edits;
    return scan(bytes, start, end, ANSWER_PATH, this.#tape);
  }

  /** How many marks there are; 0 is the document itself. */
  get length(): number {
    return this.#tape.length;
  }

  at(index: number): Mark {
    return this.#tape.at(index);
  }

  has(kind: number): boolean {
    for (let i = 1; i < this.length; i++) if (this.at(i).kind === kind) return true;
    return false;
  }

  isObject({ start }: Mark): boolean {
    return this.bytes[start] === OPEN_BRACE;
  }

  isNull({ start, end }: Mark): boolean {
    return isNull(this.bytes, start, end);
  }

  isEmptyString({ start, end }: Mark): boolean {
    return end - start === 2 && this.bytes[start] === QUOTE;
  }

  /** Whether the value is a string of more than nothing. */
  saysSomething({ start, end }: Mark): boolean {
    return end - start > 2 && this.bytes[start] === QUOTE;
  }

  /** @returns the value if it is a string. */
  string({ start, end }: Mark): string | null {
    return stringAt(this.bytes, start, end);
  }

  /** @returns the value if it is a whole number from 0. */
  index({ start, end }: Mark): number | null {
    if (!isNumber(this.bytes, start)) return null;
    if (end - start === 1) return this.bytes[start]! - ZERO;
    const number = numberAt(this.bytes, start, end);
    return Number.isSafeInteger(number) && number >= 0 ? number : null;
  }

  replace({ start, end }: Mark, json: Uint8Array | string): void {
    this.edits.replace(start, end, typeof json === 'string' ? encode(json) : json);
  }

  /** See `removeMember`. */
  remove(member: Mark, front: number): number {
    return removeMember(this.bytes, member, front, this.edits);
  }
}
