// The interface between a token budget and the calls that spend it. Neither imports the
// other: the composition root joins them.

/** `x-ratelimit-*-tokens`: what is left of a budget, for the answer. */
export type BudgetHeaders = Readonly<Record<string, string>>;

/** Names a reservation, as plain data: a Durable Object that makes the call can settle it, too. */
export interface ReservationRef {
  readonly client: { readonly id: string; readonly name: string };
  /** Days since the epoch. */
  readonly day: number;
  readonly call: { readonly id: string; readonly lapsesAtMs: number };
  readonly limit: number;
  /** The estimate of the prompt. */
  readonly promptTokens: number;
}

/** Tokens set aside for a call. */
export interface Reservation {
  readonly ref: ReservationRef;
  /** The `max_tokens` to send upstream. */
  readonly maxTokens: number;
  /** Whether that is less than the client asked for, since what was used leaves no more. */
  readonly isLowered: boolean;
  /** The estimate of the prompt: the least that a call costs which StepFun began and did not finish. */
  readonly promptTokens: number;
  /** As of now. */
  readonly headers: BudgetHeaders;
  /**
   * To be called once the call has ended, however it ended; again is harmless.
   * @param tokens - what the call cost; 0 when StepFun did nothing.
   * @returns the headers anew. Never rejects: a failure is logged, and the reservation
   *   lapses, which counts as spent.
   */
  readonly settle: (tokens: number) => Promise<BudgetHeaders>;
}

/** How much StepFun has to read, for an estimate of its tokens. */
export interface PromptSize {
  /** UTF-8 bytes of everything but media. */
  readonly textBytes: number;
  /** Images with `detail: low`, which is the default. */
  readonly images: number;
  /** Images with `detail: high`. */
  readonly detailedImages: number;
  readonly videos: number;
  /** Bytes of all sounds, decoded from base64. */
  readonly audioBytes: number;
}
