// RELAY=native: the runtime itself pipes the stream, unchanged, for next to no CPU.
// JS looks at the first event alone, so that an error or garbage in its place still
// becomes a status, and comes back when the pipe has ended: a body that broke gets
// its error event. What the pipe carries is not seen: no idle clock, no keep-alive, no
// usage, and an EOF without sentinel passes for an end.

import type { GatewayError } from '../http/errors.ts';
import { encode } from './ascii.ts';
import { brokenBody } from './broken.ts';
import { PipedOutlet } from './outlet.ts';
import { Relay, type RelayOptions } from './relay.ts';
import type { StreamRewriter } from './rewriter.ts';

/** Half an event may have gone out: this ends it, so that the error event stands alone. */
const EVENT_END = encode('\n\n');

/**
 * Starts relaying a stream natively.
 * @param body - the body of StepFun's 200, unread, as bytes of an event stream.
 * @param rewriter - fresh; it judges the first event, its output is not used.
 * @returns the body for the client, once the first event is there.
 * @throws {GatewayError} as `openRelay` does.
 */
export function openNative(
  body: ReadableStream<Uint8Array>,
  rewriter: StreamRewriter,
  options: RelayOptions,
): Promise<ReadableStream<Uint8Array>> {
  return new NativeRelay(body, rewriter, options).open();
}

class NativeRelay extends Relay {
  protected readonly outlet = new PipedOutlet(this.leave);
  readonly #body: ReadableStream<Uint8Array>;
  /** Null while the runtime pipes. */
  #reader: ReadableStreamDefaultReader<Uint8Array> | null;
  #isPiping = false;
  /** Why the pipe was ended. */
  #timeout: GatewayError | null = null;

  constructor(body: ReadableStream<Uint8Array>, rewriter: StreamRewriter, options: RelayOptions) {
    super(rewriter, options);
    this.#body = body;
    this.#reader = body.getReader();
  }

  protected async run(): Promise<void> {
    const hasEnded = await this.#first();
    if (this.over) return;
    if (!hasEnded) await this.#pipe();
    if (this.over) return;
    this.finish();
    this.cancel('The stream has ended.');
  }

  /** Reads and writes up to the first event. @returns whether the stream has ended with it. */
  async #first(): Promise<boolean> {
    const { rewriter } = this;
    const raw: Uint8Array[] = [];
    let events: Uint8Array;
    do {
      this.waitingSinceMs = Date.now();
      const bytes = await this.#read();
      if (this.over) return true;
      this.waitingSinceMs = null;
      this.begun = true;
      events = bytes === null ? rewriter.end() : rewriter.push(bytes);
      if (bytes !== null) raw.push(bytes);
      if (rewriter.failure !== null && !rewriter.begun && !this.opened) throw rewriter.failure;
    } while (!rewriter.begun && !rewriter.done);
    this.commit();
    // An error object right behind the first event goes out in the contract's form.
    for (const bytes of rewriter.failure === null ? raw : [events]) {
      this.write(bytes);
      await this.outlet.taken();
    }
    return rewriter.done;
  }

  async #read(): Promise<Uint8Array | null> {
    try {
      const result = await this.#reader?.read();
      return result?.value ?? null;
    } catch (thrown) {
      throw brokenBody(thrown);
    }
  }

  async #pipe(): Promise<void> {
    this.#reader?.releaseLock();
    this.#reader = null;
    this.#isPiping = true;
    try {
      await this.outlet.pipe(this.#body);
      this.#isPiping = false;
    } catch (thrown) {
      this.#isPiping = false;
      if (this.over) return;
      // If it was the client who broke it, this write tells.
      this.write(EVENT_END);
      await this.outlet.taken();
      throw this.#timeout ?? brokenBody(thrown);
    }
  }

  protected override fail(error: GatewayError): void {
    if (!this.#isPiping) {
      super.fail(error);
      return;
    }
    // The pipe has the stream: aborted, it gives it back, and the event can be written.
    this.#timeout = error;
    this.options.abort(error);
  }

  protected cancel(reason: unknown): void {
    // A pipe is ended by the abort of its fetch.
    this.#reader?.cancel(reason).catch(() => {});
  }
}
