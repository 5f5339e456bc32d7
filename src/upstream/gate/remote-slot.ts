// A slot that the gate's object grants, as the Worker holds it.
//
// It fails open: a gate that is broken, or silent for GATE_SILENCE_MS, is passed by with one
// line in the log. The gate protects the account from refusals, not from costs.
//
// `done` is sent under `waitUntil`: without it the call is lost when the context ends. Where
// no code of ours runs any more, the runtime disposes of the ticket and so ends the call.

import { GATE_SILENCE_MS } from '../../config/limits.ts';
import { GatewayError, type StatedLimit } from '../../http/errors.ts';
import { log } from '../../http/log.ts';
import { sleep } from '../../lib/sleep.ts';
import type { CallEnd, GateRequest } from './gate-core.ts';
import type { GateReply, Turn } from './gate-object.ts';
import type { GateSettings } from './gate.ts';

export interface SlotRequest {
  /** The client's id: the queue is fair between clients. */
  readonly client: string;
  /** Aborts when the client leaves: then the slot or the place is given back. */
  readonly signal: AbortSignal;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** A refresh of the cache, for which nobody waits: it starts at once or not at all. */
  readonly isBackground?: boolean;
}

export interface Slot {
  /** For how long the request has waited so far, all its waits together, in ms. */
  readonly queueMs: number;
  /**
   * Waits for the next turn, to call StepFun once more.
   * @param refusal - the limit that StepFun named; null: the call failed for another reason.
   * @returns false where the gate is passed by: nobody has waited.
   * @throws {GatewayError} `queue_timeout`; the reason of the request's signal.
   */
  again(refusal: StatedLimit | null): Promise<boolean>;
  /** Gives the slot back. The first call counts. */
  end(end: CallEnd): void;
}

/** Pauses before entering again: an object that is restarted refuses calls for some milliseconds. */
const ENTRY_PAUSES_MS = [5, 25, 125];

/** How long a cut call's own `end` is waited for, which knows its tokens. */
const CUT_TOKENS_MS = 20;

const CUT: CallEnd = { tokens: null, isCut: true };

/** The object `Gate` as the Worker calls it. */
export interface GateStub {
  enter(request: GateRequest): PromiseLike<RemoteReply>;
}

type RemoteReply = Disposable &
  (
    | { readonly kind: 'slot' | 'waiting'; readonly ticket: TicketStub }
    | Exclude<GateReply, { readonly ticket: unknown }>
  );

interface TicketStub extends Disposable {
  turn(): PromiseLike<Turn>;
  life(): PromiseLike<void>;
  again(refusal: StatedLimit | null, timeoutMs: number): PromiseLike<Turn>;
  done(end: CallEnd): PromiseLike<void>;
}

export class RemoteSlot implements Slot {
  readonly #getGate: () => GateStub;
  readonly #settings: GateSettings;
  readonly #request: SlotRequest;
  /** null: the gate is passed by, or nothing has been entered yet. */
  #ticket: TicketStub | null = null;
  #isEnded = false;
  #queueMs = 0;
  /** When the wait under way began, in ms since the epoch; null: it holds its slot. */
  #waitsSinceMs: number | null = null;

  /** @param getGate - a new stub for each entry: one that has failed once fails for ever. */
  constructor(getGate: () => GateStub, settings: GateSettings, request: SlotRequest) {
    this.#getGate = getGate;
    this.#settings = settings;
    this.#request = request;
  }

  get queueMs(): number {
    return this.#queueMs + (this.#waitsSinceMs === null ? 0 : Date.now() - this.#waitsSinceMs);
  }

