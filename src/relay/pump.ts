// RELAY=rewrite: the answer's way back through the rewriter. One loop reads what is
// there, pushes it through and writes what comes out; how it waits is what it costs.

import { PulledOutlet } from './outlet.ts';
import { Relay, type RelayOptions } from './relay.ts';
import type { StreamRewriter } from './rewriter.ts';
import { Source } from './source.ts';

export type { RelayOptions } from './relay.ts';

/**
 * Starts relaying a stream.
 * @param body - the body of StepFun's 200, unread, as bytes of an event stream.
 * @param rewriter - fresh, and this stream's own.
 * @returns the body for the client, as soon as the first event is there or after
 *   `keepAliveMs` without one.
 * @throws {GatewayError} what the first event tells of, if it is a failure, or why there
 *   was none; the signal's reason if the client went before. `onEnd` isn't told then.
 */
export function openRelay(
  body: ReadableStream<Uint8Array>,
  rewriter: StreamRewriter,
  options: RelayOptions,
): Promise<ReadableStream<Uint8Array>> {
  return new Pump(body, rewriter, options).open();
}

class Pump extends Relay {
  protected readonly outlet = new PulledOutlet(this.leave);
  readonly #source: Source;

  constructor(body: ReadableStream<Uint8Array>, rewriter: StreamRewriter, options: RelayOptions) {
    super(rewriter, options);
    this.#source = new Source(body, options.windowMs);
  }

  protected async run(): Promise<void> {
    const { windowMs } = this.options;
    // The first bytes wait for nothing, and tell nothing about the pace.
    for (let isFirst = true; ; isFirst = false) {
      const askedAtMs = Date.now();
      this.waitingSinceMs = askedAtMs;
      const bytes = await this.#source.read();
      if (this.over) return;
      const readAtMs = Date.now();
      this.waitingSinceMs = null;
      this.begun = true;

      const events = bytes === null ? this.rewriter.end() : this.rewriter.push(bytes);
      const { failure, begun, done } = this.rewriter;
      if (!this.opened && !begun && failure !== null) throw failure;
      // Comments before the first event don't make a 200; they are dropped.
      if (begun || done) this.commit();
      if (this.opened && events.length > 0) this.write(events, readAtMs);
      if (done) break;

      // Bytes that came soon are followed by more soon: then waiting first and reading
      // once is cheaper. After a pause each read goes out as it comes, with no timer.
      const isSoon = !isFirst && windowMs > 0 && readAtMs - askedAtMs <= windowMs;
      if (isSoon) await this.#source.gather();
      if (this.opened) await this.outlet.taken();
      if (this.over) return;
    }
    this.finish();
    if (this.rewriter.failure === null) this.options.waitUntil(this.#source.close());
  }

  protected cancel(reason: unknown): void {
    this.#source.cancel(reason);
  }
}
