// A client that leaves before its request is complete, is slow, frames its request wrongly, or
// sends more than a request: StepFun is not called without need, other clients are served, and
// a client that can still read gets the reason.

import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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
  // After each fault, the next client is served.
  gateways.upstream.play = answer;
  const { status, body } = await new Client({ port: gateways.ports.open }).whole();
  expect(status).toBe(200);
  expect(read(body)).toMatchObject({ text: 'Hello world', hasSentinel: true });
  gateways.upstream.clear();
});

const HEAD = 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
const BODY = '{"model":"step-3.5-flash","stream":true,"messages":[{"role":"user","content":"Hello"}]}';
const LENGTH = `content-length: ${BODY.length}\r\n\r\n`;
const CHUNKED = 'transfer-encoding: chunked\r\n\r\n';
const HELLO = event('Hello');

/** A socket to write any bytes to. */
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

  send(bytes: string | Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  /** The statuses of all answers so far. */
  get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }

  async expectStatus(status: number, limitMs = 5_000): Promise<void> {
    await until(() => this.statuses.length > 0 || this.isClosed, limitMs);
    expect(this.statuses[0]).toBe(status);
  }
}

async function settled(): Promise<void> {
  await sleep(100);
  await until(() => gateways.upstream.calls.every(({ isOver }) => isOver), 1_000);
}

const BEFORE: readonly (readonly [string, string])[] = [
  ['before the first byte', ''],
  ['in the request line', 'POST /v1/chat/com'],
  ['in the headers', `${HEAD}content-le`],
  ['after the headers', HEAD + LENGTH],
  ['in the body', HEAD + LENGTH + BODY.slice(0, 40)],
  ['in the body’s last byte', HEAD + LENGTH + BODY.slice(0, -1)],
  ['in a chunk', `${HEAD}${CHUNKED}40\r\n${BODY.slice(0, 40)}`],
  ['between chunks', `${HEAD}${CHUNKED}28\r\n${BODY.slice(0, 40)}\r\n`],
  ['before the last chunk', `${HEAD}${CHUNKED}${BODY.length.toString(16)}\r\n${BODY}\r\n`],
];

describe.each(['reset', 'fin'] as const)('a client that leaves by %s', (way) => {
  const leave = ({ socket }: Raw) => (way === 'reset' ? socket.resetAndDestroy() : socket.destroy());

  it.each(BEFORE)('%s → StepFun is not called', async (_, bytes) => {
    const raw = new Raw(gateways.ports.open);
    if (bytes !== '') raw.send(bytes);
    await sleep(60);
    leave(raw);
    await settled();
    expect(gateways.upstream.calls).toEqual([]);
  });

  it('after the answer → the gateway closes the connection', async () => {
    gateways.upstream.play = answer;
    const raw = new Raw(gateways.ports.open).send(HEAD + LENGTH + BODY);
    await until(() => raw.received.endsWith('0\r\n\r\n'));
    leave(raw);
    await settled();
  });
});

