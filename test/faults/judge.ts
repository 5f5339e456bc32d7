// Whether an answer is whole, as OpenAI's own client has it: what a person would believe.

import OpenAI from 'openai';
import { Stream } from 'openai/core/streaming';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';

export interface Verdict {
  /** The text of each choice, reasoning aside. */
  readonly texts: readonly string[];
  /** The client takes it for a finished answer: the sentinel, or an end with each choice finished. */
  readonly isWhole: boolean;
  /** The client threw. */
  readonly isFailed: boolean;
}

/** It would print each half event that it meets. */
const QUIET = new OpenAI({ apiKey: 'none', logLevel: 'off' });

/**
 * @param body - of a 200, as an event stream.
 * @param choices - how many were asked for.
 */
export async function judgeStream(body: string, choices: number): Promise<Verdict> {
  const texts = Array.from({ length: choices }, () => '');
  const finished = new Set<number>();
  const response = new Response(body);
  const stream = Stream.fromSSEResponse<ChatCompletionChunk>(response, new AbortController(), QUIET);
  try {
    for await (const chunk of stream) {
      for (const { index, delta, finish_reason } of chunk.choices) {
        texts[index] += delta.content ?? '';
        if (finish_reason) finished.add(index);
      }
    }
  } catch {
    return { texts, isWhole: false, isFailed: true };
  }
  const hasSentinel = /^data: ?\[DONE\]$/m.test(body);
  return { texts, isWhole: hasSentinel || finished.size === choices, isFailed: false };
}
