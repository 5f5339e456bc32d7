// RELAY=rewrite: a stream's way back to the client.

import type { GatewayError } from '../http/errors.ts';
import type { Usage } from '../http/token-usage.ts';
import { batches } from './batches.ts';
import { StreamClocks, type ClockSettings } from './clocks.ts';
import { RewriteStream } from './rewrite-stream.ts';
import type { StreamRewriter } from './stream-rewriter.ts';

export interface RelayOptions extends ClockSettings {
  /** See `BatchOptions`. */
  readonly windowMs: number;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
  /**
   * Called once when an opened stream has ended, in whatever way. When the client has left, the
   * Worker lives on until then only under `waitUntil`.
   */
  readonly onEnd: (summary: RelaySummary) => void;
  /** Keeps the Worker alive for a moment after the end. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export interface RelaySummary {
  readonly outcome: 'completed' | 'client_gone' | GatewayError;
  /** Bytes given to the client; null where the runtime alone has seen them. */
  readonly bytes: number | null;
  /** StepFun's largest count, however the stream ended; null if it sent none. */
  readonly usage: Usage | null;
}

/**
 * @param body - the body of StepFun's 200, unread, as bytes of an event stream.
 * @param rewriter - fresh, and this stream's own.
 * @returns the client's stream, as soon as the first event is there or after `keepAliveMs`
 *   without one.
 * @throws {GatewayError} the failure before that; the signal's reason when the client left.
 */
export async function relayStream(
  body: ReadableStream<Uint8Array>,
  rewriter: StreamRewriter,
  options: RelayOptions,
): Promise<ReadableStream<Uint8Array>> {
  const { signal, windowMs, waitUntil, onEnd } = options;
  const clocks = new StreamClocks(options);
  const gone = Promise.withResolvers<never>();
  let hasEnded = false;

  function end(outcome: RelaySummary['outcome']): void {
    // A failure before the stream has opened is thrown below.
    if (hasEnded || !rewrite.isOpen) return;
    hasEnded = true;
    clocks.stop();
    onEnd({ outcome, bytes: rewrite.bytes, usage: rewriter.usage });
  }

  const rewrite = new RewriteStream(rewriter, {
    onWrite: () => clocks.sent(Date.now()),
    onComplete: () => clocks.answerIsComplete(),
    onDone: () => end(rewriter.failure ?? 'completed'),
  });
  const source = batches(body, {
    windowMs,
    clocks,
    signal,
    waitUntil,
    onCancel: () => {
      gone.reject(signal.reason);
      end('client_gone');
    },
    onFailure: (error) => end(rewriter.isComplete ? 'completed' : error),
  });
  const events = source.pipeThrough(rewrite);
  await Promise.race([rewrite.opened, gone.promise]);
  return events;
}
