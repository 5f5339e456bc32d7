// Shared by the tests of collected answers: StepFun's chunks, and what is made of them.

import type { StreamRewriter } from '../../../src/relay/stream-rewriter.ts';
import { chunkOf, DONE, event, PLAIN, push } from './support.ts';

const TOP = {
  id: 'd7ae',
  object: 'chat.completion.chunk',
  created: 1_709_899_323,
  model: 'step-3.5-flash',
};

/** @returns StepFun's usage with so many tokens of output. */
export const usage = (tokens: number) => ({
  prompt_tokens: 90,
  completion_tokens: tokens,
  total_tokens: 90 + tokens,
});

/** @returns a chunk of StepFun's with one choice. */
export function delta(members: object, finish: string | null = ''): object {
  return chunkOf({ delta: members, finish_reason: finish }, TOP);
}

export const END = delta({}, 'stop');

/** @returns the completion that a stream of these chunks is put together as. */
export function collect(
  chunks: readonly object[],
  options: object = {},
): ReturnType<StreamRewriter['collectedCompletion']> {
  const stream = chunks.map(event).join('') + DONE;
  return push(stream, { ...PLAIN, ...options, isCollected: true }).rewriter.collectedCompletion();
}
