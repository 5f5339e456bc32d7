// What both kinds of relay share: the client's side of a stream, its clocks, and
// its ends, of which each stream has exactly one.
//
// Until the first event has been understood a failure is a GatewayError, thrown,
// for the handler to answer with a status; after that it is the stream's last event.

import { GatewayError, toGatewayError, type ErrorCode } from '../http/errors.ts';
import { encode } from './ascii.ts';
import type { Usage } from '../http/usage.ts';
import type { Outlet } from './outlet.ts';
import type { StreamRewriter } from './rewriter.ts';

export interface RelayOptions {
  /**
   * What arrives within this time after a write may leave with the next one; the
   * first bytes, and those that come later than that, leave at once. 0: each read is
   * written as it comes.
   */
  readonly windowMs: number;
  /** How long the client hears nothing before it gets a comment. */
  readonly keepAliveMs: number;
  /** How long the upstream may be silent once it has begun. */
  readonly idleMs: number;
  /** When, in ms since the epoch, the upstream must have begun. */
  readonly firstByteDeadlineMs: number;
  /** When, in ms since the epoch, everything must be over. */
  readonly totalDeadlineMs: number;
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
  /** Ends the upstream request, if it has not ended by itself. */
  readonly abort: (reason: unknown) => void;
  /**
   * Told once how an opened stream ended, before its last bytes are through. When
   * the client has gone, the Worker lives on until then only under `waitUntil`.
   */
  readonly onEnd: (summary: RelaySummary) => void;
  /** Keeps the Worker alive for the moment in which an upstream that has said its last word ends, too. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export interface RelaySummary {
  readonly outcome: 'completed' | 'client_gone' | ErrorCode;
  /** Bytes given to the client; those that a native pipe carried are not known. */
  readonly bytes: number;
  /** StepFun's last count, however the stream ended; null if none was seen. */
  readonly usage: Usage | null;
}

const KEEP_ALIVE = encode(': keep-alive\n\n');

export abstract class Relay {
  protected readonly rewriter: StreamRewriter;
  protected readonly options: RelayOptions;
  /** It has ended, in whatever way; nothing may be read or written any more. */
  protected over = false;
  /** The answer is a 200. */
  protected opened = false;
  /** Since when the upstream is being waited for; null while it is not, and so isn't to blame. */
  protected waitingSinceMs: number | null = null;
  /** The upstream's first bytes are there. */
  protected begun = false;

  readonly #opening = Promise.withResolvers<ReadableStream<Uint8Array>>();
  #bytes = 0;
  #wroteAtMs = Date.now();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(rewriter: StreamRewriter, options: RelayOptions) {
    this.rewriter = rewriter;
    this.options = options;
  }

  /** Where the events go. */
  protected abstract readonly outlet: Outlet;

  /** Relays until the upstream's end; returns early when `over`. Throws what ended it badly. */
  protected abstract run(): Promise<void>;

  /** Lets go of the upstream's body at once; `run` comes back. */
  protected abstract cancel(reason: unknown): void;

  /**
   * @returns the client's stream as soon as the answer is a 200.
   * @throws {GatewayError} what kept it from becoming one; the signal's reason if the client has gone.
   */
  open(): Promise<ReadableStream<Uint8Array>> {
    const { signal } = this.options;
    if (signal.aborted) {
      this.leave();
    } else {
      signal.addEventListener('abort', this.leave);
      void this.#start();
      this.#watch();
    }
    return this.#opening.promise;
  }

  /** From here on the answer is a 200. */
  protected commit(): void {
    if (this.opened) return;
    this.opened = true;
    this.#opening.resolve(this.outlet.readable);
  }

  /** Hands whole events to the client; `outlet.taken` tells when it has them. */
  protected write(events: Uint8Array, nowMs = Date.now()): void {
    this.#bytes += events.length;
    this.#wroteAtMs = nowMs;
    this.outlet.write(events);
  }

  /** The upstream has ended by itself; if badly, the rewriter has told the client. */
  protected finish(): void {
    const { failure } = this.rewriter;
    this.commit();
    this.#end(failure?.code ?? 'completed');
    this.outlet.close();
    if (failure !== null) this.#drop(failure);
  }

  /** The upstream broke or ran out of time: an event where the stream has begun, a status where not. */
  protected fail(error: GatewayError): void {
    if (this.over) return;
    if (this.opened) {
      // Not waited for: a client that has stopped reading mustn't hold the upstream.
      this.write(this.rewriter.fail(error));
      this.outlet.close();
    }
    this.#opening.reject(error);
    this.#end(error.code);
    this.#drop(error);
  }

  /** The client has gone. */
  protected readonly leave = (): void => {
    if (this.over) return;
    const reason: unknown = this.options.signal.reason;
    this.#opening.reject(reason);
    this.#end('client_gone');
    this.outlet.abort(reason);
    this.#drop(reason);
  };

  async #start(): Promise<void> {
    try {
      await this.run();
    } catch (thrown) {
      // An aborted fetch rejects its reads as a broken one does.
      if (this.options.signal.aborted) this.leave();
      else this.fail(toGatewayError(thrown));
    }
  }

  /**
   * The one clock: looks at all deadlines, then sleeps until the next that can come.
   * Setting a timer for each read was rejected: it would cost more than the read.
   */
  #watch(): void {
    const { keepAliveMs, idleMs, firstByteDeadlineMs, totalDeadlineMs } = this.options;
    const nowMs = Date.now();
    const waitingSinceMs = this.waitingSinceMs ?? nowMs;
    const silenceEndsMs = this.begun ? waitingSinceMs + idleMs : firstByteDeadlineMs;
    if (nowMs >= Math.min(silenceEndsMs, totalDeadlineMs)) {
      this.fail(new GatewayError('upstream_timeout'));
      return;
    }
    // Behind events that wait for the client a comment would tell it nothing.
    const canSpeak = !this.opened || this.outlet.isWanting;
    if (!canSpeak) {
      this.#wroteAtMs = nowMs;
    } else if (nowMs >= this.#wroteAtMs + keepAliveMs) {
      this.commit();
      this.write(KEEP_ALIVE, nowMs);
    }
    const nextMs = Math.min(silenceEndsMs, totalDeadlineMs, this.#wroteAtMs + keepAliveMs);
    this.#timer = setTimeout(() => this.#watch(), Math.max(nextMs - nowMs, 1));
  }

  #end(outcome: RelaySummary['outcome']): void {
    this.over = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.options.signal.removeEventListener('abort', this.leave);
    if (this.opened) this.options.onEnd({ outcome, bytes: this.#bytes, usage: this.rewriter.usage });
  }

  #drop(reason: unknown): void {
    this.options.abort(reason);
    this.cancel(reason);
  }
}
