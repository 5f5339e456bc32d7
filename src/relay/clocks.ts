// The clocks of one stream: how long the upstream may be silent, how long the client may read
// nothing, how long everything may take, and when the client needs a keep-alive comment.
//
// One timer for all of them: it looks at every deadline, then sleeps until the next one.
// Rejected: a timer for each read, which costs more CPU than the read itself (14–20 µs).

export interface ClockSettings {
  /** How long the client hears nothing before it gets a comment. */
  readonly keepAliveMs: number;
  /** How long the upstream may be silent once it has begun, and how long the client may read nothing. */
  readonly idleMs: number;
  /** When, in ms since the epoch, the upstream must have begun. */
  readonly firstByteDeadlineMs: number;
  /** When, in ms since the epoch, everything must be over. */
  readonly totalDeadlineMs: number;
}

export interface ClockListener {
  /** The client has heard nothing for `keepAliveMs` while the upstream was silent. */
  onSilence(): void;
  /** A deadline has passed. The clocks have stopped. */
  onExpired(): void;
  /** The client has read nothing for `idleMs`. The clocks have stopped. */
  onStalled(): void;
}

/** How long a stream whose every choice has ended is still waited for: its `[DONE]` may be missing. */
export const COMPLETE_ANSWER_MS = 2_000;

export class StreamClocks {
  readonly #settings: ClockSettings;
  #listener: ClockListener | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Whether a read of the upstream is pending. While none is, the upstream waits for the client. */
  #isReading = false;
  /** When the last read began or ended, whichever was later. */
  #sinceMs = Date.now();
  #hasBegun = false;
  #lastSentAtMs = Date.now();
  #endsAtMs: number;

  constructor(settings: ClockSettings) {
    this.#settings = settings;
    this.#endsAtMs = settings.totalDeadlineMs;
  }

  start(listener: ClockListener): void {
    this.#listener = listener;
    this.#look();
  }

  stop(): void {
    this.#listener = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** A read of the upstream begins. */
  reading(nowMs: number): void {
    this.#isReading = true;
    this.#sinceMs = nowMs;
  }

  /** A read of the upstream has brought something: not always something for the client. */
  received(nowMs: number): void {
    this.#isReading = false;
    this.#sinceMs = nowMs;
    this.#hasBegun = true;
  }

  /** Something goes to the client. */
  sent(nowMs: number): void {
    this.#lastSentAtMs = nowMs;
  }

  /** Every choice has its finish_reason: only the end is missing. */
  answerIsComplete(): void {
    if (this.#listener === null) return;
    this.#endsAtMs = Math.min(this.#endsAtMs, Date.now() + COMPLETE_ANSWER_MS);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#look();
  }

  #look(): void {
    const { keepAliveMs, idleMs, firstByteDeadlineMs } = this.#settings;
    const nowMs = Date.now();
    const silenceEndsMs = this.#hasBegun ? this.#sinceMs + idleMs : firstByteDeadlineMs;
    const deadlineMs = Math.min(silenceEndsMs, this.#endsAtMs);
    if (nowMs >= deadlineMs) {
      const listener = this.#listener;
      const isStalled = this.#hasBegun && !this.#isReading && nowMs < this.#endsAtMs;
      this.stop();
      if (isStalled) listener?.onStalled();
      else listener?.onExpired();
      return;
    }
    // While nothing is read, events wait for the client, and a comment behind them says nothing.
    if (!this.#isReading) {
      this.#lastSentAtMs = nowMs;
    } else if (nowMs >= this.#lastSentAtMs + keepAliveMs) {
      this.#lastSentAtMs = nowMs;
      this.#listener?.onSilence();
    }
    // The upstream may begin and fall silent any moment, with a deadline before `firstByteDeadlineMs`.
    const nextMs = Math.min(deadlineMs, this.#lastSentAtMs + keepAliveMs, nowMs + idleMs);
    this.#timer = setTimeout(() => this.#look(), Math.max(nextMs - nowMs, 1));
  }
}
