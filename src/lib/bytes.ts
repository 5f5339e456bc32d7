// Bytes: reading a stream to its end, bounded in bytes and time; joining parts.
//
// Every step between JavaScript and the runtime costs 75–100 µs of CPU, so bytes are
// not taken as they come (a 5 MB body would be 80 pieces). A small body with a
// Content-Length is read by the runtime in one step: a reader costs 0.1 ms more, an eighth
// of an answer that misses the cache. Of any other body, each read waits until its whole
// buffer is full. `read(view, { min })` (WHATWG Streams §4.5.2; in workerd the standard
// spelling of `readAtLeast`) yields less than `min` bytes at the end of the stream alone,
// so the end costs no read of its own either.

import { within } from './within.ts';

/** The first step: most requests and completions are smaller. */
const FIRST_STEP_BYTES = 64 * 1024;

/** Discarded bytes are read in larger steps, so in fewer reads. */
const DRAIN_STEP_BYTES = 256 * 1024;

/** The slowest accepted sender: half a megabit a second. */
const BYTES_PER_SECOND = 64 * 1024;

export interface ReadBounds {
  readonly maxBytes: number;
  /** See `contentLength`. HTTP holds the sender to it: more bytes are no part of the body. */
  readonly expectedBytes?: number | undefined;
  /**
   * How long a step may take, plus what its bytes take at 64 KiB/s; left out,
   * the caller keeps the time. Rejected: a bound on the whole body, which refuses valid
   * uploads over slow lines; and one on silence, which never ends a body of single bytes.
   */
  readonly timeoutMs?: number;
}

/** Why there are no bytes: more than `maxBytes`, or not in time. */
export type ReadFailure = 'too_large' | 'too_slow';

/**
 * @param stream - a byte stream, as every body of a request or an answer is.
 * @returns all bytes, or why not. A stream that is too large is left for the caller to cancel
 *   or to drain; one that is too slow is left locked, or cancelled.
 * @throws what the stream fails with.
 */
export async function readAll(
  stream: ReadableStream<Uint8Array>,
  { maxBytes, expectedBytes, timeoutMs }: ReadBounds,
): Promise<Uint8Array | ReadFailure> {
  if (expectedBytes !== undefined && expectedBytes <= FIRST_STEP_BYTES) {
    const limitMs = timeoutMs === undefined ? undefined : timeoutMs + transferMs(expectedBytes);
    return readSmall(stream, maxBytes, limitMs);
  }
  // One byte more than `maxBytes`, to see a body that is too large. One byte more than expected, so
  // that the last read returns less than it could, which is the end.
  const limit = maxBytes + 1;
  const expected = expectedBytes === undefined ? FIRST_STEP_BYTES : expectedBytes + 1;
  const reader: MinReader = stream.getReader({ mode: 'byob' });
  // A false Content-Length gets a large buffer after its first 64 KiB only.
  let buffer = new Uint8Array(Math.min(limit, FIRST_STEP_BYTES, expected));
  let length = 0;
  for (;;) {
    const room = length === 0 ? buffer : buffer.subarray(length);
    const min = room.length;
    const value = await readInTime(reader, room, min, timeoutMs);
    if (value === undefined) return 'too_slow';
    // The read took the buffer away and hands its memory back.
    buffer = new Uint8Array(value.buffer);
    length += value.length;
    if (length > maxBytes) {
      reader.releaseLock();
      return 'too_large';
    }
    if (value.length < min) return buffer.subarray(0, length);
    if (length < buffer.length) continue;

    const larger = new Uint8Array(Math.min(limit, Math.max(expected, 2 * length)));
    larger.set(buffer);
    buffer = larger;
  }
}

/** A body with a Content-Length of at most FIRST_STEP_BYTES. */
async function readSmall(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  limitMs: number | undefined,
): Promise<Uint8Array | ReadFailure> {
  const work = new Response(stream).arrayBuffer();
  try {
    const bytes = new Uint8Array(await (limitMs === undefined ? work : within(work, limitMs)));
    return bytes.length > maxBytes ? 'too_large' : bytes;
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'TimeoutError') return 'too_slow';
    throw thrown;
  }
}

/**
 * Reads and discards a body: a client that still sends does not read the answer, and closing
 * the connection loses the answer.
 * @param maxBytes - a longer body is cancelled.
 * @param timeoutMs - so is one that takes longer.
 */
export async function drain(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  timeoutMs: number,
): Promise<void> {
  const reader: MinReader = stream.getReader({ mode: 'byob' });
  let buffer: Bytes = new Uint8Array(DRAIN_STEP_BYTES);
  const timer = setTimeout(() => void reader.cancel().catch(ignore), timeoutMs);
  try {
    for (let dropped = 0; dropped < maxBytes; dropped += DRAIN_STEP_BYTES) {
      const { value } = await reader.read(buffer, { min: DRAIN_STEP_BYTES });
      if (value === undefined || value.length < DRAIN_STEP_BYTES) break;
      buffer = new Uint8Array(value.buffer);
    }
    await reader.cancel();
  } catch {
    // The sender has broken off, or was too slow.
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @returns the size of a body in bytes, if its headers tell: the Content-Length of a compressed body is
 *   that of the compressed bytes.
 */
export function contentLength(headers: Headers): number | undefined {
  const length = headers.get('content-length') ?? '';
  return /^\d{1,15}$/.test(length) && !headers.has('content-encoding') ? Number(length) : undefined;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** `min` is missing in Cloudflare's types. */
interface MinReader {
  read(view: Bytes, options: { min: number }): Promise<{ value?: Bytes | undefined }>;
  cancel(): Promise<void>;
  releaseLock(): void;
}

/** @returns how long a body of this size may take at BYTES_PER_SECOND. */
function transferMs(bytes: number): number {
  return (bytes / BYTES_PER_SECOND) * 1_000;
}

/**
 * @returns what was read; nothing when it took too long, and the stream is cancelled then.
 */
async function readInTime(
  reader: MinReader,
  view: Bytes,
  min: number,
  limitMs: number | undefined,
): Promise<Bytes | undefined> {
  if (limitMs === undefined) return (await reader.read(view, { min })).value;
  let isLate = false;
  const cancel = () => {
    isLate = true;
    reader.cancel().catch(ignore);
  };
  const timer = setTimeout(cancel, limitMs + transferMs(min));
  try {
    const { value } = await reader.read(view, { min });
    return isLate ? undefined : value;
  } catch (thrown) {
    // The standard ends a cancelled read with nothing (WHATWG Streams §4.5.3), workerd with an error.
    if (isLate) return undefined;
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

function ignore(): void {}

export function byteLength(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** @returns the parts in one. */
export function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(byteLength(parts));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}

/**
 * @param parts - texts, and bytes that are too many to have become text.
 * @returns them in one, as UTF-8. Texts without bytes between them are one buffer from
 *   the start: each buffer that the runtime has to free costs a microsecond.
 */
export function joinText(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    pieces.push(encoder.encode(text), part);
    text = '';
  }
  const last = encoder.encode(text);
  return pieces.length === 0 ? last : join([...pieces, last]);
}

const encoder = new TextEncoder();
