// The rules for what a choice says: its delta or its message.

import { encode } from './ascii.ts';
import type { Choice } from './choices.ts';
import type { Document } from './document.ts';
import type { RewriteOptions } from './options.ts';
import * as place from './places.ts';
import type { Mark } from './scan.ts';
import { rewriteToolCalls } from './tool-calls.ts';

const ASSISTANT = encode('"assistant"');
const KEYS = {
  general: { kind: place.REASONING, key: encode('"reasoning"') },
  'deepseek-style': { kind: place.REASONING_CONTENT, key: encode('"reasoning_content"') },
  hidden: null,
} as const;

/**
 * @param saidAt - the mark of a delta or message that is an object.
 * @param choice - whose it is.
 * @returns false when there are more tool calls in it than can be.
 */
export function rewriteSaid(
  document: Document,
  saidAt: number,
  choice: Choice,
  { reasoning, shape }: RewriteOptions,
): boolean {
  const said = document.at(saidAt);
  const isDelta = said.kind === place.DELTA;
  const mending = shape === 'openai';
  const wanted = KEYS[reasoning];
  const survivor = wanted === null ? -1 : survivingReasoning(document, saidAt);
  let front = -1;
  for (let i = saidAt + 1; i < said.next; i = document.at(i).next) {
    const mark = document.at(i);
    switch (mark.kind) {
      case place.REASONING:
      case place.REASONING_CONTENT:
        if (wanted === null || i !== survivor) {
          front = document.remove(mark, front);
        } else if (mark.kind !== wanted.kind) {
          document.edits.replace(mark.keyStart, mark.keyEnd, wanted.key);
        }
        break;
      case place.ROLE:
        // AI SDK's providers reject every chunk with `role: ""`.
        if (!mending || !document.isEmptyString(mark)) break;
        if (isDelta) front = document.remove(mark, front);
        else document.replace(mark, ASSISTANT);
        break;
      case place.TOOL_CALLS:
        if (mending && !rewriteToolCalls(document, i, choice, isDelta)) return false;
    }
  }
  return true;
}

/**
 * Where reasoning is said more than once (under both names, or by duplicate keys)
 * one is to remain: the last that says something, else the last.
 */
function survivingReasoning(document: Document, saidAt: number): number {
  let survivor = -1;
  for (let i = saidAt + 1; i < document.at(saidAt).next; i = document.at(i).next) {
    const mark = document.at(i);
    if (mark.kind !== place.REASONING && mark.kind !== place.REASONING_CONTENT) continue;
    if (survivor === -1 || hasValue(document, mark) || !hasValue(document, document.at(survivor))) {
      survivor = i;
    }
  }
  return survivor;
}

function hasValue(document: Document, mark: Mark): boolean {
  return !document.isEmptyString(mark) && !document.isNull(mark);
}
