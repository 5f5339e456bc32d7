// The Worker's side of the gate: a request takes a slot before StepFun is called and gives
// it back when its answer has ended, failed, or its client has left.

import { sha256Hex } from '../../lib/digest.ts';
import type { GateLimits } from './learned-limits.ts';
import { RemoteSlot, type GateStub, type Slot, type SlotRequest } from './remote-slot.ts';

export interface GateSettings {
  /** The StepFun account's; 0: off. */
  readonly limits: GateLimits;
  /** `QUEUE_SIZE`: how many requests may wait. */
  readonly queueSize: number;
  /** `QUEUE_TIMEOUT_MS`: how long one may wait, all its waits together. */
  readonly queueTimeoutMs: number;
}

/** The binding `GATE`: a `DurableObjectNamespace` of the class `Gate`. */
export interface GateNamespace {
  idFromName(name: string): DurableObjectId;
  get(id: DurableObjectId): GateStub;
}

export interface Gate {
  /**
   * Waits for a slot.
   * @throws {GatewayError} `queue_full`, `queue_timeout`; the reason of the request's signal.
   */
  enter(request: SlotRequest): Promise<Slot>;
}

/**
 * @param namespace - the binding `GATE`.
 * @param upstreamKey - whose account it is: one object for each key.
 * @returns null where no limit is set: then nothing waits, and no object is made.
 */
export function createGate(
  namespace: GateNamespace | undefined,
  settings: GateSettings,
  upstreamKey: string,
): Gate | null {
  const { concurrency, rpm, tpm } = settings.limits;
  if (namespace === undefined || concurrency + rpm + tpm === 0) return null;
  let name: string | null = null;
  return {
    async enter(request) {
      // The key itself must not be the name: names stand in Cloudflare's dashboard.
      name ??= await sha256Hex(upstreamKey);
      const id = namespace.idFromName(name);
      const slot = new RemoteSlot(() => namespace.get(id), settings, request);
      await slot.take();
      return slot;
    },
  };
}
