import { describe, expect, it, vi } from 'vitest';
import { createStepfun } from '../../../src/upstream/stepfun.ts';

const SETTINGS = {
  baseUrl: 'https://stepfun.example/v1',
  keySource: 'gateway',
  apiKey: 'sk-gateway',
  limits: { concurrency: 0, rpm: 0, tpm: 0 },
  queue: { timeoutMs: 30_000, size: 1_000 },
} as const;
const BODY = new TextEncoder().encode('{}');

function stepfun(answer: () => Response | Promise<Response>) {
  const fetch = vi.fn<(url: string, init: RequestInit) => Promise<Response>>(async () => answer());
  return { fetch, stepfun: createStepfun(SETTINGS, { fetch }) };
}

const call = (stream: boolean, signal = new AbortController().signal) => ({
  body: BODY,
  key: 'sk-1',
  stream,
  signal,
});

describe('chat', () => {
  it.each([
    [true, 'text/event-stream; charset=utf-8', 'text/event-stream'],
    [false, 'application/json', 'application/json'],
    [false, 'Application/JSON;charset=utf-8', 'application/json'],
  ])('sends (stream: %s) its own headers alone', async (stream, contentType, accept) => {
    const { fetch, stepfun: stepfunApi } = stepfun(
      () => new Response('x', { headers: { 'content-type': contentType } }),
    );
    const response = await stepfunApi.chat(call(stream));
    expect(await response.text()).toBe('x');
    const [url, init] = fetch.mock.calls[0] ?? [];
    expect(url).toBe('https://stepfun.example/v1/chat/completions');
    expect(init).toMatchObject({ method: 'POST', redirect: 'manual', body: BODY });
    expect(init?.headers).toEqual({
      accept,
      authorization: 'Bearer sk-1',
      'content-type': 'application/json',
      'user-agent': 'stepfun-edge',
    });
  });

  it.each([
    [true, 'application/json'],
    [true, 'text/html'],
    [false, 'text/event-stream'],
    [false, 'text/html'],
  ])('refuses an answer of another type (stream: %s, %s)', async (stream, contentType) => {
    const { stepfun: stepfunApi } = stepfun(
      () => new Response('{}', { headers: { 'content-type': contentType } }),
    );
    await expect(stepfunApi.chat(call(stream))).rejects.toMatchObject({ code: 'upstream_malformed' });
  });

  it('refuses an answer without content-type', async () => {
    const { stepfun: stepfunApi } = stepfun(() => new Response(new Uint8Array([1])));
    await expect(stepfunApi.chat(call(false))).rejects.toMatchObject({ code: 'upstream_malformed' });
  });

  it('fails with upstream_unavailable when the connection fails', async () => {
    const { stepfun: stepfunApi } = stepfun(() =>
      Promise.reject(new TypeError('connection refused to 10.0.0.1')),
    );
    await expect(stepfunApi.chat(call(false))).rejects.toMatchObject({
      code: 'upstream_unavailable',
      message: 'StepFun is not available.',
    });
  });

  it('throws the reason of the signal that ended the call', async () => {
    const controller = new AbortController();
    const reason = new Error('client gone');
    const { stepfun: stepfunApi } = stepfun(() => {
      controller.abort(reason);
      return Promise.reject(new TypeError('aborted'));
    });
    await expect(stepfunApi.chat(call(true, controller.signal))).rejects.toBe(reason);
  });
});

describe('models', () => {
  it('requests the list', async () => {
    const { fetch, stepfun: stepfunApi } = stepfun(() => Response.json({ data: [] }));
    await stepfunApi.models('sk-1', new AbortController().signal);
    expect(fetch.mock.calls[0]?.[0]).toBe('https://stepfun.example/v1/models');
  });
});
