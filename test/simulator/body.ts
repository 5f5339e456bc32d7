// A response body that is produced at a given pace, only as fast as it is read, and only as long as it is read.

import type { Piece } from './faults.ts';

/** How an answer ended. */
export type Outcome = 'done' | 'aborted' | 'reset';

const encoder = new TextEncoder();

/**
 * @param pieces - taken one at a time, when the reader asks for more.
 * @param paceMs - the delay of each token; a piece without tokens takes as long as one.
 * @param signal - aborts when the client has left.
 * @param onEnd - called once, with the number of tokens sent.
 */
export function createBody(
  pieces: Iterator<Piece>,
  paceMs: number,
  signal: AbortSignal,
  onEnd: (outcome: Outcome, tokens: number) => void,
): ReadableStream<Uint8Array> {
  const stop = new AbortController();
  let hasEnded = false;
  let tokens = 0;
  const end = (outcome: Outcome): void => {
    if (hasEnded) return;
    hasEnded = true;
    stop.abort();
    onEnd(outcome, tokens);
  };
  // The signal as well as cancel(): a body that is not being read is never cancelled.
  signal.addEventListener('abort', () => end('aborted'));

  return new ReadableStream<Uint8Array>(
    {
      // pull(), not start(): a loop in start() would ignore backpressure.
      async pull(controller) {
        for (;;) {
          const { done, value: piece } = pieces.next();
          if (done === true) {
            end('done');
            controller.close();
            return;
          }
          await pause(piece.waitMs ?? paceMs * Math.max(1, piece.tokens), stop.signal);
          if (hasEnded) return;
          if (piece.resets) {
            end('reset');
            controller.error(new Error('simulated reset'));
            return;
          }
          if (piece.text === '') continue;
          tokens += piece.tokens;
          controller.enqueue(encoder.encode(piece.text));
          return;
        }
      },
      cancel: () => end('aborted'),
    },
    { highWaterMark: 0 },
  );
}

/** Waits until the time is over or the signal aborts. @param ms - 0: no timer is set. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
