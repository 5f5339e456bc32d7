// What a chat request carries along beside itself: who pays, who keeps, who is asked.

import type { Cache } from '../cache/cache.ts';
import type { Exchange } from '../exchange.ts';
import type { Stepfun } from '../upstream/stepfun.ts';
import type { ChatRequest } from './request.ts';

/** Headers of an answer that tell what is left of a token budget. */
export type BudgetHeaders = Readonly<Record<string, string>>;

/** Tokens put aside for a call. */
export interface Reservation {
  /** The `max_tokens` to send upstream. */
  readonly maxTokens: number;
  readonly headers: BudgetHeaders;
  /**
   * Puts what the call did cost in place of what was put aside; never rejects.
   * @param tokens - in all; null when StepFun never said.
   */
  readonly settle: (tokens: number | null) => Promise<BudgetHeaders>;
}

export interface ChatExchange extends Exchange {
  readonly clientId: string;
  /** The client's own StepFun key; null: the gateway's is used. */
  readonly upstreamKey: string | null;
  readonly stepfun: Stepfun;
  readonly cache: Cache;
  /** Puts tokens aside before StepFun is asked; null: nobody counts them. */
  readonly reserve: ((asked: ChatRequest) => Promise<Reservation>) | null;
}
