import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GateRequest } from '../../../../src/upstream/gate/gate-core.ts';
import { Gate, Ticket, type GateReply } from '../../../../src/upstream/gate/gate-object.ts';

const REQUEST: GateRequest = {
  client: 'c',
  limits: { concurrency: 1, rpm: 0, tpm: 0 },
  queueSize: 10,
  timeoutMs: 30_000,
  isBackground: false,
  had: null,
};
const DONE = { tokens: null, isCut: false };

let gate: Gate;
beforeEach(() => {
  vi.useFakeTimers();
  const storage = {
    kv: { list: () => [] },
    put: async () => {},
    delete: async () => true,
  };
  gate = new Gate({ storage } as unknown as DurableObjectState, {});
});
afterEach(() => void vi.useRealTimers());

/** @returns the ticket of a request that the gate takes. */
function enter(request: Partial<GateRequest> = {}): Ticket {
  const reply: GateReply = gate.enter({ ...REQUEST, ...request });
  if (!('ticket' in reply)) throw new Error(reply.kind);
  return reply.ticket;
}

describe('Gate', () => {
  it('answers at once: a slot, a place, or a refusal', () => {
    expect(gate.enter(REQUEST)).toMatchObject({ kind: 'slot', ticket: expect.any(Ticket) });
    expect(gate.enter(REQUEST)).toMatchObject({ kind: 'waiting', ticket: expect.any(Ticket) });
    expect(gate.enter({ ...REQUEST, queueSize: 1 })).toEqual({
      kind: 'full',
      retryAfterSeconds: expect.any(Number),
    });
    expect(gate.enter({ ...REQUEST, isBackground: true })).toEqual({ kind: 'busy' });
  });

  it('has a timer only while somebody waits', async () => {
    const [holder, waiting] = [enter(), enter()];
    // The wait's own limit.
    expect(vi.getTimerCount()).toBe(1);
    waiting.done(DONE);
    expect(vi.getTimerCount()).toBe(0);
    holder[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('hands the slot of a lost caller on after 150 ms', async () => {
    const [holder, waiting] = [enter(), enter()];
    holder[Symbol.dispose]();
    await vi.advanceTimersByTimeAsync(149);
    const turn = vi.fn<() => void>();
    void waiting.turn().then(turn);
    await vi.advanceTimersByTimeAsync(0);
    expect(turn).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await expect(waiting.turn()).resolves.toEqual({ kind: 'slot' });
  });
});

describe('a ticket', () => {
  it('gets its turn when another call is done', async () => {
    const [holder, waiting] = [enter(), enter()];
    holder.done(DONE);
    await expect(waiting.turn()).resolves.toEqual({ kind: 'slot' });
  });

  it('gives up its place after its time, with an estimate', async () => {
    enter();
    const waiting = enter({ timeoutMs: 2_000 });
    const behind = enter({ client: 'b' });
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(waiting.turn()).resolves.toEqual({
      kind: 'timeout',
      retryAfterSeconds: expect.any(Number),
    });
    behind.done(DONE);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('settles every pending call when it is done: they would keep it alive', async () => {
    enter();
    const waiting = enter();
    const pending = Promise.all([waiting.turn(), waiting.life()]);
    waiting.done(DONE);
    await expect(pending).resolves.toEqual([{ kind: 'ended' }, undefined]);
  });

  it('waits for another turn after a refusal, before all others', async () => {
    const refused = enter();
    const waiting = enter();
    const turn = refused.again({ kind: 'concurrency', limit: null }, 5_000);
    // Others use all of the account: the first try is a second away.
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(turn).resolves.toEqual({ kind: 'slot' });
    refused.done(DONE);
    await expect(waiting.turn()).resolves.toEqual({ kind: 'slot' });
  });

  it('limits the wait for another turn, too', async () => {
    const refused = enter();
    const turn = refused.again({ kind: 'concurrency', limit: null }, 500);
    await vi.advanceTimersByTimeAsync(500);
    await expect(turn).resolves.toMatchObject({ kind: 'timeout' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('refuses another turn at once where that is known to come too late', async () => {
    const limits = { concurrency: 0, rpm: 1, tpm: 0 };
    const refused = enter({ limits });
    await expect(refused.again(null, 5_000)).resolves.toEqual({ kind: 'timeout', retryAfterSeconds: 61 });
  });

  it('gives no turn to a call that has ended', async () => {
    const ticket = enter();
    ticket.done(DONE);
    await expect(ticket.again(null, 5_000)).resolves.toEqual({ kind: 'ended' });
  });
});
