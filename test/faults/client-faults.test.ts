// A client that breaks off, dawdles, lies or babbles: it costs nothing more, nobody
// else notices, and where it can still read it is told what was wrong.

import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DRAINED_BYTES } from '../../src/config/limits.ts';
import { Client, sleep, until } from './client.ts';
import { FINISH, SENTINEL, event, read } from './events.ts';
import { startUnder, type Gateways } from './gateways.ts';
import { answer } from './replies.ts';
import { residentBytes } from './workerd.ts';
import { unchunk } from './upstream.ts';

const CAP_BYTES = 100_000;

let gateways: Gateways<'open' | 'capped' | 'hasty'>;
beforeAll(async () => {
  gateways = await startUnder({
    open: {},
    capped: { MAX_BODY_BYTES: String(CAP_BYTES) },
    hasty: { KEEP_ALIVE_MS: '150' },
  });
});
afterAll(async () => {
  expect(gateways.runtime.output()).not.toContain('internal_error');
  await gateways.stop();
});
afterEach(async () => {
  // Whatever it was, the next client is served.
  gateways.upstream.play = answer;
  const { status, body } = await new Client({ port: gateways.ports.open }).whole();
  expect(status).toBe(200);
  expect(read(body)).toMatchObject({ text: 'Hello world', hasSentinel: true });
  gateways.upstream.clear();
});

const HEAD = 'POST /v1/chat/completions HTTP/1.1\r\nhost: faults\r\ncontent-type: application/json\r\n';
const QUESTION = '{"model":"step-3.5-flash","stream":true,"messages":[{"role":"user","content":"Hello"}]}';
const LENGTH = `content-length: ${QUESTION.length}\r\n\r\n`;
const CHUNKED = 'transfer-encoding: chunked\r\n\r\n';
const HELLO = event('Hello');

/** A socket that says what it likes. */
class Raw {
  readonly socket: Socket;
  received = '';
  isClosed = false;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.socket.on('data', (data) => (this.received += data.toString('latin1')));
    this.socket.on('error', () => {});
    this.socket.on('close', () => (this.isClosed = true));
    this.socket.on('end', () => this.socket.end());
  }

  say(bytes: string | Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  /** Every status that was answered with so far. */
  get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }

  async answered(status: number, limitMs = 5_000): Promise<void> {
    await until(() => this.statuses.length > 0 || this.isClosed, limitMs);
    expect(this.statuses[0]).toBe(status);
  }
}

async function settled(): Promise<void> {
  await sleep(100);
  await until(() => gateways.upstream.calls.every(({ isOver }) => isOver), 1_000);
}

const BEFORE: readonly (readonly [string, string])[] = [
  ['before a byte', ''],
  ['in the request line', 'POST /v1/chat/com'],
  ['in the headers', `${HEAD}content-le`],
  ['behind the headers', HEAD + LENGTH],
  ['in the body', HEAD + LENGTH + QUESTION.slice(0, 40)],
  ['in the body’s last byte', HEAD + LENGTH + QUESTION.slice(0, -1)],
  ['in a chunk', `${HEAD}${CHUNKED}40\r\n${QUESTION.slice(0, 40)}`],
  ['between chunks', `${HEAD}${CHUNKED}28\r\n${QUESTION.slice(0, 40)}\r\n`],
  ['before the last chunk', `${HEAD}${CHUNKED}${QUESTION.length.toString(16)}\r\n${QUESTION}\r\n`],
];

describe.each(['reset', 'fin'] as const)('a client that leaves by %s', (way) => {
  const leave = ({ socket }: Raw) => (way === 'reset' ? socket.resetAndDestroy() : socket.destroy());

  test.each(BEFORE)('%s → StepFun is not asked', async (_, bytes) => {
    const raw = new Raw(gateways.ports.open);
    if (bytes !== '') raw.say(bytes);
    await sleep(60);
    leave(raw);
    await settled();
    expect(gateways.upstream.calls).toEqual([]);
  });

  test('behind the answer → the connection is let go, too', async () => {
    gateways.upstream.play = answer;
    const raw = new Raw(gateways.ports.open).say(HEAD + LENGTH + QUESTION);
    await until(() => raw.received.endsWith('0\r\n\r\n'));
    leave(raw);
    await settled();
  });
});

