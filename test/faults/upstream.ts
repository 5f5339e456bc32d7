// A stand-in for StepFun over bare sockets: it sends the bytes that a test writes, and notes when
// the gateway closes each connection.

import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

export const HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';

/** One request of the gateway, and the socket to answer on. */
export class Call {
  readonly socket: Socket;
  /** The request's first line and headers. */
  readonly head: string;
  readonly body: string;
  /** When the gateway closed the connection, in ms of `performance.now()`; null: not yet. */
  leftAtMs: number | null = null;
  /** The answer has ended: the connection does not matter any more. */
  isWhole = false;

  constructor(socket: Socket, head: string, body: string) {
    this.socket = socket;
    this.head = head;
    this.body = body;
    const left = () => (this.leftAtMs ??= performance.now());
    socket.on('end', left);
    socket.on('close', left);
  }

  /** The text of the client's last message. */
  get question(): string {
    const { messages } = JSON.parse(this.body) as { messages: { content: string }[] };
    return messages.at(-1)?.content ?? '';
  }

  /** The answer has ended, or the gateway has closed the connection. */
  get isOver(): boolean {
    return this.isWhole || this.leftAtMs !== null;
  }

  /** Writes bytes as they are. */
  raw(bytes: string | Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  /** Writes the head of an event stream. */
  open(): this {
    return this.raw(HEAD);
  }

  /** Writes one HTTP chunk. */
  chunk(bytes: string | Uint8Array): this {
    return this.raw(framed(bytes));
  }

  /** Writes the last HTTP chunk. */
  end(): this {
    this.isWhole = true;
    return this.raw(LAST_CHUNK);
  }

  /** RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** FIN: in the middle of a chunked body, this cuts it. */
  fin(): void {
    this.socket.end();
  }

  /**
   * Offers HTTP chunks as fast as they are read, until `bytes` are sent or the gateway closes.
   * @returns a function that returns how many bytes the network has taken so far.
   */
  sendMany(bytes: number, chunk: Uint8Array): () => number {
    const piece = framed(chunk);
    let offered = 0;
    const pour = () => {
      while (offered < bytes && this.leftAtMs === null) {
        offered += chunk.length;
        if (!this.socket.write(piece)) {
          this.socket.once('drain', pour);
          return;
        }
      }
    };
    pour();
    return () => offered - this.socket.writableLength;
  }
}

export interface Upstream {
  readonly port: number;
  /** Every request so far, newest last. */
  readonly calls: Call[];
  /** Answers the next requests; the default sends nothing. */
  play: (call: Call) => void | Promise<void>;
  /** Forgets all calls and `play`, and closes all connections. */
  clear(): void;
  /** @returns the first call since `clear`; waits for it. */
  call(): Promise<Call>;
  close(): Promise<void>;
}

export async function startUpstream(): Promise<Upstream> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // After a reset, ours or the gateway's, `close` follows.
    socket.on('error', () => {});
    socket.setMaxListeners(0);
    let received = Buffer.alloc(0);
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      for (;;) {
        const request = takeRequest(received);
        if (request === null) return;
        received = request.rest;
        const call = new Call(socket, request.head, request.body);
        upstream.calls.push(call);
        server.emit('call');
        void upstream.play(call);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  const upstream: Upstream = {
    port: address.port,
    calls: [],
    play: () => {},
    clear() {
      upstream.calls.length = 0;
      upstream.play = () => {};
      for (const socket of sockets) socket.destroy();
    },
    async call() {
      if (upstream.calls[0] === undefined) await once(server, 'call');
      const [first] = upstream.calls;
      if (first === undefined) throw new Error('no call');
      return first;
    },
    async close() {
      upstream.clear();
      server.close();
      await once(server, 'close');
    },
  };
  return upstream;
}

function framed(bytes: string | Uint8Array): Buffer {
  const data = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')]);
}

/** @returns the first complete request of the bytes, with Content-Length or in chunks; null: none is complete. */
function takeRequest(received: Buffer): { head: string; body: string; rest: Buffer } | null {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const head = received.subarray(0, end).toString('latin1');
  const rest = received.subarray(end + 4);
  const length = /content-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined || head.startsWith('GET')) {
    const bytes = Number(length ?? 0);
    if (rest.length < bytes) return null;
    return { head, body: rest.subarray(0, bytes).toString(), rest: rest.subarray(bytes) };
  }
  const last = rest.indexOf(LAST_CHUNK);
  if (last === -1) return null;
  return {
    head,
    body: unchunk(rest.subarray(0, last + LAST_CHUNK.length)).body,
    rest: rest.subarray(last + LAST_CHUNK.length),
  };
}

/** @returns the text of a chunked body so far, and whether its last chunk is there. */
export function unchunk(bytes: Buffer): { body: string; isWhole: boolean } {
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) break;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    if (size === 0) return { body: Buffer.concat(pieces).toString(), isWhole: true };
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return { body: Buffer.concat(pieces).toString(), isWhole: false };
}
