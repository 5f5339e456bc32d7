// Identical requests make one call to StepFun: in workerd, with a real Durable Object, over
// sockets that can be reset.

import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startWorker, type Started } from './fixtures/start.ts';
import { completion, reply, startUpstream, type Upstream } from './fixtures/upstream.ts';

let upstream: Upstream;
let worker: Started;

beforeAll(async () => {
  upstream = await startUpstream();
  const vars = { UPSTREAM: upstream.url, SCOPE: 'client', STALE_SECONDS: '0', COLLAPSE: 'on' };
  worker = await startWorker('cache-worker.ts', vars, 'Flight');
});
afterAll(async () => {
  await worker.stop();
  await upstream.close();
});
afterEach(() => {
  upstream.answer = (call) => reply(call, completion(`c${upstream.calls.length}`));
});

interface Client {
  readonly socket: Socket;
  /** The whole answer, when the connection has ended; rejects when it was reset. */
  readonly answer: Promise<string>;
}

/** Sends one POST on a connection of its own. */
function ask(body: string, headers: Record<string, string> = {}): Client {
  const socket = connect(worker.port, '127.0.0.1');
  const lines = Object.entries({
    host: 'test',
    connection: 'close',
    'content-length': body.length,
    ...headers,
  });
  socket.write(
    `POST / HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  );
  const answer = new Promise<string>((resolve, reject) => {
    let text = '';
    socket.on('data', (data) => (text += String(data)));
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('cut')));
  });
  answer.catch(() => {});
  return { socket, answer };
}

function statusOf(answer: string): number {
  return Number(answer.split(' ', 2)[1]);
}

function headerOf(answer: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)\r$`, 'im').exec(answer)?.[1];
}

function bodyOf(answer: string): string {
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  return /^[0-9a-f]+\r\n/i.test(body) ? body.replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/gi, '') : body;
}

/** @returns how many calls reached upstream with the body under test. */
function callsOf(body: string) {
  return upstream.calls.filter((call) => call.body === body);
}

async function until(condition: () => boolean, ms = 30_000): Promise<void> {
  for (const end = Date.now() + ms; !condition(); await sleep(5)) {
    if (Date.now() > end) throw new Error('the condition was not met in time');
  }
}

describe('1,000 identical misses at the same time', () => {
  it('make one call, and get equal answers', { timeout: 60_000 }, async () => {
    const held: (() => void)[] = [];
    upstream.answer = (call) => held.push(() => reply(call, completion('one')));
    const clients = Array.from({ length: 1_000 }, () => ask('thousand'));
    await until(() => callsOf('thousand').length > 0);
    await sleep(500);
    for (const release of held) release();
    const answers = await Promise.all(clients.map(({ answer }) => answer));
    expect(callsOf('thousand')).toHaveLength(1);
    expect(new Set(answers.map(bodyOf)).size).toBe(1);
    expect(JSON.parse(bodyOf(answers[0]!))).toMatchObject({ id: 'one' });
    const statuses = answers.map((answer) => headerOf(answer, 'cache-status') ?? '');
    expect(statuses.filter((status) => status === 'stepfun-edge; fwd=miss; stored')).toHaveLength(1);
    // A client that came when the flight had ended found its answer in memory or in KV.
    expect(
      statuses.filter((status) => !/^stepfun-edge; (fwd=miss; (stored|collapsed)|hit; .*)$/.test(status)),
    ).toEqual([]);
    expect(statuses.filter((status) => status.endsWith('collapsed')).length).toBeGreaterThan(100);
  });

  it('the same, also when the first 500 leave', { timeout: 60_000 }, async () => {
    const held: (() => void)[] = [];
    upstream.answer = (call) => held.push(() => reply(call, completion('half')));
    const first = Array.from({ length: 500 }, () => ask('leavers'));
    await until(() => callsOf('leavers').length > 0);
    const rest = Array.from({ length: 500 }, () => ask('leavers'));
    await sleep(1_500);
    for (const { socket } of first) socket.resetAndDestroy();
    await sleep(500);
    for (const release of held) release();
    const answers = await Promise.all(rest.map(({ answer }) => answer));
    expect(callsOf('leavers')).toHaveLength(1);
    expect(callsOf('leavers')[0]!.aborted).toBe(false);
    expect(answers.map(statusOf).filter((status) => status !== 200)).toEqual([]);
    expect(new Set(answers.map(bodyOf)).size).toBe(1);
    const stored = answers.filter((answer) => headerOf(answer, 'cache-status')?.endsWith('stored'));
    expect(stored).toHaveLength(1);
  });
});

it('the call ends when the last client has left', { timeout: 60_000 }, async () => {
  upstream.answer = () => {};
  const clients = [ask('abandoned'), ask('abandoned'), ask('abandoned')];
  await until(() => callsOf('abandoned').length > 0);
  await sleep(100);
  clients[0]!.socket.resetAndDestroy();
  clients[1]!.socket.resetAndDestroy();
  await sleep(200);
  expect(callsOf('abandoned').map((call) => call.aborted)).toEqual([false]);
  clients[2]!.socket.resetAndDestroy();
  await until(() => callsOf('abandoned')[0]!.aborted);

  // Nothing is left of it: the next client is answered.
  upstream.answer = (call) => reply(call, completion('anew'));
  expect(statusOf(await ask('abandoned').answer)).toBe(200);
  expect(callsOf('abandoned')).toHaveLength(2);
});

