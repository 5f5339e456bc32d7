// The gate, in workerd, before an upstream that has the limits of a StepFun account:
//
//   npm run bench:gate
//
// How busy the slots are while requests wait, how soon the slot of a client that has left is
// used again, what a request waits that need not wait, and the memory of a long queue.

import { Client, sleep, until } from '../../faults/client.ts';
import { event } from '../../faults/events.ts';
import { startUnder } from '../../faults/gateways.ts';
import { heldBytes } from '../../faults/inspector.ts';
import { answer, COMPLETION, head, refuse } from '../../faults/replies.ts';
import type { Call } from '../../faults/upstream.ts';

const SLOTS = 5;
const five = { UPSTREAM_CONCURRENCY: String(SLOTS) };
const one = { UPSTREAM_CONCURRENCY: '1' };
const gateways = await startUnder(
  {
    five,
    'one, stream': one,
    'one, budget': { ...one, TOKENS_PER_DAY: '100000000' },
    'one, native': { ...one, RELAY: 'native' },
    'one, cache': { ...one, CACHE_TTL_SECONDS: '60' },
    long: { ...one, QUEUE_TIMEOUT_MS: '600000' },
  },
  { inspect: true },
);
type Lane = keyof typeof gateways.ports;
const { upstream, runtime } = gateways;

let asked = 0;
/** Posts a request that no other one equals: equal ones would share an answer and a slot. */
function ask(lane: Lane, stream = true): Client {
  return new Client({ port: gateways.ports[lane], content: `question ${++asked}`, fields: { stream } });
}

const waitOf = ({ answer: { headers } }: Client) => Number(/^x-queue-ms: (\d+)/im.exec(headers)?.[1]);

try {
  // Connections, and the compiler.
  upstream.play = answer;
  for (const lane of Object.keys(gateways.ports) as Lane[]) {
    for (let i = 0; i < 30; i++) await ask(lane).whole();
  }
  await busy();
  await alone();
  await leaving();
  await memory();
} finally {
  await gateways.stop();
}

/** 60 requests at once, each with an answer of a second. */
async function busy(): Promise<void> {
  const ANSWER_MS = 1_000;
  let refusals = 0;
  let underWay = 0;
  let answered = 0;
  const REQUESTS = 60;
  const startedAt: number[] = [];
  upstream.play = async (call) => {
    if (++underWay > SLOTS) {
      underWay--;
      refusals++;
      return refuse(call, 429, { message: `concurrency reached, current: ${SLOTS + 1}, limit: ${SLOTS}` });
    }
    startedAt.push(performance.now());
    await sleep(ANSWER_MS);
    underWay--;
    answered++;
    answer(call);
  };
  const clients = Array.from({ length: REQUESTS }, () => ask('five'));
  await until(() => answered === REQUESTS, 60_000);
  for (const client of clients) await client.whole();
  // While somebody waits: from the first start to the last. Each start but the last five occupied a slot until then.
  const spanMs = startedAt.at(-1)! - startedAt[0]!;
  const busyMs = (REQUESTS - SLOTS) * ANSWER_MS;
  console.log(
    `60 requests on ${SLOTS} slots: ${refusals} refused, slots busy ${((100 * busyMs) / SLOTS / spanMs).toFixed(0)} % while some wait`,
  );
}

async function alone(): Promise<void> {
  upstream.play = answer;
  const waits: number[] = [];
  for (let i = 0; i < 300; i++) {
    const client = ask('five');
    await client.whole();
    waits.push(waitOf(client));
  }
  console.log(`alone: x-queue-ms median ${at(waits, 0.5)}, 95 % ${at(waits, 0.95)}`);
}

/** A client leaves by reset while another one waits for its slot. */
async function leaving(): Promise<void> {
  const HELLO = event('Hello');
  const phases: readonly (readonly [string, (call: Call) => void | Promise<void>, string?])[] = [
    ['before the headers', () => {}],
    ['before the first event', (call) => void call.open()],
    ['in the first event', (call) => void call.open().chunk(HELLO.slice(0, 40))],
    ['while StepFun is silent', (call) => void call.open().chunk(HELLO), 'Hello'],
    ['mid-stream', sendEvents, 'Hello'],
  ];
  const whole: typeof phases = [
    ['before the headers', () => {}],
    [
      'mid-completion',
      (call) =>
        void call
          .raw(head(200, { 'content-type': 'application/json', 'content-length': String(COMPLETION.length) }))
          .raw(COMPLETION.slice(0, 40)),
    ],
  ];
  async function sendEvents(call: Call): Promise<void> {
    call.open();
    for (; !call.isOver; await sleep(5)) call.chunk(HELLO);
  }
  const all: number[] = [];
  for (const lane of ['one, stream', 'one, budget', 'one, native', 'one, cache'] as const) {
    const stream = lane !== 'one, cache';
    for (const [phase, play, seen] of stream ? phases : whole) {
      const backMs: number[] = [];
      for (let i = 0; i < 10; i++) {
        upstream.clear();
        upstream.play = play;
        const first = ask(lane, stream);
        await until(() => upstream.calls.length === 1);
        if (seen !== undefined) await first.holds(seen);
        const next = ask(lane, stream);
        await sleep(50);
        upstream.play = answer;
        const leftAt = performance.now();
        first.reset();
        await until(() => upstream.calls.length === 2);
        backMs.push(performance.now() - leftAt);
        await next.whole();
      }
      all.push(...backMs);
      console.log(
        `a reset ${phase}, ${lane}: its slot is used again after ${at(backMs, 0.5).toFixed(0)} ms (at most ${Math.max(...backMs).toFixed(0)})`,
      );
    }
  }
  console.log(
    `all phases: at most ${Math.max(...all).toFixed(0)} ms, of which the gate waits 150 ms for StepFun`,
  );
}

async function memory(): Promise<void> {
  // Of one client, which leaves a tenth of the places to others.
  const WAITING = 900;
  upstream.clear();
  const before = await heldBytes(runtime, 'long');
  const clients = [ask('long')];
  await until(() => upstream.calls.length === 1);
  for (let i = 0; i < WAITING; i++) {
    clients.push(ask('long'));
    if (i % 50 === 0) await sleep(20);
  }
  await sleep(3_000);
  const during = await heldBytes(runtime, 'long');
  console.log(
    `${WAITING} requests wait: ${((during - before) / 2 ** 20).toFixed(1)} MB, of the object and of the Workers that wait`,
  );
  for (const client of clients) client.reset();
}

function at(values: readonly number[], quantile: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(quantile * sorted.length), sorted.length - 1)] ?? NaN;
}
