// A stored completion as a stream (CACHE_STREAMS): the chunks that StepFun could have sent,
// under the same rules as a relayed stream. All of it in one body: a write for each chunk
// would cost 75–100 µs of CPU.

import * as z from 'zod/mini';
import { EVENT_CHARS, TOOL_CALLS_MAX } from '../config/limits.ts';
import { parseJson, stringifyJson, type JsonObject } from '../lib/json.ts';
import type { RewriteOptions } from '../relay/options.ts';
import { StreamRewriter } from '../relay/stream-rewriter.ts';

const text = z.nullish(z.string());

/**
 * A completion that can be replayed. The relay passes on more than this, such as a content in
 * parts, but such a thing can't be cut into pieces. Rejected: a replay that leaves out what
 * it can't send; the client would get less than StepFun's answer and not know it.
 */
const replayableSchema = z.looseObject({
  choices: z.array(
    z.looseObject({
      index: z.optional(z.number()),
      message: z.looseObject({
        content: text,
        reasoning: text,
        tool_calls: z.nullish(
          z.array(z.looseObject({ function: z.nullish(z.looseObject({ arguments: text })) })),
        ),
      }),
      finish_reason: z.string(),
    }),
  ),
});

export type Replayable = z.infer<typeof replayableSchema>;
type Message = Replayable['choices'][number]['message'];
type ToolCall = NonNullable<Message['tool_calls']>[number];

/** A text is cut into about this many pieces … */
const PIECES = 8;
/** … of at least and at most this many UTF-16 units. */
const PIECE_CHARS = { min: 4, max: 1_024 } as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @returns the completion; null when it can't be replayed as a stream. */
export function parseReplayable(json: unknown): Replayable | null {
  const { data } = replayableSchema.safeParse(json);
  if (data === undefined) return null;
  const canBeSent = data.choices.every((choice) => fitsIntoEvents(data, choice) && hasDistinctCalls(choice));
  return canBeSent ? data : null;
}

/** @returns a stored completion's JSON as `parseReplayable` does. */
export function readReplayable(completion: Uint8Array): Replayable | null {
  return parseReplayable(parseJson(decoder.decode(completion)));
}

/**
 * @param completion - as stored.
 * @param options - as for a stream from StepFun.
 * @returns the whole SSE stream, sentinel included.
 */
export function replayStream(completion: Replayable, options: RewriteOptions): Uint8Array {
  const { choices, usage, object: _, system_fingerprint, ...top } = completion;
  const { id, created, model } = top;
  const rewriter = new StreamRewriter(options);
  let stream = '';
  const push = (choice: JsonObject, usageOfChunk?: unknown) => {
    // Members that nobody here knows go out once: a thousand chunks may follow.
    const members = stream === '' ? top : { id, created, model };
    const chunk: JsonObject = { ...members, object: 'chat.completion.chunk', choices: [choice] };
    // A null was added for OpenAI's clients, which want it in completions alone.
    if (system_fingerprint !== null) chunk['system_fingerprint'] = system_fingerprint;
    if (usageOfChunk !== undefined) chunk['usage'] = usageOfChunk;
    stream += rewriter.pushChunk(chunk);
  };
  choices.forEach((choice, i) => {
    const { index = i, message, finish_reason: finishReason, ...rest } = choice;
    const [first, ...deltas] = deltasOf(message, options.reasoning !== 'hidden');
    push({ index, delta: first, finish_reason: null, ...rest });
    for (const delta of deltas) push({ index, delta, finish_reason: null });
    const isLast = i === choices.length - 1;
    push({ index, delta: {}, finish_reason: finishReason }, isLast ? usage : undefined);
  });
  return encoder.encode(stream + rewriter.pushEnd());
}

/** The message, piece by piece, in StepFun's order: reasoning, content, tool calls. */
function deltasOf(message: Message, withReasoning: boolean): JsonObject[] {
  const { content, reasoning, tool_calls: calls, refusal, ...rest } = message;
  const first: JsonObject = { ...rest, content: '' };
  // A null was added for OpenAI's clients, which want it in completions alone.
  if (refusal !== null && refusal !== undefined) first['refusal'] = refusal;
  return [
    first,
    ...cut(withReasoning ? reasoning : null).map((piece) => ({ reasoning: piece })),
    ...cut(content).map((piece) => ({ content: piece })),
    ...(calls ?? []).flatMap(callDeltas),
  ];
}

function callDeltas({ function: called, ...rest }: ToolCall, index: number): JsonObject[] {
  const { arguments: text, ...named } = called ?? {};
  const pieces: JsonObject[] = [
    { ...rest, index, function: { ...named, arguments: '' } },
    ...cut(text).map((piece) => ({ index, function: { arguments: piece } })),
  ];
  return pieces.map((piece) => ({ tool_calls: [piece] }));
}

/** @returns a text in pieces that split no surrogate pair: each half alone would become U+FFFD. */
function cut(whole: string | null | undefined): string[] {
  const pieces: string[] = [];
  if (whole === null || whole === undefined) return pieces;
  const size = Math.min(Math.max(Math.ceil(whole.length / PIECES), PIECE_CHARS.min), PIECE_CHARS.max);
  for (let start = 0, end; start < whole.length; start = end) {
    end = start + size;
    if ((whole.codePointAt(end - 1) ?? 0) > 0xffff) end++;
    pieces.push(whole.slice(start, end));
  }
  return pieces;
}

type Choice = Replayable['choices'][number];

/** Whether everything that can't be cut would be within the cap of an event. */
function fitsIntoEvents(completion: Replayable, { message, ...rest }: Choice): boolean {
  const { choices: _, ...top } = completion;
  const { content: __, reasoning: ___, tool_calls: calls, ...uncut } = message;
  const uncutCalls = calls?.flatMap(({ function: called, ...call }) => [call, { ...called, arguments: '' }]);
  const json = stringifyJson([top, rest, uncut, uncutCalls]);
  return json !== null && json.length < EVENT_CHARS / 2;
}

/** In a stream, pieces with one id are one call. */
function hasDistinctCalls({ message }: Choice): boolean {
  const ids = (message.tool_calls ?? [])
    .map(({ id }) => id)
    .filter((id) => typeof id === 'string' && id !== '');
  return ids.length <= TOOL_CALLS_MAX && new Set(ids).size === ids.length;
}
