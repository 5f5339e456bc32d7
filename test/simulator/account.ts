// A StepFun account's limits: requests at a time, requests a minute and tokens a minute, for all keys together.
//
// The state is the isolate's: wrangler, miniflare and plain workerd run each Worker in one isolate. A Durable
// Object would hold in production as well, but the simulator is never deployed, and every test that starts it
// would need the binding and a migration.

import { ApiError, limitMessage } from './errors.ts';
import type { LimitKind } from './errors.ts';

export interface Limits {
  readonly concurrency: number;
  /** Requests a minute. */
  readonly rpm: number;
  /** Tokens a minute. */
  readonly tpm: number;
  /** Whether the texts of refusals tell where to top up. */
  readonly isTrial: boolean;
  /** How long a slot stays taken after its client has left: StepFun notices it late. */
  readonly cutDelayMs: number;
  /** The length of the sliding minute. */
  readonly minuteMs: number;
}

export interface LimitSettings {
  /** A tier by its name, such as `V0`, `com-V1` or `step-plan`. */
  readonly TIER?: string;
  /** Each of the three replaces the tier's value; 0: no limit. */
  readonly CONCURRENCY?: string | number;
  readonly RPM?: string | number;
  readonly TPM?: string | number;
  readonly CUT_DELAY_MS?: string | number;
  readonly MINUTE_MS?: string | number;
}

const MILLION = 1_000_000;

/** StepFun's tiers of api.stepfun.ai and, with `com-`, of api.stepfun.com: concurrency, RPM, TPM. */
const TIERS: Readonly<Record<string, readonly [concurrency: number, rpm: number, tpm: number]>> = {
  V0: [5, 100, 500_000],
  V1: [20, 400, 2 * MILLION],
  V2: [30, 600, 3 * MILLION],
  V3: [40, 800, 4 * MILLION],
  V4: [130, 2_600, 13 * MILLION],
  'com-V0': [5, 10, 5 * MILLION],
  'com-V1': [100, 1_000, 20 * MILLION],
  'com-V2': [200, 5_000, 30 * MILLION],
  'com-V5': [10_000, 200_000, 100 * MILLION],
  'step-plan': [8, 0, 0],
};

export const TIER_NAMES: readonly string[] = Object.keys(TIERS);

const CUT_DELAY_MS = 100;
const MINUTE_MS = 60_000;

/** @throws {Error} naming the setting, for a tier that does not exist or a limit that is no whole number. */
export function readLimits(settings: LimitSettings): Limits {
  const name = settings.TIER ?? '';
  const tier = name === '' ? [0, 0, 0] : Object.hasOwn(TIERS, name) ? TIERS[name] : undefined;
  if (tier === undefined) throw new Error(`TIER: expected one of ${TIER_NAMES.join(', ')}`);
  const [concurrency = 0, rpm = 0, tpm = 0] = tier;
  return {
    concurrency: readCount('CONCURRENCY', settings.CONCURRENCY, concurrency) || Infinity,
    rpm: readCount('RPM', settings.RPM, rpm) || Infinity,
    tpm: readCount('TPM', settings.TPM, tpm) || Infinity,
    isTrial: name.endsWith('V0'),
    cutDelayMs: readCount('CUT_DELAY_MS', settings.CUT_DELAY_MS, CUT_DELAY_MS),
    minuteMs: readCount('MINUTE_MS', settings.MINUTE_MS, MINUTE_MS),
  };
}

function readCount(name: string, setting: string | number | undefined, defaultValue: number): number {
  if (setting === undefined || setting === '') return defaultValue;
  const count = Number(setting);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new Error(`${name}: expected a whole number, 0 or more`);
}

/** One request's place among the account's concurrent requests. */
export interface Slot {
  /**
   * Gives the place back; only the first call counts.
   * @param isCut - the client left before its answer had ended: the place is free after `cutDelayMs`.
   * @param tokens - what the request cost, prompt included.
   */
  release(isCut: boolean, tokens: number): void;
}

export interface AccountStatus {
  /** Requests of our own that hold a slot now. */
  readonly held: number;
  /** Slots that others hold. */
  readonly others: number;
  /** The largest `held` so far. */
  readonly peak: number;
  /** Requests that got a slot. */
  readonly started: number;
  readonly refused: Readonly<Record<LimitKind, number>>;
  /** Recorded under an RPM and a TPM limit only. */
  readonly lastMinute: { readonly requests: number; readonly tokens: number };
}

export interface Account {
  /** @throws {ApiError} 429 in StepFun's words, if a limit is reached. */
  enter(limits: Limits): Slot;
  /** Occupies so many slots, as other users of the same account do. */
  setOthers(count: number): void;
  show(limits: Limits): AccountStatus;
  /** Forgets the minute, the counts and the others; slots that are held stay held. */
  clear(): void;
}

/** @param now - the time in milliseconds. */
export function createAccount(now: () => number = Date.now): Account {
  /** The slots of running requests, and of cut ones until StepFun has noticed. */
  const held = new Map<Slot, { freeAt: number }>();
  let starts: number[] = [];
  let bookings: { at: number; tokens: number }[] = [];
  let others = 0;
  let peak = 0;
  let started = 0;
  let refused: Record<LimitKind, number> = { concurrency: 0, RPM: 0, TPM: 0 };

  /** Drops what is over, and returns the tokens of the last minute. */
  const update = (minuteMs: number): number => {
    const time = now();
    for (const [slot, { freeAt }] of held) if (freeAt <= time) held.delete(slot);
    starts = starts.filter((at) => at > time - minuteMs);
    bookings = bookings.filter(({ at }) => at > time - minuteMs);
    return bookings.reduce((sum, { tokens }) => sum + tokens, 0);
  };

  const refuse = (kind: LimitKind, current: number, limit: number, isTrial: boolean): never => {
    refused[kind] += 1;
    throw new ApiError(429, limitMessage(kind, current, limit, isTrial));
  };

  return {
    enter({ concurrency, rpm, tpm, isTrial, cutDelayMs, minuteMs }) {
      const tokens = update(minuteMs);
      const current = held.size + others + 1;
      if (current > concurrency) refuse('concurrency', current, concurrency, isTrial);
      if (starts.length >= rpm) refuse('RPM', starts.length + 1, rpm, isTrial);
      if (tokens >= tpm) refuse('TPM', tokens, tpm, isTrial);
      // A refused request is not counted, or a client that keeps trying would never be let in again.
      // Without a limit nothing is recorded: a load test would fill the memory.
      if (rpm !== Infinity) starts.push(now());
      started += 1;
      const state = { freeAt: Infinity };
      const slot: Slot = {
        release(isCut, spentTokens) {
          if (state.freeAt !== Infinity) return;
          state.freeAt = isCut ? now() + cutDelayMs : now();
          if (tpm !== Infinity) bookings.push({ at: now(), tokens: spentTokens });
          if (state.freeAt <= now()) held.delete(slot);
        },
      };
      held.set(slot, state);
      peak = Math.max(peak, held.size);
      return slot;
    },
    setOthers: (count) => void (others = count),
    show({ minuteMs }) {
      const tokens = update(minuteMs);
      return {
        held: held.size,
        others,
        peak,
        started,
        refused: { ...refused },
        lastMinute: { requests: starts.length, tokens },
      };
    },
    clear() {
      starts = [];
      bookings = [];
      others = 0;
      peak = held.size;
      started = 0;
      refused = { concurrency: 0, RPM: 0, TPM: 0 };
    },
  };
}
