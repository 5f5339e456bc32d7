// The Durable Object `Budget`: one client's tokens on one UTC day, or one client's
// requests of the last minute. Each request names the limit; the object knows nothing of
// clients, and deletes everything after its day.
//
// It is exact because it is one object, single-threaded, and each step reads and writes
// SQLite's storage synchronously: no other request comes between "is there enough" and
// "reserved".
//
// Storage (synchronous key-value, which SQLite-backed objects have):
//   `totals`                 Totals, kept with every change: a sum over all rows took
//                            30 ms with 10,000 of them
//   `call:<lapses at>:<id>`  a call under way: Call. Ordered by the time when it lapses
//   `requests`               the requests of the last minute: RequestCounts

import { DurableObject } from 'cloudflare:workers';
import { LAPSED_ROWS_MAX, RESERVATION_WAIT_MS } from '../config/limits.ts';

/** Identifies a call: a repeated RPC with the same id is the same call. */
export interface CallId {
  /** A UUID. */
  readonly id: string;
  /** From then on, in ms since the epoch, the call can't be under way any more. */
  readonly lapsesAtMs: number;
}

/** A call's claim. Everything is in tokens but `choices`. */
export interface Claim extends CallId {
  /** The day's limit. */
  readonly limit: number;
  /** The estimated cost of the prompt. */
  readonly promptTokens: number;
  /** The most that each choice may cost. */
  readonly maxTokens: number;
  readonly choices: number;
  /** The object deletes its data of the day then, in ms since the epoch. */
  readonly forgetAtMs: number;
}

export interface Grant {
  /**
   * `used_up`: the used tokens leave no room for this call; `reserved`: there is room, but
   * calls under way have reserved it.
   */
  readonly kind: 'granted' | 'used_up' | 'reserved';
  /** The tokens of each choice; 0 unless granted. */
  readonly maxTokens: number;
  /** The tokens that are left for other calls of the day. */
  readonly remaining: number;
}

export interface Totals {
  /** Tokens of calls that have ended, and of reservations that have lapsed. */
  readonly used: number;
  /** Tokens of calls under way. */
  readonly reserved: number;
}

export interface RateVerdict {
  readonly isAllowed: boolean;
  /** When to ask again; 0 if allowed. */
  readonly retryAfterSeconds: number;
}

interface Call {
  readonly tokens: number;
  readonly grant: Grant;
}

/** How many requests came in a second (since the epoch); the oldest first. */
type RequestCounts = readonly (readonly [second: number, count: number])[];

interface Waiter {
  isOver: boolean;
  wake: () => void;
}

const MINUTE_SECONDS = 60;
const REQUESTS_KEPT_MS = 2 * MINUTE_SECONDS * 1_000;

export class Budget extends DurableObject<unknown> {
  readonly #kv = this.ctx.storage.kv;
  /** Calls that wait until another one has ended. */
  readonly #waiters = new Map<string, Waiter>();

