// A body that is written piece by piece, at a pace, only as fast as it is read, and no
// longer than somebody reads it.

import type { Piece } from './breaks.ts';

export type Outcome = 'done' | 'aborted' | 'reset';

const encoder = new TextEncoder();

/**
 * @param pieces - asked for one at a time, when the reader wants more.
 * @param paceMs - the delay before each piece.
 * @param signal - aborts when the client is gone.
 * @param onEnd - called once.
 */
export function createBody(
  pieces: Iterator<Piece>,
  paceMs: number,
  signal: AbortSignal,
  onEnd: (outcome: Outcome) => void,
): ReadableStream<Uint8Array> {
  const stop = new AbortController();
  let ended = false;
  const end = (outcome: Outcome): void => {
    if (ended) return;
    ended = true;
    stop.abort();
    onEnd(outcome);
  };
  // Whichever is noticed first: a body that nobody pulls is never cancelled.
  signal.addEventListener('abort', () => end('aborted'));

  return new ReadableStream<Uint8Array>(
    {
      // pull, not start: a loop in start() would write on, whether anybody reads or not.
      async pull(controller) {
        for (;;) {
          const { done, value: piece } = pieces.next();
          if (done === true) {
            end('done');
            controller.close();
            return;
          }
          await pause(piece.waitMs ?? paceMs, stop.signal);
          if (ended) return;
          if (piece.dies) {
            end('reset');
            controller.error(new Error('simulated reset'));
            return;
          }
          if (piece.text === '') continue;
          controller.enqueue(encoder.encode(piece.text));
          return;
        }
      },
      cancel: () => end('aborted'),
    },
    { highWaterMark: 0 },
  );
}

/** Waits; an abort ends the wait at once. @param ms - 0: not even a timer. */
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
