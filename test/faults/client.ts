// A client over a bare socket: it can leave by RST or FIN, stop reading, and has every byte of the
// answer.

import { connect, type Socket } from 'node:net';
import { unchunk } from './upstream.ts';

export interface Ask {
  readonly port: number;
  /** The last message; `Call.question` is its text. */
  readonly content?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Client {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;

  /** Connects, and POSTs a streaming chat request. */
  constructor({ port, content = 'Hello', fields = {}, headers = {} }: Ask) {
    const body = JSON.stringify({
      model: 'step-3.5-flash',
      stream: true,
      messages: [{ role: 'user', content }],
      ...fields,
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.socket.on('data', (data) => (this.#received = Buffer.concat([this.#received, data])));
    // After a reset: `close` follows.
    this.socket.on('error', () => {});
    this.socket.on('end', () => this.socket.end());
    this.socket.on('close', () => (this.#isClosed = true));
    this.socket.write(
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
        `${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  /** The answer so far; status 0 until all headers are there. */
  get answer(): { status: number; headers: string; body: string; isWhole: boolean } {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end === -1) return { status: 0, headers: '', body: '', isWhole: false };
    const headers = this.#received.subarray(0, end).toString('latin1');
    const rest = this.#received.subarray(end + 4);
    const length = /content-length: (\d+)/i.exec(headers)?.[1];
    return {
      status: Number(headers.slice(9, 12)),
      headers,
      ...(length === undefined
        ? unchunk(rest)
        : { body: rest.toString(), isWhole: rest.length === Number(length) }),
    };
  }

  /** From here on, bytes are read and dropped. */
  dropBytes(): void {
    this.socket.removeAllListeners('data');
    this.socket.on('data', () => {});
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Waits for the end of the HTTP answer, then closes the connection. @throws when the answer breaks. */
  async whole(limitMs = 10_000): Promise<{ status: number; headers: string; body: string }> {
    await until(() => this.answer.isWhole || this.#isClosed, limitMs);
    const { answer } = this;
    this.socket.destroy();
    if (!answer.isWhole) throw new Error(`The connection broke: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Waits until the body contains a text. */
  async holds(text: string, limitMs = 10_000): Promise<void> {
    await until(() => this.answer.body.includes(text), limitMs);
  }

  /** RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Closes the socket: FIN now, RST when more bytes arrive. */
  fin(): void {
    this.socket.destroy();
  }
}

/** Waits until something is true, looking every 2 ms. @throws after the limit. */
export async function until(isTrue: () => boolean, limitMs = 10_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error(`Not true after ${limitMs} ms: ${String(isTrue)}`);
    await sleep(2);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * @returns how long this machine takes at the moment for the smallest request to the same workerd,
 *   in ms. A limit in ms is meant for an idle machine; on a busy one, this is added to it.
 */
export async function lagMs(port: number): Promise<number> {
  const startedMs = performance.now();
  await (await fetch(`http://127.0.0.1:${port}/healthz`)).text();
  return performance.now() - startedMs;
}
