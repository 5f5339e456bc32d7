import { describe, expect, it } from 'vitest';
import { GatewayError, type StatedLimit } from '../../../src/http/errors.ts';
import type { CallEnd } from '../../../src/upstream/gate/gate-core.ts';
import type { Gate } from '../../../src/upstream/gate/gate.ts';
import { withSlot, type Attempt, type UpstreamCall } from '../../../src/upstream/with-slot.ts';

const CLOCKS = { firstByteMs: 1_000, idleMs: 500, totalMs: 10_000, keepAliveMs: 100 };
const EFFECTS = { budget: { retries: 10 }, random: () => 0, nowMs: () => 0, sleep: async () => {} };
const DONE: CallEnd = { tokens: 7, isCut: false };

/** A gate that notes what it is told; each turn takes 40 ms of the queue. */
function createFakeGate({ isPassedBy = false, onAgain = () => {} } = {}) {
  const told: (StatedLimit | null | CallEnd)[] = [];
  let queueMs = 40;
  const gate: Gate = {
    enter: async () => ({
      get queueMs() {
        return queueMs;
      },
      async again(refusal) {
        if (isPassedBy) return false;
        told.push(refusal);
        queueMs += 40;
        onAgain();
        return true;
      },
      end: (end) => void told.push(end),
    }),
  };
  return { gate, told };
}

function run<T>(gate: Gate | null, attempt: (context: Attempt) => Promise<T>, signal?: AbortSignal) {
  const call: UpstreamCall = {
    gate,
    clocks: CLOCKS,
    kind: 'stream',
    client: 'c',
    signal: signal ?? new AbortController().signal,
    waitUntil: () => {},
  };
  return withSlot(call, attempt, EFFECTS);
}

const refused = (kind: StatedLimit['kind']) =>
  new GatewayError('upstream_rate_limited', undefined, {
    rateLimit: { kind, limit: 5 },
    retryAfterSeconds: 3,
  });

describe('withSlot', () => {
  it('holds the slot until the answer has ended, and tells how long it waited', async () => {
    const { gate, told } = createFakeGate();
    let end: Attempt['end'] = () => {};
    const result = await run(gate, async (context) => {
      ({ end } = context);
      return 'answer';
    });
    expect(result).toEqual({ value: 'answer', attempts: 1, queueMs: 40 });
    expect(told).toEqual([]);
    end(DONE);
    expect(told).toEqual([DONE]);
  });

  it('gives the slot back of an answer that has ended before the attempt resolves', async () => {
    const { gate, told } = createFakeGate();
    await run(gate, async ({ end }) => end(DONE));
    expect(told).toEqual([DONE]);
  });

  it.each(['concurrency', 'rpm', 'tpm', 'unknown'] as const)(
    'lets the gate mend a refusal for %s, however often',
    async (kind) => {
      const { gate, told } = createFakeGate();
      let attempts = 0;
      const result = await run(gate, async ({ end }) => {
        // An attempt that fails may have ended its call: the slot is kept for the next one.
        end(DONE);
        if (++attempts < 8) throw refused(kind);
        return 'answer';
      });
      expect(result).toEqual({ value: 'answer', attempts: 8, queueMs: 320 });
      expect(told).toEqual([...Array.from({ length: 7 }, () => ({ kind, limit: 5 })), DONE]);
    },
  );

  it('takes another turn for each retry', async () => {
    const { gate, told } = createFakeGate();
    let attempts = 0;
    await run(gate, async () => {
      if (++attempts === 1) throw new GatewayError('upstream_unavailable', undefined, { transient: true });
    });
    expect(told).toEqual([null]);
  });

  it('starts the deadlines with the slot, and moves them by each later wait', async () => {
    const { gate } = createFakeGate();
    const startedMs: number[] = [];
    const beforeMs = Date.now();
    await run(gate, async ({ startedAtMs }) => {
      startedMs.push(startedAtMs);
      if (startedMs.length === 1) throw refused('concurrency');
    });
    const [first = NaN, second = NaN] = startedMs;
    expect(first).toBeGreaterThanOrEqual(beforeMs);
    expect(second - first).toBe(40);
  });

  it('shows the refusal where the gate has no room in time, with the gate’s Retry-After', async () => {
    const { gate, told } = createFakeGate({
      onAgain() {
        throw new GatewayError('queue_timeout', undefined, { retryAfterSeconds: 33 });
      },
    });
    const answer = run(gate, async () => {
      throw refused('concurrency');
    });
    await expect(answer).rejects.toMatchObject({
      code: 'upstream_rate_limited',
      details: { retryAfterSeconds: 33, attempts: 1, queueMs: 80 },
    });
    expect(told.at(-1)).toEqual({ tokens: null, isCut: false });
  });

  it('shows the failure of the call where the gate has no room for its retry', async () => {
    const { gate } = createFakeGate({
      onAgain() {
        throw new GatewayError('queue_timeout', undefined, { retryAfterSeconds: 33 });
      },
    });
    const answer = run(gate, async () => {
      throw new GatewayError('upstream_reset', undefined, { transient: true });
    });
    await expect(answer).rejects.toMatchObject({
      code: 'upstream_reset',
      details: { attempts: 1, isFree: false },
    });
  });

  it.each([
    ['a refusal', refused('concurrency'), true],
    ['a call that StepFun began', new GatewayError('upstream_reset', undefined, { transient: true }), false],
  ])(
    'costs a client that leaves while it waits for another turn what %s costs',
    async (_, failure, isFree) => {
      const { gate } = createFakeGate({
        onAgain() {
          throw new DOMException('left', 'AbortError');
        },
      });
      const answer = run(gate, async () => {
        throw failure;
      });
      await expect(answer).rejects.toMatchObject({ code: failure.code, details: { isFree } });
    },
  );

  it('retries a refusal for concurrency itself where the gate is passed by', async () => {
    const { gate } = createFakeGate({ isPassedBy: true });
    let attempts = 0;
    const answer = run(gate, async () => {
      attempts++;
      throw refused('concurrency');
    });
    await expect(answer).rejects.toMatchObject({ code: 'upstream_rate_limited', details: { attempts: 4 } });
    expect(attempts).toBe(4);
  });

  it.each([
    ['a deadline', new GatewayError('upstream_timeout'), true],
    ['a malformed answer', new GatewayError('upstream_malformed'), true],
    ['a client that left', new DOMException('left', 'AbortError'), true],
    ['a rejection', new GatewayError('upstream_rejected'), false],
    ['a broken connection', new GatewayError('upstream_unavailable'), false],
  ])('tells the gate whether %s has cut the call', async (_, thrown, isCut) => {
    const { gate, told } = createFakeGate();
    const answer = run(gate, async () => {
      throw thrown;
    });
    await expect(answer).rejects.toThrow(thrown.message);
    expect(told).toEqual([{ tokens: null, isCut }]);
  });

  it('works without a gate', async () => {
    expect(await run(null, async ({ end }) => end(DONE))).toMatchObject({ attempts: 1, queueMs: null });
    const failure = run(null, async () => {
      throw new GatewayError('upstream_rejected');
    });
    await expect(failure).rejects.toMatchObject({ code: 'upstream_rejected', details: { attempts: 1 } });
  });
});
