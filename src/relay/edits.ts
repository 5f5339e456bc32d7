// Changes to bytes that are otherwise left alone: collected while the rules run
// over the events of one push, then applied in one copy. Writing each event out
// anew was rejected: what lies between two changes is one block copy this way,
// however many events it spans.

import { EMPTY } from './ascii.ts';

/** Below this many bytes a loop is faster than a call into the runtime. */
const SHORT_BYTES = 32;

/** Beyond this many edits (a hostile event) the lists are cut back after use. */
const EDITS_KEPT = 4096;

/** Replacements of [start, end) by a text, disjoint, in any order. */
export class Edits {
  count = 0;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #texts: Uint8Array[] = [];
  #inOrder = true;

  replace(start: number, end: number, text: Uint8Array): void {
    const i = this.count++;
    this.#starts[i] = start;
    this.#ends[i] = end;
    this.#texts[i] = text;
    this.#inOrder = i === 0 || (this.#inOrder && start >= this.#starts[i - 1]!);
  }

  insert(at: number, text: Uint8Array): void {
    this.replace(at, at, text);
  }

  remove(start: number, end: number): void {
    this.replace(start, end, EMPTY);
  }

  /** Forgets every edit after the first `count`. */
  rewind(count: number): void {
    this.count = count;
  }

  /**
   * Applies the edits that lie within [from, to) and forgets all.
   * @returns the changed bytes, with `tail` after them; where nothing changes, a
   *   view of `bytes` itself.
   */
  apply(bytes: Uint8Array, from: number, to: number, tail: Uint8Array = EMPTY): Uint8Array {
    if (this.count === 0 && tail.length === 0) return bytes.subarray(from, to);
    if (!this.#inOrder) this.#sort();

    let size = to - from + tail.length;
    for (let i = 0; i < this.count; i++) {
      size += this.#texts[i]!.length - (this.#ends[i]! - this.#starts[i]!);
    }
    const out = new Uint8Array(size);
    let done = from;
    let length = 0;
    for (let i = 0; i < this.count; i++) {
      const start = this.#starts[i]!;
      const text = this.#texts[i]!;
      length = copy(bytes, done, start, out, length);
      length = copy(text, 0, text.length, out, length);
      done = this.#ends[i]!;
    }
    length = copy(bytes, done, to, out, length);
    copy(tail, 0, tail.length, out, length);
    this.#clear();
    return out;
  }

  /** Insertions at one position keep the order in which they were made. */
  #sort(): void {
    const order = Array.from({ length: this.count }, (_, i) => i);
    order.sort((a, b) => this.#starts[a]! - this.#starts[b]! || a - b);
    const [starts, ends, texts] = [this.#starts.slice(), this.#ends.slice(), this.#texts.slice()];
    order.forEach((from, to) => {
      this.#starts[to] = starts[from]!;
      this.#ends[to] = ends[from]!;
      this.#texts[to] = texts[from]!;
    });
  }

  #clear(): void {
    this.count = 0;
    if (this.#starts.length > EDITS_KEPT) {
      this.#starts.length = EDITS_KEPT;
      this.#ends.length = EDITS_KEPT;
      this.#texts.length = EDITS_KEPT;
    }
  }
}

/** @returns the position in `out` after what was copied. */
function copy(from: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  const length = end - start;
  if (length > SHORT_BYTES) {
    out.set(from.subarray(start, end), at);
  } else {
    for (let i = 0; i < length; i++) out[at + i] = from[start + i]!;
  }
  return at + length;
}
