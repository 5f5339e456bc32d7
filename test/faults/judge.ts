// Whether a stream is complete for OpenAI's own client, and so for its user.

import OpenAI from 'openai';
import { Stream } from 'openai/core/streaming';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';

export interface Verdict {
  /** The text of each choice, reasoning aside. */
  readonly texts: readonly string[];
  /** The client takes it for complete: `[DONE]`, or an end after every choice has its finish_reason. */
  readonly isWhole: boolean;
  /** The client threw. */
  readonly isFailed: boolean;
}

/** Without a log: it would print each incomplete event. */
const QUIET = new OpenAI({ apiKey: 'none', logLevel: 'off' });

/**
 * @param body - of a 200, an event stream.
 * @param choices - the `n` of the request.
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
