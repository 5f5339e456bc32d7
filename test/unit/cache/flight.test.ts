// The object of a flight by itself: what a real one, in workerd, can't be made to do
// at will. test/worker/cache-flight.test.ts has the rest.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FlightObject } from '../../../src/cache/flight.ts';
import { joinFlight, type Ticket } from '../../../src/cache/flight-wire.ts';
import type { Completion, Order } from '../../../src/cache/completion.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import { fakeFlights, fakeKv, type FakeFlights, type FakeKv } from './fakes.ts';
import { answer, completed, decode, encode } from './samples.ts';

interface Call {
  readonly order: Order;
  readonly signal: AbortSignal;
  resolve(completion: Completion): void;
  reject(error: unknown): void;
}

let kv: FakeKv;
let calls: Call[];
let flights: FakeFlights;
let keys = 0;
let ticket: Ticket;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  kv = fakeKv();
  calls = [];
  flights = fakeFlights({
    kv: kv.namespace,
    staleSeconds: 100,
    complete: (order, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Completion>();
      calls.push({ order, signal, resolve, reject });
      signal.addEventListener('abort', () => reject(signal.reason));
      return promise;
    },
  });
  ticket = {
    // The isolate's memory outlives a test.
    key: `key${keys++}`,
    ttl: 60,
    maxAge: null,
    detached: false,
    upstreamKey: null,
    choices: 1,
    capped: false,
  };
});
afterEach(() => vi.useRealTimers());

function join(rest: Partial<Ticket> = {}, signal = new AbortController().signal, body = encode('{}')) {
  return joinFlight(flights.namespace, { ...ticket, ...rest }, body, signal);
}

const calledTimes = (n: number) => vi.waitUntil(() => calls.length === n);

/** A whole flight: asks, and lets StepFun answer. */
async function land(rest: Partial<Ticket> = {}, body = answer()): Promise<void> {
  const joined = join(rest);
  const n = calls.length + 1;
  await calledTimes(n);
  calls[n - 1]!.resolve(completed(body));
  await joined;
}

describe('a flight', () => {
  test('asks as the first ticket says, and stores as it says', async () => {
    const joined = join({ upstreamKey: 'sk-client', ttl: 90 }, undefined, encode('{"model":"m"}'));
    await calledTimes(1);
    expect(calls[0]!.order).toMatchObject({
      upstreamKey: 'sk-client',
      choices: 1,
      capped: false,
    });
    expect(decode(calls[0]!.order.body)).toBe('{"model":"m"}');
    calls[0]!.resolve(completed(answer()));
    expect(await joined).toMatchObject({ kind: 'landed', stored: true, collapsed: false, attempts: 1 });
    await Promise.all(flights.pending);
    expect(kv.entries.get(ticket.key)?.expirationTtl).toBe(190);
  });

  test('is told a client’s own key where logs of requests redact it, and nowhere else', async () => {
    const joined = [join({ upstreamKey: 'sk-client' }), join()];
    await calledTimes(1);
    const told = flights.requests.map(({ headers }) => headers);
    expect(told.map((headers) => headers.get('authorization'))).toEqual(['sk-client', null]);
    for (const headers of told) {
      headers.delete('authorization');
      expect(JSON.stringify([...headers])).not.toContain('sk-client');
    }
    calls[0]!.resolve(completed(answer()));
    await Promise.all(joined);
  });

  test('is put down to the first who is still there', async () => {
    const leaver = new AbortController();
    const left = join({}, leaver.signal);
    await calledTimes(1);
    const others = [join(), join()];
    await vi.waitUntil(() => flights.requests.length === 3);
    leaver.abort();
    calls[0]!.resolve(completed(answer()));
    expect(await Promise.all(others)).toMatchObject([{ collapsed: false }, { collapsed: true }]);
    await left.catch(() => {});
    expect(calls).toHaveLength(1);
  });

  test('whoever has left before the object saw them never holds it up', async () => {
    const object = new FlightObject({} as DurableObjectState, {
      kv: kv.namespace,
      staleSeconds: 0,
      complete: (_, signal) =>
        new Promise((_, reject) => {
          if (signal.aborted) reject(signal.reason);
        }),
    });
    const headers = { 'x-ticket': JSON.stringify(ticket) };
    const request = new Request('https://flight/', {
      method: 'POST',
      headers,
      body: '{}',
      signal: AbortSignal.abort(),
    });
    expect((await object.fetch(request)).status).not.toBe(200);
  });

  test('tells the others to come again when the first one leaves with its body', async () => {
    const object = flights.namespace;
    const broken = new ReadableStream({
      type: 'bytes',
      pull: (controller) => controller.error(new Error('left')),
    });
    const request = {
      method: 'POST',
      headers: { 'x-ticket': JSON.stringify(ticket) },
      body: broken,
      duplex: 'half',
    };
    const first = object.get(object.idFromName(ticket.key)).fetch('https://flight/', request);
    const second = join();
    expect((await first).status).toBe(425);
    await calledTimes(1);
    calls[0]!.resolve(completed(answer()));
    expect(await second).toMatchObject({ kind: 'landed', collapsed: false });
    expect(flights.requests).toHaveLength(3);
  });

  test('one that is detached goes on when its client leaves', async () => {
    const leaver = new AbortController();
    const left = join({ detached: true }, leaver.signal);
    await calledTimes(1);
    leaver.abort();
    expect(calls[0]!.signal.aborted).toBe(false);
    calls[0]!.resolve(completed(answer()));
    await left;
    expect(kv.entries.size).toBe(1);
  });

  test('ends when the last one leaves, and the next one starts anew', async () => {
    const leaver = new AbortController();
    const left = join({}, leaver.signal);
    await calledTimes(1);
    leaver.abort();
    await left.catch(() => {});
    expect(calls[0]!.signal.aborted).toBe(true);
    const next = join();
    await calledTimes(2);
    calls[1]!.resolve(completed(answer()));
    expect(await next).toMatchObject({ kind: 'landed', collapsed: false });
  });
});

