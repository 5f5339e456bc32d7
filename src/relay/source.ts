// The upstream's body as the pump reads it.
//
// What costs in workerd is not bytes but turns: each read that JS awaits and each
// timer takes the isolate's lock anew, 20–40 µs, and a read never gets more than
// one HTTP chunk, which with StepFun is one event. So a body whose chunks come
// fast is gathered by the runtime itself (see Gauge), to be had in one read.
//
// Rejected: a read in JS for each chunk, gathered and written together. It saves
// the writes only, and costs two and a half times as much on bursts.

import { LINGER_MS, RESERVOIR_BYTES } from '../config/limits.ts';
import { brokenBody } from './broken.ts';

/** Enough for a stream that trickles; its buffers are held while it is silent. */
const TRICKLE_BYTES = RESERVOIR_BYTES;
/** In a flood so many events are gathered at once that the turns no longer count. */
const FLOOD_BYTES = 64 * 1024;
/** What may be on its way through the gauge's pipe when the reservoir is full. */
const IN_FLIGHT_BYTES = 8 * 1024;

export class Source {
  readonly #body: ReadableStream<Uint8Array>;
  readonly #windowMs: number;
  #reader: ReadableStreamBYOBReader;
  /** Null until the body proves fast enough. */
  #gauge: Gauge | null = null;
  #isFlood = false;

  /**
   * @param body - a native body of bytes: that of a `fetch` or of a service binding.
   * @param windowMs - how long it is gathered at a time.
   */
  constructor(body: ReadableStream<Uint8Array>, windowMs: number) {
    this.#body = body;
    this.#windowMs = windowMs;
    this.#reader = body.getReader({ mode: 'byob' });
  }

  /**
   * @returns what is there, waiting for it if there is nothing; null at the end. The
   *   bytes are the caller's.
   * @throws {GatewayError} `upstream_reset` or `upstream_malformed` when the body breaks,
   *   once all that came before has been read.
   */
  async read(): Promise<Uint8Array | null> {
    const gauge = this.#gauge;
    if (gauge !== null && gauge.canBeSet) void gauge.set();
    const most = this.#isFlood ? FLOOD_BYTES + IN_FLIGHT_BYTES : TRICKLE_BYTES;
    try {
      const { value, done } = await this.#reader.read(new Uint8Array(most));
      if (done) return null;
      this.#isFlood = value.length >= TRICKLE_BYTES;
      if (gauge !== null) gauge.taken(value.length);
      return value;
    } catch (thrown) {
      throw brokenBody(thrown);
    }
  }

  /** Waits while more gathers: until the window has passed, the reservoir is full or the body has ended. */
  gather(): Promise<void> {
    this.#gauge ??= this.#gather();
    return this.#gauge.wait();
  }

  /**
   * Lets go of a body from which nothing more is needed: gently if it ends by itself in
   * a moment, so that its connection can serve again.
   */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.cancel('The stream has ended.'), LINGER_MS);
    try {
      while ((await this.read()) !== null);
    } catch {
      // Whatever breaks after the end breaks nothing.
    }
    clearTimeout(timer);
    this.#gauge?.cancel(null);
  }

  /** Lets go of the body at once. A pending read or gather comes back. */
  cancel(reason: unknown): void {
    this.#reader.cancel(reason).catch(ignore);
    this.#gauge?.cancel(reason);
  }

  #gather(): Gauge {
    this.#reader.releaseLock();
    // The order matters: a tee gives its first branch whole 16 KB blocks, however
    // little is in them, and its second one copies to measure. What piles up must be the copies.
    const [drawn, read] = this.#body.tee();
    this.#reader = read.getReader({ mode: 'byob' });
    return new Gauge(drawn, this.#windowMs);
  }
}

/**
 * Draws a body on without a turn of JS: one branch of a tee is piped natively into
 * an IdentityTransformStream, on which a single read waits for as many bytes as the
 * reservoir holds. What the pipe draws piles up in the other branch. The waiting read is
 * also the bound: it is set again only when JS has caught up, so that a client
 * that reads nothing stops the upstream.
 */
class Gauge {
  readonly #reader: ReadableStreamBYOBReader;
  readonly #windowMs: number;
  #capacity = RESERVOIR_BYTES;
  /** Where the drawn bytes go, which nobody looks at. */
  #bytes = new Uint8Array(RESERVOIR_BYTES);
  /** The read has come back: the reservoir is full, or nothing more will come. */
  #isFull = true;
  #hasEnded = false;
  /** Bytes that have been drawn, less those that JS has taken. */
  #ahead = 0;
  #wake: () => void = ignore;

  constructor(drawn: ReadableStream<Uint8Array>, windowMs: number) {
    this.#windowMs = windowMs;
    const gate = new IdentityTransformStream();
    drawn.pipeTo(gate.writable).catch(ignore);
    this.#reader = gate.readable.getReader({ mode: 'byob' });
    void this.set();
  }

  get canBeSet(): boolean {
    return this.#isFull && !this.#hasEnded && this.#ahead <= 0;
  }

  taken(bytes: number): void {
    this.#ahead -= bytes;
  }

  async set(): Promise<void> {
    this.#isFull = false;
    const setAtMs = Date.now();
    const capacity = this.#capacity;
    if (this.#bytes.length !== capacity) this.#bytes = new Uint8Array(capacity);
    try {
      const { value } = await this.#reader.readAtLeast(capacity, this.#bytes);
      if (value?.length !== capacity) return this.#end();
      this.#bytes = new Uint8Array(value.buffer);
    } catch {
      return this.#end();
    }
    this.#ahead += capacity;
    // What fills it within a window is a flood. That a trickle of some seconds fills it is
    // chance: its stream would hold the larger one for hundreds of events.
    this.#capacity = Date.now() - setAtMs <= this.#windowMs ? FLOOD_BYTES : RESERVOIR_BYTES;
    this.#isFull = true;
    this.#wake();
  }

  /** Waits until it is full or the window has passed. */
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
