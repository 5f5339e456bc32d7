// The servers of the tests: the gateway as it is deployed with the simulator behind it, and the simulator alone, as a
// client would meet StepFun without the gateway. Both show the requests that reached StepFun.

import { join } from 'node:path';
import { createTestHarness } from 'wrangler';

const ROOT = join(import.meta.dirname, '../..');
const SIMULATOR = {
  configPath: 'test/simulator/wrangler.toml',
  vars: { PACE_MS: '0' },
} as const;
const KEY = { authorization: 'Bearer sk-simulator' };

/** StepFun's completion for a request. */
export interface StepfunCompletion {
  readonly choices: readonly {
    readonly message: {
      readonly content: string;
      readonly reasoning: string;
      readonly tool_calls?: readonly {
        /** Missing, if a test asks the simulator for calls without ids. */
        readonly id?: string;
        readonly function: { readonly name: string; readonly arguments: string };
      }[];
    };
    readonly finish_reason: string;
  }[];
  readonly usage: {
    readonly prompt_tokens: number;
    readonly cached_tokens?: number;
    readonly completion_tokens: number;
  };
}

/** An endpoint for clients. */
export interface Server {
  /** The base URL, up to `/v1`. */
  readonly url: string;
  /** The JSON of every request that reached StepFun since `forget`. */
  readonly received: () => Promise<Record<string, unknown>[]>;
  readonly forget: () => Promise<void>;
}

export interface Stage {
  readonly gateway: Server;
  readonly stepfun: Server;
  /** @returns StepFun's answer to a request as one completion: the expected result of every client. */
  expected(request: Record<string, unknown>): Promise<StepfunCompletion>;
  close(): Promise<void>;
}

type Fetch = (path: string, init?: { method: string }) => Promise<{ json(): Promise<unknown> }>;

export async function openStage(): Promise<Stage> {
  const behind = createTestHarness({
    root: ROOT,
    workers: [{ configPath: 'wrangler.local.toml', vars: { CACHE_STREAMS: 'write' } }, SIMULATOR],
  });
  const alone = createTestHarness({ root: ROOT, workers: [SIMULATOR] });
  const [gateway, stepfun] = await Promise.all([behind.listen(), alone.listen()]);
  const simulator = behind.getWorker('stepfun-simulator');
  return {
    gateway: server(gateway.url, (path, init) => simulator.fetch(`http://simulator${path}`, init)),
    stepfun: server(stepfun.url, (path, init) => fetch(new URL(path, stepfun.url), init)),
    async expected(request) {
      const response = await fetch(new URL('/v1/chat/completions', stepfun.url), {
        method: 'POST',
        headers: { ...KEY, 'content-type': 'application/json' },
        body: JSON.stringify({ ...request, stream: false, reasoning_format: 'general' }),
      });
      return (await response.json()) as StepfunCompletion;
    },
    close: async () => {
      await Promise.all([behind.close(), alone.close()]);
    },
  };
}

function server(url: URL, ask: Fetch): Server {
  return {
    url: `${url.origin}/v1`,
    async received() {
      const { requests } = (await (await ask('/_/requests')).json()) as { requests: { body: string }[] };
      return requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    },
    forget: async () => {
      await ask('/_/requests', { method: 'DELETE' });
    },
  };
}
