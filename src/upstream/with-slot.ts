// One call to StepFun as the rest of the gateway makes it: it waits for a slot of the gate
// (where there is one), is repeated where that helps, and holds its slot until its answer
// has ended. The deadlines start with the slot: waiting does not count.

import type { Config } from '../config/config.ts';
import { GatewayError, type ErrorCode } from '../http/errors.ts';
import { answerDeadlineMs, type AnswerKind } from './deadlines.ts';
import type { CallEnd } from './gate/gate-core.ts';
import type { Gate } from './gate/gate.ts';
import type { SlotRequest } from './gate/remote-slot.ts';
import { withRetries, type Attempted, type RetryEffects } from './retry.ts';

export interface UpstreamCall extends SlotRequest {
  /** null: the account's limits are not kept. */
  readonly gate: Gate | null;
  readonly clocks: Config['clocks'];
  readonly kind: AnswerKind;
}

/** The context of an attempt. */
export interface Attempt {
  /** When the deadlines started, in ms since the epoch: for `createDeadlines`. */
  readonly startedAtMs: number;
  /**
   * Gives the slot back. To be called once the answer has ended, also where that is after
   * the attempt has resolved; where the attempt rejects, it is not needed and does nothing.
   */
  readonly end: (end: CallEnd) => void;
}

export interface UpstreamResult<T> extends Attempted<T> {
  /** How long the request waited for slots, in ms; null: there is no gate. */
  readonly queueMs: number | null;
}

/** Failures after which StepFun may still be at work, since the call was ended from here. */
const CUT: ReadonlySet<ErrorCode> = new Set(['upstream_timeout', 'upstream_malformed']);

/**
 * @param attempt - calls StepFun once. Where it rejects, the client must have got nothing.
 * @throws {GatewayError} the last attempt's failure, with `attempts` and `queueMs` in its
 *   details; `queue_full` or `queue_timeout` of the gate; the reason of the call's signal.
 */
export async function withSlot<T>(
  call: UpstreamCall,
  attempt: (context: Attempt) => Promise<T>,
  effects?: RetryEffects,
): Promise<UpstreamResult<T>> {
  const { gate, clocks, kind, signal } = call;
  const slot = gate === null ? null : await gate.enter(call);
  const queueMs = () => slot?.queueMs ?? 0;
  const grantedAtMs = Date.now() - queueMs();
  const startedAtMs = () => grantedAtMs + queueMs();
  const deadlineMs = () => answerDeadlineMs(clocks, startedAtMs(), kind);

  async function attemptOnce(): Promise<T> {
    let ended: CallEnd | null = null;
    let isHeld = false;
    const end = (given: CallEnd) => {
      ended ??= given;
      if (isHeld) slot?.end(ended);
    };
    const value = await attempt({ startedAtMs: startedAtMs(), end });
    isHeld = true;
    if (ended !== null) slot?.end(ended);
    return value;
  }

  try {
    const result = await withRetries(attemptOnce, { signal, deadlineMs, slot }, effects);
    return { ...result, queueMs: slot?.queueMs ?? null };
  } catch (thrown) {
    if (slot === null) throw thrown;
    const isCut = !(thrown instanceof GatewayError) || CUT.has(thrown.code);
    slot.end({ tokens: null, isCut });
    throw thrown instanceof GatewayError ? withQueueMs(thrown, slot.queueMs) : thrown;
  }
}

function withQueueMs(error: GatewayError, queueMs: number): GatewayError {
  return new GatewayError(error.code, error.message, { ...error.details, queueMs });
}
