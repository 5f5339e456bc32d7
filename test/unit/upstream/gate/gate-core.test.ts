import { describe, expect, it } from 'vitest';
import { GATE_CUT_MS, GATE_RESTART_MS, GATE_WINDOW_MS } from '../../../../src/config/limits.ts';
import { GateCore, type GateCall, type GateRequest } from '../../../../src/upstream/gate/gate-core.ts';
import { simulate, type Asked } from './simulation.ts';

const REQUEST: GateRequest = {
  client: 'a',
  limits: { concurrency: 2, rpm: 0, tpm: 0 },
  queueSize: 100,
  timeoutMs: 30_000,
  isBackground: false,
  had: null,
};

/** @returns the call; its state tells whether it has a slot. */
function enter(core: GateCore, request: Partial<GateRequest> = {}, nowMs = 0): GateCall {
  const admission = core.enter({ ...REQUEST, ...request }, nowMs);
  if (!('call' in admission)) throw new Error(admission.kind);
  return admission.call;
}

const DONE = { tokens: null, isCut: false };
const CUT = { tokens: null, isCut: true };

describe('a slot', () => {
  it('is granted up to the limit, and then when another call ends', () => {
    const core = new GateCore();
    const [first, second, third] = [enter(core), enter(core), enter(core)];
    expect([first.state, second.state, third.state]).toEqual(['slot', 'slot', 'waiting']);
    let granted = 0;
    third.onGrant = () => granted++;
    core.end(first, DONE, 1_000);
    expect([third.state, granted, core.active, core.waiting]).toEqual(['slot', 1, 2, 0]);
  });

  it('is given back once, however often the call is ended', () => {
    const core = new GateCore();
    const call = enter(core);
    core.end(call, DONE, 1);
    core.end(call, CUT, 2);
    expect(core.active).toBe(0);
  });

  it('is not given to a call that has left the queue', () => {
    const core = new GateCore();
    const first = enter(core);
    enter(core);
    const [third, fourth] = [enter(core), enter(core)];
    core.end(third, CUT, 1);
    expect(core.waiting).toBe(1);
    core.end(first, DONE, 2);
    expect([third.state, fourth.state]).toEqual(['ended', 'slot']);
  });

  it('of a cut call is handed on when StepFun has noticed', () => {
    const core = new GateCore();
    const first = enter(core);
    enter(core);
    const third = enter(core);
    core.end(first, CUT, 1_000);
    expect(third.state).toBe('waiting');
    expect(core.wakeAtMs(1_000)).toBe(1_000 + GATE_CUT_MS);
    core.advance(1_000 + GATE_CUT_MS);
    expect(third.state).toBe('slot');
  });

  it('of a call that ends is handed on although another one cools', () => {
    const core = new GateCore();
    const [first, second] = [enter(core), enter(core)];
    const third = enter(core);
    core.end(first, CUT, 1_000);
    core.end(second, DONE, 1_001);
    expect(third.state).toBe('slot');
  });

  it('needs no timer where nobody waits', () => {
    const core = new GateCore();
    core.end(enter(core), CUT, 1);
    expect(core.wakeAtMs(1)).toBeNull();
  });
});