describe('who comes late', () => {
  test('gets what has landed, if it is young enough', async () => {
    await land();
    vi.setSystemTime(Date.now() + 5_000);
    expect(await join()).toMatchObject({ kind: 'landed', collapsed: true, stored: true, attempts: 0 });
    expect(await join({ maxAge: 5 })).toMatchObject({ collapsed: true });
    await land({ maxAge: 4 });
    expect(calls).toHaveLength(2);
  });

  test('not under no-cache, however young it is', async () => {
    await land();
    await land({ maxAge: -1 });
    expect(calls).toHaveLength(2);
  });

  test('not past its TTL or beyond the memory of the isolate', async () => {
    await land({ ttl: 10 });
    vi.setSystemTime(Date.now() + 10_000);
    await land();
    vi.setSystemTime(Date.now() + 30_000);
    await land();
    expect(calls).toHaveLength(3);
  });

  test('not what was not stored', async () => {
    await land({}, answer({}, { finish_reason: 'content_filter' }));
    await land();
    expect(calls).toHaveLength(2);
    expect(kv.entries.size).toBe(1);
  });
});

describe('a failure', () => {
  test('comes across as it was', async () => {
    const joined = join();
    await calledTimes(1);
    const details = {
      param: 'messages[0]',
      retryAfterSeconds: 7,
      detail: 'for the log',
      headers: { 'x-a': 'b' },
    };
    calls[0]!.reject(
      new GatewayError('upstream_rejected', 'Not like this — “ü”.', { ...details, cause: new Error('c') }),
    );
    const landing = await joined;
    if (landing.kind !== 'failed') throw new Error('no failure');
    expect(landing.error).toBeInstanceOf(GatewayError);
    expect(landing.error).toMatchObject({
      code: 'upstream_rejected',
      message: 'Not like this — “ü”.',
      details,
    });
  });

  test('what nobody expected is ours', async () => {
    const joined = join();
    await calledTimes(1);
    calls[0]!.reject(new RangeError('oops'));
    expect(await joined).toMatchObject({ kind: 'failed', error: { code: 'internal_error' } });
  });

  test('is remembered for a second, and for no-cache too', async () => {
    const joined = join();
    await calledTimes(1);
    calls[0]!.reject(new GatewayError('upstream_unavailable'));
    await joined;
    vi.setSystemTime(Date.now() + 999);
    expect(await join()).toMatchObject({ kind: 'failed', error: { code: 'upstream_unavailable' } });
    expect(await join({ maxAge: -1 })).toMatchObject({ kind: 'failed' });
    vi.setSystemTime(Date.now() + 1);
    const next = join();
    await calledTimes(2);
    calls[1]!.resolve(completed(answer()));
    expect(await next).toMatchObject({ kind: 'landed' });
  });

  test('the end of a call that nobody waited for is none', async () => {
    const leaver = new AbortController();
    const left = join({}, leaver.signal);
    await calledTimes(1);
    leaver.abort();
    await left.catch(() => {});
    const next = join();
    await calledTimes(2);
    calls[1]!.resolve(completed(answer()));
    expect(await next).toMatchObject({ kind: 'landed' });
  });
});

test("an answer cut short by a budget is the giver's alone; the others go alone", async () => {
  const both = [join({ capped: true }), join({ capped: true })];
  await calledTimes(1);
  await vi.waitUntil(() => flights.requests.length === 2);
  calls[0]!.resolve(completed(answer({}, { finish_reason: 'length' })));
  expect(await Promise.all(both)).toMatchObject([{ kind: 'landed', stored: false }, { kind: 'alone' }]);
  expect(kv.entries.size).toBe(0);
});
