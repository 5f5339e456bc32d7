// StepFun's place in the bench: a process of its own, so that its CPU is nobody's,
// speaking HTTP over a bare socket, so that each chunk is one write. Which
// workload to play stands in the last message of the request.

import { createServer, type Socket } from 'node:net';
import { chunksOf, type Workload } from './workloads.ts';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';

const framed = new Map<string, Buffer[]>();
let played = 0;

const server = createServer({ noDelay: true }, (socket) => {
  let received = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => {
    received += data.toString('latin1');
    const request = takeRequest(received);
    if (request === null) return;
    received = '';
    void play(socket, JSON.parse(request) as Workload);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.(address.port);
});
process.on('disconnect', () => process.exit());

function takeRequest(received: string): string | null {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const body = received.slice(end + 4);
  const length = Number(/content-length: *(\d+)/i.exec(received)?.[1] ?? NaN);
  if (Number.isNaN(length) ? !body.endsWith(LAST_CHUNK) : body.length < length) return null;
  const json = body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1);
  const { messages } = JSON.parse(json) as { messages: { content: string }[] };
  return messages.at(-1)?.content ?? null;
}

/** Whose moment has not come yet, the next one first. */
const waiting: { readonly atMs: number; readonly resolve: () => void }[] = [];
const sleeper = new Int32Array(new SharedArrayBuffer(4));
let isAwake = false;

/**
 * @returns at this moment of performance.now(). Timers know whole milliseconds, in which two
 *   of 20 streams fall together: each event is to find the Worker asleep, as from a network.
 */
function moment(atMs: number): Promise<void> {
  return new Promise((resolve) => {
    const later = waiting.findIndex((other) => other.atMs > atMs);
    waiting.splice(later === -1 ? waiting.length : later, 0, { atMs, resolve });
    if (!isAwake) tick();
  });
}

function tick(): void {
  const [next] = waiting;
  isAwake = next !== undefined;
  if (next === undefined) return;
  const waitMs = next.atMs - performance.now();
  if (waitMs > 0) Atomics.wait(sleeper, 0, 0, Math.min(waitMs, 1));
  else waiting.shift()?.resolve();
  setImmediate(tick);
}

async function play(socket: Socket, workload: Workload): Promise<void> {
  const key = JSON.stringify(workload);
  let chunks = framed.get(key);
  if (chunks === undefined) {
    chunks = chunksOf(workload).map((chunk) =>
      Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
    );
    framed.set(key, chunks);
  }
  socket.write(HEAD);
  // Paced streams keep an even distance from each other: at random ones, how many
  // events the gateway finds at once, and so its CPU, would differ from run to run.
  const { everyMs, streams } = workload;
  const phase = ((played++ % streams) / streams) * everyMs;
  const started = Math.ceil(performance.now() / everyMs) * everyMs + phase;
  for (const [index, chunk] of chunks.entries()) {
    if (everyMs > 0) await moment(started + index * everyMs);
    if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve));
    if (socket.destroyed) return;
  }
  socket.write(LAST_CHUNK);
}
