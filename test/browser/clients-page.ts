// The actions of the tests' pages. esbuild bundles them for the browser, with openai's browser
// build; tests call them by name.

import OpenAI, { APIConnectionError, APIError } from 'openai';

export interface Call {
  /** The gateway's origin. */
  readonly gateway: string;
  readonly prompt: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A failure as a script sees it. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly status: number | undefined;
  readonly code: string | undefined;
}

export interface Streamed {
  readonly text: string;
  readonly reasoning: string;
  /** When each chunk could be read, in ms after the first. */
  readonly arrivals: readonly number[];
  readonly requestId: string | null;
}

/** The stream that `begin` has opened. */
let open: { abort(): void } | undefined;

const actions = {
  /** A stream through `openai`, read to its end. */
  async streamWithOpenAI(call: Call): Promise<Streamed> {
    const { data, response } = await openai(call)
      .chat.completions.create({ ...request(call), stream: true })
      .withResponse();
    const arrivals: number[] = [];
    let text = '';
    let reasoning = '';
    for await (const { choices } of data) {
      arrivals.push(performance.now());
      text += choices[0]?.delta.content ?? '';
      reasoning += (choices[0]?.delta as { reasoning?: string } | undefined)?.reasoning ?? '';
    }
    const requestId = response.headers.get('x-request-id');
    return { text, reasoning, arrivals: arrivals.map((at) => at - arrivals[0]!), requestId };
  },

  /** A stream through plain `fetch`, with the time of each piece. */
  async streamWithFetch(call: Call): Promise<{ bytes: string; arrivals: readonly number[] }> {
    const response = await post(call, { stream: true });
    const arrivals: number[] = [];
    let bytes = '';
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      arrivals.push(performance.now());
      bytes += piece;
    }
    return { bytes, arrivals: arrivals.map((at) => at - arrivals[0]!) };
  },

  /** A completion through plain `fetch`: status, JSON, and every header that a script can read. */
  async complete(call: Call, fields: Record<string, unknown> = {}) {
    const response = await post(call, fields);
    const headers = Object.fromEntries(response.headers);
    return { status: response.status, headers, body: (await response.json()) as Record<string, unknown> };
  },

  /** Begins a stream and returns after its first chunk. */
  async begin(call: Call, client: 'openai' | 'fetch'): Promise<void> {
    if (client === 'fetch') {
      const controller = new AbortController();
      open = controller;
      const response = await post(call, { stream: true }, controller.signal);
      await response.body!.getReader().read();
      return;
    }
    const stream = await openai(call).chat.completions.create({ ...request(call), stream: true });
    open = stream.controller;
    await stream[Symbol.asyncIterator]().next();
  },

  abort(): void {
    open?.abort();
  },

  async openSession(gateway: string, turnstileToken: string) {
    const response = await fetch(`${gateway}/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ turnstile_token: turnstileToken }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  },

  /** A request without a preflight: any page may send it, and can't read the answer. */
  async postPlainText({ gateway, ...call }: Call): Promise<string> {
    return fetch(`${gateway}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify(request({ gateway, ...call })),
    }).then(
      (response) => `status ${response.status}`,
      (error: unknown) => String(error),
    );
  },

  /** @returns the failure of a call through `openai`; null if it succeeds. */
  async failureWithOpenAI(call: Call): Promise<Failure | null> {
    try {
      const stream = await openai(call).chat.completions.create({ ...request(call), stream: true });
      for await (const _ of stream);
      return null;
    } catch (error) {
      if (!(error instanceof APIError)) throw error;
      const { message, status, code } = error;
      return {
        name: error.constructor === APIConnectionError ? 'APIConnectionError' : 'APIError',
        message,
        status: status as number | undefined,
        code: code ?? undefined,
      };
    }
  },
};

export type Actions = typeof actions;

Object.assign(globalThis, { actions });

function openai({ gateway, key = 'any-key', headers = {} }: Call): OpenAI {
  return new OpenAI({
    baseURL: `${gateway}/v1`,
    apiKey: key,
    dangerouslyAllowBrowser: true,
    defaultHeaders: headers,
    maxRetries: 0,
  });
}

function request({ prompt }: Call) {
  return { model: 'step-3.5-flash', messages: [{ role: 'user' as const, content: prompt }] };
}

function post(call: Call, fields: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${call.gateway}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(call.key !== undefined && { authorization: `Bearer ${call.key}` }),
      ...call.headers,
    },
    body: JSON.stringify({ ...request(call), ...fields }),
    ...(signal !== undefined && { signal }),
  });
}
