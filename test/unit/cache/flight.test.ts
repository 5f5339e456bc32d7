// The object of a flight by itself: what a real one, in workerd, can't be made to do
// at will. test/worker/cache-flight.test.ts has the rest.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FlightObject } from '../../../src/cache/flight.ts';
import { joinFlight, type FlightRequest } from '../../../src/cache/flight-wire.ts';
import type { Completion, UpstreamRequest } from '../../../src/cache/upstream-call.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import type { ReservationRef } from '../../../src/http/reservation.ts';
import { fakeFlights, fakeKv, type FakeFlights, type FakeKv } from './fakes.ts';
import { answer, completed, decode, encode } from './samples.ts';

interface Call {
  readonly request: UpstreamRequest;
  readonly signal: AbortSignal;
  /** As the call does each time before StepFun is asked. */
  onAttempt(): void;
  /** The failure of a call that is aborted; left out: the abort's reason. */
  failure?: GatewayError;
  resolve(completion: Completion): void;
  reject(error: unknown): void;
}

let kv: FakeKv;
let calls: Call[];
let flights: FakeFlights;
let settled: [string, number][];
let keys = 0;
let flightRequest: FlightRequest;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  kv = fakeKv();
  calls = [];
  settled = [];
  flights = fakeFlights({
    kv: kv.namespace,
    staleSeconds: 100,
    settle: async (reservation, tokens) => void settled.push([reservation.call.id, tokens]),
    complete: (request, { signal, onAttempt }) => {
      const { promise, resolve, reject } = Promise.withResolvers<Completion>();
      const call: Call = { request, signal, onAttempt, resolve, reject };
      calls.push(call);
      signal.addEventListener('abort', () => reject(call.failure ?? signal.reason));
      return promise;
    },
  });
  flightRequest = {
    // The isolate's memory outlives a test.
    key: `key${keys++}`,
    ttl: 60,
    maxAge: null,
    clientId: 'key:app',
    reservation: null,
    isBackground: false,
    upstreamKey: null,
    choices: 1,
    isCapped: false,
  };
});
afterEach(() => vi.useRealTimers());

function join(rest: Partial<FlightRequest> = {}, signal = new AbortController().signal, body = encode('{}')) {
  return joinFlight(flights.namespace, { ...flightRequest, ...rest }, body, signal, 60_000);
}

const calledTimes = (n: number) => vi.waitUntil(() => calls.length === n);

/** A whole flight: StepFun is asked, and answers. */
async function fly(rest: Partial<FlightRequest> = {}, body = answer()): Promise<void> {
  const joined = join(rest);
  const n = calls.length + 1;
  await calledTimes(n);
  calls[n - 1]!.resolve(completed(body));
  await joined;
}

