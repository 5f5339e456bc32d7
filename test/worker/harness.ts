// The gateway of the black-box tests: built by wrangler as for a deployment, run in workerd, with
// the StepFun simulator behind it.

import { join } from 'node:path';
import { createTestHarness } from 'wrangler';

const ROOT = join(import.meta.dirname, '../..');

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface Gateway {
  readonly url: string;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** POSTs a chat request; a model and one user message are the defaults. */
  chat(fields?: Record<string, unknown>, headers?: Record<string, string>): Promise<Response>;
  /** The requests that reached the simulator since the last call of `forget`. */
  received(): Promise<Received[]>;
  forget(): Promise<void>;
  /** All lines that the Workers logged. */
  logs(): string[];
  close(): Promise<void>;
}

/**
 * @param vars - settings over those of `npm start` (open, simulated StepFun).
 */
export async function startGateway(vars: Record<string, string> = {}): Promise<Gateway> {
  const harness = createTestHarness({
    root: ROOT,
    workers: [
      { configPath: 'wrangler.local.toml', vars },
      { configPath: 'test/simulator/wrangler.toml', vars: { PACE_MS: '0' } },
    ],
  });
  const { url } = await harness.listen();
  const simulator = harness.getWorker('stepfun-simulator');

  const gateway: Gateway = {
    url: url.origin,
    fetch: (path, init) => fetch(new URL(path, url), init),
    chat: (fields, headers) =>
      gateway.fetch('/v1/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ ...question('Hello!'), ...fields }),
      }),
    received: async () => {
      const seen = await simulator.fetch('http://simulator/_/requests');
      return ((await seen.json()) as { requests: Received[] }).requests;
    },
    forget: async () => {
      await simulator.fetch('http://simulator/_/requests', { method: 'DELETE' });
    },
    logs: () => harness.getLogs().map((line) => line.message),
    close: () => harness.close(),
  };
  return gateway;
}

/** @returns the smallest chat request with this prompt. */
export function question(content: string): { model: string; messages: { role: string; content: string }[] } {
  return { model: 'step-3.5-flash', messages: [{ role: 'user', content }] };
}

/** @returns the parsed `data:` lines of a stream; `[DONE]` stays a string. */
export function dataOf(stream: string): unknown[] {
  return stream
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => event.slice('data: '.length))
    .map((data): unknown => (data === '[DONE]' ? data : JSON.parse(data)));
}
