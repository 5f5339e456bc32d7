// All kinds of requests for a long time: streams, completions, failures and clients that leave,
// while the heaps of the Workers are measured at intervals. A heap that grows with time is a leak;
// the figure is the slope of a straight line through the samples.

import { Client, sleep, until } from './client.ts';
import { FINISH, SENTINEL, event } from './events.ts';
import { startUnder } from './gateways.ts';
import { heldBytes } from './inspector.ts';
import { COMPLETION, refuse, reply, wantsStream } from './replies.ts';
import { slopeOf, type Slope } from './slope.ts';
import type { Call } from './upstream.ts';
import { residentBytes } from './workerd.ts';

export interface Soak {
  readonly minutes: number;
  /** Clients at the same time. */
  readonly clients: number;
  readonly sampleSeconds: number;
  readonly onSample: (line: string) => void;
}

export interface SoakReport {
  readonly requests: number;
  /** Answers that were neither right nor the expected error, by question and lane. */
  readonly wrongs: readonly string[];
  /** Growth of each Worker's heap after garbage collection, by its name, in MB an hour. */
  readonly heaps: Readonly<Record<string, Slope>>;
  /** The same of the process, garbage included. */
  readonly resident: Slope;
}

const SETTLE_MS = 100;

/** Heaps grow until all code has run and pools have their size. */
const WARM_UP_SHARE = 0.25;

const LANES = {
  rewrite: {},
  native: { RELAY: 'native' },
  counting: { TOKENS_PER_DAY: '1000000000' },
  caching: { CACHE_TTL_SECONDS: '3600', CACHE_STREAMS: 'write' },
} as const;
type Lane = keyof typeof LANES;
const LANE_NAMES = Object.keys(LANES) as Lane[];

/**
 * Different cache keys. Few, so that the number of entries and flights is the same at each sample.
 */
const SEEDS = 10;

const EVENTS = 20;

/** How upstream answers a question, by its text. */
const PLAYS = {
  async stream(call) {
    call.open();
    for (let sent = 0; sent < EVENTS && call.leftAtMs === null; sent++) {
      call.chunk(event('Hello '));
      await sleep(10);
    }
    if (call.leftAtMs === null) call.chunk(FINISH + SENTINEL).end();
  },
  burst: (call) =>
    void call
      .open()
      .chunk(event('Hello ').repeat(200))
      .chunk(FINISH + SENTINEL)
      .end(),
  completion: (call) => reply(call, 200, COMPLETION),
  refused: (call) => refuse(call, 400, { message: 'no' }),
  busy: (call) => refuse(call, 503, { message: 'busy' }),
  reset: (call) => call.reset(),
  async broken(call) {
    call.open().chunk(event('Hello').repeat(3));
    await sleep(20);
    call.reset();
  },
  malformed: (call) =>
    void call
      .open()
      .chunk(`${event('Hello')}data: {\n\n`)
      .end(),
  truncated: (call) => void call.open().chunk(event('Hello')).end(),
  async leave(call) {
    if (!wantsStream(call)) return;
    call.open();
    while (call.leftAtMs === null) {
      call.chunk(event('Hello '));
      await sleep(10);
    }
  },
} as const satisfies Record<string, (call: Call) => void | Promise<void>>;
type Name = keyof typeof PLAYS;

/** The mix of requests. The client of `leave` leaves before the answer has ended. */
const REQUESTS: readonly { readonly name: Name; readonly stream: boolean }[] = [
  { name: 'stream', stream: true },
  { name: 'completion', stream: false },
  { name: 'leave', stream: true },
  { name: 'stream', stream: true },
  { name: 'burst', stream: true },
  { name: 'completion', stream: false },
  { name: 'refused', stream: true },
  { name: 'leave', stream: false },
  { name: 'broken', stream: true },
  { name: 'busy', stream: false },
  { name: 'stream', stream: true },
  { name: 'busy', stream: true },
  { name: 'reset', stream: true },
  { name: 'malformed', stream: true },
  { name: 'truncated', stream: true },
];

