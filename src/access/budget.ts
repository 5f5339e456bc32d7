// The Durable Object `Budget`: one client's tokens on one UTC day. It is told the
// limit with each request, knows nothing of clients, and forgets all after its day.
//
// Exact because it is one object, single-threaded, and every method does its
// reading and writing of SQLite's storage synchronously: there is no moment between
// "is there enough" and "then it is yours" for another request to step into.
//
// Storage (synchronous key-value, which SQLite-backed objects have):
//   `used`       tokens of settled calls
//   `call:<id>`  a call under way: Call. It counts until it is settled or expires.

import { DurableObject } from 'cloudflare:workers';

/** What a call asks for. Everything is in tokens but `choices`. */
export interface Claim {
  /** A UUID: the same claim twice (a retry) is one. */
  readonly id: string;
  /** The day's limit. */
  readonly limit: number;
  /** What the prompt is estimated to cost. */
  readonly promptTokens: number;
  /** The most that each choice may cost. */
  readonly maxTokens: number;
  readonly choices: number;
  /** When a call that was never settled stops counting, in ms since the epoch. */
  readonly expiresAtMs: number;
  /** When nothing of this day can matter any more, in ms since the epoch. */
  readonly forgetAtMs: number;
}

export interface Grant {
  /** What each choice may cost, at most what was asked for; 0: refused. */
  readonly maxTokens: number;
  /** What is left for other calls of the day. */
  readonly remaining: number;
}

interface Call extends Grant {
  readonly tokens: number;
  readonly expiresAtMs: number;
}

export class Budget extends DurableObject<unknown> {
  readonly #kv = this.ctx.storage.kv;

  /** Reserves what the call may cost, cut down to what is left; at least one token for each choice, or nothing. */
  async reserve(claim: Claim): Promise<Grant> {
    const known = this.#kv.get<Call>(callKey(claim.id));
    if (known !== undefined) return { maxTokens: known.maxTokens, remaining: known.remaining };

    const left = claim.limit - this.#used() - this.#underWay();
    const affordable = Math.floor((left - claim.promptTokens) / claim.choices);
    const maxTokens = Math.min(claim.maxTokens, affordable);
    if (maxTokens < 1) return { maxTokens: 0, remaining: Math.max(0, left) };

    const tokens = claim.promptTokens + maxTokens * claim.choices;
    const grant = { maxTokens, remaining: left - tokens };
    const call: Call = { ...grant, tokens, expiresAtMs: claim.expiresAtMs };
    this.#kv.put(callKey(claim.id), call);
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(claim.forgetAtMs);
    return grant;
  }

  /**
   * Puts what a call did cost in place of what it had reserved. Late is as good
   * as in time; twice counts once.
   * @returns what is left under this limit.
   */
  settle(id: string, tokens: number, limit: number): number {
    if (this.#kv.delete(callKey(id))) this.#kv.put('used', this.#used() + tokens);
    return Math.max(0, limit - this.#used() - this.#underWay());
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }

  #used(): number {
    return this.#kv.get<number>('used') ?? 0;
  }

  #underWay(): number {
    const now = Date.now();
    let tokens = 0;
    for (const [, call] of this.#kv.list<Call>({ prefix: callKey('') })) {
      if (call.expiresAtMs > now) tokens += call.tokens;
    }
    return tokens;
  }
}

function callKey(id: string): string {
  return `call:${id}`;
}
