// An open stream holds at most 64 KB, however much has passed through it.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { Client, sleep } from './client.ts';
import { event } from './events.ts';
import { startUnder, type Gateways } from './gateways.ts';
import { heldBytes } from './inspector.ts';

const KIB = 1024;
const STREAMS = 24;
/** 100 tokens a second: a few events fall into each window. */
const EVERY_MS = 10;
/** Long enough for every buffer to have been full several times. */
const FOR_MS = 2_500;

let gateways: Gateways<'steady'>;
beforeAll(async () => {
  gateways = await startUnder({ steady: {} }, { inspect: true });
});
afterAll(() => gateways.stop());

it('100 events a second, for seconds → at most 64 KB of heap a stream', { timeout: 30_000 }, async () => {
  const { upstream, runtime, ports } = gateways;
  const hello = event('Hello');
  upstream.play = (call) => {
    call.open();
    const ticking = setInterval(() => {
      if (call.leftAtMs === null) call.chunk(hello);
      else clearInterval(ticking);
    }, EVERY_MS);
  };
  const open = async (count: number) => {
    const clients = Array.from({ length: count }, () => new Client({ port: ports.steady }));
    for (const client of clients) {
      await client.holds('Hello');
      client.dropBytes();
    }
    return clients;
  };
  // Streams before the measured ones: compiled code and what only the first ones leave behind.
  for (const client of await open(STREAMS)) client.reset();
  await expect.poll(() => upstream.calls.every(({ isOver }) => isOver)).toBe(true);
  const beforeBytes = await heldBytes(runtime, 'steady');

  const clients = await open(STREAMS);
  await sleep(FOR_MS);
  const heldByEach = async () => ((await heldBytes(runtime, 'steady')) - beforeBytes) / STREAMS;
  // Measured again: on a machine that paused, many events arrive at once and fill the buffers.
  await expect.poll(heldByEach, { timeout: 20_000, interval: 1_500 }).toBeLessThan(64 * KIB);
  for (const client of clients) client.reset();
});
