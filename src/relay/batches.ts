// The upstream's body as a stream of batches: the bytes of one read, gathered natively.
//
// A failure and a silence travel as items of the stream. Rejected: to let the stream fail.
// In workerd a failure behind `pipeThrough` reaches the client as a clean end, and the
// transform's `flush` never runs.

import { GatewayError, toGatewayError } from '../http/errors.ts';
import type { StreamClocks } from './clocks.ts';
import { GatheringReader } from './gathering-reader.ts';

export type Batch =
  | Uint8Array
  /** The upstream has been silent for a while: the client gets a keep-alive comment. */
  | { readonly kind: 'silence' }
  /** The last item: the upstream broke, or a deadline passed. */
  | { readonly kind: 'failure'; readonly error: GatewayError };

export interface BatchOptions {
  /**
   * Bytes that arrive within this time, in ms, may go out in one write. The first bytes, and those
   * after a longer pause, go out at once. 0: each read goes out as it comes.
   */
  readonly windowMs: number;
  readonly clocks: StreamClocks;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
  /** Called when the stream is over before its end: the client left or reads nothing, or the reader needs no more. */
  readonly onCancel: () => void;
  /** Called with a failure at once, also while nobody reads the stream. */
  readonly onFailure: (error: GatewayError) => void;
  /** Keeps the Worker alive while a body that has no more events ends. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

const SILENCE = { kind: 'silence' } as const;

/**
 * @param body - the body of StepFun's 200, unread, as bytes of an event stream.
 * @returns its batches. Reads only when asked: a client that reads nothing stops the upstream.
 */
export function batches(body: ReadableStream<Uint8Array>, options: BatchOptions): ReadableStream<Batch> {
  const { windowMs, clocks, signal, onCancel, onFailure, waitUntil } = options;
  const reader = new GatheringReader(body, windowMs);
  let streamController: ReadableStreamDefaultController<Batch> | null = null;
  let isOver = false;
  let isPulling = false;
  /** The last bytes came soon after they were asked for, so more will follow soon. */
  let isFast = false;
  let isFirst = true;

  function end(): void {
    isOver = true;
    clocks.stop();
    signal.removeEventListener('abort', leave);
  }

  function fail(error: GatewayError): void {
    if (isOver) return;
    end();
    streamController?.enqueue({ kind: 'failure', error });
    streamController?.close();
    reader.cancel(error);
    onFailure(error);
  }

  function abandon(reason: unknown): void {
    if (isOver) return;
    end();
    streamController?.error(reason);
    reader.cancel(reason);
    onCancel();
  }

  const leave = (): void => abandon(signal.reason);

  return new ReadableStream<Batch>(
    {
      start(controller) {
        streamController = controller;
        if (signal.aborted) return leave();
        signal.addEventListener('abort', leave);
        clocks.start({
          onSilence: () => {
            if (isPulling) controller.enqueue(SILENCE);
          },
          onExpired: () => fail(new GatewayError('upstream_timeout')),
          // Nobody may hold one of the account's few slots and read nothing until the total deadline.
          onStalled: () => abandon(new Error('The client has read nothing for too long.')),
        });
      },

      async pull(controller) {
        // To wait first and read once is cheaper than to read each event by itself.
        if (isFast) await reader.gather();
        if (isOver) return;
        const askedAtMs = Date.now();
        clocks.reading(askedAtMs);
        isPulling = true;
        try {
          const bytes = await reader.read();
          if (isOver) return;
          const readAtMs = Date.now();
          clocks.received(readAtMs);
          // The first bytes come after the model's thinking time, which says nothing about the pace.
          isFast = !isFirst && windowMs > 0 && readAtMs - askedAtMs <= windowMs;
          isFirst = false;
          if (bytes !== null) {
            controller.enqueue(bytes);
            return;
          }
          end();
          controller.close();
        } catch (thrown) {
          if (signal.aborted) leave();
          else fail(toGatewayError(thrown));
        } finally {
          isPulling = false;
        }
      },

      cancel() {
        if (isOver) return;
        end();
        onCancel();
        waitUntil(reader.close());
      },
    },
    // Nothing is read ahead: what nobody wants yet stays upstream.
    { highWaterMark: 0 },
  );
}
