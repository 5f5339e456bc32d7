// An upstream whose answer begins well and then breaks: what had come is delivered and
// told apart from a whole answer; a completion is whole or a status. That a sound
// answer in an unusual wrapping is read for what it is belongs to it.

import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Client, sleep, until } from './client.ts';
import { SENTINEL, event, read } from './events.ts';
import { startGateways, type Gateways } from './gateways.ts';
import { COMPLETION, STREAM, head, reply, wantsStream, type Headers } from './replies.ts';
import type { Call } from './upstream.ts';

let gateways: Gateways;
beforeAll(async () => {
  gateways = await startGateways(['steady', 'plain', 'native']);
});
afterAll(async () => {
  expect(gateways.runtime.output()).not.toContain('internal_error');
  await gateways.stop();
});
afterEach(() => gateways.upstream.clear());

/** Long enough for what was written before to have been read before. */
const PAUSE_MS = 40;
const HELLO = event('Hello');
/** The whole answer, of whichever kind was asked for. */
const whole = (call: Call) => (wantsStream(call) ? STREAM : COMPLETION);
/** Its beginning: of a stream one event and some of the next. */
const half = (call: Call) => whole(call).slice(0, wantsStream(call) ? HELLO.length + 100 : 100);
const typed = (call: Call, more: Headers) =>
  head(200, { 'content-type': wantsStream(call) ? 'text/event-stream' : 'application/json', ...more });
const chunked = (call: Call, more: Headers = {}) => typed(call, { 'transfer-encoding': 'chunked', ...more });

/** A stream of noise that compresses to about its size: gzip shall have more than one block to break in. */
const LONG = Array.from({ length: 400 }, (_, index) => event(`${Math.sin(index)}`)).join('');

interface Fault {
  readonly name: string;
  readonly play: (call: Call) => void | Promise<void>;
  /** What becomes of a stream whose first event had come: its error event's code, or `whole`. */
  readonly stream: string;
  /** Status and code of a completion, or `whole`. */
  readonly completion: string;
}

async function cut(call: Call, bytes: string | Uint8Array, end: 'reset' | 'fin' = 'reset'): Promise<void> {
  call.raw(bytes);
  await sleep(PAUSE_MS);
  call[end]();
}

const BODIES: readonly Fault[] = [
  {
    name: 'a Content-Length that is too long, then an end',
    play: (call) => cut(call, typed(call, { 'content-length': '9999' }) + half(call), 'fin'),
    stream: 'upstream_reset',
    completion: '502 upstream_reset',
  },
  {
    name: 'a Content-Length that is too long, then a reset',
    play: (call) => cut(call, typed(call, { 'content-length': '9999' }) + half(call)),
    stream: 'upstream_reset',
    completion: '502 upstream_reset',
  },
  {
    name: 'a Content-Length that is too short',
    play: (call) => void call.raw(typed(call, { 'content-length': String(half(call).length) }) + whole(call)),
    stream: 'upstream_truncated',
    completion: '502 upstream_malformed',
  },
  {
    name: 'a chunk cut short by an end',
    play: (call) => cut(call, `${chunked(call)}500\r\n${half(call)}`, 'fin'),
    stream: 'upstream_reset',
    completion: '502 upstream_reset',
  },
  {
    name: 'a chunk cut short by a reset',
    play: (call) => cut(call, `${chunked(call)}500\r\n${half(call)}`),
    stream: 'upstream_reset',
    completion: '502 upstream_reset',
  },
  {
    name: 'an end between chunks',
    play: async (call) => {
      call.raw(chunked(call)).chunk(half(call));
      await sleep(PAUSE_MS);
      call.fin();
    },
    stream: 'upstream_reset',
    completion: '502 upstream_reset',
  },
  {
    name: 'a chunk size that is none',
    play: async (call) => {
      call.raw(chunked(call)).chunk(half(call));
      await sleep(PAUSE_MS);
      call.raw('zz\r\nHello');
    },
    stream: 'upstream_reset',
    completion: '502 upstream_reset',
  },
  {
    name: 'a chunk longer than its size',
    play: async (call) => {
      call.raw(chunked(call)).chunk(half(call));
      await sleep(PAUSE_MS);
      call.raw('3\r\nHello\r\n');
    },
    stream: 'upstream_reset',
    completion: '502 upstream_reset',
  },
  {
    name: 'a proper end in the middle of the answer',
    play: (call) => void call.raw(chunked(call)).chunk(half(call)).end(),
    stream: 'upstream_truncated',
    completion: '502 upstream_malformed',
  },
  {
    name: 'no length at all, cut in the middle',
    play: (call) => cut(call, typed(call, { connection: 'close' }) + half(call), 'fin'),
    stream: 'upstream_truncated',
    completion: '502 upstream_malformed',
  },
  {
    name: 'no length at all, whole',
    play: (call) => cut(call, typed(call, { connection: 'close' }) + whole(call), 'fin'),
    stream: 'whole',
    completion: 'whole',
  },
  {
    name: 'gzip',
    play: (call) => reply(call, 200, gzipSync(whole(call)), { ...kind(call), 'content-encoding': 'gzip' }),
    stream: 'whole',
    completion: 'whole',
  },
  {
    name: 'brotli',
    play: (call) =>
      reply(call, 200, brotliCompressSync(whole(call)), { ...kind(call), 'content-encoding': 'br' }),
    stream: 'whole',
    completion: 'whole',
  },
  {
    name: 'gzip in single bytes',
    play: (call) => {
      call.raw(chunked(call, { 'content-encoding': 'gzip' }));
      for (const byte of gzipSync(whole(call))) call.chunk(Uint8Array.of(byte));
      call.end();
    },
    stream: 'whole',
    completion: 'whole',
  },
];

