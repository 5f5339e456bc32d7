// A client that has left costs nothing more: the gateway ends the call to StepFun within
// 50 ms of a reset, in every phase of a request. A FIN shows at the next write to the
// client, so the keep-alive comments bound the time that it takes.

import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Client, lagMs, sleep, until } from './client.ts';
import { FINISH, SENTINEL, event, read } from './events.ts';
import { HASTY, startGateways, type Gateways } from './gateways.ts';
import { HEADERS_AFTER_MS, PHASES, leave } from './leaving.ts';
import type { Call } from './upstream.ts';

let gateways: Gateways;
beforeAll(async () => {
  gateways = await startGateways(['steady', 'plain', 'native', 'counting', 'hasty']);
});
afterAll(() => gateways.stop());
afterEach(() => gateways.upstream.clear());

const LIMIT_MS = 50;
const HELLO = event('Hello');

const LANES = [
  { lane: 'stream', name: 'steady' },
  { lane: 'stream without a window', name: 'plain' },
  { lane: 'native', name: 'native' },
  { lane: 'stream with a token budget', name: 'counting' },
] as const;

describe.each(LANES)('$lane', ({ name }) => {
  it.each(PHASES)('a reset %s → the call to StepFun ends within 50 ms', async (phase) => {
    const { calls, openMs } = await leave(gateways, { port: gateways.ports[name], phase, leaveBy: 'reset' });
    expect(calls).toHaveLength(1);
    expect(openMs).toBeLessThan(LIMIT_MS);
  });

  it('a reset by a client that had stopped reading → the call to StepFun ends within 50 ms', async () => {
    const { upstream, ports } = gateways;
    upstream.play = (call) => void call.open().sendMany(2 ** 30, Buffer.from(HELLO.repeat(50)));
    const client = new Client({ port: ports[name] });
    await client.holds('Hello');
    client.socket.pause();
    const call = await upstream.call();
    await sleep(300);
    const resetAtMs = performance.now();
    client.reset();
    const machineMs = await lagMs(ports[name]);
    await until(() => call.leftAtMs !== null, 2_000);
    expect((call.leftAtMs ?? Infinity) - resetAtMs - machineMs).toBeLessThan(LIMIT_MS);
  });
});

describe('stream', () => {
  const streaming = PHASES.filter(
    (phase) => !['mid-completion', 'in the pause before a retry'].includes(phase),
  );
  it.each(streaming)('a FIN %s → the call to StepFun ends within one keep-alive interval', async (phase) => {
    const { calls, openMs } = await leave(gateways, { port: gateways.ports.hasty, phase, leaveBy: 'fin' });
    expect(calls).toHaveLength(1);
    // Nothing is written before StepFun's headers, which come late here.
    const headersMs = phase === 'before the headers' ? HEADERS_AFTER_MS : 0;
    expect(openMs).toBeLessThan(headersMs + HASTY.keepAliveMs + LIMIT_MS);
  });
});

it('a FIN of a client that goes on reading → the whole answer', async () => {
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
  it(
    '500 streams, half of them cut → the others are whole, and no call stays open upstream',
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
      onTestFinished(() => clearInterval(watch));
      await Promise.all(
        clients.map(async (client, index) => {
          if (index % 2 === 0) return;
          const { status, body } = await client.whole(30_000);
          expect(status).toBe(200);
          const text = `${index}.`.repeat(EVENTS);
          expect(read(body)).toMatchObject({ text, failure: null, hasSentinel: true });
        }),
      );
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
