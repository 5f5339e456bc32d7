// A stored completion as a stream (CACHE_STREAMS): the events that StepFun would
// have sent, which then go through the relay's own rewriter, so that a replay and a
// relayed stream obey the same rules: shape, reasoning's name, usage as asked, the
// sentinel. All in one body: a write for each chunk would cost 75–100 µs of CPU.
//
// For this an answer is parsed (replayable.ts), unlike for a hit that is not streamed.

import { createStreamRewriter } from '../relay/rewriter.ts';
import type { RewriteOptions } from '../relay/options.ts';
import { encode } from '../relay/ascii.ts';
import type { Message, Replayable, ToolCall } from './replayable.ts';

/** A text is said in about this many pieces … */
const PIECES = 8;
/** … of at least and at most so many UTF-16 units. */
const PIECE_CHARS = { min: 4, max: 1_024 } as const;

type Fields = Readonly<Record<string, unknown>>;

/**
 * @param stored - a completion, as `readReplayable` reads it.
 * @param options - as for a stream from StepFun.
 * @returns the whole SSE stream, sentinel included.
 */
export function replayStream(stored: Replayable, options: RewriteOptions): Uint8Array {
  const { choices, usage, object: _, system_fingerprint, ...top } = stored;
  const events: string[] = [];
  const say = (choice: Fields, counted?: unknown) => {
    const chunk = { ...top, object: 'chat.completion.chunk', choices: [choice], usage: counted };
    // A null has been added for OpenAI's clients, who ask for it in completions alone.
    events.push(JSON.stringify(system_fingerprint === null ? chunk : { ...chunk, system_fingerprint }));
  };
  choices.forEach((choice, i) => {
    const { index = i, message, finish_reason: finishReason, ...rest } = choice;
    const [first, ...deltas] = deltasOf(message, options.reasoning !== 'hidden');
    say({ index, delta: first, finish_reason: '', ...rest });
    for (const delta of deltas) say({ index, delta, finish_reason: '' });
    const isLast = i === choices.length - 1;
    say({ index, delta: { role: '', content: '' }, finish_reason: finishReason }, isLast ? usage : undefined);
  });
  const stream = [...events, '[DONE]'].map((data) => `data: ${data}\n\n`).join('');
  return createStreamRewriter(options).push(encode(stream));
}

/** What a message says, bit by bit, as StepFun does: reasoning, content, tool calls. */
function deltasOf(
  { content, reasoning, tool_calls: calls, ...rest }: Message,
  withReasoning: boolean,
): Fields[] {
  return [
    { ...rest, role: 'assistant', content: '' },
    ...(withReasoning ? pieces(reasoning).map((piece) => ({ role: '', reasoning: piece })) : []),
    ...pieces(content).map((piece) => ({ role: '', content: piece })),
    ...(calls ?? []).flatMap(callDeltas),
  ];
}

function callDeltas({ function: called, ...rest }: ToolCall, index: number): Fields[] {
  const { arguments: text, ...named } = called ?? {};
  const calls: Fields[] = [
    { index, ...rest, function: { ...named, arguments: '' } },
    ...pieces(text).map((piece) => ({ index, function: { arguments: piece } })),
  ];
  return calls.map((call) => ({ role: '', tool_calls: [call] }));
}

/** @returns a text in pieces, no surrogate pair split: each half alone would become U+FFFD. */
function pieces(text: string | null | undefined): string[] {
  const all: string[] = [];
  if (text === null || text === undefined) return all;
  const size = Math.min(Math.max(Math.ceil(text.length / PIECES), PIECE_CHARS.min), PIECE_CHARS.max);
  for (let start = 0, end; start < text.length; start = end) {
    end = start + size;
    if ((text.codePointAt(end - 1) ?? 0) > 0xffff) end++;
    all.push(text.slice(start, end));
  }
  return all;
}