/** Runs the mix of requests for some minutes. */
export async function soak({ minutes, clients, sampleSeconds, onSample }: Soak): Promise<SoakReport> {
  // Without a compiler: V8 compiles more code for as long as it runs, 0.1 MB at a time, and one of
  // these in ten minutes looks like a leak of 1 MB an hour.
  const gateways = await startUnder(LANES, { inspect: true, v8Flags: ['--jitless'] });
  const { upstream, runtime, ports } = gateways;
  const startedMs = performance.now();
  const endMs = startedMs + minutes * 60_000;
  let requests = 0;
  const wrongs: string[] = [];

  upstream.play = (call) => {
    // Calls that were answered are not needed any more.
    upstream.calls.length = 0;
    return PLAYS[call.question as Name](call);
  };

  // All clients pause for a sample: open requests are no leak.
  let resumed = Promise.resolve();
  let busy = 0;
  const client = async (number: number): Promise<void> => {
    for (let turn = number; performance.now() < endMs; turn++) {
      await resumed;
      busy++;
      requests++;
      const { name, stream } = REQUESTS[turn % REQUESTS.length] ?? { name: 'stream', stream: true };
      const lane = LANE_NAMES[Math.floor(turn / REQUESTS.length) % LANE_NAMES.length] ?? 'rewrite';
      const asking = new Client({
        port: ports[lane],
        content: name,
        fields: { stream, seed: turn % SEEDS },
        // Every third request may be answered from the cache.
        headers: turn % 3 === 0 ? {} : { 'cache-control': 'no-cache' },
      });
      const wrong = await wrongWith(asking, name, stream).catch(String);
      if (wrong !== null) wrongs.push(`${name} of ${lane}: ${wrong}`);
      busy--;
    }
  };

  const samples: Sample[] = [];
  const sample = async (): Promise<void> => {
    const hours = (performance.now() - startedMs) / 3_600_000;
    const heaps: Record<string, number> = {};
    for (const lane of LANE_NAMES) heaps[lane] = (await heldBytes(runtime, lane)) / 2 ** 20;
    const resident = (await residentBytes(runtime.pid)) / 2 ** 20;
    samples.push({ hours, heaps, resident });
    const figures = Object.entries(heaps).map(([lane, mb]) => `${lane} ${mb.toFixed(2)}`);
    onSample(
      `${(hours * 60).toFixed(1)} min, ${requests} requests: ${figures.join(', ')}; resident ${resident.toFixed(0)} MB`,
    );
  };
  const sampler = async (): Promise<void> => {
    while (performance.now() < endMs) {
      await sleep(Math.min(sampleSeconds * 1_000, Math.max(0, endMs - performance.now())));
      const pause = Promise.withResolvers<void>();
      resumed = pause.promise;
      await until(() => busy === 0);
      // Connections close, log lines are written.
      await sleep(SETTLE_MS);
      await sample();
      pause.resolve();
    }
  };

  try {
    await Promise.all([...Array.from({ length: clients }, (_, number) => client(number)), sampler()]);
    const steady = samples.filter(({ hours }) => hours >= (minutes / 60) * WARM_UP_SHARE);
    const slope = (valueOf: (sample: Sample) => number) =>
      slopeOf(steady.map((one) => ({ x: one.hours, y: valueOf(one) })));
    return {
      requests,
      wrongs,
      heaps: Object.fromEntries(LANE_NAMES.map((lane) => [lane, slope(({ heaps }) => heaps[lane] ?? NaN)])),
      resident: slope(({ resident }) => resident),
    };
  } finally {
    await gateways.stop();
  }
}

/** @returns what is wrong with an answer; null: nothing. */
async function wrongWith(client: Client, name: Name, stream: boolean): Promise<string | null> {
  if (name === 'leave') {
    if (stream) await client.holds('Hello');
    else await sleep(10);
    client.reset();
    return null;
  }
  const { status, body } = await client.whole();
  const hasFailed = body.includes('"error":{"message"') && !body.includes('data: [DONE]');
  const isSound = status === 200 && !hasFailed && body.endsWith(stream ? 'data: [DONE]\n\n' : '}');
  const told = `${status} ${body.slice(-200)}`;
  if (name === 'completion' || name === 'stream' || name === 'burst') return isSound ? null : told;
  // RELAY=native sees neither an end without [DONE] nor garbage after the first event (README).
  if (name === 'truncated' || name === 'malformed') return isSound ? told : null;
  return hasFailed ? null : told;
}

interface Sample {
  readonly hours: number;
  /** In MB, like `resident`. */
  readonly heaps: Readonly<Record<string, number>>;
  readonly resident: number;
}
