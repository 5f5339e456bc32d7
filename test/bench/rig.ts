// The bench's four processes: StepFun's place, the clients' place, workerd with the
// Workers that are compared, and this one, which asks and reads the meters.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cpuNs, startWorkerd, type Runtime } from '../faults/workerd.ts';
import type { Answer, Ask } from './client.ts';
import type { Workload } from './workloads.ts';

export interface Contender {
  /** Names it in the tables. */
  readonly label: string;
  readonly entry: string;
  readonly vars?: Readonly<Record<string, string>>;
}

export interface Rig {
  readonly runtime: Runtime;
  /** Plays a workload through a contender. @returns what came, and the CPU that workerd had for it. */
  run(contender: Contender, workload: Workload): Promise<Answer & { readonly cpuNs: number }>;
  stop(): Promise<void>;
}

/** Time for what follows the last byte: connections close, a log line is written. */
const SETTLE_MS = 25;

export async function startRig(contenders: readonly Contender[]): Promise<Rig> {
  const upstream = fork(join(import.meta.dirname, 'upstream.ts'));
  const clients = fork(join(import.meta.dirname, 'client.ts'));
  const [port] = (await once(upstream, 'message')) as [number];
  const names = new Map(contenders.map((contender, index) => [contender, `worker${index}`]));
  const runtime = await startWorkerd(
    contenders.map((contender) => ({
      name: names.get(contender) ?? '',
      entry: contender.entry,
      vars: {
        STEPFUN_BASE_URL: `http://127.0.0.1:${port}/v1`,
        STEP_API_KEY: 'sk-bench',
        ANONYMOUS_ACCESS: 'true',
        ...contender.vars,
      },
    })),
  );
  return {
    runtime,
    async run(contender, workload) {
      const ask: Ask = {
        port: runtime.ports[names.get(contender) ?? ''] ?? 0,
        streams: workload.streams,
        body: JSON.stringify({
          model: 'step-3.5-flash',
          stream: true,
          messages: [{ role: 'user', content: JSON.stringify(workload) }],
        }),
      };
      const before = await cpuNs(runtime.pid);
      clients.send(ask);
      const [answer] = (await once(clients, 'message')) as [Answer];
      if (!answer.whole) throw new Error(`${contender.label}: a stream is not whole: ${answer.sample}`);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      return { ...answer, cpuNs: (await cpuNs(runtime.pid)) - before };
    },
    async stop() {
      await runtime.stop();
      await Promise.all([ended(upstream), ended(clients)]);
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.disconnect();
  await exit;
}
