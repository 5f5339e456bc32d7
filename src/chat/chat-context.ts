// What a chat request carries along beside itself: who pays, who keeps, who is asked.

import type { Cache } from '../cache/cache.ts';
import type { Exchange } from '../http/request-context.ts';
import type { Reservation } from '../http/reservation.ts';
import type { Stepfun } from '../upstream/stepfun.ts';
import type { ChatRequest } from './request/chat-request.ts';

export interface ChatExchange extends Exchange {
  readonly clientId: string;
  /** The client's own StepFun key; null: the gateway's is used. */
  readonly upstreamKey: string | null;
  readonly stepfun: Stepfun;
  readonly cache: Cache;
  /** Puts tokens aside before StepFun is asked; null: nobody counts them. */
  readonly reserve: ((asked: ChatRequest) => Promise<Reservation>) | null;
}
