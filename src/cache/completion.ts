// What the cache asks for when it has no answer: one call to StepFun that is not
// streamed. How the call is made is the handler's business; it passes `Complete`
// in, here and in the Durable Object that makes the call for many.

import type { Usage } from '../http/usage.ts';

export interface Order {
  /** The JSON for StepFun, `stream` false. */
  readonly body: Uint8Array;
  /** The client's own StepFun key; null: the gateway's. Kept in memory alone. */
  readonly upstreamKey: string | null;
  /** How many choices were asked for. */
  readonly choices: number;
  /**
   * Whether what is left of the client's token budget has lowered `max_tokens`. An
   * answer cut short by that is this client's alone: neither stored nor shared.
   */
  readonly capped: boolean;
}

/** StepFun's whole answer as `rewriteCompletion` leaves it, with its reasoning as `general` has it. */
export interface Completion {
  readonly bytes: Uint8Array;
  readonly usage: Usage | null;
  /** Of each choice. */
  readonly finishReasons: readonly (string | null)[];
  /** How often StepFun was asked until it answered. */
  readonly attempts: number;
}

/**
 * Asks StepFun.
 * @throws {GatewayError} as the contract's table of errors has it; the signal's
 *   reason when that ended the call.
 */
export type Complete = (order: Order, signal: AbortSignal) => Promise<Completion>;

/** A choice that ended so is whole; one that `content_filter` ended, or nobody knows what, is not. */
const WHOLE: ReadonlySet<string | null> = new Set(['stop', 'length', 'tool_calls']);

/** @returns whether an answer is this client's alone, since its own budget cut it short. */
export function isPrivate({ finishReasons }: Completion, { capped }: Pick<Order, 'capped'>): boolean {
  return capped && finishReasons.includes('length');
}

/** @returns whether an answer is whole, and what anybody who asks the same may be given later. */
export function isWhole(completion: Completion, order: Pick<Order, 'capped' | 'choices'>): boolean {
  const { finishReasons } = completion;
  if (finishReasons.length !== order.choices || isPrivate(completion, order)) return false;
  return finishReasons.every((reason) => WHOLE.has(reason));
}
