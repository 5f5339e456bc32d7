// What a stream holds while it is open: nothing of what has passed through it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client, sleep } from './client.ts';
import { event } from './events.ts';
import { startUnder, type Gateways } from './gateways.ts';
import { heldBytes } from './inspector.ts';

const KIB = 1024;
const STREAMS = 24;
/** A model that speaks 100 tokens a second: a few events fall into each window. */
const EVERY_MS = 10;
/** Every buffer has been full several times by then. */
const FOR_MS = 2_500;

let gateways: Gateways<'steady'>;
beforeAll(async () => {
  gateways = await startUnder({ steady: {} }, { inspect: true });
});
afterAll(() => gateways.stop());

test('100 events a second, for seconds → at most 64 KB of heap a stream', { timeout: 30_000 }, async () => {
  const { upstream, runtime, ports } = gateways;
  const told = event('Hello');
  upstream.play = (call) => {
    call.open();
    const ticking = setInterval(() => {
      if (call.leftAtMs === null) call.chunk(told);
      else clearInterval(ticking);
    }, EVERY_MS);
  };
  const open = async (count: number) => {
    const clients = Array.from({ length: count }, () => new Client({ port: ports.steady }));
    for (const client of clients) {
      await client.holds('Hello');
      client.forget();
    }
    return clients;
  };
  // The code that streams run, and what the first of them leave behind, are not these streams'.
  for (const client of await open(STREAMS)) client.reset();
  await expect.poll(() => upstream.calls.every(({ isOver }) => isOver)).toBe(true);
  const beforeBytes = await heldBytes(runtime, 'steady');

  const clients = await open(STREAMS);
  await sleep(FOR_MS);
  const heldByEach = async () => ((await heldBytes(runtime, 'steady')) - beforeBytes) / STREAMS;
  // Asked again where a machine that stood still has made a flood of a trickle.
  await expect.poll(heldByEach, { timeout: 20_000, interval: 1_500 }).toBeLessThan(64 * KIB);
  for (const client of clients) client.reset();
});
