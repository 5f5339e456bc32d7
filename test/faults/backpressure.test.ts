// A client that reads nothing stops its upstream: the gateway holds next to
// nothing of what is on offer, and goes on when the client does.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Client, sleep, until } from './client.ts';
import { event } from './events.ts';
import { startGateways, type Gateways } from './gateways.ts';
import { residentBytes } from './workerd.ts';

const MIB = 2 ** 20;
const OFFERED_BYTES = 400 * MIB;
const HELD_BYTES = 16 * MIB;

let gateways: Gateways;
beforeAll(async () => {
  gateways = await startGateways(['steady', 'plain', 'native']);
});
afterAll(() => gateways.stop());
afterEach(() => gateways.upstream.clear());

describe.each([
  { lane: 'stream', name: 'steady' },
  { lane: 'stream without a window', name: 'plain' },
  { lane: 'native', name: 'native' },
] as const)('$lane', ({ name }) => {
  test(
    '400 MB on offer to a client that reads nothing → next to nothing is held, and it goes on when the client does',
    { timeout: 30_000 },
    async () => {
      const { upstream, runtime, ports } = gateways;
      const events = Buffer.from(event('Hello').repeat(64));
      let taken = () => 0;
      upstream.play = (call) => {
        taken = call.open().flood(OFFERED_BYTES, events);
      };
      // Once unhindered: what the first flood costs, in code and heap, is not this stream's.
      const warmUp = new Client({ port: ports[name] });
      warmUp.forget();
      await until(() => taken() > 64 * MIB, 20_000);
      warmUp.reset();
      await sleep(200);

      const beforeBytes = await residentBytes(runtime.pid);
      const client = new Client({ port: ports[name] });
      await client.holds('Hello');
      client.socket.pause();
      let stoppedAtBytes: number;
      do {
        stoppedAtBytes = taken();
        await sleep(500);
      } while (taken() !== stoppedAtBytes);
      // Of these, the kernel's buffers of both connections hold most.
      expect(stoppedAtBytes).toBeLessThan(OFFERED_BYTES / 4);
      expect((await residentBytes(runtime.pid)) - beforeBytes).toBeLessThan(HELD_BYTES);

      client.forget();
      client.socket.resume();
      await until(() => taken() > stoppedAtBytes + 16 * MIB, 15_000);
      client.reset();
    },
  );
});
