// A client that has left costs nothing more: its call to StepFun is let go within
// 50 ms of a reset, in every phase, whether a `waitUntil` is pending or not.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Client, lagMs, sleep, until } from './client.ts';
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

/** Resets a connection. @returns how long the upstream's call outlives it, in ms of an idle machine. */
async function leaves(client: Client, call: Call, port: number): Promise<number> {
  const resetAtMs = performance.now();
  client.reset();
  const lag = await lagMs(port);
  await until(() => call.leftAtMs !== null, 2_000);
  return (call.leftAtMs ?? Infinity) - resetAtMs - lag;
}
const HELLO = event('Hello');

interface Phase {
  readonly name: string;
  readonly play: (call: Call) => void | Promise<void>;
  /** What the client has seen when it leaves; none: it leaves when the call has come. */
  readonly seen?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

const PHASES: readonly Phase[] = [
  { name: 'before the headers', play: () => {} },
  { name: 'before the first byte', play: (call) => void call.open() },
  { name: 'in the first event', play: (call) => void call.open().chunk(HELLO.slice(0, 40)) },
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

const LANES = [
  { lane: 'stream', name: 'steady' },
  { lane: 'stream without a window', name: 'plain' },
  { lane: 'native', name: 'native' },
  { lane: 'stream with a token budget', name: 'counting' },
] as const;

describe.each(LANES)('$lane', ({ name }) => {
  test.each(PHASES)('a reset $name → StepFun is let go within 50 ms', async ({ play, seen, fields }) => {
    const { upstream, ports } = gateways;
    upstream.play = play;
    const client = new Client({ port: ports[name], ...(fields && { fields }) });
    const call = await upstream.call();
    if (seen !== undefined) await client.holds(seen);
    await sleep(30);
    expect(call.leftAtMs).toBeNull();
    expect(await leaves(client, call, ports[name])).toBeLessThan(LIMIT_MS);
  });

  test('a reset of a client that had stopped reading → StepFun is let go within 50 ms', async () => {
    const { upstream, ports } = gateways;
    upstream.play = (call) => void call.open().flood(2 ** 30, Buffer.from(HELLO.repeat(50)));
    const client = new Client({ port: ports[name] });
    await client.holds('Hello');
    client.socket.pause();
    const call = await upstream.call();
    await sleep(300);
    expect(await leaves(client, call, ports[name])).toBeLessThan(LIMIT_MS);
  });
});

test('a quiet FIN → StepFun is let go within one keep-alive interval', async () => {
  const { upstream, ports } = gateways;
  upstream.play = (call) => void call.open().chunk(HELLO);
  const client = new Client({ port: ports.hasty });
  await client.holds('Hello');
  const call = await upstream.call();
  const leftAtMs = performance.now();
  client.fin();
  await until(() => call.leftAtMs !== null, 2_000);
  const lag = await lagMs(ports.hasty);
  expect((call.leftAtMs ?? Infinity) - leftAtMs - lag).toBeLessThan(HASTY.keepAliveMs + LIMIT_MS);
});

test('the FIN of a client that goes on listening → it gets the whole answer', async () => {
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

describe.each(LANES.filter(({ name }) => name === 'steady' || name === 'counting'))('$lane', ({ name }) => {
  test(
    '500 streams, half of them cut → the others are whole, none is left upstream',
    { timeout: 60_000 },
    async () => {
      const { upstream, ports, runtime } = gateways;
      const COUNT = 500;
      const EVENTS = 8;
      const clients: Client[] = [];
      const cutAtMs = new Map<Call, number>();
      upstream.play = async (call) => {
        const index = Number(call.question);
        // Every second client is cut, each at another place of its stream.
        const cutAfter = index % 2 === 0 ? index % EVENTS : null;
        call.open();
        for (let sent = 0; sent < EVENTS && call.leftAtMs === null; sent++) {
          if (sent === cutAfter) {
            cutAtMs.set(call, performance.now());
            clients[index]?.reset();
          }
          call.chunk(event(`${index}.`));
          await sleep(300 + (index % 100));
        }
        if (call.leftAtMs === null) call.chunk(FINISH + SENTINEL).end();
      };
      for (let index = 0; index < COUNT; index++) {
        clients.push(new Client({ port: ports[name], content: String(index) }));
      }
      const lags: number[] = [];
      const watch = setInterval(() => void lagMs(ports[name]).then((lag) => lags.push(lag)), 100);
      await Promise.all(
        clients.map(async (client, index) => {
          if (index % 2 === 0) return;
          const { status, body } = await client.whole(30_000);
          expect(status).toBe(200);
          const text = `${index}.`.repeat(EVENTS);
          expect(read(body)).toMatchObject({ text, failure: null, hasSentinel: true });
        }),
      );
      clearInterval(watch);
      await until(() => cutAtMs.size === COUNT / 2);
      await until(() => upstream.calls.every((call) => call.isOver), 1_000);
      const delaysMs = Array.from(cutAtMs, ([call, atMs]) => (call.leftAtMs ?? Infinity) - atMs);
      // Here each delay crosses three processes that share the cores with 500 streams.
      expect(median(delaysMs)).toBeLessThan(LIMIT_MS + 3 * median(lags));
      expect(runtime.output()).not.toContain('internal_error');
    },
  );
});

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}
