// A StepFun account, its clients and the gate's core on one virtual clock: what took minutes
// takes milliseconds, and gives the same figures each time.

import type { StatedLimit } from '../../../../src/http/errors.ts';
import { GateCore, type GateCall } from '../../../../src/upstream/gate/gate-core.ts';
import type { GateLimits } from '../../../../src/upstream/gate/learned-limits.ts';

/** How long a call takes to reach StepFun, and a refusal to come back, in ms. */
const LATENCY_MS = 20;

/** StepFun's own window; the gate's is a little longer. */
const MINUTE_MS = 60_000;

export interface Asked {
  readonly client: string;
  readonly atMs: number;
  /** How long StepFun takes for the answer. */
  readonly answerMs: number;
  /** The tokens that the answer costs. */
  readonly tokens?: number;
  /** When the client leaves, if it does not stay. */
  readonly leavesAtMs?: number;
}

export interface Account {
  readonly limits: GateLimits;
  /** @returns how many of the account's slots others hold at this time. */
  readonly othersAt?: (nowMs: number) => number;
  /** Whether a refusal's text states the limit. */
  readonly statesLimit?: boolean;
  /** How long StepFun takes to notice a call that was cut off. */
  readonly noticesCutAfterMs?: number;
}

export interface Outcome {
  readonly client: string;
  readonly outcome: 'answered' | 'refused by the gate' | 'left';
  /** When StepFun accepted the call. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

export interface Figures {
  readonly outcomes: readonly Outcome[];
  /** 429s of StepFun. */
  readonly refusals: readonly { readonly atMs: number; readonly kind: StatedLimit['kind'] }[];
  /** The most calls that StepFun had under way, others' aside. */
  readonly mostAtOnce: number;
  /** The share of slots in use while somebody waited: 0 to 1. */
  readonly busyShare: number;
}

export function simulate(set: GateLimits, account: Account, asked: readonly Asked[]): Figures {
  const core = new GateCore();
  const events: { readonly atMs: number; readonly run: () => void }[] = [];
  const outcomes: Outcome[] = [];
  const refusals: { atMs: number; kind: StatedLimit['kind'] }[] = [];
  const { limits, othersAt = () => 0, statesLimit = true, noticesCutAfterMs = 0 } = account;
  const starts: number[] = [];
  const spent: { atMs: number; tokens: number }[] = [];
  let nowMs = 0;
  let underWay = 0;
  let mostAtOnce = 0;
  let usableMs = 0;
  let usedMs = 0;

  const later = (ms: number, run: () => void) => void events.push({ atMs: nowMs + ms, run });

  function refusal(): StatedLimit | null {
    const limited = (kind: 'concurrency' | 'rpm' | 'tpm', limit: number): StatedLimit => ({
      kind,
      limit: statesLimit ? limit : null,
    });
    const recent = starts.filter((atMs) => atMs > nowMs - MINUTE_MS).length;
    const tokens = spent.reduce((sum, one) => sum + (one.atMs > nowMs - MINUTE_MS ? one.tokens : 0), 0);
    if (limits.concurrency > 0 && underWay + othersAt(nowMs) >= limits.concurrency)
      return limited('concurrency', limits.concurrency);
    if (limits.rpm > 0 && recent >= limits.rpm) return limited('rpm', limits.rpm);
    if (limits.tpm > 0 && tokens >= limits.tpm) return limited('tpm', limits.tpm);
    return null;
  }

  function enter(request: Asked): void {
    const { client } = request;
    const admission = core.enter(
      { client, limits: set, queueSize: 10_000, timeoutMs: 600_000, isBackground: false, had: null },
      nowMs,
    );
    if (!('call' in admission)) {
      outcomes.push({ client, outcome: 'refused by the gate', startedAtMs: NaN, endedAtMs: nowMs });
      return;
    }
    const { call } = admission;
    call.onGrant = () => later(0, () => callStepfun(request, call));
    if (admission.kind === 'slot') call.onGrant();
    if (request.leavesAtMs === undefined) return;
    later(request.leavesAtMs - nowMs, () => {
      if (call.state === 'ended') return;
      core.end(call, { tokens: null, isCut: true }, nowMs);
      outcomes.push({ client, outcome: 'left', startedAtMs: NaN, endedAtMs: nowMs });
    });
  }

  function callStepfun(request: Asked, call: GateCall): void {
    later(LATENCY_MS, () => {
      const refused = refusal();
      if (refused === null) {
        accept(request, call);
        return;
      }
      refusals.push({ atMs: nowMs, kind: refused.kind });
      later(LATENCY_MS, () => {
        if (call.state === 'slot') core.again(call, refused, 600_000, nowMs);
      });
    });
  }

  function accept({ client, answerMs, tokens = 0 }: Asked, call: GateCall): void {
    const startedAtMs = nowMs;
    starts.push(nowMs);
    underWay++;
    mostAtOnce = Math.max(mostAtOnce, underWay);
    let isOver = false;
    const leave = () => {
      if (!isOver) underWay--;
      isOver = true;
    };
    // The client may have left, or leave later: StepFun notices either a moment after.
    const watch = () => {
      if (isOver) return;
      if (call.state === 'ended') later(noticesCutAfterMs, leave);
      else later(10, watch);
    };
    watch();
    later(answerMs, () => {
      if (isOver || call.state === 'ended') return;
      leave();
      if (tokens > 0) spent.push({ atMs: nowMs, tokens });
      core.end(call, { tokens, isCut: false }, nowMs);
      outcomes.push({ client, outcome: 'answered', startedAtMs, endedAtMs: nowMs });
    });
  }

  for (const request of asked) events.push({ atMs: request.atMs, run: () => enter(request) });
  for (;;) {
    const wakeAtMs = core.wakeAtMs(nowMs) ?? Infinity;
    events.sort((a, b) => a.atMs - b.atMs);
    const nextAtMs = Math.max(nowMs, Math.min(wakeAtMs, events[0]?.atMs ?? Infinity));
    if (nextAtMs === Infinity) break;
    if (core.waiting > 0) {
      const usable = Math.max(0, limits.concurrency - othersAt(nowMs));
      usableMs += usable * (nextAtMs - nowMs);
      usedMs += Math.min(usable, underWay) * (nextAtMs - nowMs);
    }
    nowMs = nextAtMs;
    if (wakeAtMs <= nowMs) core.advance(nowMs);
    while ((events[0]?.atMs ?? Infinity) <= nowMs) events.shift()?.run();
  }
  return { outcomes, refusals, mostAtOnce, busyShare: usableMs === 0 ? 1 : usedMs / usableMs };
}
