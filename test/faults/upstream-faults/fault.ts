// One way in which StepFun can fail, and what the client must get then: the row of the table
// that upstream-faults.test.ts plays.

import { event } from '../events.ts';
import { COMPLETION, STREAM, head, wantsStream, type Headers } from '../replies.ts';
import { sleep } from '../client.ts';
import type { Call } from '../upstream.ts';

export type Lane = 'stream' | 'stream without a window' | 'native' | 'completion';

export interface Fault {
  /** The subject of the test's title. */
  readonly name: string;
  readonly play: (call: Call) => void | Promise<void>;
  /**
   * `whole`: the answer, as if nothing had happened. `502 code`: this status and error code;
   * `… or …`: one of two. `code`: a stream that has begun and ends in an error event. By kind of
   * answer where they differ; null: the fault can't happen there, or can't be seen there.
   * `native` is like `stream` where it is left out.
   */
  readonly expected: string | Partial<Record<'stream' | 'native' | 'completion', string | null>>;
  /** The text that a stream has delivered before its error event; `Hello` where it is left out. */
  readonly text?: string;
  /** The error's message; left out: nothing of StepFun's words is shown. */
  readonly message?: string;
  /** Headers of the error: a value, or the pattern of one that the gateway computes. */
  readonly headers?: Readonly<Record<string, string | RegExp>>;
}

/** @returns what a lane expects; null: the lane does not play this fault. */
export function expectedIn({ expected }: Fault, lane: Lane): string | null {
  if (typeof expected === 'string') return expected;
  const { stream = null, native = stream, completion = null } = expected;
  if (lane === 'completion') return completion;
  return lane === 'native' ? native : stream;
}

/** No pattern of redaction recognizes this one. */
export const CANARY = 'canary7of7the7operator';
/** StepFun's words in an error. */
export const MESSAGE = `${CANARY} belongs to acme`;
export const REDACTED_MESSAGE = '[redacted] belongs to acme';

export const HELLO = event('Hello');

/** Long enough for the gateway to have read what was written before: a reset overtakes unread bytes. */
const PAUSE_MS = 40;

/** Writes bytes as they are, waits, and ends the connection. */
export async function cut(call: Call, bytes: string, by: 'reset' | 'fin' = 'reset'): Promise<void> {
  call.raw(bytes);
  await sleep(PAUSE_MS);
  call[by]();
}

/** Writes HTTP chunks as they are given, with a pause between them. */
export async function inTurn(call: Call, ...chunks: readonly string[]): Promise<Call> {
  for (const chunk of chunks) {
    call.chunk(chunk);
    await sleep(PAUSE_MS);
  }
  return call;
}

/** @returns the media type that the call asked for. */
export function mediaType(call: Call): string {
  return wantsStream(call) ? 'text/event-stream' : 'application/json';
}

/** @returns the head of a 200 of the kind that was asked for. */
export function okHead(call: Call, more: Headers): string {
  return head(200, { 'content-type': mediaType(call), ...more });
}

export function chunkedHead(call: Call, more: Headers = {}): string {
  return okHead(call, { 'transfer-encoding': 'chunked', ...more });
}

/** @returns the whole answer, of the kind that was asked for. */
export function wholeAnswer(call: Call): string {
  return wantsStream(call) ? STREAM : COMPLETION;
}

/** @returns its beginning: of a stream, one event and a part of the next. */
export function halfAnswer(call: Call): string {
  return wholeAnswer(call).slice(0, wantsStream(call) ? HELLO.length + 100 : 100);
}
