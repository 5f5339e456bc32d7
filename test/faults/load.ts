// Many streams at once: half of the clients leave in the middle, a fifth of the upstreams fail.
// Each remaining client gets a whole answer or an error; afterwards no call is open and no memory
// is held.

import { connect } from 'node:net';
import { sleep } from './client.ts';
import { FINISH, SENTINEL, event, read, type Story } from './events.ts';
import { startUnder } from './gateways.ts';
import { heldBytes } from './inspector.ts';
import { unchunk, type Call, type Upstream } from './upstream.ts';
import { cpuNs, residentBytes } from './workerd.ts';

export interface Load {
  readonly streams: number;
  /** Events of each stream. */
  readonly events: number;
  readonly eventsPerSecond: number;
  /** IDLE_TIMEOUT_MS: longer than a busy machine pauses, so that it ends the silent streams only. */
  readonly idleMs: number;
}

export interface LoadReport {
  /** Streams by their outcome. */
  readonly whole: number;
  readonly failed: number;
  readonly cut: number;
  /** Errors of the gateway: one line for each wrong stream. */
  readonly wrongs: readonly string[];
  /** Calls that were still open one second after the last client had left. */
  readonly leftUpstream: number;
  readonly events: number;
  readonly seconds: number;
  /** The largest number of streams at the same time. */
  readonly atOnce: number;
  /** Events a second of the median whole stream: sent, and received by its client. */
  readonly duePerSecond: number;
  readonly reachedPerSecond: number;
  /** Cores that workerd used on average; JavaScript runs on one. */
  readonly cores: number;
  /** In the Worker's heap after garbage collection, and resident in workerd. */
  readonly before: MemoryBytes;
  readonly after: MemoryBytes;
  readonly peakResidentBytes: number;
}

export interface MemoryBytes {
  readonly held: number;
  readonly resident: number;
}

const FAULTS: Readonly<Record<string, (call: Call) => void>> = {
  reset: (call) => call.reset(),
  end: (call) => void call.end(),
  'end in a chunk': (call) => call.raw('100\r\n').fin(),
  garbage: (call) => void call.chunk('data: {"choices":[}\n\n'),
  'error object': (call) => void call.chunk('data: {"error":{"message":"no","code":500}}\n\n'),
  silence: () => {},
};

/** The plan for a stream, by its number. */
interface Plan {
  /** After how many events its client leaves; null: it reads to the end. */
  readonly leavesAfter: number | null;
  readonly fault: keyof typeof FAULTS | null;
  /** After how many events its upstream fails. */
  readonly failsAfter: number;
}

function planOf(index: number, events: number): Plan {
  const names = Object.keys(FAULTS);
  return {
    leavesAfter: index % 2 === 0 ? (index * 7) % events : null,
    fault: index % 5 === 0 ? (names[Math.floor(index / 5) % names.length] ?? null) : null,
    failsAfter: (index * 13) % events,
  };
}

/** Starts a gateway and runs `load` against it. */
export async function underLoad(load: Load): Promise<LoadReport> {
  const gateways = await startUnder(
    { open: { IDLE_TIMEOUT_MS: String(load.idleMs), KEEP_ALIVE_MS: '1000' } },
    { inspect: true },
  );
  const { upstream, runtime, ports } = gateways;
  const memory = async (): Promise<MemoryBytes> => ({
    held: await heldBytes(runtime, 'open'),
    resident: await residentBytes(runtime.pid),
  });
  try {
    // One run before the measured one: pools may grow to their size once, but not with each run.
    await wave(upstream, ports.open, load);
    upstream.calls.length = 0;
    await sleep(1_000);
    const before = await memory();

    let peakResidentBytes = 0;
    const watch = setInterval(() => {
      void residentBytes(runtime.pid).then((now) => (peakResidentBytes = Math.max(peakResidentBytes, now)));
    }, 200);
    const startedMs = performance.now();
    const startedCpuNs = await cpuNs(runtime.pid);
    const outcome = await wave(upstream, ports.open, load);
    const seconds = (performance.now() - startedMs) / 1_000;
    const cores = ((await cpuNs(runtime.pid)) - startedCpuNs) / 1e9 / seconds;
    clearInterval(watch);

    await sleep(1_000);
    const leftUpstream = upstream.calls.filter(({ isOver }) => !isOver).length;
    const internal = runtime.output().includes('internal_error') ? ['the log has an internal_error'] : [];
    const wrongs = [...outcome.wrongs, ...internal];
    const after = await memory();
    const figures = { leftUpstream, seconds, cores, before, after, peakResidentBytes };
    return { ...outcome, ...figures, wrongs, duePerSecond: load.eventsPerSecond };
  } finally {
    await gateways.stop();
  }
}