  /** Waits for a slot. @throws as `Gate.enter`. */
  async take(): Promise<void> {
    const { signal } = this.#request;
    signal.throwIfAborted();
    signal.addEventListener('abort', this.#onAbort, { once: true });
    try {
      await this.#wait(() => this.#enter(null));
    } catch (thrown) {
      this.end(CUT);
      if (!(thrown instanceof GatewayError)) throw thrown;
      throw new GatewayError(thrown.code, thrown.message, { ...thrown.details, queueMs: this.#queueMs });
    }
  }

  async again(refusal: StatedLimit | null): Promise<boolean> {
    const ticket = this.#ticket;
    if (ticket === null) return false;
    await this.#wait(async () => {
      try {
        const turn = ticket.again(refusal, this.#timeoutMs);
        onTurn(await this.#within(turn, this.#timeoutMs + GATE_SILENCE_MS));
      } catch (thrown) {
        this.#throwIfFinal(thrown);
        // The object was restarted, and the place is lost.
        this.#release(CUT);
        await this.#enter('place');
      }
    });
    return this.#ticket !== null;
  }

  end(end: CallEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#request.signal.removeEventListener('abort', this.#onAbort);
    this.#release(end);
  }

  /** Enters, and waits for a slot; again where the object is restarted in between. */
  async #enter(had: GateRequest['had']): Promise<void> {
    let failures = 0;
    for (;;) {
      try {
        await this.#enterOnce(failures === 0 ? had : (had ?? 'place'));
        return;
      } catch (thrown) {
        this.#throwIfFinal(thrown);
        // With a place, the object was well until now.
        failures = this.#ticket === null ? failures + 1 : 1;
        this.#release(CUT);
        const pauseMs = isSilence(thrown) ? undefined : ENTRY_PAUSES_MS[failures - 1];
        if (pauseMs === undefined) {
          log('warn', 'gate_passed_by', { reason: String(thrown) });
          return;
        }
        await sleep(pauseMs, this.#request.signal);
      }
    }
  }

  async #enterOnce(had: GateRequest['had']): Promise<void> {
    const { client, isBackground = false } = this.#request;
    const { limits, queueSize } = this.#settings;
    const timeoutMs = this.#timeoutMs;
    const entering = this.#getGate().enter({ client, limits, queueSize, timeoutMs, isBackground, had });
    const reply = await this.#within(entering, GATE_SILENCE_MS).catch((thrown: unknown) => {
      // Its answer may come after all, and then holds a slot that nobody uses.
      entering.then((late) => late[Symbol.dispose](), ignore);
      throw thrown;
    });
    if (!('ticket' in reply)) throw refusalOf(reply);
    const { ticket } = reply;
    this.#ticket = ticket;
    // A stub of a broken object rejects all its calls.
    ticket.life().then(ignore, () => this.#onRestart(ticket));
    if (reply.kind === 'waiting') onTurn(await this.#within(ticket.turn(), timeoutMs + GATE_SILENCE_MS));
    if (this.#isEnded) this.#release(CUT);
  }

  /** The object was restarted: what it counts must include this call, if it is under way. */
  async #onRestart(ticket: TicketStub): Promise<void> {
    if (this.#ticket !== ticket || this.#waitsSinceMs !== null) return;
    this.#ticket = null;
    // Rejects for a client that has left: then there is nothing to count.
    await this.#enter('slot').catch(ignore);
  }

  #release(end: CallEnd): void {
    const ticket = this.#ticket;
    this.#ticket = null;
    if (ticket === null) return;
    const dispose = () => ticket[Symbol.dispose]();
    this.#request.waitUntil(Promise.resolve(ticket.done(end)).then(dispose, dispose));
  }

  readonly #onAbort = (): void => {
    if (this.#waitsSinceMs !== null || this.#settings.limits.tpm === 0) {
      this.end(CUT);
      return;
    }
    // The call's own `end` follows, and knows its tokens.
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, CUT_TOKENS_MS);
    this.#request.waitUntil(promise.then(() => this.end(CUT)));
  };

  /** How long the request may still wait. */
  get #timeoutMs(): number {
    return Math.max(0, this.#settings.queueTimeoutMs - this.queueMs);
  }

  /** Counts the time of a wait. */
  async #wait(work: () => Promise<void>): Promise<void> {
    this.#waitsSinceMs = Date.now();
    try {
      await work();
    } finally {
      this.#queueMs = this.queueMs;
      this.#waitsSinceMs = null;
    }
  }

  /** Ends the wait for an answer of the gate when the client leaves, or after a time. */
  async #within<T>(work: PromiseLike<T>, ms: number): Promise<T> {
    const { signal } = this.#request;
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal.reason);
    const silence = new DOMException(`no answer within ${ms} ms`, 'TimeoutError');
    const timer = setTimeout(() => reject(silence), ms);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([work, promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** A refusal of the gate and a client that has left are final; everything else is the gate's own trouble. */
  #throwIfFinal(thrown: unknown): void {
    this.#request.signal.throwIfAborted();
    if (thrown instanceof GatewayError) throw thrown;
  }
}

function onTurn(turn: Turn): void {
  if (turn.kind === 'timeout') throw refusalOf(turn);
  if (turn.kind === 'ended') throw new Error('the ticket has ended');
}

function refusalOf(
  reply: Exclude<GateReply, { readonly ticket: unknown }> | Extract<Turn, { kind: 'timeout' }>,
): GatewayError {
  if (reply.kind === 'busy') {
    return new GatewayError('queue_full', undefined, { detail: 'a refresh of the cache does not wait' });
  }
  const { kind, retryAfterSeconds } = reply;
  return new GatewayError(kind === 'full' ? 'queue_full' : 'queue_timeout', undefined, { retryAfterSeconds });
}

function isSilence(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'TimeoutError';
}

function ignore(): void {}