describe('the queue', () => {
  it('is full with as many as it may hold', () => {
    const core = new GateCore();
    for (let i = 0; i < 4; i++) enter(core, { queueSize: 2 });
    const admission = core.enter({ ...REQUEST, queueSize: 2 }, 0);
    expect(admission).toMatchObject({ kind: 'full' });
    // Two turns of five seconds each, as long as nothing better is known.
    expect(admission).toMatchObject({ retryAfterSeconds: 8 });
  });

  it('keeps its last tenth for clients that have no place yet', () => {
    const core = new GateCore();
    const request = { ...REQUEST, limits: { concurrency: 1, rpm: 0, tpm: 0 }, queueSize: 20 };
    const kinds = (client: string, times: number) =>
      Array.from({ length: times }, () => core.enter({ ...request, client }, 0).kind);
    // One has the slot, and 18 wait.
    expect(kinds('a', 21).filter((kind) => kind === 'full')).toHaveLength(2);
    expect([...kinds('b', 2), ...kinds('c', 1), ...kinds('d', 1)]).toEqual([
      'waiting',
      'full',
      'waiting',
      'full',
    ]);
  });

  it('estimates by what answers take, within 1 to 600 s', () => {
    const core = new GateCore();
    const full = (nowMs: number) => core.enter({ ...REQUEST, queueSize: 0 }, nowMs);
    for (let i = 0; i < 100; i++) core.end(enter(core, {}, 0), DONE, 50);
    enter(core);
    enter(core);
    expect(full(0)).toMatchObject({ kind: 'full', retryAfterSeconds: 1 });
    for (let i = 0; i < 100; i++) core.end(enter(core, { had: 'slot' }, 0), DONE, 10_000_000);
    expect(full(0)).toMatchObject({ kind: 'full', retryAfterSeconds: 600 });
  });

  it('takes a background request only where it starts at once', () => {
    const core = new GateCore();
    expect(enter(core, { isBackground: true }).state).toBe('slot');
    enter(core);
    expect(core.enter({ ...REQUEST, isBackground: true }, 0)).toEqual({ kind: 'busy' });
    const waiting = enter(core);
    expect(core.waiting).toBe(1);
    core.end(waiting, DONE, 1);
    expect(core.enter({ ...REQUEST, isBackground: true }, 1)).toEqual({ kind: 'busy' });
  });
});

describe('a call that is made once more', () => {
  it('waits before all others', () => {
    const core = new GateCore();
    const first = enter(core);
    const second = enter(core);
    const third = enter(core, { client: 'b' });
    expect(core.again(first, { kind: 'concurrency', limit: 2 }, 30_000, 100)).toEqual({ kind: 'waiting' });
    core.end(second, DONE, 200);
    expect([first.state, third.state]).toEqual(['slot', 'waiting']);
  });

  it('counts as another start', () => {
    const core = new GateCore();
    const limits = { concurrency: 0, rpm: 2, tpm: 0 };
    const call = enter(core, { limits });
    expect(core.again(call, null, 30_000, 100)).toEqual({ kind: 'slot' });
    expect(core.starts.sum(100)).toBe(2);
    expect(core.again(call, null, 600_000, 200)).toEqual({ kind: 'waiting' });
  });

  it('ends where its wait is known to be too long, and frees its slot', () => {
    const core = new GateCore();
    const call = enter(core, { limits: { concurrency: 1, rpm: 1, tpm: 0 } });
    expect(core.again(call, null, 30_000, 500)).toEqual({ kind: 'timeout', retryAfterSeconds: 60 });
    expect([call.state, core.active, core.waiting]).toEqual(['ended', 0, 0]);
  });
});

describe('limits a minute', () => {
  it('hold starts back until the oldest one has left the window', () => {
    const core = new GateCore();
    const limits = { concurrency: 0, rpm: 2, tpm: 0 };
    for (const atMs of [0, 1_000]) core.end(enter(core, { limits }, atMs), DONE, atMs + 1);
    const third = enter(core, { limits, timeoutMs: 600_000 }, 2_000);
    expect(third.state).toBe('waiting');
    expect(core.wakeAtMs(2_000)).toBe(GATE_WINDOW_MS);
    core.advance(GATE_WINDOW_MS - 1);
    expect(third.state).toBe('waiting');
    core.advance(GATE_WINDOW_MS);
    expect(third.state).toBe('slot');
  });

  it('refuse at once where the wait is known to be longer than the limit', () => {
    const core = new GateCore();
    const limits = { concurrency: 0, rpm: 2, tpm: 0 };
    enter(core, { limits }, 0);
    enter(core, { limits }, 10_000);
    expect(core.enter({ ...REQUEST, limits, timeoutMs: 30_000 }, 20_000)).toEqual({
      kind: 'timeout',
      retryAfterSeconds: 41,
    });
    // The third of those that wait has a whole window before it.
    enter(core, { limits, timeoutMs: 600_000 }, 20_000);
    enter(core, { limits, timeoutMs: 600_000 }, 20_000);
    expect(core.enter({ ...REQUEST, limits, timeoutMs: 90_000 }, 20_000)).toEqual({
      kind: 'timeout',
      retryAfterSeconds: 101,
    });
  });

  it('hold starts back while the tokens of the last minute reach the limit', () => {
    const core = new GateCore();
    const limits = { concurrency: 0, rpm: 0, tpm: 1_000 };
    const first = enter(core, { limits }, 0);
    const second = enter(core, { limits }, 0);
    core.end(first, { tokens: 900, isCut: false }, 5_000);
    expect(enter(core, { limits }, 5_000).state).toBe('slot');
    core.end(second, { tokens: 900, isCut: true }, 6_000);
    const waiting = enter(core, { limits, timeoutMs: 600_000 }, 6_000);
    expect(waiting.state).toBe('waiting');
    expect(core.wakeAtMs(6_000)).toBe(5_000 + GATE_WINDOW_MS);
  });

  it('are recorded where they are set, and not else', () => {
    const recorded: unknown[] = [];
    const core = new GateCore((...record) => recorded.push(record));
    core.end(enter(core), { tokens: 5, isCut: false }, 1);
    expect(recorded).toEqual([]);
    const limits = { concurrency: 0, rpm: 10, tpm: 10 };
    core.end(enter(core, { limits }, 2), { tokens: 5, isCut: false }, 3);
    expect(recorded).toEqual([
      ['starts', 2, 1],
      ['tokens', 3, 5],
    ]);
  });
});

