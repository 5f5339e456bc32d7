import { describe, expect, it, vi } from 'vitest';
import { createEntry } from '../../../src/cache/entry.ts';
import {
  flightResponse,
  joinFlight,
  readFlightRequest,
  type FlightRequest,
  type FlightResult,
} from '../../../src/cache/flight-wire.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import { answer, completed, encode } from './samples.ts';

const REQUEST: FlightRequest = {
  key: 'c2:00',
  ttl: 60,
  maxAge: null,
  clientId: 'key:app',
  reservation: null,
  isBackground: false,
  upstreamKey: null,
  choices: 1,
  isCapped: false,
};

/** A namespace whose objects answer so. */
function flightsThat(fetch: (request: Request) => Promise<Response>): DurableObjectNamespace {
  const stub = { fetch: (url: string, init: RequestInit) => fetch(new Request(url, init)) };
  const namespace: Partial<Record<keyof DurableObjectNamespace, unknown>> = {
    idFromName: (name: string) => name,
    get: () => stub,
  };
  return namespace as DurableObjectNamespace;
}

const join = (
  fetch: (request: Request) => Promise<Response>,
  rest: Partial<FlightRequest> = {},
  signal = new AbortController().signal,
) => joinFlight(flightsThat(fetch), { ...REQUEST, ...rest }, encode('{}'), signal, 60_000);

it.each([null, 'sk-client'])('a request comes across, with the client’s key (%s)', async (upstreamKey) => {
  const seen = vi.fn<(request: FlightRequest, body: string) => void>();
  await join(
    async (request) => {
      seen(readFlightRequest(request), await request.text());
      return flightResponse({ kind: 'alone' });
    },
    { upstreamKey, maxAge: -1, isBackground: true },
  );
  expect(seen).toHaveBeenCalledExactlyOnceWith(
    { ...REQUEST, upstreamKey, maxAge: -1, isBackground: true },
    '{}',
  );
});

describe('a result comes across', () => {
  const entry = createEntry(completed(answer()), 60, 1_800_000_000_000);

  it.each<Exclude<FlightResult, { kind: 'retry' | 'failed' }>>([
    { kind: 'alone' },
    {
      kind: 'answer',
      entry,
      isStored: true,
      isCollapsed: false,
      attempts: 2,
      upstreamRequestId: 'trace',
      queueMs: 5,
      finishReasons: ['stop'],
    },
    {
      kind: 'answer',
      entry,
      isStored: false,
      isCollapsed: true,
      attempts: 0,
      upstreamRequestId: null,
      queueMs: null,
      finishReasons: [],
    },
  ])('$kind', async (result) => {
    expect(await join(async () => flightResponse(result))).toEqual(result);
  });

  it('failed, without its cause', async () => {
    const details = {
      param: 'n',
      retryAfterSeconds: 7,
      params: ['n'],
      headers: { 'x-a': 'b' },
      transient: true,
    };
    const error = new GatewayError('upstream_rejected', 'Not so — “ü”.', {
      ...details,
      cause: new Error('c'),
    });
    const result = await join(async () => flightResponse({ kind: 'failed', error }));
    expect(result).toMatchObject({
      kind: 'failed',
      error: { code: 'upstream_rejected', message: 'Not so — “ü”.', details },
    });
    expect(result.kind === 'failed' && result.error.details.cause).toBeUndefined();
  });
});

it('a caller retries three times, then asks by itself', async () => {
  const fetch = vi.fn<() => Promise<Response>>(async () => flightResponse({ kind: 'retry' }));
  expect(await join(fetch)).toEqual({ kind: 'alone' });
  expect(fetch).toHaveBeenCalledTimes(3);
});

describe('a wait ends', () => {
  const never = () => new Promise<Response>(() => {});

  it('when the client leaves, although the object does not answer', async () => {
    const client = new AbortController();
    const joined = join(never, {}, client.signal);
    const gone = new Error('gone');
    client.abort(gone);
    await expect(joined).rejects.toMatchObject({ name: 'LeftFlight', cause: gone });
  });

  it('when the client has left before', async () => {
    await expect(join(never, {}, AbortSignal.abort('gone'))).rejects.toMatchObject({
      name: 'LeftFlight',
      cause: 'gone',
    });
  });

  it('when its time is over, and the object is told', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let signal: AbortSignal | null = null;
    const joined = join((request) => {
      ({ signal } = request);
      return never();
    });
    joined.catch(() => {});
    await vi.advanceTimersByTimeAsync(60_000);
    await expect(joined).rejects.toMatchObject({ name: 'TimeoutError' });
    expect((signal as AbortSignal | null)?.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it.each<[string, () => Promise<Response>]>([
    ['fails', () => Promise.reject(new Error('Durable Object reset'))],
    ['answers garbage', async () => new Response('garbage', { headers: { 'x-flight-result': '{}' } })],
    ['answers without a result', async () => new Response('')],
  ])('when the object %s', async (_, fetch) => {
    await expect(join(fetch)).rejects.toThrow(/./);
  });
});
