// What a token budget and the calls that spend it know of each other; neither imports
// the other (the router brings them together).

/** `x-ratelimit-*-tokens`: what is left of a budget, for the answer. */
export type BudgetHeaders = Readonly<Record<string, string>>;

/** Tokens put aside for a call. */
export interface Reservation {
  /** The `max_tokens` to send upstream: never more than is left. */
  readonly maxTokens: number;
  /** The estimate of the prompt: a call that StepFun began costs at least this, unless its exact count is known. */
  readonly promptTokens: number;
  /** As of now. */
  readonly headers: BudgetHeaders;
  /**
   * To be called once the call has ended, however it did; again is harmless.
   * @param tokens - the usage's total, StepFun's last word on it; 0 when StepFun
   *   did nothing; null when the call was cut before it named any usage: then the
   *   prompt, which StepFun has read, is what is counted.
   * @returns the headers anew. Never rejects: a failure is logged, and the
   *   reservation lapses in time.
   */
  readonly settle: (tokens: number | null) => Promise<BudgetHeaders>;
}

/** How much there is to read for StepFun. */
export interface PromptSize {
  /** UTF-8 bytes of everything but media. */
  readonly textBytes: number;
  /** Images, videos and sounds, whose bytes say nothing of their tokens. */
  readonly mediaParts: number;
}
