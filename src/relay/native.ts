// RELAY=native: the runtime itself pipes the stream, unchanged, for next to no CPU.
//
// JavaScript looks at the first event alone, so that an error or garbage in its place still
// becomes a status, and takes over again when the pipe has ended: a body that broke gets
// its error event. What the pipe carries goes unseen: no idle clock, no keep-alive, no
// usage, and an EOF without sentinel looks like an end.

import { toGatewayError } from '../http/errors.ts';
import { brokenBodyError } from './gathering-reader.ts';
import { errorEvent } from './error-event.ts';
import type { RelayOptions, RelaySummary } from './relay.ts';
import type { StreamRewriter } from './stream-rewriter.ts';

export interface NativeRelayOptions extends Pick<RelayOptions, 'signal' | 'onEnd' | 'waitUntil'> {
  /** Aborts when the client leaves or a clock expires, which then is its reason; it aborts the fetch, too. */
  readonly callSignal: AbortSignal;
  /** Told when the first event is there. */
  readonly onFirstEvent: () => void;
}

const encoder = new TextEncoder();

/**
 * @param body - the body of StepFun's 200, unread, as bytes of an event stream.
 * @param rewriter - fresh; it judges the first event, its output is not used.
 * @returns the client's stream, once the first event is there.
 * @throws {GatewayError} the failure before that; the signal's reason when the client left.
 */
export async function relayNative(
  body: ReadableStream<Uint8Array>,
  rewriter: StreamRewriter,
  options: NativeRelayOptions,
): Promise<ReadableStream<Uint8Array>> {
  const first = await readFirstEvent(body, rewriter, options.callSignal);
  options.onFirstEvent();
  const { readable, writable } = new IdentityTransformStream();
  options.waitUntil(writeAndPipe(first, body, writable, rewriter, options));
  return readable;
}

/** @returns everything that was read up to the first event, for the client. */
async function readFirstEvent(
  body: ReadableStream<Uint8Array>,
  rewriter: StreamRewriter,
  callSignal: AbortSignal,
): Promise<Uint8Array[]> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let rewritten: Uint8Array;
  try {
    do {
      const { value } = await reader.read();
      rewritten = value === undefined ? rewriter.end() : rewriter.push(value);
      if (value !== undefined) chunks.push(value);
    } while (!rewriter.hasBegun && !rewriter.isDone);
  } catch (thrown) {
    callSignal.throwIfAborted();
    throw brokenBodyError(thrown);
  }
  reader.releaseLock();
  if (rewriter.failure === null) return chunks;
  if (!rewriter.hasBegun) throw rewriter.failure;
  // An error object right behind the first event goes out as every error event does.
  return [rewritten];
}

async function writeAndPipe(
  first: readonly Uint8Array[],
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  rewriter: StreamRewriter,
  { signal, callSignal, onEnd }: NativeRelayOptions,
): Promise<void> {
  let outcome: RelaySummary['outcome'] = rewriter.failure?.code ?? 'completed';
  try {
    const writer = writable.getWriter();
    for (const bytes of first) await writer.write(bytes);
    writer.releaseLock();
    // What is behind the end is of no interest, nor is how it ends.
    if (rewriter.isDone) body.cancel().catch(ignore);
    else await body.pipeTo(writable, { preventClose: true, preventAbort: true });
    await writable.close();
  } catch (thrown) {
    const error = callSignal.aborted ? toGatewayError(callSignal.reason) : brokenBodyError(thrown);
    const isTold = !signal.aborted && (await writeLast(writable, errorEvent(error)));
    outcome = isTold ? error.code : 'client_gone';
  }
  onEnd({ outcome, bytes: null, usage: rewriter.usage });
}

/**
 * Ends a stream behind whatever the pipe left in it: half an event, maybe.
 * @returns false when the client has left.
 */
async function writeLast(writable: WritableStream<Uint8Array>, event: string): Promise<boolean> {
  try {
    const writer = writable.getWriter();
    await writer.write(encoder.encode(`\n\n${event}`));
    await writer.close();
    return true;
  } catch {
    return false;
  }
}

function ignore(): void {}
