// Reads the upstream's body in as few steps as it can.
//
// In workerd each read in JavaScript costs 20–40 µs, however few bytes it brings, and
// it never brings more than one HTTP chunk: with StepFun, one event. So while bytes
// come fast, the runtime itself reads ahead (see ReadAhead) and one read in
// JavaScript takes what has gathered.
//
// Rejected: one read for each chunk, joined before they are written. It saves the
// writes alone, and costs two and a half times as much CPU on fast streams.

import { LINGER_MS, READ_AHEAD_BYTES } from '../config/limits.ts';
import { brokenBodyError } from './broken-body.ts';

const SMALL_BUFFER_BYTES = READ_AHEAD_BYTES;
/** At this size a read brings so many events that its own cost no longer counts. */
const LARGE_BUFFER_BYTES = 64 * 1024;
/** The bytes that can be between the body and the buffer when the buffer is full. */
const IN_PIPE_BYTES = 8 * 1024;

export class GatheringReader {
  readonly #body: ReadableStream<Uint8Array>;
  readonly #windowMs: number;
  #reader: ReadableStreamBYOBReader;
  /** Null until bytes come fast enough for it. */
  #readAhead: ReadAhead | null = null;
  #useLargeBuffer = false;

  /**
   * @param body - the body of a `fetch` or of a service binding, unread.
   * @param windowMs - how long `gather` waits at most.
   */
  constructor(body: ReadableStream<Uint8Array>, windowMs: number) {
    this.#body = body;
    this.#windowMs = windowMs;
    this.#reader = body.getReader({ mode: 'byob' });
  }

  /**
   * @returns the bytes that are there, or the next ones; null at the end.
   * @throws {GatewayError} `upstream_reset` or `upstream_malformed` when the body breaks,
   *   after everything before the break has been read.
   */
  async read(): Promise<Uint8Array | null> {
    const readAhead = this.#readAhead;
    if (readAhead !== null && readAhead.canRestart) void readAhead.start();
    const most = this.#useLargeBuffer ? LARGE_BUFFER_BYTES + IN_PIPE_BYTES : SMALL_BUFFER_BYTES;
    try {
      const { value, done } = await this.#reader.read(new Uint8Array(most));
      if (done) return null;
      this.#useLargeBuffer = value.length >= SMALL_BUFFER_BYTES;
      readAhead?.taken(value.length);
      return value;
    } catch (thrown) {
      throw brokenBodyError(thrown);
    }
  }

  /** Waits while more gathers: until the window has passed, the buffer is full or the body has ended. */
  gather(): Promise<void> {
    this.#readAhead ??= this.#startReadAhead();
    return this.#readAhead.wait();
  }

  /**
   * Ends the reading of a body whose last event has been read. A body that ends by itself
   * within LINGER_MS is read to its end, so that its connection can be used again.
   */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.cancel('The stream has ended.'), LINGER_MS);
    try {
      while ((await this.read()) !== null);
    } catch {
      // A break behind the last event breaks nothing.
    }
    clearTimeout(timer);
    this.#readAhead?.cancel(null);
  }

  /** Cancels the body at once. A pending `read` or `gather` returns. */
  cancel(reason: unknown): void {
    this.#reader.cancel(reason).catch(ignore);
    this.#readAhead?.cancel(reason);
  }

  #startReadAhead(): ReadAhead {
    this.#reader.releaseLock();
    // The order matters: workerd gives a tee's first branch whole 16 KB blocks, however few
    // bytes are in them, and its second branch copies of the right size. The second one is kept.
    const [drained, read] = this.#body.tee();
    this.#reader = read.getReader({ mode: 'byob' });
    return new ReadAhead(drained, this.#windowMs);
  }
}

/**
 * Keeps a body moving without JavaScript: one branch of a tee is piped natively into an
 * IdentityTransformStream, from which one read asks for a whole buffer of bytes. What
 * the pipe moves gathers in the other branch. The read also bounds it: it starts again
 * only after JavaScript has caught up, so a client that reads nothing stops the upstream.
 */
class ReadAhead {
  readonly #reader: ReadableStreamBYOBReader;
  readonly #windowMs: number;
  #bufferBytes = READ_AHEAD_BYTES;
  /** Receives bytes that nobody looks at. */
  #buffer = new Uint8Array(READ_AHEAD_BYTES);
  /** The read has returned: the buffer is full, or the body has ended. */
  #isFull = true;
  #hasEnded = false;
  /** Bytes that the pipe has moved, minus those that JavaScript has read. */
  #aheadBytes = 0;
  #wake: () => void = ignore;

  constructor(drained: ReadableStream<Uint8Array>, windowMs: number) {
    this.#windowMs = windowMs;
    const { readable, writable } = new IdentityTransformStream();
    drained.pipeTo(writable).catch(ignore);
    this.#reader = readable.getReader({ mode: 'byob' });
    void this.start();
  }

  get canRestart(): boolean {
    return this.#isFull && !this.#hasEnded && this.#aheadBytes <= 0;
  }

  taken(bytes: number): void {
    this.#aheadBytes -= bytes;
  }

  async start(): Promise<void> {
    this.#isFull = false;
    const startedAtMs = Date.now();
    const size = this.#bufferBytes;
    if (this.#buffer.length !== size) this.#buffer = new Uint8Array(size);
    try {
      const { value } = await this.#reader.readAtLeast(size, this.#buffer);
      if (value?.length !== size) return this.#end();
      this.#buffer = new Uint8Array(value.buffer);
    } catch {
      return this.#end();
    }
    this.#aheadBytes += size;
    // If the buffer fills within one window, use the 64 KB buffer next. A slow stream fills
    // the small one after seconds, and would hold the large one for hundreds of events.
    this.#bufferBytes = Date.now() - startedAtMs <= this.#windowMs ? LARGE_BUFFER_BYTES : READ_AHEAD_BYTES;
    this.#isFull = true;
    this.#wake();
  }

  /** Waits until the buffer is full or the window has passed. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#windowMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#isFull) this.#wake();
    });
  }

  cancel(reason: unknown): void {
    this.#reader.cancel(reason).catch(ignore);
    this.#end();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#isFull = true;
    this.#wake();
  }
}

function ignore(): void {}
