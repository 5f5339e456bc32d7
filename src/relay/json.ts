// JSON (RFC 8259) read where it lies: positions in, positions out, nothing parsed
// into objects. Each function takes the position where its token begins and
// returns the one after it, or INVALID. `end` is never read.
//
// Bytes of 0x80 and above pass inside strings and nowhere else. Broken UTF-8 in a
// string is left to the client's decoder, which will show U+FFFD whether we look
// or not; it can't hide a quote from us, since no decoder swallows an ASCII byte
// (WHATWG Encoding §8.1.1).

import {
  BACKSLASH,
  CR,
  DOT,
  LF,
  MINUS,
  NINE,
  PLUS,
  QUOTE,
  SPACE,
  TAB,
  ZERO,
  decode,
  encode,
  equals,
} from './ascii.ts';

export const INVALID = -1;

const LITERALS = [encode('true'), encode('false'), encode('null')] as const;
const NULL = LITERALS[2];
const SHORT_ESCAPES = new Set(encode('"\\/bfnrt'));
const U = 0x75;

/** @returns the position of the first byte that is not JSON whitespace. */
export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  // StepFun writes none. What is left is a loop apart, so that this check is inlined.
  return at < end && bytes[at]! <= SPACE ? spaceEnd(bytes, at, end) : at;
}

function spaceEnd(bytes: Uint8Array, at: number, end: number): number {
  let p = at;
  while (p < end && isSpace(bytes[p]!)) p++;
  return p;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === LF || byte === CR || byte === TAB;
}

/** @param at - the opening quote. */
export function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  let p = at + 1;
  while (p < end) {
    const byte = bytes[p]!;
    if (byte === QUOTE) return p + 1;
    if (byte < SPACE) return INVALID;
    if (byte === BACKSLASH) {
      p = escapeEnd(bytes, p, end);
      if (p === INVALID) return INVALID;
    } else {
      p++;
    }
  }
  return INVALID;
}

function escapeEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) return INVALID;
  const byte = bytes[at + 1]!;
  if (SHORT_ESCAPES.has(byte)) return at + 2;
  if (byte !== U || at + 6 > end) return INVALID;
  for (let p = at + 2; p < at + 6; p++) if (!isHex(bytes[p]!)) return INVALID;
  return at + 6;
}

/** @param at - anything but an opening quote, brace or bracket. */
export function plainEnd(bytes: Uint8Array, at: number, end: number): number {
  const byte = bytes[at]!;
  if (byte > ZERO && byte <= NINE) {
    // Whole numbers without more ado: nearly all that comes here.
    let p = at + 1;
    while (p < end && isDigit(bytes[p]!)) p++;
    return p < end && (bytes[p] === DOT || isExponent(bytes[p]!)) ? numberEnd(bytes, at, end) : p;
  }
  if (byte === MINUS || byte === ZERO) return numberEnd(bytes, at, end);
  for (const literal of LITERALS) {
    const after = at + literal.length;
    if (after <= end && equals(bytes, at, after, literal)) return after;
  }
  return INVALID;
}

function numberEnd(bytes: Uint8Array, at: number, end: number): number {
  let p = bytes[at] === MINUS ? at + 1 : at;
  if (p < end && bytes[p] === ZERO) p++;
  else p = digitsEnd(bytes, p, end);
  if (p !== INVALID && p < end && bytes[p] === DOT) p = digitsEnd(bytes, p + 1, end);
  if (p !== INVALID && p < end && isExponent(bytes[p]!)) {
    p++;
    if (p < end && (bytes[p] === PLUS || bytes[p] === MINUS)) p++;
    p = digitsEnd(bytes, p, end);
  }
  return p;
}

/** One digit at least. */
function digitsEnd(bytes: Uint8Array, at: number, end: number): number {
  let p = at;
  while (p < end && isDigit(bytes[p]!)) p++;
  return p === at ? INVALID : p;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function isExponent(byte: number): boolean {
  return (byte | 0x20) === 0x65; // e
}

function isHex(byte: number): boolean {
  return isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** @returns whether the valid value at `start` is a number. */
export function isNumber(bytes: Uint8Array, start: number): boolean {
  const byte = bytes[start]!;
  return byte === MINUS || isDigit(byte);
}

/** @returns whether the valid value between two positions is `null`. */
export function isNull(bytes: Uint8Array, start: number, end: number): boolean {
  return equals(bytes, start, end, NULL);
}

/**
 * @returns the string that a valid value says, escapes undone, or null when it is
 *   no string. Not for the hot path: it allocates.
 */
export function stringAt(bytes: Uint8Array, start: number, end: number): string | null {
  if (bytes[start] !== QUOTE) return null;
  const value: unknown = JSON.parse(decode(bytes, start, end));
  return typeof value === 'string' ? value : null;
}

/** @returns the number that a valid value says, or NaN when it is none. */
export function numberAt(bytes: Uint8Array, start: number, end: number): number {
  return isNumber(bytes, start) ? Number(decode(bytes, start, end)) : NaN;
}
