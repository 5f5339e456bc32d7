// A client that leaves, in any phase of its request, by RST or by FIN; and what became of it:
// what the gateway logged, and what StepFun's stand-in saw.
//
//   const { log, calls, openMs } = await leave(gateways, { port, phase: 'mid-stream', leaveBy: 'reset' });

import { Client, lagMs, sleep, until } from './client.ts';
import { event } from './events.ts';
import { refuse } from './replies.ts';
import { HEAD, type Call, type Upstream } from './upstream.ts';
import type { Runtime } from './workerd.ts';

const HELLO = event('Hello');
const PAUSE_SECONDS = 1;

interface Script {
  /** How StepFun's stand-in handles the call until the client leaves. */
  readonly play: (call: Call) => void | Promise<void>;
  /** The client leaves when it has read this; left out: when the call has arrived upstream. */
  readonly until?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

const SCRIPTS = {
  'before the headers': { play: () => {} },
  'before the first event': { play: (call) => void call.open() },
  'in the first event': { play: (call) => void call.open().chunk(HELLO.slice(0, 40)) },
  'mid-stream': { play: sendEvents, until: 'Hello' },
  'while StepFun is silent between events': {
    play: (call) => void call.open().chunk(HELLO),
    until: 'Hello',
  },
  'while StepFun is silent in an event': {
    play: (call) => void call.open().chunk(HELLO + HELLO.slice(0, 40)),
    until: 'Hello',
  },
  'mid-completion': {
    play: (call) =>
      void call.raw(HEAD.replace('text/event-stream', 'application/json')).chunk('{"id":"1","choices":['),
    fields: { stream: false },
  },
  'in the pause before a retry': {
    play: (call) => refuse(call, 429, { message: 'slow' }, { 'retry-after': String(PAUSE_SECONDS) }),
  },
} as const satisfies Record<string, Script>;

export type Phase = keyof typeof SCRIPTS;
/** All phases of a request whose body has arrived. */
export const PHASES = Object.keys(SCRIPTS) as readonly Phase[];

export interface Leaving {
  readonly port: number;
  readonly phase: Phase;
  /** `reset`: RST. `fin`: the socket is closed; workerd notices at its next write to the client. */
  readonly leaveBy: 'reset' | 'fin';
  /** Fields of the chat request, beside the phase's own. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Left {
  /** The request's log line; null: none was written within a second. */
  readonly log: Readonly<Record<string, unknown>> | null;
  /** The calls that reached upstream, oldest first; `call.leftAtMs` says when the gateway let go of it. */
  readonly calls: readonly Call[];
  /**
   * How long a call stayed open upstream after the client had left, in ms, without the time
   * that this machine takes for any request; null: one is still open.
   */
  readonly openMs: number | null;
}

/** How long before the client leaves, so that what was sent has been read. */
const SETTLE_MS = 30;
/** When a stand-in that has sent nothing yet sends its headers: only a write shows a FIN. */
export const HEADERS_AFTER_MS = 200;
const OPEN_LIMIT_MS = 2_000;
const LOG_LIMIT_MS = 1_000;

/**
 * Sends a chat request, leaves in the given phase, and waits for what becomes of it.
 * @param gateways - StepFun's stand-in, whose calls and `play` are replaced, and the runtime.
 */
export async function leave(
  { upstream, runtime }: { readonly upstream: Upstream; readonly runtime: Runtime },
  { port, phase, leaveBy, fields, headers }: Leaving,
): Promise<Left> {
  const script: Script = SCRIPTS[phase];
  const id = crypto.randomUUID();
  // The id is the question, too: a request that left before may still be tried again.
  const calls = () => upstream.calls.filter(({ question }) => question === id);
  upstream.clear();
  upstream.play = (call) => (call.question === id ? script.play(call) : call.reset());
  const client = new Client({
    port,
    content: id,
    fields: { ...script.fields, ...fields },
    headers: { 'x-request-id': id, ...headers },
  });
  await until(() => calls().length > 0);
  if (script.until !== undefined) await client.holds(script.until);
  await sleep(SETTLE_MS);

  const leftAtMs = performance.now();
  if (leaveBy === 'reset') client.reset();
  else client.fin();
  const machineMs = await lagMs(port);
  setTimeout(() => {
    for (const call of calls()) if (phase === 'before the headers' && !call.isOver) call.open();
  }, HEADERS_AFTER_MS);
  if (phase === 'in the pause before a retry') await sleep(PAUSE_SECONDS * 1_000 + SETTLE_MS);
  const isClosed = await happens(() => calls().every(({ isOver }) => isOver), OPEN_LIMIT_MS);

  await happens(() => logLine(runtime, id) !== null, LOG_LIMIT_MS);
  const closedAtMs = calls().map((call) => (call.isWhole ? leftAtMs : (call.leftAtMs ?? Infinity)));
  return {
    log: logLine(runtime, id),
    calls: calls(),
    openMs: isClosed ? Math.max(0, ...closedAtMs.map((atMs) => atMs - leftAtMs - machineMs)) : null,
  };
}

/** @returns the log line of a request; null: there is none yet. */
export function logLine({ output }: Runtime, requestId: string): Readonly<Record<string, unknown>> | null {
  const line = output()
    .split('\n')
    .find((text) => text.includes(`"request_id":"${requestId}"`));
  return line === undefined ? null : (JSON.parse(line.slice(line.indexOf('{'))) as Record<string, unknown>);
}

async function sendEvents(call: Call): Promise<void> {
  call.open();
  while (call.leftAtMs === null) {
    call.chunk(HELLO);
    await sleep(5);
  }
}

/** @returns whether it became true within the limit. */
function happens(isTrue: () => boolean, limitMs: number): Promise<boolean> {
  return until(isTrue, limitMs).then(
    () => true,
    () => false,
  );
}
