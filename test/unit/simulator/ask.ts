// The simulator's Worker as a function: its fetch handler, called directly.

import worker from '../../simulator/index.ts';

interface Delta {
  readonly role: string;
  readonly content: string;
  readonly reasoning?: string;
  readonly reasoning_content?: string;
  readonly audio?: { readonly data: string; readonly transcript: string };
  readonly tool_calls?: readonly {
    readonly index?: number;
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
  readonly completion_tokens_details?: object;
}

export interface Chunk {
  readonly created: number;
  readonly choices: readonly [
    { readonly index: number; readonly delta: Delta; readonly finish_reason?: string },
  ];
  readonly usage: Usage;
}

export interface Completion {
  readonly id: string;
  readonly created: number;
  readonly choices: readonly { readonly message: Delta; readonly finish_reason: string }[];
  readonly usage: Usage;
}

/** @returns a request with one user message, for a known model. */
export function question(text: string, fields: object = {}): object {
  return { model: 'step-3.5-flash', messages: [{ role: 'user', content: text }], ...fields };
}

interface SendOptions {
  readonly headers?: Record<string, string>;
  readonly env?: object;
  readonly path?: string;
  readonly signal?: AbortSignal;
}

export function send(body: unknown, { headers, env, path, signal }: SendOptions = {}): Promise<Response> {
  return worker.fetch(
    new Request(`https://simulator.test${path ?? '/v1/chat/completions'}`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal && { signal }),
    }),
    { PACE_MS: '0', CREATED: 1_710_146_871, ...env },
  );
}

export function get(path: string, init: RequestInit = {}, env: object = {}): Promise<Response> {
  return worker.fetch(
    new Request(`https://simulator.test${path}`, { headers: { authorization: 'Bearer sk-test' }, ...init }),
    env,
  );
}

export async function complete(body: object, options: SendOptions = {}): Promise<Completion> {
  const response = await send(body, options);
  if (response.status !== 200) throw new Error(await response.text());
  return response.json();
}

/** @returns the stream's events, without `data: ` and the blank line. */
export async function stream(body: object, options: SendOptions = {}): Promise<string[]> {
  const response = await send({ ...body, stream: true }, options);
  return (await response.text())
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => event.replace(/^data: /, ''));
}

/** @returns the stream's chunks, without the sentinel. */
export async function chunks(body: object, options: SendOptions = {}): Promise<Chunk[]> {
  return (await stream(body, options))
    .filter((event) => event.startsWith('{'))
    .map((event) => JSON.parse(event));
}
