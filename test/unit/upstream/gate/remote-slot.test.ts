import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallEnd, GateRequest } from '../../../../src/upstream/gate/gate-core.ts';
import type { Turn } from '../../../../src/upstream/gate/gate-object.ts';
import type { GateSettings } from '../../../../src/upstream/gate/gate.ts';
import { RemoteSlot, type GateStub } from '../../../../src/upstream/gate/remote-slot.ts';

const SETTINGS: GateSettings = {
  limits: { concurrency: 5, rpm: 0, tpm: 0 },
  queueSize: 7,
  queueTimeoutMs: 30_000,
};
const CUT: CallEnd = { tokens: null, isCut: true };
const DONE: CallEnd = { tokens: 7, isCut: false };
const BROKEN = new Error('the object was restarted');

let lines: string[];
beforeEach(() => {
  lines = [];
  vi.useFakeTimers();
  vi.spyOn(console, 'warn').mockImplementation((line: string) => void lines.push(line));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A ticket whose life and turns the test settles. */
function createTicket() {
  const life = Promise.withResolvers<void>();
  const turn = Promise.withResolvers<Turn>();
  const told: unknown[] = [];
  life.promise.catch(() => {});
  turn.promise.catch(() => {});
  const ticket = {
    turn: () => turn.promise,
    life: () => life.promise,
    async again(...given: unknown[]): Promise<Turn> {
      told.push(given);
      return { kind: 'slot' };
    },
    async done(end: CallEnd) {
      told.push(end);
    },
    [Symbol.dispose]: () => void told.push('disposed'),
  };
  return { ticket, life, turn, told };
}

type Reply = Awaited<ReturnType<GateStub['enter']>>;

/** @param replies - what the object answers in turn; an Error is thrown, null: no answer. */
function createSlot(
  replies: readonly (Reply | Promise<Reply> | Error | null)[],
  settings: GateSettings = SETTINGS,
) {
  const client = new AbortController();
  const asked: GateRequest[] = [];
  const pending: Promise<unknown>[] = [];
  const stub = (): GateStub => ({
    async enter(request) {
      const reply = replies[asked.length];
      asked.push(request);
      if (reply instanceof Error) throw reply;
      return reply ?? new Promise<never>(() => {});
    },
  });
  const slot = new RemoteSlot(stub, settings, {
    client: 'c',
    signal: client.signal,
    waitUntil: (work) => void pending.push(work),
  });
  return { slot, client, asked, pending };
}

const granted = (ticket: ReturnType<typeof createTicket>['ticket']): Reply => ({
  kind: 'slot',
  ticket,
  [Symbol.dispose]: () => ticket[Symbol.dispose](),
});
const waiting = (ticket: ReturnType<typeof createTicket>['ticket']): Reply => ({
  ...granted(ticket),
  kind: 'waiting',
  ticket,
});

describe('a slot', () => {
  it('is given back once, under waitUntil, and its ticket is disposed of', async () => {
    const { ticket, told } = createTicket();
    const { slot, pending } = createSlot([granted(ticket)]);
    await slot.take();
    slot.end(DONE);
    slot.end(CUT);
    expect(pending.length).toBe(1);
    await pending[0];
    expect(told).toEqual([DONE, 'disposed']);
  });

  it('is given back as cut when its client leaves', async () => {
    const { ticket, told } = createTicket();
    const { slot, client } = createSlot([granted(ticket)]);
    await slot.take();
    client.abort();
    expect(told).toEqual([CUT]);
  });

  it('waits a moment for the tokens of a cut call where tokens are limited', async () => {
    const settings = { ...SETTINGS, limits: { ...SETTINGS.limits, tpm: 1_000 } };
    const counted = createTicket();
    const uncounted = createTicket();
    const one = createSlot([granted(counted.ticket)], settings);
    const other = createSlot([granted(uncounted.ticket)], settings);
    await one.slot.take();
    await other.slot.take();
    one.client.abort();
    other.client.abort();
    one.slot.end({ tokens: 5, isCut: true });
    await vi.advanceTimersByTimeAsync(100);
    expect(counted.told[0]).toEqual({ tokens: 5, isCut: true });
    expect(uncounted.told[0]).toEqual(CUT);
  });

  it('counts the time in the queue, and the time before another turn', async () => {
    const { ticket, turn, told } = createTicket();
    const { slot } = createSlot([waiting(ticket)]);
    const taken = slot.take();
    await vi.advanceTimersByTimeAsync(250);
    expect(slot.queueMs).toBe(250);
    turn.resolve({ kind: 'slot' });
    await taken;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(slot.queueMs).toBe(250);
    const refusal = { kind: 'rpm', limit: 9 } as const;
    expect(await slot.again(refusal)).toBe(true);
    // The rest of QUEUE_TIMEOUT_MS.
    expect(told).toEqual([[refusal, 29_750]]);
  });

  it('is not asked for when the client has left', async () => {
    const { slot, client, asked } = createSlot([]);
    const reason = new Error('left');
    client.abort(reason);
    await expect(slot.take()).rejects.toBe(reason);
    expect(asked).toEqual([]);
  });
});

describe('a client that leaves', () => {
  it('before the gate has answered → the late answer is disposed of', async () => {
    const { ticket, told } = createTicket();
    const late = Promise.withResolvers<Reply>();
    const { slot, client } = createSlot([late.promise]);
    const taken = slot.take();
    const reason = new Error('left');
    client.abort(reason);
    await expect(taken).rejects.toBe(reason);
    late.resolve(granted(ticket));
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual(['disposed']);
  });

  it('while it waits → gives its place back', async () => {
    const { ticket, told } = createTicket();
    const { slot, client } = createSlot([waiting(ticket)]);
    const taken = slot.take();
    await vi.advanceTimersByTimeAsync(50);
    const reason = new Error('left');
    client.abort(reason);
    await expect(taken).rejects.toBe(reason);
    expect(told).toEqual([CUT, 'disposed']);
  });
});

describe('a refusal of the gate', () => {
  it.each([
    [{ kind: 'full', retryAfterSeconds: 3 }, 'queue_full', 3],
    [{ kind: 'timeout', retryAfterSeconds: 4 }, 'queue_timeout', 4],
    [{ kind: 'busy' }, 'queue_full', undefined],
  ] as const)('%j is %s', async (reply, code, retryAfterSeconds) => {
    const { slot } = createSlot([{ ...reply, [Symbol.dispose]() {} }]);
    await expect(slot.take()).rejects.toMatchObject({ code, details: { queueMs: 0 } });
    expect(lines).toEqual([]);
    if (retryAfterSeconds === undefined) return;
    const again = createSlot([{ ...reply, [Symbol.dispose]() {} }]);
    await expect(again.slot.take()).rejects.toMatchObject({ details: { retryAfterSeconds } });
  });

  it('after a wait is queue_timeout, with the time waited', async () => {
    const { ticket, turn } = createTicket();
    const { slot } = createSlot([waiting(ticket)]);
    setTimeout(() => turn.resolve({ kind: 'timeout', retryAfterSeconds: 12 }), 30_000);
    const failure = slot.take().catch((thrown: unknown) => thrown);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await failure).toMatchObject({
      code: 'queue_timeout',
      details: { retryAfterSeconds: 12, queueMs: 30_000 },
    });
  });
});

describe('a gate in trouble', () => {
  it('that is silent for a second is passed by, with one line; its late answer is disposed of', async () => {
    const { ticket, told } = createTicket();
    const late = Promise.withResolvers<Reply>();
    const { slot, asked } = createSlot([late.promise]);
    const taken = slot.take();
    await vi.advanceTimersByTimeAsync(1_000);
    await taken;
    late.resolve(granted(ticket));
    await vi.advanceTimersByTimeAsync(1);
    expect(asked.length).toBe(1);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 'warn', event: 'gate_passed_by' }]);
    expect(told).toEqual(['disposed']);
    expect(await slot.again({ kind: 'concurrency', limit: 5 })).toBe(false);
    slot.end(DONE);
    expect(told).toEqual(['disposed']);
  });

  it('that is broken is asked four times, then passed by with one line', async () => {
    const { slot, asked } = createSlot([BROKEN, BROKEN, BROKEN, BROKEN]);
    const taken = slot.take();
    await vi.advanceTimersByTimeAsync(200);
    await taken;
    expect(asked.length).toBe(4);
    expect(lines.length).toBe(1);
  });

  it('that is silent during a wait is passed by when the wait is over', async () => {
    const { ticket, told } = createTicket();
    const { slot } = createSlot([waiting(ticket)]);
    const taken = slot.take();
    await vi.advanceTimersByTimeAsync(31_000);
    await taken;
    expect(lines.length).toBe(1);
    expect(told).toEqual([CUT, 'disposed']);
  });

  it('that is restarted gets its waiting requests again', async () => {
    const first = createTicket();
    const second = createTicket();
    const { slot, asked } = createSlot([waiting(first.ticket), BROKEN, granted(second.ticket)]);
    const taken = slot.take();
    await vi.advanceTimersByTimeAsync(10_000);
    first.turn.reject(BROKEN);
    await vi.advanceTimersByTimeAsync(100);
    await taken;
    expect(asked.map(({ had }) => had)).toEqual([null, 'place', 'place']);
    // The wait goes on: it does not start anew.
    expect(asked[1]?.timeoutMs).toBeLessThanOrEqual(20_000);
    slot.end(DONE);
    expect(second.told[0]).toEqual(DONE);
    expect(lines).toEqual([]);
  });

  it('that is restarted gets its holders again', async () => {
    const first = createTicket();
    const second = createTicket();
    const { slot, asked } = createSlot([granted(first.ticket), granted(second.ticket)]);
    await slot.take();
    first.life.reject(BROKEN);
    await vi.advanceTimersByTimeAsync(10);
    expect(asked.map(({ had }) => had)).toEqual([null, 'slot']);
    slot.end(DONE);
    expect(second.told[0]).toEqual(DONE);
  });

  it('that is restarted while the answer ends gets its slot back', async () => {
    const first = createTicket();
    const second = createTicket();
    const late = Promise.withResolvers<Reply>();
    const { slot } = createSlot([granted(first.ticket), late.promise]);
    await slot.take();
    first.life.reject(BROKEN);
    await vi.advanceTimersByTimeAsync(1);
    slot.end(DONE);
    late.resolve(granted(second.ticket));
    await vi.advanceTimersByTimeAsync(1);
    expect(second.told[0]).toEqual(CUT);
  });
});
