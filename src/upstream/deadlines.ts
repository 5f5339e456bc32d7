// The deadlines of one call to StepFun. It is aborted when its client leaves, or when
// its answer does not begin or end in time. With a pending `waitUntil` the runtime keeps
// a fetch running for seconds after its client has left: hence a controller of our own.

import type { Config } from '../config/config.ts';
import { GatewayError } from '../http/errors.ts';

type Clocks = Config['clocks'];

/** `stream`: the first byte has a deadline of its own. `whole`: the total time alone counts, since such an answer begins when StepFun has finished it. */
export type AnswerKind = 'stream' | 'whole';

export interface Deadlines {
  /** For the fetch. Its reason is the client's, an `upstream_timeout`, or the argument of `abort`. */
  readonly signal: AbortSignal;
  /** When the answer must have begun, in ms since the epoch. */
  readonly firstByteDeadlineMs: number;
  /** When the answer must have ended, in ms since the epoch. */
  readonly totalDeadlineMs: number;
  /** Ends the call for another reason. */
  readonly abort: (reason: unknown) => void;
  /** StepFun's headers have arrived. From here on the relay keeps the deadlines of a stream. */
  readonly onHeaders: () => void;
  /** A stream has begun that no relay keeps the deadlines of: the total time alone counts. */
  readonly onNativeStream: () => void;
  /** The call has ended: clears the timer and the listener. */
  readonly release: () => void;
}

/**
 * @param client - aborts when the client leaves.
 * @param startedAtMs - when the clocks started: attempts at one call share them.
 */
export function createDeadlines(
  client: AbortSignal,
  clocks: Clocks,
  startedAtMs: number,
  kind: AnswerKind,
): Deadlines {
  const controller = new AbortController();
  const firstByteDeadlineMs = answerDeadlineMs(clocks, startedAtMs, kind);

  const abort = (reason: unknown) => controller.abort(reason);
  const onClientAbort = () => abort(client.reason);
  const onDeadline = () => abort(new GatewayError('upstream_timeout'));

  let timer = setTimeout(onDeadline, firstByteDeadlineMs - Date.now());
  if (client.aborted) onClientAbort();
  else client.addEventListener('abort', onClientAbort, { once: true });

  return {
    signal: controller.signal,
    firstByteDeadlineMs,
    totalDeadlineMs: startedAtMs + clocks.totalMs,
    abort,
    onHeaders() {
      if (kind === 'stream') clearTimeout(timer);
    },
    onNativeStream() {
      clearTimeout(timer);
      timer = setTimeout(onDeadline, startedAtMs + clocks.totalMs - Date.now());
    },
    release() {
      clearTimeout(timer);
      client.removeEventListener('abort', onClientAbort);
    },
  };
}

/** @returns when the answer must have begun, in ms since the epoch. */
export function answerDeadlineMs(clocks: Clocks, startedAtMs: number, kind: AnswerKind): number {
  const limitMs = kind === 'stream' ? Math.min(clocks.firstByteMs, clocks.totalMs) : clocks.totalMs;
  return startedAtMs + limitMs;
}
