// Everything that a chat request needs: the gateway's parts, and its client.

import type { Cache } from '../cache/cache.ts';
import type { Config } from '../config/config.ts';
import type { RequestContext } from '../http/request-context.ts';
import type { Reservation } from '../http/reservation.ts';
import type { Gate } from '../upstream/gate/gate.ts';
import type { Stepfun } from '../upstream/stepfun.ts';
import type { ChatRequest } from './request/chat-request.ts';

export interface ChatContext extends RequestContext {
  /** The settings of chat requests, as they hold for this client. */
  readonly chat: Config['chat'];
  readonly clientId: string;
  /** The client's own StepFun key; null: the gateway's is used. */
  readonly upstreamKey: string | null;
  readonly stepfun: Stepfun;
  readonly cache: Cache;
  /** The gate of the gateway's own StepFun account; null: its limits are not kept. */
  readonly gate: Gate | null;
  /** Reserves tokens of the client's budget before StepFun is asked; null: the client has no budget. */
  readonly reserve: ((asked: ChatRequest, signal: AbortSignal) => Promise<Reservation>) | null;
}
