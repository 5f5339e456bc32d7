// One pass over a JSON text that checks all of it and marks the few members
// somebody asked for. What to mark is data (a tree of Paths), what was marked is a
// flat list in document order (a Tape), and what follows from it is the rules'
// business. An event-driven parser with callbacks was rejected: a rule needs its
// siblings (a choice's `index` may come after its `delta`), and a list can be read
// twice.

import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  encode,
  equals,
} from './ascii.ts';
import { INVALID, plainEnd, skipSpace, stringAt, stringEnd } from './json.ts';
import { JSON_DEPTH_MAX } from '../config/limits.ts';

/** A place in a document, and the places of interest below it. */
export class Path {
  /** What the rules know the place by. */
  readonly kind: number;
  readonly elements: Path | null;
  readonly #members: readonly Path[];
  /** Bit n: some member's key is n bytes long. Most others are told apart by that alone. */
  readonly #lengths: number;
  /** With its quotes. */
  readonly #key: Uint8Array;

  private constructor(kind: number, key: string, members: readonly Path[], elements: Path | null) {
    this.kind = kind;
    this.#key = encode(JSON.stringify(key));
    this.#members = members;
    this.#lengths = members.reduce((bits, member) => bits | (1 << member.#key.length), 0);
    this.elements = elements;
  }

  /** @param key - at most 29 bytes of plain ASCII; ignored for the root and for elements. */
  static object(kind: number, key: string, members: readonly Path[] = []): Path {
    return new Path(kind, key, members, null);
  }

  static array(kind: number, key: string, elements: Path): Path {
    return new Path(kind, key, [], elements);
  }

  /** @returns the member whose key stands, with its quotes, between two positions; or null. */
  member(bytes: Uint8Array, start: number, end: number): Path | null {
    const length = end - start;
    if (length < 32 && ((this.#lengths >>> length) & 1) === 1) {
      for (const member of this.#members) if (equals(bytes, start, end, member.#key)) return member;
    }
    // An escaped spelling says the same key: "reason\u0069ng" is "reasoning".
    for (let p = start + 1; p < end - 1; p++) {
      if (bytes[p] === BACKSLASH) return this.#escaped(stringAt(bytes, start, end) ?? '');
    }
    return null;
  }

  #escaped(key: string): Path | null {
    const spelled = encode(JSON.stringify(key));
    return spelled.includes(BACKSLASH) ? null : this.member(spelled, 0, spelled.length);
  }
}

/** A marked value: where it stands in the bytes, and its key where it has one. */
export interface Mark {
  kind: number;
  /** The key's opening quote; the value's start for elements and the root. */
  keyStart: number;
  keyEnd: number;
  start: number;
  end: number;
  /** The tape's index after everything marked inside this value. */
  next: number;
}

/**
 * The marks of one document in document order, a container before what is in it.
 * Reused from document to document, so that scanning allocates nothing.
 */
export class Tape {
  readonly marks: Mark[] = [];
  length = 0;

  add(kind: number, keyStart: number, keyEnd: number, start: number): number {
    const index = this.length++;
    const mark = this.marks[index];
    if (mark === undefined) {
      this.marks.push({ kind, keyStart, keyEnd, start, end: start, next: 0 });
    } else {
      mark.kind = kind;
      mark.keyStart = keyStart;
      mark.keyEnd = keyEnd;
      mark.start = start;
    }
    return index;
  }

  /** The value marked last as `index` ends at `end`, and everything inside it is marked. */
  end(index: number, end: number): void {
    const mark = this.marks[index]!;
    mark.end = end;
    mark.next = this.length;
  }

  /** @param index - below `length`. */
  at(index: number): Mark {
    return this.marks[index]!;
  }
}

/** Beyond this many marks (a hostile document) a tape is cut back after use. */
const MARKS_KEPT = 1024;

/** The open containers, innermost last. Shared: a scan is synchronous. */
const openPaths: (Path | null)[] = [];
const openMarks = new Int32Array(JSON_DEPTH_MAX);
const openObjects = new Uint8Array(JSON_DEPTH_MAX);

/**
 * @param bytes - the text stands from `start` to `end`.
 * @param root - which members to mark; the root itself is mark 0.
 * @param tape - receives the marks of every place on the way to a path's end and
 *   of the end itself, duplicates included.
 * @returns whether the text is JSON, nested at most JSON_DEPTH_MAX deep.
 */
export function scan(bytes: Uint8Array, start: number, end: number, root: Path, tape: Tape): boolean {
  if (tape.marks.length > MARKS_KEPT) tape.marks.length = MARKS_KEPT;
  tape.length = 0;
  let depth = 0;
  // The innermost open container, once there is one.
  let around: Path | null = root;
  let inObject = false;
  let p = skipSpace(bytes, start, end);

  for (;;) {
    // The root, a member or an element begins at p. `path` is null where nobody cares.
    let path: Path | null = root;
    let keyStart = p;
    let keyEnd = p;
    if (depth > 0) {
      path = around;
      if (inObject) {
        if (p >= end || bytes[p] !== QUOTE) return false;
        keyEnd = stringEnd(bytes, p, end);
        if (keyEnd === INVALID) return false;
        p = keyEnd;
        p = skipSpace(bytes, p, end);
        if (p >= end || bytes[p] !== COLON) return false;
        p++;
        p = skipSpace(bytes, p, end);
        if (path !== null) path = path.member(bytes, keyStart, keyEnd);
      } else if (path !== null) {
        path = path.elements;
      }
    }
    let mark = path === null ? -1 : tape.add(path.kind, keyStart, keyEnd, p);

    if (p >= end) return false;
    const first = bytes[p]!;
    if (first === QUOTE) {
      p = stringEnd(bytes, p, end);
      if (p === INVALID) return false;
    } else if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      if (depth === JSON_DEPTH_MAX) return false;
      const isObject = first === OPEN_BRACE;
      p++;
      p = skipSpace(bytes, p, end);
      if (p < end && bytes[p] === (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        p++;
      } else {
        openPaths[depth] = path;
        openMarks[depth] = mark;
        openObjects[depth] = isObject ? 1 : 0;
        depth++;
        around = path;
        inObject = isObject;
        continue;
      }
    } else {
      p = plainEnd(bytes, p, end);
      if (p === INVALID) return false;
    }

    // A value has ended before p; with it, maybe, the containers around it.
    for (;;) {
      if (mark !== -1) tape.end(mark, p);
      p = skipSpace(bytes, p, end);
      if (depth === 0) return p === end;
      if (p >= end) return false;
      const byte = bytes[p]!;
      p++;
      if (byte === COMMA) {
        p = skipSpace(bytes, p, end);
        break;
      }
      if (byte !== (inObject ? CLOSE_BRACE : CLOSE_BRACKET)) return false;
      depth--;
      mark = openMarks[depth]!;
      if (depth > 0) {
        around = openPaths[depth - 1] ?? null;
        inObject = openObjects[depth - 1] === 1;
      }
    }
  }
}