describe('after a restart', () => {
  it('holders are counted before anybody new is granted', () => {
    const core = new GateCore();
    expect(enter(core, { had: 'place' }, 0).state).toBe('waiting');
    const [one, two] = [enter(core, { had: 'slot' }, 20), enter(core, { had: 'slot' }, 40)];
    const fresh = enter(core, {}, 50);
    expect([one.state, two.state, fresh.state]).toEqual(['slot', 'slot', 'waiting']);
    expect(core.wakeAtMs(50)).toBeNull();
    core.end(one, DONE, 60);
    expect(core.wakeAtMs(60)).toBe(GATE_RESTART_MS);
    core.advance(GATE_RESTART_MS);
    expect([core.active, core.waiting]).toEqual([2, 1]);
  });

  it('holders are counted beyond the limit', () => {
    const core = new GateCore();
    for (let i = 0; i < 3; i++) expect(enter(core, { had: 'slot' }).state).toBe('slot');
    expect(core.active).toBe(3);
  });

  it('a place is given back in a full queue', () => {
    const core = new GateCore();
    for (let i = 0; i < 4; i++) enter(core, { queueSize: 2 });
    expect(enter(core, { queueSize: 2, had: 'place' }).state).toBe('waiting');
  });

  it('a new object grants its first request at once', () => {
    expect(enter(new GateCore()).state).toBe('slot');
  });
});

const all = (count: number, each: (index: number) => Asked) =>
  Array.from({ length: count }, (_, i) => each(i));
const FIVE = { concurrency: 5, rpm: 0, tpm: 0 };

