// Members put into and taken out of an object that stays where it is: the commas go
// and come with them, whitespace stays.

import { CLOSE_BRACE, COMMA, SPACE } from './ascii.ts';
import type { Edits } from './edits.ts';
import { skipSpace } from './json.ts';
import type { Mark } from './scan.ts';

/**
 * Takes a member out. An object's members are taken out front to back, each call
 * being given what the one before returned (first: -1).
 * @param bytes - valid JSON around the member.
 * @param front - where the object's members begin now, if some were taken out from
 *   the front: no comma stands before that place any more.
 * @returns the front after this.
 */
export function removeMember(bytes: Uint8Array, member: Mark, front: number, edits: Edits): number {
  const { keyStart, end } = member;
  let before = keyStart - 1;
  while (bytes[before]! <= SPACE) before--;
  if (keyStart !== front && bytes[before] === COMMA) {
    edits.remove(before, end);
    return front;
  }
  // Nothing is left before it, so the comma after it goes too.
  const after = skipSpace(bytes, end, bytes.length);
  const next = bytes[after] === COMMA ? skipSpace(bytes, after + 1, bytes.length) : end;
  edits.remove(keyStart, next);
  return next;
}

/**
 * @param object - a non-null object.
 * @param commaAndMember - a comma and the member; the comma is left out where the object is empty.
 */
export function appendMember(
  bytes: Uint8Array,
  object: Mark,
  commaAndMember: Uint8Array,
  edits: Edits,
): void {
  edits.insert(object.end - 1, isEmpty(bytes, object) ? commaAndMember.subarray(1) : commaAndMember);
}

/**
 * @param object - a non-null object.
 * @param memberAndComma - the member and a comma; the comma is left out where the object is empty.
 */
export function prependMember(
  bytes: Uint8Array,
  object: Mark,
  memberAndComma: Uint8Array,
  edits: Edits,
): void {
  edits.insert(object.start + 1, isEmpty(bytes, object) ? memberAndComma.subarray(0, -1) : memberAndComma);
}

function isEmpty(bytes: Uint8Array, object: Mark): boolean {
  return bytes[skipSpace(bytes, object.start + 1, object.end)] === CLOSE_BRACE;
}