describe('a flight', () => {
  it('asks StepFun as its first request wants it, and stores for its TTL', async () => {
    const joined = join({ upstreamKey: 'sk-client', ttl: 90 }, undefined, encode('{"model":"m"}'));
    await calledTimes(1);
    expect(calls[0]!.request).toMatchObject({
      upstreamKey: 'sk-client',
      choices: 1,
      isCapped: false,
    });
    expect(decode(calls[0]!.request.body)).toBe('{"model":"m"}');
    calls[0]!.resolve(completed(answer()));
    expect(await joined).toMatchObject({ kind: 'answer', isStored: true, isCollapsed: false, attempts: 1 });
    await Promise.all(flights.pending);
    expect(kv.entries.get(flightRequest.key)?.expirationTtl).toBe(190);
  });

  it('gets a client’s own key in the header that logs redact, and nowhere else', async () => {
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

  it('is paid by the first caller that still waits', async () => {
    const leaver = new AbortController();
    const left = join({}, leaver.signal);
    await calledTimes(1);
    const others = [join(), join()];
    await vi.waitUntil(() => flights.requests.length === 3);
    leaver.abort();
    calls[0]!.resolve(completed(answer()));
    expect(await Promise.all(others)).toMatchObject([{ isCollapsed: false }, { isCollapsed: true }]);
    await left.catch(() => {});
    expect(calls).toHaveLength(1);
  });

  it('ends at once when its caller has left before', async () => {
    const state = { waitUntil: () => {} } as Pick<DurableObjectState, 'waitUntil'> as DurableObjectState;
    const object = new FlightObject(state, {
      kv: kv.namespace,
      staleSeconds: 0,
      settle: async () => {},
      complete: (_, { signal }) =>
        new Promise((_, reject) => {
          if (signal.aborted) reject(signal.reason);
        }),
    });
    const headers = { 'x-flight-request': JSON.stringify(flightRequest) };
    const request = new Request('https://flight/', {
      method: 'POST',
      headers,
      body: '{}',
      signal: AbortSignal.abort(),
    });
    expect((await object.fetch(request)).status).not.toBe(200);
  });

  it('tells the others to retry when the first caller leaves before its body has arrived', async () => {
    const object = flights.namespace;
    const broken = new ReadableStream({
      type: 'bytes',
      pull: (controller) => controller.error(new Error('left')),
    });
    const request = {
      method: 'POST',
      headers: { 'x-flight-request': JSON.stringify(flightRequest) },
      body: broken,
      duplex: 'half',
    };
    const first = object.get(object.idFromName(flightRequest.key)).fetch('https://flight/', request);
    const second = join();
    expect((await first).status).toBe(425);
    await calledTimes(1);
    calls[0]!.resolve(completed(answer()));
    expect(await second).toMatchObject({ kind: 'answer', isCollapsed: false });
    expect(flights.requests).toHaveLength(3);
  });

  it('goes on when the caller of a refresh leaves', async () => {
    const leaver = new AbortController();
    const left = join({ isBackground: true }, leaver.signal);
    await calledTimes(1);
    leaver.abort();
    expect(calls[0]!.signal.aborted).toBe(false);
    calls[0]!.resolve(completed(answer()));
    await expect(left).rejects.toThrow('left');
    await vi.waitUntil(() => kv.entries.size === 1);
  });

  it('ends when the last caller leaves, and the next caller begins a new one', async () => {
    const leaver = new AbortController();
    const left = join({}, leaver.signal);
    await calledTimes(1);
    leaver.abort();
    await left.catch(() => {});
    expect(calls[0]!.signal.aborted).toBe(true);
    const next = join();
    await calledTimes(2);
    calls[1]!.resolve(completed(answer()));
    expect(await next).toMatchObject({ kind: 'answer', isCollapsed: false });
  });
});

describe('a late caller', () => {
  it('gets the answer of a flight that has ended, if it is young enough', async () => {
    await fly();
    vi.setSystemTime(Date.now() + 5_000);
    expect(await join()).toMatchObject({ kind: 'answer', isCollapsed: true, isStored: true, attempts: 0 });
    expect(await join({ maxAge: 5 })).toMatchObject({ isCollapsed: true });
    await fly({ maxAge: 4 });
    expect(calls).toHaveLength(2);
  });

  it('does not get it under no-cache', async () => {
    await fly();
    await fly({ maxAge: -1 });
    expect(calls).toHaveLength(2);
  });

  it('does not get one past its TTL, or that is no hot entry any more', async () => {
    await fly({ ttl: 10 });
    vi.setSystemTime(Date.now() + 10_000);
    await fly();
    vi.setSystemTime(Date.now() + 30_000);
    await fly();
    expect(calls).toHaveLength(3);
  });

  it('does not get one that was not stored', async () => {
    await fly({}, answer({}, { finish_reason: 'content_filter' }));
    await fly();
    expect(calls).toHaveLength(2);
    expect(kv.entries.size).toBe(1);
  });
});

describe('a failure', () => {
  it('reaches each caller as it was', async () => {
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
    const result = await joined;
    if (result.kind !== 'failed') throw new Error('no failure');
    expect(result.error).toBeInstanceOf(GatewayError);
    expect(result.error).toMatchObject({
      code: 'upstream_rejected',
      message: 'Not like this — “ü”.',
      details,
    });
  });

  it('that is no GatewayError is internal_error', async () => {
    const joined = join();
    await calledTimes(1);
    calls[0]!.reject(new RangeError('oops'));
    expect(await joined).toMatchObject({ kind: 'failed', error: { code: 'internal_error' } });
  });

  it('answers for a second, also to no-cache', async () => {
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
    expect(await next).toMatchObject({ kind: 'answer' });
  });

  it('is not what ended a call that nobody waited for', async () => {
    const leaver = new AbortController();
    const left = join({}, leaver.signal);
    await calledTimes(1);
    leaver.abort();
    await left.catch(() => {});
    const next = join();
    await calledTimes(2);
    calls[1]!.resolve(completed(answer()));
    expect(await next).toMatchObject({ kind: 'answer' });
  });
});

it("an answer that a budget cut short is the leader's alone; the others ask by themselves", async () => {
  const both = [join({ isCapped: true }), join({ isCapped: true })];
  await calledTimes(1);
  await vi.waitUntil(() => flights.requests.length === 2);
  calls[0]!.resolve(completed(answer({}, { finish_reason: 'length' })));
  expect(await Promise.all(both)).toMatchObject([{ kind: 'answer', isStored: false }, { kind: 'alone' }]);
  expect(kv.entries.size).toBe(0);
});

describe('the settlement of a flight', () => {
  const PROMPT_TOKENS = 50;
  const reservation = (id: string): ReservationRef => ({
    client: { id: 'key:app', name: 'app' },
    day: 20_000,
    call: { id, lapsesAtMs: 0 },
    limit: 1_000,
    promptTokens: PROMPT_TOKENS,
  });

  /** A caller named `id` that leaves on `abort`. */
  function caller(id: string, rest: Partial<FlightRequest> = {}) {
    const { signal, abort } = abortable();
    const left = join({ reservation: reservation(id), ...rest }, signal).catch(() => {});
    return { abort, left };
  }

  function abortable() {
    const controller = new AbortController();
    return { signal: controller.signal, abort: () => controller.abort() };
  }

  it.each([
    ['before StepFun is asked → nothing', () => {}, 0],
    ['while StepFun works → the prompt', (call: Call) => call.onAttempt(), PROMPT_TOKENS],
    [
      'after StepFun has refused → nothing',
      (call: Call) => {
        call.onAttempt();
        call.failure = new GatewayError('upstream_rate_limited');
      },
      0,
    ],
  ] as const)('the last caller leaves %s', async (_, play, tokens) => {
    const { abort, left } = caller('only');
    await calledTimes(1);
    play(calls[0]!);
    abort();
    await left;
    await vi.waitUntil(() => settled.length === 1);
    expect(settled).toEqual([['only', tokens]]);
  });

  it('a caller leaves while others wait → nothing, and the last one that leaves pays', async () => {
    const first = caller('first');
    await calledTimes(1);
    calls[0]!.onAttempt();
    const second = caller('second');
    await vi.waitUntil(() => flights.requests.length === 2);
    first.abort();
    await vi.waitUntil(() => settled.length === 1);
    second.abort();
    await vi.waitUntil(() => settled.length === 2);
    expect(settled).toEqual([
      ['first', 0],
      ['second', PROMPT_TOKENS],
    ]);
    await Promise.all([first.left, second.left]);
  });

  it('a caller whose body never arrived → nothing', async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('left')) });
    const headers = {
      'x-flight-request': JSON.stringify({ ...flightRequest, reservation: reservation('broken') }),
    };
    const init = { method: 'POST', headers, body: broken, duplex: 'half' };
    const id = flights.namespace.idFromName(flightRequest.key);
    await flights.namespace.get(id).fetch('https://flight/', init);
    expect(settled).toEqual([['broken', 0]]);
  });

  it('a call that fails when its first caller has left → paid by the next, free for the others', async () => {
    const first = caller('first');
    await calledTimes(1);
    calls[0]!.onAttempt();
    const others = [join(), join()];
    await vi.waitUntil(() => flights.requests.length === 3);
    first.abort();
    calls[0]!.reject(new GatewayError('upstream_timeout'));
    const [second, third] = await Promise.all(others);
    expect(second).toMatchObject({ kind: 'failed', error: { code: 'upstream_timeout' } });
    expect(second).not.toMatchObject({ error: { details: { isFree: true } } });
    expect(third).toMatchObject({ kind: 'failed', error: { details: { isFree: true } } });
    await first.left;
  });

  it('a caller within a second of a failure → pays nothing for it', async () => {
    const failed = join();
    await calledTimes(1);
    calls[0]!.reject(new GatewayError('upstream_timeout'));
    await failed;
    expect(await join()).toMatchObject({ kind: 'failed', error: { details: { isFree: true } } });
    expect(calls).toHaveLength(1);
  });

  it('a refresh that has to ask alone → left to its Worker', async () => {
    const both = [caller('first', { isBackground: true }), caller('second', { isBackground: true })];
    await calledTimes(1);
    await vi.waitUntil(() => flights.requests.length === 2);
    calls[0]!.onAttempt();
    calls[0]!.reject(new GatewayError('upstream_timeout'));
    await Promise.all(both.map(({ left }) => left));
    expect(settled).toEqual([['first', PROMPT_TOKENS]]);
  });

  it('a refresh → what its answer cost', async () => {
    const { left } = caller('refresh', { isBackground: true });
    await calledTimes(1);
    calls[0]!.onAttempt();
    calls[0]!.resolve(completed(answer()));
    await left;
    const { totalTokens } = completed(answer()).usage!;
    expect(settled).toEqual([['refresh', totalTokens]]);
  });

  it('callers whose answer is on its way, whether they leave or not → its cost for the first, nothing for the others', async () => {
    const { left } = caller('answered');
    await calledTimes(1);
    const other = caller('other');
    await vi.waitUntil(() => flights.requests.length === 2);
    calls[0]!.resolve(completed(answer()));
    await Promise.all([left, other.left]);
    const { totalTokens } = completed(answer()).usage!;
    expect(settled).toHaveLength(2);
    expect(settled).toContainEqual(['answered', totalTokens]);
    expect(settled).toContainEqual(['other', 0]);
  });

  it('a leader with a low max_tokens leaves while others wait → the prompt, and they ask by themselves', async () => {
    const leader = caller('leader', { isCapped: true });
    await calledTimes(1);
    calls[0]!.onAttempt();
    const other = join({ reservation: reservation('other') });
    await vi.waitUntil(() => flights.requests.length === 2);
    leader.abort();
    expect(await other).toEqual({ kind: 'alone' });
    expect(calls[0]!.signal.aborted).toBe(true);
    await vi.waitUntil(() => settled.length === 1);
    expect(settled).toEqual([['leader', PROMPT_TOKENS]]);
    await leader.left;
  });

  it('a caller leaves a call that its leader has ended → nothing', async () => {
    const leader = caller('leader', { isCapped: true });
    await calledTimes(1);
    calls[0]!.onAttempt();
    const other = caller('other');
    await vi.waitUntil(() => flights.requests.length === 2);
    leader.abort();
    other.abort();
    await vi.waitUntil(() => settled.length === 2);
    expect(settled).toContainEqual(['other', 0]);
    expect(settled).toContainEqual(['leader', PROMPT_TOKENS]);
    await Promise.all([leader.left, other.left]);
  });
});
