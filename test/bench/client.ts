// The browser's place in the bench, in a process of its own: asks over bare
// sockets, counts what comes, and notes when its first byte did.

import { connect } from 'node:net';

export interface Ask {
  readonly port: number;
  readonly streams: number;
  /** The request's JSON. */
  readonly body: string;
}

export interface Answer {
  /** For each stream, the time from the request's write to the body's first byte. */
  readonly firstByteMs: readonly number[];
  readonly bytes: number;
  /** Whether every stream was a 200 that ended with `[DONE]`. */
  readonly whole: boolean;
  /** The first stream that was not whole, for the eye. */
  readonly sample: string;
}

process.on('disconnect', () => process.exit());
process.on('message', (ask: Ask) => {
  void Promise.all(Array.from({ length: ask.streams }, () => one(ask))).then((streams) => {
    const answer: Answer = {
      firstByteMs: streams.map(({ firstByteMs }) => firstByteMs),
      bytes: streams.reduce((sum, { bytes }) => sum + bytes, 0),
      whole: streams.every(({ whole }) => whole),
      sample: streams.find(({ whole }) => !whole)?.sample ?? '',
    };
    process.send?.(answer);
  });
});

const TAIL_BYTES = 128;

function one({ port, body }: Ask) {
  return new Promise<{ firstByteMs: number; bytes: number; whole: boolean; sample: string }>((resolve) => {
    let head = '';
    let tail = Buffer.alloc(0);
    let bytes = 0;
    let firstByteMs = NaN;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const started = performance.now();
    socket.write(
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n' +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    socket.on('data', (data) => {
      bytes += data.length;
      if (Number.isNaN(firstByteMs)) {
        head += data.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end !== -1 && head.length > end + 4) firstByteMs = performance.now() - started;
      }
      tail = Buffer.concat([tail.subarray(-TAIL_BYTES), data.subarray(-TAIL_BYTES)]);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      const end = tail.toString('latin1');
      const whole = head.startsWith('HTTP/1.1 200') && end.endsWith('[DONE]\n\n\r\n0\r\n\r\n');
      resolve({ firstByteMs, bytes, whole, sample: `${head.slice(0, 400)}…${end}` });
    });
  });
}