describe('a slow client', () => {
  it('that writes byte by byte → the answer', async () => {
    gateways.upstream.play = answer;
    const raw = new Raw(gateways.ports.open);
    for (const byte of Buffer.from(HEAD + LENGTH + BODY)) {
      raw.send(Uint8Array.of(byte));
      await sleep(1);
    }
    await raw.expectStatus(200);
    await until(() => raw.received.includes('[DONE]'));
    raw.socket.destroy();
  });

  it('that reads 100 bytes at a time → every byte of the answer', async () => {
    const { upstream, ports } = gateways;
    upstream.play = (call) => {
      call.open();
      for (let sent = 0; sent < 300; sent++) call.chunk(event(`${sent},`));
      call.chunk(FINISH + SENTINEL).end();
    };
    const { socket } = new Raw(ports.open).send(HEAD + LENGTH + BODY);
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

describe('a client that frames its body wrongly', () => {
  it('with a Content-Length that is too short → 400, and the rest is not read as a second request', async () => {
    const raw = new Raw(gateways.ports.open).send(`${HEAD}content-length: 40\r\n\r\n${BODY}`);
    await raw.expectStatus(400);
    expect(raw.received).toContain('"code":"invalid_json"');
    await until(() => raw.isClosed || raw.statuses.length > 1, 5_000);
    expect(raw.statuses.slice(1).every((status) => status === 400 || status === 501)).toBe(true);
    expect(gateways.upstream.calls).toEqual([]);
    raw.socket.destroy();
  });

  it('with a Content-Length that is too long, then an end → StepFun is not called', async () => {
    const raw = new Raw(gateways.ports.open).send(`${HEAD}content-length: 4000\r\n\r\n${BODY}`);
    await sleep(60);
    raw.socket.end();
    await until(() => raw.isClosed, 5_000);
    expect(raw.statuses.every((status) => status === 408 || status === 400)).toBe(true);
    expect(gateways.upstream.calls).toEqual([]);
  });

  it(
    'with a Content-Length beyond MAX_BODY_BYTES, and no body → 413 when the time for a body is over',
    { timeout: 20_000 },
    async () => {
      const clients = [CAP_BYTES + 1, 10_000_000_000].map((length) =>
        new Raw(gateways.ports.capped).send(`${HEAD}content-length: ${length}\r\n\r\n`),
      );
      for (const raw of clients) {
        // The gateway reads the body before it answers: most clients read the answer afterwards only.
        await raw.expectStatus(413, 16_000);
        expect(raw.received).toContain('"code":"request_too_large"');
        raw.socket.destroy();
      }
      expect(gateways.upstream.calls).toEqual([]);
    },
  );

  it.each([
    ['a Content-Length that is no number', 'content-length: many\r\n\r\n'],
    ['a Content-Length below zero', 'content-length: -1\r\n\r\n'],
    ['two Content-Lengths', `content-length: 1\r\n${LENGTH}`],
    ['a chunk size that is no number', `${CHUNKED}zz\r\n`],
    ['a chunk longer than its size', `${CHUNKED}3\r\n${BODY}\r\n0\r\n\r\n`],
    ['an unknown transfer coding', 'transfer-encoding: rot13\r\n\r\n'],
  ])('with %s → an error, and StepFun is not called', async (_, rest) => {
    const raw = new Raw(gateways.ports.open).send(HEAD + rest + BODY);
    await until(() => raw.statuses.length > 0 || raw.isClosed, 5_000);
    for (const status of raw.statuses) expect([400, 408, 501]).toContain(status);
    await settled();
    expect(gateways.upstream.calls).toEqual([]);
    raw.socket.destroy();
  });

  it('with a Content-Length and chunks → never read as a body of that length', async () => {
    gateways.upstream.play = answer;
    const smuggled = `${HEAD}${LENGTH}${BODY}`;
    const raw = new Raw(gateways.ports.open).send(
      `${HEAD}content-length: 5\r\n${CHUNKED}0\r\n\r\n${smuggled}`,
    );
    await until(() => raw.statuses.length > 0 || raw.isClosed, 5_000);
    await settled();
    // Refused, or read as chunks (RFC 9112 §6.3), but never as a body of 5 bytes.
    expect(raw.statuses[0]).toBe(400);
    expect(gateways.upstream.calls.length).toBeLessThanOrEqual(1);
    raw.socket.destroy();
  });
});

describe('a body larger than MAX_BODY_BYTES', () => {
  it('with a Content-Length → 413, also for a client that reads only after it has sent all', async () => {
    const body = Buffer.alloc(2 ** 20, ' ');
    const raw = new Raw(gateways.ports.capped)
      .send(`${HEAD}content-length: ${body.length}\r\n\r\n`)
      .send(body);
    await raw.expectStatus(413);
    expect(raw.received).toContain('"code":"request_too_large"');
    raw.socket.destroy();
  });

  it('in chunks → 413, also for a client that reads only after it has sent all', async () => {
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(2 ** 16, ' '), Buffer.from('\r\n')]);
    const raw = new Raw(gateways.ports.capped).send(HEAD + CHUNKED);
    for (let sent = 0; sent < 64; sent++) raw.send(chunk);
    raw.send('0\r\n\r\n');
    await raw.expectStatus(413);
    expect(raw.received).toContain('"code":"request_too_large"');
    expect(gateways.upstream.calls).toEqual([]);
    raw.socket.destroy();
  });

  it('by one byte → 413; without that byte, the answer', async () => {
    gateways.upstream.play = answer;
    const body = BODY.replace('Hello', 'a'.repeat(CAP_BYTES - BODY.length + 5));
    expect(body.length).toBe(CAP_BYTES);
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const raw = new Raw(gateways.ports.capped).send(HEAD + CHUNKED + chunked);
    await raw.expectStatus(200);
    raw.socket.destroy();
    const over = `${(body.length + 1).toString(16)}\r\n${body} \r\n0\r\n\r\n`;
    const refused = new Raw(gateways.ports.capped).send(HEAD + CHUNKED + over);
    await refused.expectStatus(413);
    refused.socket.destroy();
  });

  it(
    'that never ends → the connection is closed, and the body is not held in memory',
    { timeout: 30_000 },
    async () => {
      const { runtime, ports } = gateways;
      const chunk = Buffer.concat([
        Buffer.from('10000\r\n'),
        Buffer.alloc(2 ** 16, ' '),
        Buffer.from('\r\n'),
      ]);
      const before = await residentBytes(runtime.pid);
      let most = before;
      const raw = new Raw(ports.capped).send(HEAD + CHUNKED);
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
    },
  );
});

describe('a client that pipelines', () => {
  it('a second request → both answers, in order', async () => {
    const { upstream, ports } = gateways;
    upstream.play = answer;
    const one = HEAD + LENGTH + BODY;
    const raw = new Raw(ports.open).send(one + one);
    await until(() => raw.received.split('data: [DONE]').length === 3);
    expect(raw.statuses).toEqual([200, 200]);
    raw.socket.destroy();
  });

  it.each([
    ['junk', 'Hello\r\n\r\n'],
    ['bytes', Buffer.from('16030100ff0100', 'hex')],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a body without a request', BODY],
    ['a request line that never ends', 'a'.repeat(300_000)],
  ])('%s after a request → the whole answer', async (_, junk) => {
    gateways.upstream.play = async (call) => {
      call.open().chunk(HELLO);
      await sleep(100);
      call.chunk(FINISH + SENTINEL).end();
    };
    const raw = new Raw(gateways.ports.open).send(HEAD + LENGTH + BODY).send(junk);
    await until(() => raw.received.includes('0\r\n\r\n'));
    const end = raw.received.indexOf('\r\n\r\n') + 4;
    const { body } = unchunk(Buffer.from(raw.received.slice(end), 'latin1'));
    expect(read(body)).toMatchObject({ text: 'Hello', hasSentinel: true });
    expect(gateways.upstream.calls.length).toBe(1);
    raw.socket.destroy();
  });

  it('junk instead of a request → an error, and StepFun is not called', async () => {
    const raw = new Raw(gateways.ports.open).send('\u0000\u0001Hello\r\n\r\n');
    await until(() => raw.isClosed || raw.statuses.length > 0, 5_000);
    expect(raw.statuses.every((status) => status >= 400)).toBe(true);
    raw.socket.destroy();
  });
});
