// The rules for tool calls: OpenAI's clients gather a call's pieces by its index, which
// StepFun leaves out, and take what the first piece says for all that is to be known.

import { encode } from './ascii.ts';
import type { Choice } from './choices.ts';
import type { Document } from './document.ts';
import * as place from './places.ts';
import type { Mark } from './scan.ts';
import { prependMember } from './surgery.ts';

const INDEX = encode('"index"');
/** StepFun's page: `type` is "always function". */
const FUNCTION = encode('"function"');

/**
 * @param callsAt - the mark of `tool_calls`.
 * @param streamed - a delta's calls come in pieces; a message's are whole.
 * @returns false when there are more of them than can be.
 */
export function rewriteToolCalls(
  document: Document,
  callsAt: number,
  choice: Choice,
  streamed: boolean,
): boolean {
  for (let i = callsAt + 1; i < document.at(callsAt).next; i = document.at(i).next) {
    if (!document.isObject(document.at(i))) continue;
    choice.calledTools = true;
    if (streamed && !rewritePiece(document, i, choice)) return false;
  }
  return true;
}

/**
 * A piece that begins no call tells its index, and neither id nor name: what is empty
 * there (Go's zero values, as in `role: ""`) is taken for a change by openai's
 * `runTools` and refused by the AI SDK, and a repeated id is added to the first by
 * clients that join strings, such as openai's in Python.
 */
function rewritePiece(document: Document, callAt: number, { toolCalls }: Choice): boolean {
  const call = document.at(callAt);
  let id: Mark | null = null;
  let own: Mark | null = null;
  for (let i = callAt + 1; i < call.next; i = document.at(i).next) {
    const mark = document.at(i);
    if (mark.kind === place.CALL_ID) id = mark;
    else if (mark.kind === place.CALL_INDEX) own = mark;
    else if (mark.kind === place.CALL_TYPE && saysNothing(document, mark)) document.replace(mark, FUNCTION);
    else if (mark.kind === place.CALL_FUNCTION) removeEmptyNames(document, i);
  }
  const name = id === null ? null : document.string(id);
  const isOldNews = id !== null && (saysNothing(document, id) || (name !== null && toolCalls.has(name)));

  const given = own === null ? null : document.index(own);
  const index = given === null ? toolCalls.indexOf(name) : toolCalls.keep(name, given) ? given : null;
  if (index === null) return false;

  if (own !== null && given === null) document.replace(own, String(index));
  if (isOldNews) removeIds(document, callAt, own === null ? index : null);
  else if (own === null) prependMember(document.bytes, call, encode(`"index":${index},`), document.edits);
  return true;
}

/**
 * @param index - if the piece tells none, to stand where the first id stood: a member
 *   put in before one that is taken out would be left with a comma too many.
 */
function removeIds(document: Document, callAt: number, index: number | null): void {
  let missing = index;
  let front = -1;
  for (let i = callAt + 1; i < document.at(callAt).next; i = document.at(i).next) {
    const mark = document.at(i);
    if (mark.kind !== place.CALL_ID) continue;
    if (missing === null) {
      front = document.remove(mark, front);
    } else {
      document.edits.replace(mark.keyStart, mark.keyEnd, INDEX);
      document.replace(mark, String(missing));
      missing = null;
    }
  }
}

function removeEmptyNames(document: Document, functionAt: number): void {
  let front = -1;
  for (let i = functionAt + 1; i < document.at(functionAt).next; i = document.at(i).next) {
    if (saysNothing(document, document.at(i))) front = document.remove(document.at(i), front);
  }
}

function saysNothing(document: Document, mark: Mark): boolean {
  return document.isEmptyString(mark) || document.isNull(mark);
}
