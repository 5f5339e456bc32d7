// SSE framing as WHATWG HTML §9.2.6 has it, on bytes: where each event begins and
// ends and where its data stands, for any split of the bytes. Nothing is decoded
// and nothing is copied but the unfinished end of a push.
//
// The unit is the block: lines up to a blank one. Its lines are looked at once, even
// if they arrive byte by byte. A comment, a blank line, or what else stands between
// events is no block's part and may leave at once.

import { COLON, CR, EMPTY, LF, SPACE, encode, equals } from './ascii.ts';

const DATA = encode('data');
const EVENT = encode('event');
const ERROR = encode('error');
const BOM = Uint8Array.of(0xef, 0xbb, 0xbf);

/** The buffer for unfinished blocks starts with this and doubles. */
const PENDING_BYTES = 1024;
/** A larger one is let go as soon as it isn't needed: thousands of streams may be open. */
const PENDING_KEPT_BYTES = 16 * 1024;
/** Of a block with many data lines no more than these are kept for reuse. */
const DATA_LINES_KEPT = 16;

/** A `data` line: where it begins, and where its value stands. */
export interface DataLine {
  lineStart: number;
  start: number;
  end: number;
}

export class Framer {
  /** What is being looked at; every position below is one in here. */
  bytes: Uint8Array = EMPTY;

  /** Where this push's bytes to the client begin: after a BOM. */
  outStart = 0;
  /** Where the block begins: all before it is settled. */
  blockStart = 0;
  /** When `next` has said true: where the block ends, after its blank line's first byte of line end. */
  blockEnd = 0;
  /** Where the block's blank line begins. */
  blankStart = 0;
  /** The block's `data` lines; entries beyond `dataLines` are leftovers. */
  readonly data: DataLine[] = [];
  dataLines = 0;
  /** The block's `event` field says `error`. */
  saysError = false;

  #pending: Uint8Array = EMPTY;
  #fieldLines = 0;
  #lineStart = 0;
  #nextLf = 0;
  #nextCr = 0;
  /** The last line ended in CR; an LF that follows belongs to it. */
  #afterCr = false;
  #atStart = true;
  #whole = false;

  /** @returns how many bytes the block holds that is not whole yet. */
  get unfinishedBytes(): number {
    return this.bytes.length - this.blockStart;
  }

  /** Takes in bytes; `next` then tells of the blocks that they complete. */
  feed(bytes: Uint8Array): void {
    const held = this.bytes.length;
    if (held === 0) {
      this.bytes = bytes;
    } else {
      const length = held + bytes.length;
      if (length > this.#pending.length) {
        const larger = new Uint8Array(2 * length);
        larger.set(this.bytes);
        this.#pending = larger;
      }
      this.#pending.set(bytes, held);
      this.bytes = this.#pending.subarray(0, length);
    }
    // What was held has no line end that is still to be found.
    this.#nextLf = this.#find(LF, held);
    this.#nextCr = this.#find(CR, held);
  }

