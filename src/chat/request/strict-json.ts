// JSON as requests need it: decoded strictly, with exact integers, bounded in depth, and
// written in one form for all spellings of the same value.

import { GatewayError } from '../../http/errors.ts';
import { isObject } from '../../lib/json.ts';
import { JSON_DEPTH_MAX } from '../../config/limits.ts';

// `fatal`: request.text() would replace bad UTF-8 without notice, and StepFun would read
// something that the client did not write. `ignoreBOM` keeps a BOM in the text, and
// JSON.parse refuses it (RFC 8259 §8.1 allows that).
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * @param bytes - what the client sent.
 * @throws {GatewayError} `invalid_json`: nothing, or not UTF-8.
 */
export function decodeJson(bytes: Uint8Array): string {
  if (bytes.length === 0) throw new GatewayError('invalid_json', 'The body is empty.');
  try {
    return decoder.decode(bytes);
  } catch {
    throw new GatewayError('invalid_json', 'The body is not valid UTF-8.');
  }
}

/** @throws {GatewayError} `invalid_json`: a BOM, or not JSON. */
export function parseRequestJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 names the position and repeats about ten characters of the text.
    const where = error instanceof SyntaxError ? `: ${error.message.slice(0, 200)}` : '';
    throw new GatewayError('invalid_json', `The body is not valid JSON${where}.`);
  }
}

/**
 * @param value - at most JSON_DEPTH_MAX levels deep.
 * @returns whether a number in it would not be sent as the client wrote it: integers beyond
 *   2^53 lose digits in JSON.parse (`"maximum": 9223372036854775807` in a tool's schema),
 *   1e400 becomes Infinity, which JSON.stringify writes as null, and -0 loses its sign.
 */
export function hasInexactNumber(value: unknown): boolean {
  return typeof value === 'number' ? isInexact(value) : !everyItem(value, (item) => !hasInexactNumber(item));
}

/**
 * @param text - valid JSON, not too deep for the stack.
 * @returns its value, in which every inexact number stays as the client wrote it
 *   (a raw JSON object, which JSON.stringify writes as it was).
 */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, (_, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' && isInexact(value) && source !== undefined ? JSON.rawJSON(source) : value,
  );
}

/**
 * @param text - JSON, or any other text.
 * @returns whether it holds more values than `most`: each value follows a comma or is the
 *   first in its list or object. Strings are skipped, so that long texts cost little.
 */
export function holdsMoreValues(text: string, most: number): boolean {
  let values = 1;
  for (let at = 0; at < text.length && values <= most; at++) {
    const character = text[at];
    if (character === '"') at = closingQuote(text, at);
    else if (character === ',') values++;
    else if ((character === '[' && text[at + 1] !== ']') || (character === '{' && text[at + 1] !== '}'))
      values++;
  }
  return values > most;
}

function closingQuote(text: string, opening: number): number {
  for (let at = text.indexOf('"', opening + 1); ; at = text.indexOf('"', at + 1)) {
    if (at === -1) return text.length;
    let before = at - 1;
    while (text[before] === '\\') before--;
    // After an even number of backslashes the quote is not escaped.
    if ((at - before) % 2 === 1) return at;
  }
}

function isInexact(value: number): boolean {
  return (
    !Number.isFinite(value) ||
    (Number.isInteger(value) && !Number.isSafeInteger(value)) ||
    Object.is(value, -0)
  );
}

/** @returns whether a value nests at most JSON_DEPTH_MAX levels: then recursion over it is safe. */
export function isShallow(value: unknown, levels = JSON_DEPTH_MAX): boolean {
  if (levels === 0) return typeof value !== 'object' || value === null;
  return everyItem(value, (item) => isShallow(item, levels - 1));
}

/**
 * @param value - JSON, at most JSON_DEPTH_MAX levels deep; undefined members are left out.
 * @returns its JSON with the keys of every object sorted by code unit: the same
 *   text for the same value, however its keys were ordered.
 */
export function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (!isObject(value) || JSON.isRawJSON(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .filter((key) => value[key] !== undefined)
    .map((key) => `${JSON.stringify(key)}:${sortedJson(value[key])}`);
  return `{${members.join(',')}}`;
}

/** @returns whether all items of a list, or all members of an object, pass; other values have none. */
export function everyItem(value: unknown, test: (item: unknown) => boolean): boolean {
  if (Array.isArray(value)) return value.every(test);
  if (!isObject(value)) return true;
  // Object.values takes twice as long for 200,000 members. JSON's objects inherit nothing enumerable.
  for (const key in value) if (!test(value[key])) return false;
  return true;
}

declare global {
  /** ECMAScript's "JSON.parse source text access", not yet in TypeScript's library. */
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown;
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
  }
}
