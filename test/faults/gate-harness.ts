// Workers with a gate before an upstream that plays a StepFun account.

import { Client } from './client.ts';
import { FINISH, SENTINEL, event } from './events.ts';
import { refuse } from './replies.ts';
import { startUpstream, type Call, type Upstream } from './upstream.ts';
import { startWorkerd, type Runtime } from './workerd.ts';

export interface Gates<Lane extends string> {
  readonly upstream: Upstream;
  readonly runtime: Runtime;
  /** Posts a request. */
  readonly ask: (lane: Lane, headers?: Readonly<Record<string, string>>) => Client;
  stop(): Promise<void>;
}

export interface GateLane {
  readonly vars?: Readonly<Record<string, string>>;
  /** The class of the object: `Gate` unless told otherwise. */
  readonly object?: string;
}

/** @param lanes - the settings of each Worker, by its name. */
export async function startGates<Lane extends string>(
  lanes: Readonly<Record<Lane, GateLane>>,
): Promise<Gates<Lane>> {
  const upstream = await startUpstream();
  const specs = Object.entries<GateLane>(lanes).map(([name, { vars = {}, object = 'Gate' }]) => ({
    name,
    entry: 'test/faults/gate-worker.ts',
    vars: { STEPFUN_BASE_URL: `http://127.0.0.1:${upstream.port}/v1`, WAIT_UNTIL: 'pending', ...vars },
    objects: { GATE: object },
  }));
  const runtime = await startWorkerd(specs);
  return {
    upstream,
    runtime,
    ask: (lane, headers = {}) => new Client({ port: runtime.ports[lane] ?? 0, headers }),
    async stop() {
      await runtime.stop();
      await upstream.close();
    },
  };
}

export interface AccountFigures {
  /** How many requests were refused with a 429. */
  refusals: number;
  /** The most requests that were under way at a time, others' aside. */
  mostAtOnce: number;
}

/** Answers each call after a time, and refuses those beyond the account's slots. */
export function playAccount(
  upstream: Upstream,
  concurrency: number,
  answerMs: number,
  others: () => number = () => 0,
): AccountFigures {
  const figures: AccountFigures = { refusals: 0, mostAtOnce: 0 };
  const underWay = new Set<Call>();
  upstream.play = (call) => {
    for (const one of underWay) if (one.isOver) underWay.delete(one);
    const current = underWay.size + others() + 1;
    if (current > concurrency) {
      figures.refusals++;
      refuse(call, 429, {
        message: `request limited concurrency reached, current: ${current}, limit: ${concurrency}`,
        type: 'rate_limited',
      });
      return;
    }
    underWay.add(call);
    figures.mostAtOnce = Math.max(figures.mostAtOnce, underWay.size);
    call.open().chunk(event('Hello'));
    setTimeout(() => finish(call), answerMs);
  };
  return figures;
}

/** Ends a stream as StepFun does. */
export function finish(call: Call): void {
  if (!call.isOver) call.chunk(FINISH + SENTINEL).end();
}
