// The account's slots in plain workerd, where the runtime may end the request of a client that has left.

import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AccountStatus } from '../../simulator/account.ts';
import { startWorkerd, type Runtime } from '../../faults/workerd.ts';
import { question } from './ask.ts';

const POLL = { timeout: 10_000 };

let runtime: Runtime;
beforeAll(async () => {
  const vars = { PACE_MS: '5', CONCURRENCY: '2', CUT_DELAY_MS: '0' };
  runtime = await startWorkerd([{ name: 'simulator', entry: 'test/simulator/index.ts', vars }]);
});
afterAll(() => runtime.stop());

const port = () => runtime.ports['simulator'] ?? 0;

async function heldSlots(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port()}/_/account`);
  return ((await response.json()) as AccountStatus).held;
}

function send(text: string): Socket {
  const body = JSON.stringify(question(text, { stream: true }));
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: simulator',
    'authorization: Bearer sk-test',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  const socket = connect(port(), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  return socket;
}

it.each([
  ['before the headers', 'hi simulate delay 60000'],
  ['during a stall', 'hi simulate stall after 2'],
  ['within a stream', 'simulate 5000 tokens simulate pace 20'],
])('frees the slot of a client that resets its connection %s', async (_, text) => {
  const socket = send(text);
  await expect.poll(heldSlots, POLL).toBe(1);
  if (!text.includes('delay')) await new Promise((resolve) => socket.once('data', resolve));
  socket.resetAndDestroy();
  await expect.poll(heldSlots, POLL).toBe(0);
});

it('refuses the third request while two are answered', async () => {
  const sockets = [send('hi simulate stall'), send('hi simulate stall')];
  await expect.poll(heldSlots, POLL).toBe(2);
  const response = await fetch(`http://127.0.0.1:${port()}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer another-key', 'content-type': 'application/json' },
    body: JSON.stringify(question('hi')),
  });
  expect(await response.json()).toEqual({
    error: { message: 'concurrency reached, current: 3, limit: 2', type: 'rate_limited' },
  });
  for (const socket of sockets) socket.resetAndDestroy();
  await expect.poll(heldSlots, POLL).toBe(0);
});