function kind(call: Call): Headers {
  return wantsStream(call) ? { 'content-type': 'text/event-stream' } : {};
}

describe.each([
  { lane: 'stream', port: 'steady' },
  { lane: 'stream without a window', port: 'plain' },
] as const)('$lane', ({ port }) => {
  test.each(BODIES)('$name → $stream', async ({ play, stream }) => {
    const { upstream, ports } = gateways;
    upstream.play = play;
    const { status, headers, body } = await new Client({ port: ports[port] }).whole();
    expect(status).toBe(200);
    expect(headers).not.toMatch(/^content-encoding/im);
    expect(upstream.calls.length).toBe(1);
    const told = read(body);
    const isWhole = stream === 'whole';
    expect(told).toMatchObject({ failure: isWhole ? null : stream, hasSentinel: isWhole });
    expect(told.text).toBe(isWhole ? 'Hello world' : 'Hello');
    await until(() => upstream.calls.every((call) => call.isOver), 1_000);
  });

  test.each([
    ['gzip that is corrupt', (bytes: Buffer) => bytes.fill(0xff, 2_000, 2_100)],
    ['gzip cut short', (bytes: Buffer) => bytes.subarray(0, 2_000)],
    ['gzip cut short in its trailer', (bytes: Buffer) => bytes.subarray(0, -9)],
  ])('%s → whole events, then upstream_malformed', async (_, spoil) => {
    const { upstream, ports } = gateways;
    upstream.play = (call) =>
      reply(call, 200, spoil(gzipSync(LONG)), { ...kind(call), 'content-encoding': 'gzip' });
    const { status, body } = await new Client({ port: ports[port] }).whole();
    expect(status).toBe(200);
    const told = read(body);
    expect(told).toMatchObject({ failure: 'upstream_malformed', hasSentinel: false, finishReason: null });
    expect(read(LONG).text.startsWith(told.text)).toBe(true);
    expect(told.text).not.toBe('');
  });

  test('an event of a hundred thousand open brackets → upstream_malformed', async () => {
    const { upstream, ports } = gateways;
    upstream.play = (call) =>
      void call
        .open()
        .chunk(`${HELLO}data: {"choices":${'['.repeat(100_000)}\n\n${SENTINEL}`)
        .end();
    const { body } = await new Client({ port: ports[port] }).whole();
    expect(read(body)).toMatchObject({ text: 'Hello', failure: 'upstream_malformed', hasSentinel: false });
  });
});

describe('native', () => {
  // What is not seen there: an end without sentinel (README).
  const seen = BODIES.filter(({ stream }) => stream !== 'upstream_truncated');
  test.each(seen)('$name → $stream', async ({ play, stream }) => {
    const { upstream, ports } = gateways;
    upstream.play = play;
    const { body } = await new Client({ port: ports.native }).whole();
    if (stream === 'whole') {
      expect(body).toBe(STREAM);
      return;
    }
    expect(body).not.toContain('[DONE]');
    expect(body.split('\n\n').at(-2)).toContain(`"code":"${stream}"`);
    await until(() => upstream.calls.every((call) => call.isOver), 1_000);
  });
});

describe('completion', () => {
  const ask = () => new Client({ port: gateways.ports.steady, fields: { stream: false } }).whole();

  const ALONE: readonly Omit<Fault, 'stream'>[] = [
    ...(
      [
        ['half a document', '{"id":"1","choices":['],
        ['no document', 'Hello'],
        ['a list', '[]'],
        ['no choices', '{"id":"1"}'],
        ['choices that are none', '{"choices":"Hello"}'],
        ['a hundred thousand open brackets', `{"choices":${'['.repeat(100_000)}`],
        ['two documents', COMPLETION + COMPLETION],
      ] as const
    ).map(([name, body]) => ({
      name,
      play: (call: Call) => reply(call, 200, body),
      completion: '502 upstream_malformed',
    })),
    {
      name: 'a document without end',
      play: (call) => {
        call.raw(chunked(call)).chunk('{"id":"');
        call.flood(2 ** 30, Buffer.alloc(2 ** 16, 'a'));
      },
      completion: '502 upstream_malformed',
    },
    {
      name: 'gzip that is corrupt',
      play: (call) => {
        const bytes = gzipSync(COMPLETION);
        bytes.fill(0xff, 60, 90);
        reply(call, 200, bytes, { 'content-encoding': 'gzip' });
      },
      completion: '502 upstream_malformed',
    },
    {
      name: 'gzip cut short',
      play: (call) => reply(call, 200, gzipSync(COMPLETION).subarray(0, 90), { 'content-encoding': 'gzip' }),
      completion: '502 upstream_malformed',
    },
  ];

  test.each([...BODIES, ...ALONE])('$name → $completion', async ({ play, completion }) => {
    const { upstream } = gateways;
    upstream.play = play;
    const { status, headers, body } = await ask();
    expect(headers).not.toMatch(/^content-encoding/im);
    const got = JSON.parse(body) as { error?: { code: string }; choices?: unknown[] };
    if (completion === 'whole') {
      expect(status).toBe(200);
      expect(got.choices).toMatchObject([{ message: { content: 'Hello world' }, finish_reason: 'stop' }]);
    } else {
      expect(`${status} ${got.error?.code}`).toBe(completion);
      expect(got.choices).toBeUndefined();
    }
    await until(() => upstream.calls.every((call) => call.isOver), 1_000);
  });
});
