// The transform between StepFun's batches and the client's bytes.

import type { Batch } from './batches.ts';
import type { StreamRewriter } from './stream-rewriter.ts';

const KEEP_ALIVE = new TextEncoder().encode(': keep-alive\n\n');

export interface RewriteStreamListener {
  /** Something goes to the client. */
  onWrite(): void;
  /** Every choice has its finish_reason; called once. */
  onComplete(): void;
  /** The last bytes are written: the sentinel, or an error event. Called once. */
  onDone(): void;
}

export class RewriteStream extends TransformStream<Batch, Uint8Array> {
  /**
   * Resolves when the answer is a 200: with the first event, or with the first keep-alive.
   * Rejects with a GatewayError when the stream failed before that.
   */
  readonly opened: Promise<void>;
  readonly #state: { bytes: number; isOpen: boolean };

  /** @param rewriter - fresh, and this stream's own. */
  constructor(rewriter: StreamRewriter, listener: RewriteStreamListener) {
    const opening = Promise.withResolvers<void>();
    const state = { bytes: 0, isOpen: false };
    let isComplete = false;

    function write(bytes: Uint8Array, controller: TransformStreamDefaultController<Uint8Array>): void {
      const { failure, hasBegun, isDone } = rewriter;
      if (!state.isOpen && failure !== null && !hasBegun) {
        opening.reject(failure);
        controller.terminate();
        return;
      }
      // Comments before the first event don't make a 200. Written, they would fill the queue that
      // nobody reads before `opened`.
      if (hasBegun || isDone) open();
      if (state.isOpen && bytes.length > 0) {
        state.bytes += bytes.length;
        controller.enqueue(bytes);
        listener.onWrite();
      }
      if (!isComplete && rewriter.isComplete) {
        isComplete = true;
        listener.onComplete();
      }
      if (isDone) {
        listener.onDone();
        controller.terminate();
      }
    }

    function open(): void {
      if (state.isOpen) return;
      state.isOpen = true;
      opening.resolve();
    }

    super(
      {
        transform(batch, controller) {
          if (batch instanceof Uint8Array) {
            write(rewriter.push(batch), controller);
          } else if (batch.kind === 'failure') {
            write(rewriter.fail(batch.error), controller);
          } else {
            open();
            write(KEEP_ALIVE, controller);
          }
        },
        flush(controller) {
          write(rewriter.end(), controller);
        },
      },
      { highWaterMark: 1 },
      // The first batch is transformed before anybody reads: `opened` waits for it.
      { highWaterMark: 1 },
    );
    this.opened = opening.promise;
    this.#state = state;
  }

  /** Whether the answer is a 200. */
  get isOpen(): boolean {
    return this.#state.isOpen;
  }

  /** How many bytes have gone out. */
  get bytes(): number {
    return this.#state.bytes;
  }
}
