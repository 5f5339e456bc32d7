// The simulator as a function: its Worker's fetch, called directly.

import worker from '../../simulator/index.ts';

interface Delta {
  readonly role: string;
  readonly content: string;
  readonly reasoning?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly {
    readonly id?: string;
    readonly type?: string;
    readonly function: { readonly name?: string; readonly arguments: string };
  }[];
}

interface Usage {
  readonly prompt_tokens: number;
  readonly cached_tokens?: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export interface Chunk {
  readonly created: number;
  readonly choices: readonly [
    { readonly index: number; readonly delta: Delta; readonly finish_reason: string },
  ];
  readonly usage: Usage;
}

export interface Completion {
  readonly id: string;
  readonly created: number;
  readonly choices: readonly { readonly message: Delta; readonly finish_reason: string }[];
  readonly usage: Usage;
}

/** One user message, a known model. */
export function question(text: string, more: object = {}): object {
  return { model: 'step-3.5-flash', messages: [{ role: 'user', content: text }], ...more };
}

export function send(
  body: unknown,
  headers: Record<string, string> = {},
  env: object = {},
): Promise<Response> {
  return worker.fetch(
    new Request('https://simulator.test/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
    { PACE_MS: '0', CREATED: 1_710_146_871, ...env },
  );
}

export function get(path: string, init: RequestInit = {}): Promise<Response> {
  return worker.fetch(
    new Request(`https://simulator.test${path}`, { headers: { authorization: 'Bearer sk-test' }, ...init }),
    {},
  );
}

export async function complete(body: object): Promise<Completion> {
  const response = await send(body);
  if (response.status !== 200) throw new Error(await response.text());
  return response.json();
}

/** @returns the stream's events, without `data: ` and the blank line. */
export async function stream(body: object): Promise<string[]> {
  const response = await send({ ...body, stream: true });
  return (await response.text())
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => event.replace(/^data: /, ''));
}

/** @returns the stream's chunks, the sentinel aside. */
export async function chunks(body: object): Promise<Chunk[]> {
  return (await stream(body)).filter((event) => event.startsWith('{')).map((event) => JSON.parse(event));
}
