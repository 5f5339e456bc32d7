// Four clocks: first byte, silence, total time, and the body of the request. Each ends the
// request when its time is over and not before, and ends the call to StepFun.

import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { REQUEST_BODY_MS } from '../../src/config/limits.ts';
import { Client, sleep, until } from './client.ts';
import { FINISH, SENTINEL, event, read } from './events.ts';
import { HASTY, startGateways, type Gateways } from './gateways.ts';
import { COMPLETION, answer, head, refuse } from './replies.ts';
import { HEAD, type Call } from './upstream.ts';

let gateways: Gateways;
beforeAll(async () => {
  gateways = await startGateways(['hasty', 'hastyNative']);
});
afterAll(() => gateways.stop());
afterEach(() => gateways.upstream.clear());

/** How late a clock may be on a busy machine. */
const LATE_MS = 400;

const HELLO = event('Hello');
const JSON_HEAD = HEAD.replace('text/event-stream', 'application/json');

const LANES = [
  { lane: 'stream', port: 'hasty', stream: true },
  { lane: 'native', port: 'hastyNative', stream: true },
  { lane: 'completion', port: 'hasty', stream: false },
] as const;

interface Timed {
  readonly status: number;
  readonly body: string;
  readonly tookMs: number;
}

async function ask(port: number, stream: boolean): Promise<Timed> {
  const startedMs = performance.now();
  const { status, body } = await new Client({ port, fields: { stream } }).whole();
  return { status, body, tookMs: performance.now() - startedMs };
}

function expectAfter(tookMs: number, limitMs: number): void {
  expect(tookMs).toBeGreaterThan(limitMs - 5);
  expect(tookMs).toBeLessThan(limitMs + LATE_MS);
}

/** Writes a piece again and again, until the gateway closes the connection. */
async function repeat(call: Call, piece: () => void, everyMs = 50): Promise<void> {
  while (call.leftAtMs === null) {
    piece();
    await sleep(everyMs);
  }
}

describe.each(LANES)('$lane', ({ port, stream }) => {
  const clocked = async (play: (call: Call) => void | Promise<void>): Promise<Timed> => {
    const { upstream, ports } = gateways;
    upstream.play = play;
    const timed = await ask(ports[port], stream);
    await until(() => upstream.calls.every(({ leftAtMs }) => leftAtMs !== null), 50 + LATE_MS);
    // A timeout is not retried.
    expect(upstream.calls.length).toBe(1);
    return timed;
  };

  it.each([
    ['no headers', () => {}],
    [
      'headers that come slowly and never end',
      (call: Call) => repeat(call.raw('HTTP/1.1 200 OK\r\n'), () => call.raw('a: b\r\n')),
    ],
    ['Early Hints that never end', (call: Call) => repeat(call, () => call.raw(head(103, { a: 'b' })))],
  ])('%s → 504 upstream_timeout', async (_, play) => {
    const { status, body, tookMs } = await clocked(play);
    expect(status).toBe(504);
    expect(JSON.parse(body)).toMatchObject({ error: { type: 'timeout_error', code: 'upstream_timeout' } });
    // A whole answer begins when StepFun has finished it: the total time is its only clock.
    expectAfter(tookMs, stream ? HASTY.firstByteMs : HASTY.totalMs);
  });
});

describe('completion', () => {
  const clocked = (play: (call: Call) => void | Promise<void>) => {
    gateways.upstream.play = play;
    return ask(gateways.ports.hasty, false);
  };

  it.each([
    ['no byte after the headers', (call: Call) => void call.raw(JSON_HEAD)],
    ['half a document', (call: Call) => void call.raw(JSON_HEAD).chunk(COMPLETION.slice(0, 100))],
    [
      'half a document of a known length',
      (call: Call) =>
        void call
          .raw(head(200, { 'content-type': 'application/json', 'content-length': '999' }))
          .raw(COMPLETION.slice(0, 100)),
    ],
  ])('%s, then silence → 504 upstream_timeout', async (_, play) => {
    const { status, body, tookMs } = await clocked(play);
    expect(status).toBe(504);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'upstream_timeout' } });
    expectAfter(tookMs, HASTY.totalMs);
    await until(() => gateways.upstream.calls[0]?.leftAtMs !== null, 50 + LATE_MS);
    expect(gateways.upstream.calls).toHaveLength(1);
  });

  it('a document that comes slowly → whole', async () => {
    const { status, body } = await clocked(async (call) => {
      call.raw(JSON_HEAD);
      // Some APIs send blanks until the answer is ready.
      for (let sent = 0; sent < 5; sent++) {
        call.chunk('\n');
        await sleep(HASTY.idleMs / 6);
      }
      for (let at = 0; at < COMPLETION.length; at += 100) {
        call.chunk(COMPLETION.slice(at, at + 100));
        await sleep(HASTY.idleMs / 6);
      }
      call.end();
    });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ choices: [{ message: { content: 'Hello world' } }] });
  });

  it('a document that comes slowly and never ends → 504 upstream_timeout', async () => {
    const { status, body, tookMs } = await clocked((call) =>
      repeat(call.raw(JSON_HEAD), () => call.chunk(' ')),
    );
    expect(status).toBe(504);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'upstream_timeout' } });
    expectAfter(tookMs, HASTY.totalMs);
    await until(() => gateways.upstream.calls[0]?.leftAtMs !== null, 50 + LATE_MS);
  });
});

