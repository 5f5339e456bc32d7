// The Durable Object `Gate`: one for each upstream key. It holds the queue of all requests
// that go to StepFun with that key, from all isolates of the network.
//
// `enter` answers at once with a ticket (an RpcTarget). That tells a long queue from a dead
// gate, and the ticket is the only means that frees a slot in every phase without any of
// our code having run: when the caller's context ends, the runtime disposes of its stub.
// Rejected: acquire and release as two calls (a client that leaves in between keeps its
// slot for ever), and a hibernating WebSocket (the same in three of six phases).
//
// The object has no alarm, no heartbeat, and a timer only while somebody waits.

import { DurableObject, RpcTarget } from 'cloudflare:workers';
import type { StatedLimit } from '../../http/errors.ts';
import { GateCore, type CallEnd, type GateCall, type GateRequest } from './gate-core.ts';
import { WindowStore } from './window-store.ts';

/** The result of a wait. `ended`: the caller has ended the call. */
export type Turn =
  | { readonly kind: 'slot' | 'ended' }
  | { readonly kind: 'timeout'; readonly retryAfterSeconds: number };

/** The answer to `enter`, of its own types: the ticket arrives as a stub. With a ticket, the request has a slot or a place in the queue. */
export type GateReply =
  | { readonly kind: 'slot' | 'waiting'; readonly ticket: Ticket }
  | { readonly kind: 'busy' }
  | { readonly kind: 'full' | 'timeout'; readonly retryAfterSeconds: number };

export class Gate extends DurableObject<unknown> {
  readonly #store = new WindowStore(this.ctx.storage);
  readonly #core = new GateCore(this.#store.record);
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    this.#store.restore(this.#core);
  }

  /** @returns at once what becomes of the request. */
  enter(request: GateRequest): GateReply {
    const admission = this.#core.enter(request, Date.now());
    if (!('call' in admission)) return admission;
    const ticket = new Ticket(this.#core, admission.call, request.timeoutMs, this.#schedule);
    this.#schedule();
    return { kind: admission.kind, ticket };
  }

  /** Sets the timer for what the core does next without a call. */
  readonly #schedule = (): void => {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const nowMs = Date.now();
    const wakeAtMs = this.#core.wakeAtMs(nowMs);
    if (wakeAtMs === null) return;
    const wake = () => {
      this.#core.advance(Date.now());
      this.#schedule();
    };
    this.#timer = setTimeout(wake, wakeAtMs - nowMs);
  };
}

/** One request's hold on the gate; its public methods are called from the request's Worker. */
export class Ticket extends RpcTarget {
  readonly #core: GateCore;
  readonly #call: GateCall;
  readonly #onChange: () => void;
  readonly #life = Promise.withResolvers<void>();
  #turn = Promise.withResolvers<Turn>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** @param onChange - is called after each change of the core's state. */
  constructor(core: GateCore, call: GateCall, timeoutMs: number, onChange: () => void) {
    super();
    this.#core = core;
    this.#call = call;
    this.#onChange = onChange;
    call.onGrant = () => this.#settle({ kind: 'slot' });
    if (call.state === 'waiting') this.#wait(timeoutMs);
  }

  /** @returns when the wait that `enter` began is over. */
  turn(): Promise<Turn> {
    return this.#turn.promise;
  }

  /** Never settles before `done`: rejects when the object is gone, so that the holder of a slot can enter again. */
  life(): Promise<void> {
    return this.#life.promise;
  }

  /**
   * Gives the slot back and waits before all others, to call StepFun once more.
   * @param refusal - the limit that StepFun named; null: the call failed for another reason.
   * @param timeoutMs - how long it may wait.
   */
  again(refusal: StatedLimit | null, timeoutMs: number): Promise<Turn> {
    if (this.#call.state !== 'slot') return Promise.resolve({ kind: 'ended' });
    this.#turn = Promise.withResolvers();
    const admission = this.#core.again(this.#call, refusal, timeoutMs, Date.now());
    if (admission.kind === 'timeout') this.#settle(admission);
    if (admission.kind === 'waiting') this.#wait(timeoutMs);
    this.#onChange();
    return this.#turn.promise;
  }

  /** Ends the call: the slot or the place is free. */
  done(end: CallEnd): void {
    this.#core.end(this.#call, end, Date.now());
    // A pending call of a method keeps the stub alive, even a disposed one.
    this.#settle({ kind: 'ended' });
    this.#life.resolve();
    this.#onChange();
  }

  /** The caller's context has ended without `done`: its call to StepFun is cut off. */
  [Symbol.dispose](): void {
    this.done({ tokens: null, isCut: true });
  }

  #wait(timeoutMs: number): void {
    this.#timer = setTimeout(() => {
      const nowMs = Date.now();
      this.#core.end(this.#call, { tokens: null, isCut: false }, nowMs);
      const retryAfterSeconds = this.#core.retryAfterSeconds(this.#call.client, nowMs);
      this.#settle({ kind: 'timeout', retryAfterSeconds });
      this.#onChange();
    }, timeoutMs);
  }

  #settle(turn: Turn): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#turn.resolve(turn);
  }
}
