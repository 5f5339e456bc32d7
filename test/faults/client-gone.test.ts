// A client that has left costs nothing more: its call to StepFun is let go within
// 50 ms of a reset, in every phase, whether a `waitUntil` is pending or not.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Client, sleep, until } from './client.ts';
import { FINISH, SENTINEL, event, read } from './events.ts';
import { HASTY, startGateways, type Gateways } from './gateways.ts';
import { HEAD, type Call } from './upstream.ts';

let gateways: Gateways;
beforeAll(async () => {
  gateways = await startGateways(['steady', 'plain', 'native', 'counting', 'hasty']);
});
afterAll(() => gateways.stop());
afterEach(() => gateways.upstream.clear());

const LIMIT_MS = 50;
const HELLO = event('Hello');

interface Phase {
  readonly name: string;
  readonly play: (call: Call) => void | Promise<void>;
  /** What the client has seen when it leaves; none: it leaves when the call has come. */
  readonly seen?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

const PHASES: readonly Phase[] = [
  { name: 'waiting for headers', play: () => {} },
  { name: 'waiting for the first byte', play: (call) => void call.open() },
  { name: 'waiting for the first event', play: (call) => void call.open().chunk(HELLO.slice(0, 40)) },
  {
    name: 'in the middle of the stream',
    play: async (call) => {
      call.open();
      while (call.leftAtMs === null) {
        call.chunk(HELLO);
        await sleep(5);
      }
    },
    seen: 'Hello',
  },
  { name: 'while the upstream stalls', play: (call) => void call.open().chunk(HELLO), seen: 'Hello' },
  {
    name: 'while the upstream stalls in an event',
    play: (call) => void call.open().chunk(HELLO + HELLO.slice(0, 40)),
    seen: 'Hello',
  },
  {
    name: 'in the middle of a completion',
    play: (call) =>
      void call.raw(HEAD.replace('text/event-stream', 'application/json')).chunk('{"id":"1","choices":['),
    fields: { stream: false },
  },
];

describe.each(['steady', 'plain', 'native', 'counting'] as const)('%s: a reset', (name) => {
  test.each(PHASES)('$name', async ({ play, seen, fields }) => {
    const { upstream, ports } = gateways;
    upstream.play = play;
    const client = new Client({ port: ports[name], ...(fields && { fields }) });
    const call = await upstream.call();
    if (seen !== undefined) await client.holds(seen);
    await sleep(30);
    expect(call.leftAtMs).toBeNull();
    const resetAtMs = performance.now();
    client.reset();
    await until(() => call.leftAtMs !== null, 1_000);
    expect((call.leftAtMs ?? Infinity) - resetAtMs).toBeLessThan(LIMIT_MS);
  });
});

describe.each(['steady', 'plain', 'native', 'counting'] as const)('%s: a reset', (name) => {
  test('of a client that had stopped reading', async () => {
    const { upstream, ports } = gateways;
    upstream.play = (call) => void call.open().flood(2 ** 30, Buffer.from(HELLO.repeat(50)));
    const client = new Client({ port: ports[name] });
    await client.holds('Hello');
    client.socket.pause();
    const call = await upstream.call();
    await sleep(300);
    const resetAtMs = performance.now();
    client.reset();
    await until(() => call.leftAtMs !== null, 1_000);
    expect((call.leftAtMs ?? Infinity) - resetAtMs).toBeLessThan(LIMIT_MS);
  });
});

test('a quiet FIN is noticed within one keep-alive interval', async () => {
  const { upstream, ports } = gateways;
  upstream.play = (call) => void call.open().chunk(HELLO);
  const client = new Client({ port: ports.hasty });
  await client.holds('Hello');
  const call = await upstream.call();
  const leftAtMs = performance.now();
  client.fin();
  await until(() => call.leftAtMs !== null, 2_000);
  expect((call.leftAtMs ?? Infinity) - leftAtMs).toBeLessThan(HASTY.keepAliveMs + LIMIT_MS);
});

test('a client that has said all it has to say is still listening', async () => {
  const { upstream, ports } = gateways;
  upstream.play = async (call) => {
    call.open().chunk(HELLO);
    await sleep(100);
    call.chunk(FINISH + SENTINEL).end();
  };
  const client = new Client({ port: ports.steady });
  client.socket.end();
  expect(read((await client.whole()).body)).toMatchObject({ text: 'Hello', hasSentinel: true });
});

test.each(['steady', 'counting'] as const)(
  '%s: 500 streams, half of them cut: none is left upstream',
  async (name) => {
    const { upstream, ports } = gateways;
    const COUNT = 500;
    const EVENTS = 40;
    upstream.play = async (call) => {
      call.open();
      for (let index = 0; index < EVENTS && call.leftAtMs === null; index++) {
        call.chunk(event(`${call.question}.`));
        await sleep(50);
      }
      if (call.leftAtMs === null) call.chunk(FINISH + SENTINEL).end();
    };
    const clients = Array.from(
      { length: COUNT },
      (_, index) => new Client({ port: ports[name], content: String(index) }),
    );
    const cutAtMs = new Map<number, number>();
    await until(() => upstream.calls.length === COUNT);
    await Promise.all(
      clients.map(async (client, index) => {
        if (index % 2 === 0) {
          // Spread over the streams' whole life.
          await sleep((index / COUNT) * EVENTS * 45);
          cutAtMs.set(index, performance.now());
          client.reset();
          return;
        }
        const { status, body } = await client.whole(15_000);
        expect(status).toBe(200);
        expect(read(body)).toMatchObject({
          text: `${index}.`.repeat(EVENTS),
          failure: null,
          hasSentinel: true,
        });
      }),
    );
    expect(upstream.calls.filter((call) => !call.isOver)).toEqual([]);
    const delaysMs = upstream.calls
      .filter((call) => !call.isWhole)
      .map((call) => (call.leftAtMs ?? Infinity) - (cutAtMs.get(Number(call.question)) ?? 0))
      .sort((a, b) => a - b);
    expect(delaysMs.length).toBe(COUNT / 2);
    expect(delaysMs[Math.floor(delaysMs.length / 2)]).toBeLessThan(LIMIT_MS);
    expect(gateways.runtime.output()).not.toContain('internal_error');
  },
  30_000,
);