  /**
   * @returns whether another block with data is whole; it is then described by the
   *   public fields until the next call.
   */
  next(): boolean {
    if (this.#whole) this.#startBlock();
    if (this.#atStart && !this.#skipBom()) return false;
    const { bytes } = this;
    for (;;) {
      const start = this.#lineStart;
      if (this.#afterCr) {
        if (start === bytes.length) return false;
        this.#afterCr = false;
        if (bytes[start] === LF) {
          this.#lineStart++;
          if (this.#fieldLines === 0) this.#startBlock();
          continue;
        }
      }
      const end = this.#lineEnd(start);
      if (end === bytes.length) return false;
      this.#lineStart = end + 1;
      this.#afterCr = bytes[end] === CR;

      if (end === start) {
        if (this.dataLines > 0) {
          this.blankStart = start;
          this.blockEnd = end + 1;
          this.#whole = true;
          return true;
        }
        // Without data nothing is dispatched.
        this.#startBlock();
      } else if (this.#fieldLines === 0 && bytes[start] === COLON) {
        this.#startBlock();
      } else {
        this.#fieldLines++;
        this.#field(start, end);
      }
    }
  }

  /** Keeps the unfinished block for the next push, in a buffer of its own. */
  keep(): void {
    if (this.#whole) this.#startBlock();
    this.outStart = 0;
    const shift = this.blockStart;
    const length = this.bytes.length - shift;
    if (length === 0) {
      if (this.#pending.length > PENDING_KEPT_BYTES) this.#pending = EMPTY;
      this.bytes = EMPTY;
    } else {
      if (shift === 0 && this.bytes.buffer === this.#pending.buffer) return;
      const tail = this.bytes.subarray(shift);
      const room = Math.max(PENDING_BYTES, 2 * length);
      if (this.#pending.length < length || this.#pending.length > PENDING_KEPT_BYTES) {
        this.#pending = new Uint8Array(room);
      }
      this.#pending.set(tail);
      this.bytes = this.#pending.subarray(0, length);
    }
    if (shift > 0) this.#shift(shift);
  }

  /** Lets go of everything: no more bytes will come. */
  release(): void {
    this.bytes = this.#pending = EMPTY;
  }

  /** @returns whether `bytes` is the framer's own buffer, to be overwritten by the next push. */
  get ownsBytes(): boolean {
    return this.#pending.length > 0 && this.bytes.buffer === this.#pending.buffer;
  }

  #startBlock(): void {
    this.blockStart = this.#lineStart;
    this.#fieldLines = 0;
    this.dataLines = 0;
    if (this.data.length > DATA_LINES_KEPT) this.data.length = DATA_LINES_KEPT;
    this.saysError = false;
    this.#whole = false;
  }

  /** @returns false while it can't be told yet whether the stream begins with a BOM. */
  #skipBom(): boolean {
    const { bytes } = this;
    const length = Math.min(bytes.length, BOM.length);
    if (equals(bytes, 0, length, BOM.subarray(0, length))) {
      if (length < BOM.length) return false;
      this.outStart = this.blockStart = this.#lineStart = BOM.length;
    }
    this.#atStart = false;
    return true;
  }

  #field(start: number, end: number): void {
    const { bytes } = this;
    if (isField(bytes, start, end, DATA)) {
      const value = valueStart(bytes, start + DATA.length, end);
      const line = this.data[this.dataLines++];
      if (line === undefined) {
        this.data.push({ lineStart: start, start: value, end });
      } else {
        line.lineStart = start;
        line.start = value;
        line.end = end;
      }
    } else if (isField(bytes, start, end, EVENT)) {
      this.saysError = equals(bytes, valueStart(bytes, start + EVENT.length, end), end, ERROR);
    }
  }

  /** @returns the position of the line's first byte of line end; the bytes' length if there is none. */
  #lineEnd(start: number): number {
    if (this.bytes[start] === LF) return start;
    if (this.#nextLf < start) this.#nextLf = this.#find(LF, start);
    if (this.#nextCr < start) this.#nextCr = this.#find(CR, start);
    return Math.min(this.#nextLf, this.#nextCr);
  }

  #find(byte: number, from: number): number {
    const found = this.bytes.indexOf(byte, from);
    return found === -1 ? this.bytes.length : found;
  }

  /** Every position moves with the bytes. */
  #shift(by: number): void {
    this.blockStart -= by;
    this.#lineStart -= by;
    for (let i = 0; i < this.dataLines; i++) {
      const line = this.data[i]!;
      line.lineStart -= by;
      line.start -= by;
      line.end -= by;
    }
  }
}

/** A field's name ends in a colon or with its line (`data` alone is `data:`). */
function isField(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  const after = start + name.length;
  return after <= end && equals(bytes, start, after, name) && (after === end || bytes[after] === COLON);
}

/** @param at - the colon, or the line's end where there is none. */
function valueStart(bytes: Uint8Array, at: number, end: number): number {
  if (at === end) return end;
  return at + 1 < end && bytes[at + 1] === SPACE ? at + 2 : at + 1;
}