  /**
   * Reserves the call's highest cost. Its `maxTokens` is lowered only if the *used* tokens
   * leave no more. If calls under way have reserved the room, waits up to 2 s for one of
   * them to end.
   */
  async reserve(claim: Claim): Promise<Grant> {
    let grant = this.#grant(claim);
    if (grant.kind === 'reserved') {
      const waiter: Waiter = { isOver: false, wake: () => {} };
      const timer = setTimeout(() => end(waiter), RESERVATION_WAIT_MS);
      this.#waiters.set(claim.id, waiter);
      while (grant.kind === 'reserved' && !waiter.isOver) {
        await new Promise<void>((resolve) => (waiter.wake = resolve));
        if (!waiter.isOver) grant = this.#grant(claim);
      }
      clearTimeout(timer);
      this.#waiters.delete(claim.id);
    }
    if (grant.kind === 'granted' && (await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(claim.forgetAtMs);
    }
    return grant;
  }

  /**
   * Replaces a call's reservation by its cost; ends the call's wait.
   * A second time has no effect, nor has a reservation that has lapsed and been counted.
   * @returns the tokens that are left under this limit.
   */
  settle(call: CallId, tokens: number, limit: number): number {
    const waiter = this.#waiters.get(call.id);
    if (waiter !== undefined) end(waiter);

    let totals = this.#totals();
    const row = this.#kv.get<Call>(callKey(call));
    if (row !== undefined) {
      totals = { used: totals.used + tokens, reserved: totals.reserved - row.tokens };
      this.#kv.delete(callKey(call));
      this.#kv.put('totals', totals);
      for (const { wake } of this.#waiters.values()) wake();
    }
    return Math.max(0, limit - totals.used - totals.reserved);
  }

  /** @returns today's tokens so far. */
  usage(): Totals {
    return this.#foldLapsed();
  }

  /**
   * Counts one request.
   * @param limit - requests a minute, above 0: never more in 60 whole seconds. Rejected: a
   *   token bucket, which allows twice the limit in the first minute.
   */
  async countRequest(limit: number): Promise<RateVerdict> {
    const second = Math.floor(Date.now() / 1_000);
    const recent = this.#recentRequests(second);
    const [oldest] = recent;
    if (oldest !== undefined && sum(recent) >= limit) {
      return { isAllowed: false, retryAfterSeconds: oldest[0] + MINUTE_SECONDS - second };
    }
    const now = recent.find(([at]) => at === second)?.[1] ?? 0;
    this.#kv.put('requests', [...recent.filter(([at]) => at !== second), [second, now + 1]]);
    if ((await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(Date.now() + REQUESTS_KEPT_MS);
    }
    return { isAllowed: true, retryAfterSeconds: 0 };
  }

  override async alarm(): Promise<void> {
    const isCounting = this.#recentRequests(Math.floor(Date.now() / 1_000)).length > 0;
    if (isCounting) await this.ctx.storage.setAlarm(Date.now() + REQUESTS_KEPT_MS);
    else await this.ctx.storage.deleteAll();
  }

  #grant(claim: Claim): Grant {
    const known = this.#kv.get<Call>(callKey(claim));
    if (known !== undefined) return known.grant;

    const { used, reserved } = this.#foldLapsed();
    const remaining = Math.max(0, claim.limit - used - reserved);
    const affordable = Math.floor((claim.limit - used - claim.promptTokens) / claim.choices);
    if (affordable < 1) return { kind: 'used_up', maxTokens: 0, remaining };

    const maxTokens = Math.min(claim.maxTokens, affordable);
    const tokens = claim.promptTokens + maxTokens * claim.choices;
    if (tokens > remaining) return { kind: 'reserved', maxTokens: 0, remaining };

    const grant: Grant = { kind: 'granted', maxTokens, remaining: remaining - tokens };
    this.#kv.put(callKey(claim), { tokens, grant } satisfies Call);
    this.#kv.put('totals', { used, reserved: reserved + tokens });
    return grant;
  }

  #totals(): Totals {
    return this.#kv.get<Totals>('totals') ?? { used: 0, reserved: 0 };
  }

  /**
   * Counts all tokens of lapsed reservations as used: a call that was never settled may
   * have cost that much. Its row is gone then, so each is read once.
   */
  #foldLapsed(): Totals {
    const end = callKey({ id: '', lapsesAtMs: Date.now() + 1 });
    const lapsed = [...this.#kv.list<Call>({ prefix: 'call:', end, limit: LAPSED_ROWS_MAX })];
    if (lapsed.length === 0) return this.#totals();

    let { used, reserved } = this.#totals();
    for (const [key, { tokens }] of lapsed) {
      used += tokens;
      reserved -= tokens;
      this.#kv.delete(key);
    }
    this.#kv.put('totals', { used, reserved });
    return { used, reserved };
  }

  #recentRequests(second: number): RequestCounts {
    const requests = this.#kv.get<RequestCounts>('requests') ?? [];
    return requests.filter(([at]) => at > second - MINUTE_SECONDS);
  }
}

function end(waiter: Waiter): void {
  waiter.isOver = true;
  waiter.wake();
}

function sum(counts: RequestCounts): number {
  return counts.reduce((total, [, count]) => total + count, 0);
}

/** Ordered by time: 15 digits last until the year 33658. */
function callKey({ id, lapsesAtMs }: CallId): string {
  return `call:${String(lapsesAtMs).padStart(15, '0')}:${id}`;
}