describe('a client that dawdles', () => {
  test('and writes byte by byte → is served', async () => {
    gateways.upstream.play = answer;
    const raw = new Raw(gateways.ports.open);
    for (const byte of Buffer.from(HEAD + LENGTH + QUESTION)) {
      raw.say(Uint8Array.of(byte));
      await sleep(1);
    }
    await raw.answered(200);
    await until(() => raw.received.includes('[DONE]'));
    raw.socket.destroy();
  });

  test('and reads 100 bytes a moment → gets every byte', async () => {
    const { upstream, ports } = gateways;
    upstream.play = (call) => {
      call.open();
      for (let sent = 0; sent < 300; sent++) call.chunk(event(`${sent},`));
      call.chunk(FINISH + SENTINEL).end();
    };
    const { socket } = new Raw(ports.open).say(HEAD + LENGTH + QUESTION);
    socket.removeAllListeners('data').pause();
    let received = Buffer.alloc(0);
    const answered = () => {
      const headEnd = received.indexOf('\r\n\r\n');
      return headEnd === -1 ? { body: '', isWhole: false } : unchunk(received.subarray(headEnd + 4));
    };
    while (!answered().isWhole) {
      const piece = socket.read(Math.min(100, socket.readableLength)) as Buffer | null;
      if (piece === null) await sleep(2);
      else received = Buffer.concat([received, piece]);
      await sleep(1);
    }
    socket.destroy();
    const { body } = answered();
    expect(read(body)).toMatchObject({
      text: Array.from({ length: 300 }, (_, index) => `${index},`).join(''),
      hasSentinel: true,
    });
  });
});

describe('a client that lies', () => {
  test('with a Content-Length too short → 400, and the rest is no second question', async () => {
    const raw = new Raw(gateways.ports.open).say(`${HEAD}content-length: 40\r\n\r\n${QUESTION}`);
    await raw.answered(400);
    expect(raw.received).toContain('"code":"invalid_json"');
    await until(() => raw.isClosed || raw.statuses.length > 1, 5_000);
    expect(raw.statuses.slice(1).every((status) => status === 400 || status === 501)).toBe(true);
    expect(gateways.upstream.calls).toEqual([]);
    raw.socket.destroy();
  });

  test('with a Content-Length too long, and ends → StepFun is not asked', async () => {
    const raw = new Raw(gateways.ports.open).say(`${HEAD}content-length: 4000\r\n\r\n${QUESTION}`);
    await sleep(60);
    raw.socket.end();
    await until(() => raw.isClosed, 5_000);
    expect(raw.statuses.every((status) => status === 408 || status === 400)).toBe(true);
    expect(gateways.upstream.calls).toEqual([]);
  });

  test(
    'with a Content-Length beyond the cap, and sends nothing → 413 in time',
    { timeout: 20_000 },
    async () => {
      const lies = [CAP_BYTES + 1, 10_000_000_000].map((length) =>
        new Raw(gateways.ports.capped).say(`${HEAD}content-length: ${length}\r\n\r\n`),
      );
      for (const raw of lies) {
        // What it promises is waited for as long as a body may take: a sender reads afterwards.
        await raw.answered(413, 16_000);
        expect(raw.received).toContain('"code":"request_too_large"');
        raw.socket.destroy();
      }
      expect(gateways.upstream.calls).toEqual([]);
    },
  );

  test.each([
    ['a Content-Length that is no number', 'content-length: many\r\n\r\n'],
    ['a Content-Length below zero', 'content-length: -1\r\n\r\n'],
    ['two Content-Lengths', `content-length: 1\r\n${LENGTH}`],
    ['a chunk size that is none', `${CHUNKED}zz\r\n`],
    ['a chunk longer than its size', `${CHUNKED}3\r\n${QUESTION}\r\n0\r\n\r\n`],
    ['an unknown transfer coding', 'transfer-encoding: rot13\r\n\r\n'],
  ])('with %s → refused, StepFun is not asked', async (_, rest) => {
    const raw = new Raw(gateways.ports.open).say(HEAD + rest + QUESTION);
    await until(() => raw.statuses.length > 0 || raw.isClosed, 5_000);
    for (const status of raw.statuses) expect([400, 408, 501]).toContain(status);
    await settled();
    expect(gateways.upstream.calls).toEqual([]);
    raw.socket.destroy();
  });

  test('with a Content-Length and chunks → one reading of it, for all', async () => {
    gateways.upstream.play = answer;
    const smuggled = `${HEAD}${LENGTH}${QUESTION}`;
    const raw = new Raw(gateways.ports.open).say(
      `${HEAD}content-length: 5\r\n${CHUNKED}0\r\n\r\n${smuggled}`,
    );
    await until(() => raw.statuses.length > 0 || raw.isClosed, 5_000);
    await settled();
    // Refused, or read as RFC 9112 §6.3 has it: chunks. Never as a body of 5 bytes.
    expect(raw.statuses[0]).toBe(400);
    expect(gateways.upstream.calls.length).toBeLessThanOrEqual(1);
    raw.socket.destroy();
  });
});

