import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { runs } from '../../../long-run.ts';
import { GATE_WINDOW_MS } from '../../../../src/config/limits.ts';
import { GateCore, type GateCall } from '../../../../src/upstream/gate/gate-core.ts';

const LIMITS = { concurrency: 3, rpm: 12, tpm: 0 };

type Step =
  | { readonly kind: 'enter'; readonly client: string; readonly isBackground: boolean }
  | { readonly kind: 'end' | 'leave' | 'retry' | 'refuse'; readonly index: number; readonly isCut: boolean }
  | { readonly kind: 'pass'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('enter' as const),
      client: fc.constantFrom('a', 'b', 'c'),
      isBackground: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('end', 'leave', 'retry', 'refuse'),
      index: fc.nat(30),
      isCut: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(3_000) }) },
);

const require = (isTrue: boolean, what: string) => {
  if (!isTrue) throw new Error(what);
};

/** In every order of events the limits hold, and nobody waits for ever. */
describe('GateCore', () => {
  it('keeps the limits and serves everybody, in any order of events', { timeout: 60_000 }, () => {
    const property = fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const core = new GateCore();
      const calls: GateCall[] = [];
      const starts: number[] = [];
      const request = { limits: LIMITS, queueSize: 1_000, timeoutMs: 10_000_000, had: null };
      let nowMs = 0;

      const watch = (call: GateCall) => {
        call.onGrant = () => starts.push(nowMs);
        if (call.state === 'slot') starts.push(nowMs);
        calls.push(call);
      };
      /** Advances the clock as the object's timer does. */
      const pass = (ms: number) => {
        const endMs = nowMs + ms;
        for (;;) {
          const wakeAtMs = core.wakeAtMs(nowMs) ?? Infinity;
          if (wakeAtMs > endMs) break;
          require(wakeAtMs > nowMs || core.waiting === 0, 'the timer makes no progress');
          nowMs = wakeAtMs;
          core.advance(nowMs);
        }
        nowMs = endMs;
      };
      const check = () => {
        const holding = calls.filter(({ state }) => state === 'slot').length;
        const waiting = calls.filter(({ state }) => state === 'waiting').length;
        require(core.active === holding && core.waiting === waiting, 'the counts are wrong');
        require(holding <= LIMITS.concurrency, 'too many at a time');
        const recent = starts.filter((atMs) => atMs > nowMs - GATE_WINDOW_MS).length;
        require(recent <= LIMITS.rpm, 'too many a minute');
      };

      for (const one of steps) {
        if (one.kind === 'pass') pass(one.ms);
        else if (one.kind === 'enter') {
          const admission = core.enter({ ...request, ...one }, nowMs);
          if ('call' in admission) watch(admission.call);
          else require(admission.kind === 'busy' && one.isBackground, 'refused without a reason');
        } else {
          const state = one.kind === 'leave' ? 'waiting' : 'slot';
          const candidates = calls.filter((call) => call.state === state);
          const call = candidates[one.index % Math.max(1, candidates.length)];
          if (call === undefined) continue;
          const refusal = { kind: 'concurrency', limit: null } as const;
          if (one.kind === 'retry' || one.kind === 'refuse')
            core.again(call, one.kind === 'refuse' ? refusal : null, 10_000_000, nowMs);
          else core.end(call, { tokens: null, isCut: one.isCut }, nowMs);
        }
        check();
      }
      // Everybody is served as long as calls end.
      for (let round = 0; core.active + core.waiting > 0; round++) {
        require(round < 10 * calls.length + 10, 'somebody waits for ever');
        for (const call of calls) {
          if (call.state === 'slot') core.end(call, { tokens: null, isCut: false }, nowMs);
        }
        pass(10_000);
        check();
      }
    });
    fc.assert(property, { numRuns: runs(1_000, 5_000) });
  });
});
