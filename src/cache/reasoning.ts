// Where a completion's reasoning stands, found once when it is stored.

import { COMMA, SPACE } from '../relay/ascii.ts';
import { skipSpace } from '../relay/json.ts';
import { ANSWER_PATH, REASONING } from '../relay/places.ts';
import { Tape, scan, type Mark } from '../relay/scan.ts';

/** One for all: scanning is synchronous. */
const tape = new Tape();

/**
 * @param completion - a completion whose reasoning is under `reasoning`, once in a message at most.
 * @returns for each message that has any, in their order: the key's start and end,
 *   quotes included, and the start and end of the member with the comma that goes
 *   with it.
 */
export function reasoningMembers(completion: Uint8Array): number[] {
  const members: number[] = [];
  scan(completion, 0, completion.length, ANSWER_PATH, tape);
  for (let i = 0; i < tape.length; i++) {
    const mark = tape.at(i);
    if (mark.kind === REASONING) members.push(mark.keyStart, mark.keyEnd, ...withComma(completion, mark));
  }
  return members;
}

/** The comma before a member goes with it, or, of an object's first member, the one after it. */
function withComma(bytes: Uint8Array, { keyStart, end }: Mark): [start: number, end: number] {
  let before = keyStart - 1;
  while (bytes[before]! <= SPACE) before--;
  if (bytes[before] === COMMA) return [before, end];
  const after = skipSpace(bytes, end, bytes.length);
  return [keyStart, bytes[after] === COMMA ? skipSpace(bytes, after + 1, bytes.length) : end];
}