async function wave(upstream: Upstream, port: number, { streams, events, eventsPerSecond }: Load) {
  const wrongs: string[] = [];
  const counts = { whole: 0, failed: 0, cut: 0, events: 0, atOnce: 0 };
  let underWay = 0;
  const rates: number[] = [];

  upstream.play = async (call) => {
    const index = Number(call.question);
    const { fault, failsAfter } = planOf(index, events);
    const last = fault === null ? events : failsAfter;
    call.open();
    // By the clock, not by pauses: a slow machine catches up with larger writes.
    const startedMs = performance.now();
    for (let sent = 0; sent < last && call.leftAtMs === null;) {
      const due = Math.min(last, 1 + Math.floor(((performance.now() - startedMs) * eventsPerSecond) / 1_000));
      if (due > sent) call.chunk(event(`${index}.`).repeat(due - sent));
      counts.events += due - sent;
      sent = due;
      await sleep(1_000 / eventsPerSecond);
    }
    if (call.leftAtMs !== null) return;
    if (fault === null) call.chunk(FINISH + SENTINEL).end();
    else FAULTS[fault]?.(call);
  };

  await Promise.all(
    Array.from({ length: streams }, async (_, index) => {
      // Spread over a second: the backlog of connections is limited.
      await sleep((index / streams) * 1_000);
      const { leavesAfter, fault, failsAfter } = planOf(index, events);
      const leavesAfterMs = leavesAfter === null ? null : (leavesAfter / eventsPerSecond) * 1_000;
      counts.atOnce = Math.max(counts.atOnce, ++underWay);
      const startedMs = performance.now();
      const answer = await ask(port, index, leavesAfterMs);
      underWay--;
      if (answer === null) {
        counts.cut++;
        return;
      }
      const wrong = wrongWith(answer, `${index}.`, fault === null ? events : null, failsAfter);
      if (wrong !== null) wrongs.push(`stream ${index}, ${fault ?? 'sound'}: ${wrong}`);
      else if (fault === null) {
        counts.whole++;
        rates.push((events * 1_000) / (performance.now() - startedMs));
      } else counts.failed++;
    }),
  );
  return { ...counts, reachedPerSecond: median(rates), wrongs };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly isWhole: boolean;
}

/** @returns what is wrong with an answer; null: nothing. `due`: events of a stream without a fault; null: it has one. */
function wrongWith(
  { status, body, isWhole }: Answer,
  word: string,
  due: number | null,
  sent: number,
): string | null {
  if (!isWhole) return `the connection broke: ${status} ${body.slice(-200)}`;
  if (status !== 200)
    return due === null && body.startsWith('{"error":') ? null : `${status} ${body.slice(0, 200)}`;
  let story: Story;
  try {
    story = read(body);
  } catch (thrown) {
    return `not a valid stream: ${String(thrown)}`;
  }
  const { text, failure, hasSentinel, finishReason } = story;
  if (due !== null) {
    const isSound = failure === null && hasSentinel && finishReason === 'stop' && text === word.repeat(due);
    return isSound ? null : `not whole: ${failure} ${body.slice(-200)}`;
  }
  if (failure === null || hasSentinel || finishReason !== null) return `looks whole: ${body.slice(-200)}`;
  // A reset may overtake bytes that were sent before it.
  return word.repeat(sent).startsWith(text) ? null : `not what was sent: ${text.slice(-200)}`;
}

/** A cheaper client than `Client`: there are thousands. @returns null when it left, as planned. */
function ask(port: number, index: number, leavesAfterMs: number | null): Promise<Answer | null> {
  const messages = [{ role: 'user', content: String(index) }];
  const body = JSON.stringify({ model: 'step-3.5-flash', stream: true, messages });
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const finish = (answer: Answer | null) => {
      resolve(answer);
      clearTimeout(leaving);
    };
    const leaving =
      leavesAfterMs === null
        ? undefined
        : setTimeout(() => {
            socket.resetAndDestroy();
            finish(null);
          }, leavesAfterMs);
    socket.write(
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
        `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    );
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('error', () => {});
    socket.on('close', () => finish(answerIn(Buffer.concat(pieces))));
  });
}

function answerIn(received: Buffer): Answer {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return { status: 0, body: '', isWhole: false };
  const head = received.subarray(0, end).toString('latin1');
  const rest = received.subarray(end + 4);
  const length = /content-length: (\d+)/i.exec(head)?.[1];
  const status = Number(head.slice(9, 12));
  if (length === undefined) return { status, ...unchunk(rest) };
  return { status, body: rest.toString(), isWhole: rest.length === Number(length) };
}

/** @returns the report as text. */
export function describeLoad(report: LoadReport): string {
  const { whole, failed, cut, leftUpstream, events, seconds, before, after, peakResidentBytes } = report;
  const { atOnce, duePerSecond, reachedPerSecond, cores } = report;
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  return [
    `${whole} whole, ${failed} ended in an error, ${cut} cut; ${report.wrongs.length} wrong`,
    `${atOnce} at once; of ${duePerSecond} events a second ${reachedPerSecond.toFixed(1)} reached the client of a whole stream (median)`,
    `${events} events in ${seconds.toFixed(1)} s, workerd on ${cores.toFixed(1)} cores; ${leftUpstream} left upstream after a second`,
    `held by the Worker: ${mib(before.held)} before, ${mib(after.held)} after`,
    `resident: ${mib(before.resident)} before, ${mib(peakResidentBytes)} at most, ${mib(after.resident)} after`,
    ...report.wrongs.slice(0, 20),
  ].join('\n');
}

/** How much the heap may grow: code that ran for the first time, pools. */
const MORE_HELD_BYTES = 2 * 2 ** 20;

/** How much resident memory may grow: it varies, but a leak in each stream would exceed this. */
const MORE_RESIDENT = 1.5;

/** @returns whether every answer was right, and nothing is left. */
export function isSound({ wrongs, leftUpstream, before, after }: LoadReport): boolean {
  return (
    wrongs.length === 0 &&
    leftUpstream === 0 &&
    after.held < before.held + MORE_HELD_BYTES &&
    after.resident < before.resident * MORE_RESIDENT
  );
}
