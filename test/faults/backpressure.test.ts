// A client that reads nothing stops StepFun: the gateway holds at most 16 MB of 400 MB on offer,
// and goes on when the client does.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, sleep, until } from './client.ts';
import { event } from './events.ts';
import { startGateways, type Gateways } from './gateways.ts';
import { residentBytes } from './workerd.ts';

const MIB = 2 ** 20;
const OFFERED_BYTES = 400 * MIB;
const HELD_BYTES = 16 * MIB;
/** At the same time: they share the garbage that was made until they stopped. */
const STREAMS = 4;

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
  it(
    '400 MB on offer to a client that reads nothing → at most 16 MB are held, and the stream goes on when the client reads',
    { timeout: 90_000 },
    async () => {
      const { upstream, runtime, ports } = gateways;
      const events = Buffer.from(event('Hello').repeat(64));
      const taken: (() => number)[] = [];
      upstream.play = (call) => {
        taken.push(call.open().sendMany(OFFERED_BYTES, events));
      };
      // One stream at full speed first: compiled code and heap growth are not what is measured.
      const warmUp = new Client({ port: ports[name] });
      warmUp.dropBytes();
      await until(() => (taken[0]?.() ?? 0) > 64 * MIB, 20_000);
      warmUp.reset();
      await sleep(200);
      taken.length = 0;

      const beforeBytes = await residentBytes(runtime.pid);
      const clients = Array.from({ length: STREAMS }, () => new Client({ port: ports[name] }));
      for (const client of clients) {
        await client.holds('Hello');
        client.socket.pause();
      }
      const takenBytes = () => taken.map((bytes) => bytes());
      let stoppedAtBytes: number[];
      do {
        stoppedAtBytes = takenBytes();
        await sleep(500);
      } while (String(takenBytes()) !== String(stoppedAtBytes));
      // Most of these bytes are in the kernel's buffers of both connections.
      for (const bytes of stoppedAtBytes) expect(bytes).toBeLessThan(OFFERED_BYTES / 4);
      const grownBytes = (await residentBytes(runtime.pid)) - beforeBytes;
      expect(grownBytes / STREAMS).toBeLessThan(HELD_BYTES);

      for (const client of clients) {
        client.dropBytes();
        client.socket.resume();
      }
      await until(
        () => takenBytes().every((bytes, i) => bytes > (stoppedAtBytes[i] ?? 0) + 16 * MIB),
        60_000,
      );
      for (const client of clients) client.reset();
    },
  );
});
