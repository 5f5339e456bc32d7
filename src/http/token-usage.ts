// How many tokens an answer took: budgets, logs and cache entries know it in this form.

/** StepFun's count of tokens; what it left out is 0. */
export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
  readonly cachedTokens: number;
}