/** The account, its clients and the gate together: figures, not times. */
describe('an account', () => {
  it('with 5 at a time serves 60 requests of 12 clients without a refusal', () => {
    const asked = all(60, (i) => ({ client: `c${i % 12}`, atMs: 0, answerMs: 500 + 37 * (i % 7) }));
    const { outcomes, refusals, mostAtOnce, busyShare } = simulate(FIVE, { limits: FIVE }, asked);
    expect(outcomes.every(({ outcome }) => outcome === 'answered')).toBe(true);
    expect({ answered: outcomes.length, refusals, mostAtOnce }).toEqual({
      answered: 60,
      refusals: [],
      mostAtOnce: 5,
    });
    expect(busyShare).toBeGreaterThan(0.9);
  });

  it('lets single requests wait at most two turns behind a client with 40', () => {
    const asked = [
      ...all(40, () => ({ client: 'many', atMs: 0, answerMs: 1_000 })),
      ...all(5, (i) => ({ client: `single${i}`, atMs: 100, answerMs: 1_000 })),
    ];
    const { outcomes } = simulate(FIVE, { limits: FIVE }, asked);
    for (const { client, startedAtMs } of outcomes) {
      if (client !== 'many') expect(startedAtMs).toBeLessThan(100 + 2 * 1_100);
    }
  });

  it.each([true, false])(
    'of which others hold 2 of 5 is used for the rest (limit stated: %s)',
    (statesLimit) => {
      const othersAt = (nowMs: number) => (nowMs < 60_000 ? 2 : 0);
      const asked = all(400, (i) => ({ client: `c${i % 9}`, atMs: 0, answerMs: 1_000 }));
      const { outcomes, refusals, busyShare } = simulate(
        FIVE,
        { limits: FIVE, othersAt, statesLimit },
        asked,
      );
      expect(outcomes.length).toBe(400);
      const early = outcomes.filter(({ startedAtMs }) => startedAtMs < 60_000);
      const refusedEarly = refusals.filter(({ atMs }) => atMs < 60_000);
      expect(refusedEarly.length).toBeLessThanOrEqual(0.15 * (early.length + refusedEarly.length));
      expect(busyShare).toBeGreaterThan(0.8);
      // The others have left: all five slots are used again within 20 s.
      const at = (ms: number) =>
        outcomes.filter(({ startedAtMs, endedAtMs }) => startedAtMs <= ms && ms < endedAtMs).length;
      expect(Math.max(at(79_400), at(79_600), at(79_900))).toBe(5);
    },
  );

  it.each([true, false])('with fewer slots than set costs few refusals (limit stated: %s)', (statesLimit) => {
    const asked = all(48, (i) => ({ client: `c${i % 6}`, atMs: 0, answerMs: 1_000 }));
    const { outcomes, refusals } = simulate(
      { ...FIVE, concurrency: 12 },
      { limits: FIVE, statesLimit },
      asked,
    );
    expect(outcomes.length).toBe(48);
    expect(refusals.length).toBeLessThanOrEqual(12);
  });

  it('with 10 requests a minute gets no refusal, and no request more than its window allows', () => {
    const limits = { concurrency: 5, rpm: 10, tpm: 0 };
    const asked = all(35, (i) => ({ client: `c${i % 3}`, atMs: 100 * i, answerMs: 300 }));
    const { outcomes, refusals } = simulate(limits, { limits }, asked);
    expect({ answered: outcomes.length, refusals }).toEqual({ answered: 35, refusals: [] });
  });

  it('with fewer requests a minute than set is asked a few times a minute in vain', () => {
    const asked = all(30, (i) => ({ client: `c${i}`, atMs: 0, answerMs: 300 }));
    const { outcomes, refusals } = simulate(
      { concurrency: 0, rpm: 100, tpm: 0 },
      { limits: { concurrency: 0, rpm: 10, tpm: 0 } },
      asked,
    );
    expect(outcomes.length).toBe(30);
    // The first burst teaches the limit; then the gate's own window keeps it.
    expect(refusals.filter(({ atMs }) => atMs > 100).length).toBeLessThanOrEqual(12);
  });

  it('over its tokens a minute is asked some times a window, not thousands', () => {
    const limits = { concurrency: 40, rpm: 0, tpm: 10_000 };
    const asked = all(200, (i) => ({ client: `c${i % 9}`, atMs: 50 * i, answerMs: 500, tokens: 1_000 }));
    const { outcomes, refusals } = simulate({ ...limits, tpm: 0 }, { limits }, asked);
    expect(outcomes.length).toBe(200);
    // 20 windows; in each, the calls under way when it fills, and then one every 8 s at most.
    expect(refusals.length).toBeLessThanOrEqual(100);
  });

  it('keeps its slots when clients leave and StepFun notices late', () => {
    const asked = all(200, (i) => ({
      client: `c${i % 7}`,
      atMs: 40 * i,
      answerMs: 1_000,
      ...(i % 2 === 0 && { leavesAtMs: 40 * i + 150 }),
    }));
    const { outcomes, refusals } = simulate(FIVE, { limits: FIVE, noticesCutAfterMs: 250 }, asked);
    expect(outcomes.length).toBe(200);
    expect(outcomes.filter(({ outcome }) => outcome === 'refused by the gate')).toEqual([]);
    // The learned limit did not fall: all were served at the pace of five slots.
    const lastMs = Math.max(...outcomes.map(({ endedAtMs }) => endedAtMs));
    expect(lastMs).toBeLessThan(40_000);
    expect(refusals.length).toBeLessThan(60);
  });
});
