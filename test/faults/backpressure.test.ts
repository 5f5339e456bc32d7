// A client that reads nothing stops its upstream: the gateway holds next to
// nothing of what is on offer, and goes on when the client does.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
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

test.each(['steady', 'plain', 'native'] as const)(
  '%s: 400 MB on offer, nothing read',
  async (name) => {
    const { upstream, runtime, ports } = gateways;
    const events = Buffer.from(event('Hello').repeat(64));
    let taken = () => 0;
    upstream.play = (call) => {
      taken = call.open().flood(OFFERED_BYTES, events);
    };
    // Once unhindered: what the first stream costs is not this one's.
    const warmUp = new Client({ port: ports[name] });
    await until(() => taken() > 4 * MIB);
    warmUp.reset();
    await sleep(200);

    const beforeBytes = await residentBytes(runtime.pid);
    const client = new Client({ port: ports[name] });
    await client.holds('Hello');
    client.socket.pause();
    let stoppedAtBytes = -1;
    await until(() => {
      const now = taken();
      const hasStopped = now === stoppedAtBytes;
      stoppedAtBytes = now;
      return hasStopped && now > 0;
    });
    await sleep(500);
    stoppedAtBytes = taken();
    await sleep(500);
    expect(taken()).toBe(stoppedAtBytes);
    expect(stoppedAtBytes).toBeLessThan(HELD_BYTES);
    expect((await residentBytes(runtime.pid)) - beforeBytes).toBeLessThan(HELD_BYTES);

    client.socket.resume();
    await until(() => taken() > stoppedAtBytes + 16 * MIB, 15_000);
    client.reset();
  },
  30_000,
);