describe('a body over the cap', () => {
  test('of a known length → 413, read by a client that sends it all first', async () => {
    const body = Buffer.alloc(2 ** 20, ' ');
    const raw = new Raw(gateways.ports.capped).say(`${HEAD}content-length: ${body.length}\r\n\r\n`).say(body);
    await raw.answered(413);
    expect(raw.received).toContain('"code":"request_too_large"');
    raw.socket.destroy();
  });

  test('in chunks → 413, read by a client that sends it all first', async () => {
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(2 ** 16, ' '), Buffer.from('\r\n')]);
    const raw = new Raw(gateways.ports.capped).say(HEAD + CHUNKED);
    for (let sent = 0; sent < 64; sent++) raw.say(chunk);
    raw.say('0\r\n\r\n');
    await raw.answered(413);
    expect(raw.received).toContain('"code":"request_too_large"');
    expect(gateways.upstream.calls).toEqual([]);
    raw.socket.destroy();
  });

  test('of exactly the cap → is none', async () => {
    gateways.upstream.play = answer;
    const body = QUESTION.replace('Hello', 'a'.repeat(CAP_BYTES - QUESTION.length + 5));
    expect(body.length).toBe(CAP_BYTES);
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const raw = new Raw(gateways.ports.capped).say(HEAD + CHUNKED + chunked);
    await raw.answered(200);
    raw.socket.destroy();
    const over = `${(body.length + 1).toString(16)}\r\n${body} \r\n0\r\n\r\n`;
    const refused = new Raw(gateways.ports.capped).say(HEAD + CHUNKED + over);
    await refused.answered(413);
    refused.socket.destroy();
  });

  test('that never ends → is cut off, and not kept', { timeout: 30_000 }, async () => {
    const { runtime, ports } = gateways;
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(2 ** 16, ' '), Buffer.from('\r\n')]);
    const before = await residentBytes(runtime.pid);
    let most = before;
    const raw = new Raw(ports.capped).say(HEAD + CHUNKED);
    let sent = 0;
    while (!raw.isClosed && sent < 8 * DRAINED_BYTES) {
      sent += chunk.length;
      if (!raw.socket.write(chunk)) {
        await new Promise((resolve) => {
          raw.socket.once('drain', resolve);
          raw.socket.once('close', resolve);
        });
        most = Math.max(most, await residentBytes(runtime.pid));
      }
    }
    expect(raw.isClosed).toBe(true);
    expect(sent).toBeLessThan(4 * DRAINED_BYTES);
    expect(most - before).toBeLessThan(32 * 2 ** 20);
    expect(gateways.upstream.calls).toEqual([]);
  });
});

describe('a client that pipelines', () => {
  test('a second question → answers in order', async () => {
    const { upstream, ports } = gateways;
    upstream.play = answer;
    const one = HEAD + LENGTH + QUESTION;
    const raw = new Raw(ports.open).say(one + one);
    await until(() => raw.received.split('data: [DONE]').length === 3);
    expect(raw.statuses).toEqual([200, 200]);
    raw.socket.destroy();
  });

  test.each([
    ['junk', 'Hello\r\n\r\n'],
    ['bytes', Buffer.from('16030100ff0100', 'hex')],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a body that nobody announced', QUESTION],
    ['a request line without end', 'a'.repeat(300_000)],
  ])('%s behind a question → the answer is whole', async (_, junk) => {
    gateways.upstream.play = async (call) => {
      call.open().chunk(HELLO);
      await sleep(100);
      call.chunk(FINISH + SENTINEL).end();
    };
    const raw = new Raw(gateways.ports.open).say(HEAD + LENGTH + QUESTION).say(junk);
    await until(() => raw.received.includes('0\r\n\r\n'));
    const end = raw.received.indexOf('\r\n\r\n') + 4;
    const { body } = unchunk(Buffer.from(raw.received.slice(end), 'latin1'));
    expect(read(body)).toMatchObject({ text: 'Hello', hasSentinel: true });
    expect(gateways.upstream.calls.length).toBe(1);
    raw.socket.destroy();
  });

  test('junk first → refused, nothing is asked', async () => {
    const raw = new Raw(gateways.ports.open).say('\u0000\u0001Hello\r\n\r\n');
    await until(() => raw.isClosed || raw.statuses.length > 0, 5_000);
    expect(raw.statuses.every((status) => status >= 400)).toBe(true);
    raw.socket.destroy();
  });
});
