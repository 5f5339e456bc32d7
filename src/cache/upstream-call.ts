// The call that the cache makes when it has no answer: one request to StepFun that is not
// streamed. The handler says how the call is made and passes it in as `Complete`.

import type { ReservationRef } from '../http/reservation.ts';
import type { Usage } from '../http/token-usage.ts';

/** A request to StepFun, ready to be sent. */
export interface UpstreamRequest {
  /** The JSON for StepFun, `stream` false. */
  readonly body: Uint8Array;
  /** The client's own StepFun key; null: the gateway's. Kept in memory alone. */
  readonly upstreamKey: string | null;
  /** The client's id: the gate's queue is fair between clients. */
  readonly clientId: string;
  /** How many choices the client asked for. */
  readonly choices: number;
  /** The tokens reserved for the call; null: the client has no budget. */
  readonly reservation: ReservationRef | null;
  /** Whether nobody waits for the answer: a refresh of an entry past its TTL. */
  readonly isBackground: boolean;
  /**
   * Whether the client's token budget has lowered `max_tokens`. An answer cut short by that is
   * for this client alone: neither stored nor shared.
   */
  readonly isCapped: boolean;
}

/** StepFun's whole answer, rewritten, with its reasoning as `general` has it. */
export interface Completion {
  readonly bytes: Uint8Array;
  /** The same, parsed. */
  readonly json: unknown;
  readonly usage: Usage | null;
  /** How each choice ended. */
  readonly finishReasons: readonly (string | null)[];
  /** How often StepFun was asked until it answered. */
  readonly attempts: number;
  /** StepFun's own id of the answer; null if it sent none. */
  readonly upstreamRequestId: string | null;
  /** How long the request waited for a slot of the gate, in ms; null: there is no gate. */
  readonly queueMs: number | null;
}

/** The circumstances of one call. */
export interface CallContext {
  /** Ends the call. */
  readonly signal: AbortSignal;
  /** Keeps the Worker or the object alive after the call. */
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** Called each time before StepFun is asked. */
  readonly onAttempt: () => void;
}

/**
 * Asks StepFun.
 * @throws {GatewayError} every failure; the signal's reason when that ended the call.
 */
export type Complete = (request: UpstreamRequest, call: CallContext) => Promise<Completion>;

/** A choice with one of these is whole; one that `content_filter` or an unknown reason ended is not. */
const WHOLE_REASONS: ReadonlySet<string | null> = new Set(['stop', 'length', 'tool_calls']);

/** @returns whether an answer is for its client alone, since the client's budget cut it short. */
export function isPrivate(
  { finishReasons }: Pick<Completion, 'finishReasons'>,
  { isCapped }: Pick<UpstreamRequest, 'isCapped'>,
): boolean {
  return isCapped && finishReasons.includes('length');
}

/** @returns whether an answer is whole, and one that every later identical request may get. */
export function isShareable(
  completion: Pick<Completion, 'finishReasons'>,
  request: Pick<UpstreamRequest, 'isCapped' | 'choices'>,
): boolean {
  const { finishReasons } = completion;
  if (finishReasons.length !== request.choices || isPrivate(completion, request)) return false;
  return finishReasons.every((reason) => WHOLE_REASONS.has(reason));
}
