// RELAY=native: the runtime itself pipes the stream, unchanged, for next to no CPU.
//
// JavaScript looks at the first event alone, so that an error or garbage in its place still
// becomes a status, and takes over again when the pipe has ended: a body that broke gets
// its error event. What the pipe carries goes unseen: no idle clock, no keep-alive after the
// first event, no usage, and an EOF without sentinel looks like an end.

import { EVENT_CHARS } from '../config/limits.ts';
import { GatewayError, toGatewayError } from '../http/errors.ts';
import { brokenBodyError } from './broken-body.ts';
import { errorEvent } from './error-event.ts';
import type { RelayOptions, RelaySummary } from './relay.ts';
import type { StreamRewriter } from './stream-rewriter.ts';

export interface NativeRelayOptions extends Pick<
  RelayOptions,
  'signal' | 'onEnd' | 'waitUntil' | 'keepAliveMs'
> {
  /** Aborts when the client leaves or a clock expires, which then is its reason; it aborts the fetch, too. */
  readonly callSignal: AbortSignal;
  /** Called when the first event is there. */
  readonly onFirstEvent: () => void;
}

/** An event of EVENT_CHARS in UTF-8. Comments before the first event are held, too. */
const FIRST_EVENT_BYTES = 4 * EVENT_CHARS;

const encoder = new TextEncoder();
const KEEP_ALIVE = encoder.encode(': keep-alive\n\n');

/**
 * @param body - the body of StepFun's 200, unread, as bytes of an event stream.
 * @param rewriter - fresh; it judges the first event, its output is not used.
 * @returns the client's stream, as soon as the first event is there or after `keepAliveMs`
 *   without one.
 * @throws {GatewayError} the failure before that; the signal's reason when the client left.
 */
export async function relayNative(
  body: ReadableStream<Uint8Array>,
  rewriter: StreamRewriter,
  options: NativeRelayOptions,
): Promise<ReadableStream<Uint8Array>> {
  const first = readFirstEvent(body, rewriter, options);
  const isThere = await settlesWithin(first, options.keepAliveMs);
  const { readable, writable } = new IdentityTransformStream();
  options.waitUntil(writeAndPipe(first, isThere, body, writable, rewriter, options));
  return readable;
}

/** @returns everything that was read up to the first event, for the client. */
async function readFirstEvent(
  body: ReadableStream<Uint8Array>,
  rewriter: StreamRewriter,
  { callSignal, onFirstEvent }: NativeRelayOptions,
): Promise<Uint8Array[]> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let rewritten: Uint8Array;
  try {
    do {
      const { value } = await reader.read();
      rewritten = value === undefined ? rewriter.end() : rewriter.push(value);
      if (value !== undefined) chunks.push(value);
      size += value?.length ?? 0;
    } while (!rewriter.hasBegun && !rewriter.isDone && size <= FIRST_EVENT_BYTES);
  } catch (thrown) {
    callSignal.throwIfAborted();
    throw brokenBodyError(thrown);
  }
  reader.releaseLock();
  if (!rewriter.hasBegun && !rewriter.isDone) {
    const detail = `no event within ${FIRST_EVENT_BYTES} bytes`;
    throw new GatewayError('upstream_malformed', undefined, { detail });
  }
  if (rewriter.failure !== null && !rewriter.hasBegun) throw rewriter.failure;
  onFirstEvent();
  if (rewriter.failure === null) return chunks;
  // An error object right behind the first event goes out as every error event does.
  return [rewritten];
}

async function writeAndPipe(
  first: Promise<Uint8Array[]>,
  isFirstThere: boolean,
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  rewriter: StreamRewriter,
  { signal, callSignal, onEnd, keepAliveMs }: NativeRelayOptions,
): Promise<void> {
  let outcome: RelaySummary['outcome'];
  /** The pipe may leave half an event, which has to end before another can begin. */
  let separator = '';
  try {
    await writeFirst(first, isFirstThere, writable, keepAliveMs);
    outcome = rewriter.failure ?? 'completed';
    separator = '\n\n';
    // Bytes after the end are discarded, and an error there is ignored.
    if (rewriter.isDone) body.cancel().catch(ignore);
    else await body.pipeTo(writable, { preventClose: true, preventAbort: true });
    await writable.close();
  } catch (thrown) {
    const error = failureOf(thrown, callSignal);
    const isTold = !signal.aborted && (await writeLast(writable, separator + errorEvent(error)));
    outcome = isTold ? error : 'client_gone';
  }
  onEnd({ outcome, bytes: null, usage: rewriter.usage });
}

/** Writes what came with the first event, and comments as long as there is none. */
async function writeFirst(
  first: Promise<Uint8Array[]>,
  isFirstThere: boolean,
  writable: WritableStream<Uint8Array>,
  keepAliveMs: number,
): Promise<void> {
  const writer = writable.getWriter();
  try {
    for (let isThere = isFirstThere; !isThere; isThere = await settlesWithin(first, keepAliveMs)) {
      await writer.write(KEEP_ALIVE);
    }
    for (const bytes of await first) await writer.write(bytes);
  } finally {
    writer.releaseLock();
  }
}

/** @returns false when the client has left. */
async function writeLast(writable: WritableStream<Uint8Array>, text: string): Promise<boolean> {
  try {
    const writer = writable.getWriter();
    await writer.write(encoder.encode(text));
    await writer.close();
    return true;
  } catch {
    return false;
  }
}

/** @returns why a read, a write or a pipe failed: a clock, what `readFirstEvent` found, or a broken body. */
function failureOf(thrown: unknown, callSignal: AbortSignal): GatewayError {
  if (callSignal.aborted) return toGatewayError(callSignal.reason);
  return thrown instanceof GatewayError ? thrown : brokenBodyError(thrown);
}

/**
 * @returns whether a promise resolves within a time, in ms.
 * @throws what it rejects with in that time.
 */
async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, ms, false)));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

function ignore(): void {}
