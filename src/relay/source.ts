// The upstream's body as the pump reads it.
//
// What costs in workerd is not bytes but turns: each read that JS awaits and each
// timer takes the isolate's lock anew, 20–40 µs, and a read never gets more than
// one HTTP chunk, which with StepFun is one event. So the reservoir lets the
// runtime gather: the body is teed; one branch is read by JS, the other is piped
// natively into an IdentityTransformStream on which one read, the gauge, waits for
// RESERVOIR_BYTES at once. That pipe draws the body on without a turn of JS, and
// what it draws piles up in the branch that JS reads, to be had in one read.
// The gauge is also the bound: it is set again only when JS has caught up, so
// that a client that reads nothing stops the upstream after some 30 KB.
//
// Rejected: a read in JS for each chunk, gathered and written together. It saves
// the writes only, and costs two and a half times as much on bursts.

import { LINGER_MS, RESERVOIR_BYTES } from '../limits.ts';
import { brokenBody } from './broken.ts';

/** Enough for a stream that trickles, as most do: its buffers are held while it is silent. */
const READ_BYTES = 4 * 1024;

/** The body, read as it comes: what is there of one HTTP chunk at a time. */
export class Source {
  readonly #reader: ReadableStreamBYOBReader;
  #isFlood = false;

  /** @param body - a native body of bytes: that of a `fetch` or of a service binding. */
  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader({ mode: 'byob' });
  }

  /** How much may be there at once. */
  protected get most(): number {
    return RESERVOIR_BYTES;
  }

  /**
   * @returns what is there, waiting for it if there is nothing; null at the end. The
   *   bytes are the caller's.
   * @throws {GatewayError} `upstream_reset` or `upstream_malformed` when the body breaks,
   *   once all that came before has been read.
   */
  async read(): Promise<Uint8Array | null> {
    try {
      const { value, done } = await this.#reader.read(new Uint8Array(this.#isFlood ? this.most : READ_BYTES));
      if (done) return null;
      this.#isFlood = value.length >= READ_BYTES;
      return value;
    } catch (thrown) {
      throw brokenBody(thrown);
    }
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
  }

  /** Lets go of the body at once. A pending read comes back. */
  cancel(reason: unknown): void {
    this.#reader.cancel(reason).catch(ignore);
  }
}

/** A flood's reservoir: so many events at once that the turns no longer count. */
const FLOOD_BYTES = 4 * RESERVOIR_BYTES;
/** What may be on its way through the pipe while the reservoir is full. */
const IN_FLIGHT_BYTES = 8 * 1024;

/** The body, gathered natively between two reads. */
export class Reservoir extends Source {
  readonly #gauge: ReadableStreamBYOBReader;
  /** How much the gauge waits for: more while floods fill it before the time is up. */
  #capacity = RESERVOIR_BYTES;
  /** Whether the gauge has come back: the reservoir is full, or nothing more will come. */
  #full = true;
  #ended = false;
  /** Bytes that the gauge has seen pass, less those that JS has taken. */
  #ahead = 0;
  #wake: () => void = ignore;

  constructor(body: ReadableStream<Uint8Array>) {
    // The order matters: a tee gives its first branch whole 16 KB blocks, however
    // little is in them, and its second one copies to measure. What piles up must be the copies.
    const [drawn, read] = body.tee();
    super(read);
    const gate = new IdentityTransformStream();
    drawn.pipeTo(gate.writable).catch(ignore);
    this.#gauge = gate.readable.getReader({ mode: 'byob' });
  }

  protected override get most(): number {
    return this.#capacity + IN_FLIGHT_BYTES;
  }

  override async read(): Promise<Uint8Array | null> {
    if (this.#full && !this.#ended && this.#ahead <= 0) void this.#set();
    const bytes = await super.read();
    if (bytes !== null) this.#ahead -= bytes.length;
    return bytes;
  }

  /** Waits while more gathers: until `ms` have passed, the reservoir is full or the body has ended. */
  gather(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#full) {
        resolve();
        return;
      }
      const timer = setTimeout(() => {
        this.#capacity = RESERVOIR_BYTES;
        resolve();
      }, ms);
      this.#wake = () => {
        this.#capacity = FLOOD_BYTES;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  override async close(): Promise<void> {
    if (!this.#ended) await this.gather(LINGER_MS);
    this.cancel('The stream has ended.');
  }

  override cancel(reason: unknown): void {
    super.cancel(reason);
    this.#gauge.cancel(reason).catch(ignore);
    this.#end();
  }

  async #set(): Promise<void> {
    this.#full = false;
    const capacity = this.#capacity;
    try {
      const { value } = await this.#gauge.readAtLeast(capacity, new Uint8Array(capacity));
      if (value?.length !== capacity) return this.#end();
    } catch {
      return this.#end();
    }
    this.#ahead += capacity;
    this.#full = true;
    this.#wake();
  }

  #end(): void {
    this.#ended = true;
    this.#full = true;
    this.#wake();
  }
}

function ignore(): void {}
