// Events whose data stands on several lines, which WHATWG HTML §9.2.6 joins by LF. No
// known upstream sends a chunk so; here correctness counts and speed doesn't.

import { CR, LF, encode } from './ascii.ts';
import type { Edits } from './edits.ts';
import type { Framer } from './frame.ts';

const DATA = encode('data: ');

/** @returns the data of the framer's block, its lines joined. */
export function joinData(framer: Framer): Uint8Array {
  const lines = framer.data.slice(0, framer.dataLines);
  return join(
    lines.map(({ start, end }) => framer.bytes.subarray(start, end)),
    Uint8Array.of(LF),
  );
}

/**
 * Puts changed data in the place of the block's own: all lines where the first
 * was, ended as the first was. What stands between data lines stays.
 */
export function replaceData(framer: Framer, data: Uint8Array, edits: Edits): void {
  const { bytes } = framer;
  framer.data.slice(0, framer.dataLines).forEach(({ lineStart, end }, i) => {
    const next = afterLineEnd(bytes, end);
    if (i === 0) edits.replace(lineStart, next, dataLines(data, bytes.slice(end, next)));
    else edits.remove(lineStart, next);
  });
}

/** Takes the block's data lines out; what else there is, stays. */
export function removeData(framer: Framer, edits: Edits): void {
  for (const { lineStart, end } of framer.data.slice(0, framer.dataLines)) {
    edits.remove(lineStart, afterLineEnd(framer.bytes, end));
  }
}

/** @returns `data` as an event's data lines, each with its line end. */
export function dataLines(data: Uint8Array, lineEnd: Uint8Array): Uint8Array {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let lf = data.indexOf(LF); lf !== -1; lf = data.indexOf(LF, start)) {
    lines.push(DATA, data.subarray(start, lf), lineEnd);
    start = lf + 1;
  }
  lines.push(DATA, data.subarray(start), lineEnd);
  return join(lines);
}

function afterLineEnd(bytes: Uint8Array, at: number): number {
  return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : at + 1;
}

function join(parts: readonly Uint8Array[], between: Uint8Array = new Uint8Array(0)): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length + between.length, -between.length);
  const joined = new Uint8Array(size);
  let length = 0;
  parts.forEach((part, i) => {
    if (i > 0) {
      joined.set(between, length);
      length += between.length;
    }
    joined.set(part, length);
    length += part.length;
  });
  return joined;
}