it('a late client gets the answer of the flight, also where KV does not have it yet', async () => {
  const first = await ask('late').answer;
  expect(headerOf(first, 'cache-status')).toBe('stepfun-edge; fwd=miss; stored');
  const second = await ask('late').answer;
  expect(headerOf(second, 'cache-status')).toMatch(/^stepfun-edge; hit; ttl=3[56]\d\d; detail=memory$/);
  expect(bodyOf(second)).toBe(bodyOf(first));
});

it('no-cache asks StepFun, and the new answer is stored', async () => {
  const first = await ask('again').answer;
  const second = await ask('again', { 'cache-control': 'no-cache' }).answer;
  expect(headerOf(second, 'cache-status')).toBe('stepfun-edge; fwd=miss; stored');
  expect(bodyOf(second)).not.toBe(bodyOf(first));
  expect(bodyOf(await ask('again').answer)).toBe(bodyOf(second));
  expect(callsOf('again')).toHaveLength(2);
});

describe('a failure', () => {
  it('reaches all callers, and StepFun is asked once a second', async () => {
    upstream.answer = (call) => setTimeout(() => reply(call, '{}', 429), 300);
    const clients = Array.from({ length: 50 }, () => ask('failing'));
    const answers = await Promise.all(clients.map(({ answer }) => answer));
    answers.push(await ask('failing').answer, await ask('failing').answer);
    expect(answers.map(statusOf).filter((status) => status !== 429)).toEqual([]);
    expect(answers.filter((answer) => headerOf(answer, 'retry-after') !== '7')).toEqual([]);
    expect(new Set(answers.map(bodyOf)).size).toBe(1);
    expect(callsOf('failing')).toHaveLength(1);
  });

  it('is forgotten after a second', async () => {
    upstream.answer = (call) => reply(call, '{}', 500);
    expect(statusOf(await ask('recovering').answer)).toBe(502);
    upstream.answer = (call) => reply(call, completion('well'));
    await sleep(1_100);
    const answer = await ask('recovering').answer;
    expect(statusOf(answer)).toBe(200);
    expect(headerOf(answer, 'cache-status')).toBe('stepfun-edge; fwd=miss; stored');
  });
});

describe('privacy', () => {
  it('two clients with the same body are two calls, also in flight', async () => {
    const held: (() => void)[] = [];
    upstream.answer = (call) => held.push(() => reply(call, completion(String(call.headers.authorization))));
    const clients = ['key:one', 'key:two'].map((client) =>
      ask('private', { 'x-client': client, 'x-upstream-key': client }),
    );
    await until(() => callsOf('private').length === 2);
    for (const release of held) release();
    const answers = await Promise.all(clients.map(({ answer }) => answer));
    expect(answers.map((answer) => JSON.parse(bodyOf(answer)).id)).toEqual([
      'Bearer key:one',
      'Bearer key:two',
    ]);
    expect(answers.map((answer) => headerOf(answer, 'cache-status'))).toEqual(
      Array(2).fill('stepfun-edge; fwd=miss; stored'),
    );
  });
});

describe("an answer that a client's own budget cut short", () => {
  it('is neither shared nor stored', async () => {
    let n = 0;
    upstream.answer = (call) => {
      const body = completion(`cut${n++}`, { finish_reason: 'length' });
      setTimeout(() => reply(call, body), 300);
    };
    const clients = [ask('capped', { 'x-capped': 'true' }), ask('capped', { 'x-capped': 'true' })];
    const answers = await Promise.all(clients.map(({ answer }) => answer));
    expect(new Set(answers.map((answer) => JSON.parse(bodyOf(answer)).id))).toEqual(
      new Set(['cut0', 'cut1']),
    );
    expect(answers.map((answer) => headerOf(answer, 'cache-status'))).toEqual(
      Array(2).fill('stepfun-edge; fwd=miss'),
    );
    expect(callsOf('capped')).toHaveLength(2);
  });
});

it('a filtered answer reaches all callers, and is not stored', async () => {
  upstream.answer = (call) =>
    setTimeout(() => reply(call, completion('filtered', { finish_reason: 'content_filter' })), 300);
  const answers = await Promise.all([ask('filtered').answer, ask('filtered').answer]);
  expect(new Set(answers.map((answer) => headerOf(answer, 'cache-status')))).toEqual(
    new Set(['stepfun-edge; fwd=miss', 'stepfun-edge; fwd=miss; collapsed']),
  );
  expect(callsOf('filtered')).toHaveLength(1);
  await ask('filtered').answer;
  expect(callsOf('filtered')).toHaveLength(2);
});