describe('stream', () => {
  const clocked = async (play: (call: Call) => void | Promise<void>) => {
    gateways.upstream.play = play;
    return ask(gateways.ports.hasty, true);
  };

  it('silence after an event → upstream_timeout', async () => {
    const { status, body, tookMs } = await clocked((call) => void call.open().chunk(HELLO));
    expect(status).toBe(200);
    expect(read(body)).toMatchObject({ text: 'Hello', failure: 'upstream_timeout', hasSentinel: false });
    expectAfter(tookMs, HASTY.idleMs);
    await until(() => gateways.upstream.calls[0]?.leftAtMs !== null, 50 + LATE_MS);
  });

  it('events that come slowly → whole', async () => {
    const { body } = await clocked(async (call) => {
      call.open();
      for (let sent = 0; sent < 3; sent++) {
        call.chunk(HELLO);
        await sleep(HASTY.idleMs / 2);
      }
      call.chunk(FINISH + SENTINEL).end();
    });
    expect(read(body)).toMatchObject({ text: 'HelloHelloHello', failure: null, hasSentinel: true });
  });

  it.each([
    ['events', HELLO],
    ['comments', ': ping\n\n'],
    ['the bytes of one event', ' '],
  ])('%s that never end → upstream_timeout', async (name, piece) => {
    const { status, body, tookMs } = await clocked((call) =>
      repeat(call.open().chunk(name.startsWith('the') ? `${HELLO}data: ` : HELLO), () => call.chunk(piece)),
    );
    expect(status).toBe(200);
    expect(read(body)).toMatchObject({ failure: 'upstream_timeout', hasSentinel: false });
    expectAfter(tookMs, HASTY.totalMs);
    await until(() => gateways.upstream.calls[0]?.leftAtMs !== null, 50 + LATE_MS);
  });
});

it('503, a retry, then silence → one clock for all attempts: 504 upstream_timeout', async () => {
  const { upstream, ports } = gateways;
  upstream.play = (call) => {
    if (upstream.calls.length === 1) setTimeout(() => refuse(call, 503, {}), HASTY.firstByteMs / 2);
  };
  const { status, tookMs } = await ask(ports.hasty, true);
  expect(upstream.calls.length).toBe(2);
  expect(status).toBe(504);
  expectAfter(tookMs, HASTY.firstByteMs);
});

describe('the body of a request', () => {
  const HEADERS =
    'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
  const START = '{"model":"step-3.5-flash","messages":[{"role":"user","content":"';

  it.concurrent.each([
    ['comes slowly, with a Content-Length', `${HEADERS}content-length: 400\r\n\r\n${START}`, 'a', 0],
    // The length is unknown: the time for 64 KiB more, at 64 KiB/s, is added.
    [
      'comes slowly in chunks',
      `${HEADERS}transfer-encoding: chunked\r\n\r\n40\r\n${START}`,
      '\r\n1\r\na',
      1_000,
    ],
    ['does not come', `${HEADERS}content-length: 400\r\n\r\n`, '', 0],
    ['stops', `${HEADERS}content-length: 400\r\n\r\n${START}`, '', 0],
  ])(
    '%s → 408 request_timeout, and StepFun is not called',
    { timeout: 20_000 },
    async (_, start, more, extraMs) => {
      const { upstream, ports } = gateways;
      upstream.play = answer;
      const socket = connect({ port: ports.hasty, host: '127.0.0.1' });
      let received = '';
      socket.on('data', (data) => (received += String(data)));
      socket.on('error', () => {});
      const startedMs = performance.now();
      socket.write(start);
      const slow = setInterval(() => socket.write(more), 250);
      try {
        await until(() => received.includes('\r\n\r\n{') && received.includes('}}'), 15_000);
      } finally {
        clearInterval(slow);
        socket.destroy();
      }
      expect(received).toMatch(/^HTTP\/1\.1 408 /);
      expect(received).toContain('"code":"request_timeout"');
      expect(received).toContain('The body did not arrive in time.');
      expectAfter(performance.now() - startedMs, REQUEST_BODY_MS + extraMs);
      expect(upstream.calls).toEqual([]);
    },
  );
});
