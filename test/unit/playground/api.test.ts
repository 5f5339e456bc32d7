import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseSession } from '../../../src/playground/playground/access.js';
import { complete, parseRetryAfter } from '../../../src/playground/playground/api.js';
import { Failure } from '../../../src/playground/playground/failure.js';
import { createTrace, header } from '../../../src/playground/playground/trace.js';

type Update = Awaited<ReturnType<ReturnType<typeof complete>['next']>>['value'];

const REQUEST = { model: 'm', messages: [] };

afterEach(() => vi.unstubAllGlobals());

describe('complete', () => {
  it('reads a stream under both names of the reasoning', async () => {
    answerWith(
      stream(
        { choices: [{ delta: { role: 'assistant', content: '' } }] },
        { choices: [{ delta: { reasoning: 'a' } }] },
        { choices: [{ delta: { reasoning_content: 'b' } }] },
        { choices: [{ delta: { content: 'c' }, finish_reason: null }] },
        { choices: [{ delta: {}, finish_reason: 'stop' }] },
        {
          choices: [],
          usage: { prompt_tokens: 1, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 3 } },
        },
        '[DONE]',
      ),
    );
    expect(await updates()).toEqual([
      { type: 'reasoning', choice: 0, text: 'a' },
      { type: 'reasoning', choice: 0, text: 'b' },
      { type: 'content', choice: 0, text: 'c' },
      { type: 'finish', choice: 0, reason: 'stop' },
      { type: 'usage', usage: { prompt: 1, completion: 2, cached: 3 } },
    ]);
  });

  it('reads a completion', async () => {
    const message = { role: 'assistant', reasoning: 'a', content: 'b' };
    const usage = { prompt_tokens: 1, completion_tokens: 2, cached_tokens: 0 };
    answerWith(Response.json({ choices: [{ message, finish_reason: 'length' }], usage }));
    expect(await updates()).toEqual([
      { type: 'reasoning', choice: 0, text: 'a' },
      { type: 'content', choice: 0, text: 'b' },
      { type: 'finish', choice: 0, reason: 'length' },
      { type: 'usage', usage: { prompt: 1, completion: 2, cached: 0 } },
    ]);
  });

  it('reads choices and tool calls by their index', async () => {
    const call = { index: 1, id: 'c', type: 'function', function: { name: 'f', arguments: '{"a' } };
    answerWith(
      stream(
        { choices: [{ index: 1, delta: { content: 'b' } }] },
        { choices: [{ index: 0, delta: { tool_calls: [call] } }] },
        { choices: [{ index: 0, delta: { tool_calls: [{ index: 1, function: { arguments: '":1}' } }] } }] },
        '[DONE]',
      ),
    );
    expect(await updates()).toEqual([
      { type: 'content', choice: 1, text: 'b' },
      { type: 'tool_call', choice: 0, position: 1, call: { id: 'c', name: 'f', arguments: '{"a' } },
      { type: 'tool_call', choice: 0, position: 1, call: { id: '', name: '', arguments: '":1}' } },
    ]);
  });

  it('records the exchange, without the credential', async () => {
    answerWith(stream({ choices: [{ delta: { content: 'a' } }] }, '[DONE]'));
    const trace = createTrace();
    await updates({ token: 'secret', trace });
    expect(JSON.stringify(trace)).not.toContain('secret');
    expect(trace.requestHeaders).toEqual([['content-type', 'application/json']]);
    expect(trace.status).toBe(200);
    expect(header(trace, 'x-request-id')).toBe('r-1');
    expect(trace.pieces.map(({ text }) => text).join('')).toBe(
      'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n',
    );
  });

  it('records an error and its body', async () => {
    answerWith(Response.json({ error: { code: 'invalid_value' } }, { status: 400 }));
    const trace = createTrace();
    await updates({ trace }).catch(() => {});
    expect(trace.status).toBe(400);
    expect(trace.pieces.map(({ text }) => text)).toEqual(['{"error":{"code":"invalid_value"}}']);
  });

  it('sends the token as Bearer, and asks past the cache when told to', async () => {
    const fetched = answerWith(stream('[DONE]'));
    await updates({ token: 'key', refresh: true });
    const headers = fetched.mock.calls[0]?.[1]?.headers;
    expect(headers).toMatchObject({ authorization: 'Bearer key', 'cache-control': 'no-cache' });
  });

  it('sends neither otherwise: no-cache would hide the cache', async () => {
    const fetched = answerWith(stream('[DONE]'));
    await updates();
    expect(fetched.mock.calls[0]?.[1]?.headers).toEqual({ 'content-type': 'application/json' });
    expect(fetched.mock.calls[0]?.[1]).not.toHaveProperty('cache');
  });

  it.each([
    ['a stream that just ends', stream({ choices: [{ delta: { content: 'a' } }] }), 'interrupted'],
    ['a stream of nothing', stream(), 'interrupted'],
    ['a chunk that is not JSON', stream('{'), 'unreadable'],
    ['an error event', stream({ error: { code: 'upstream_reset', message: 'It broke.' } }), 'upstream_reset'],
    ['a completion that is HTML', new Response('<p>'), 'unreadable'],
    ['a completion without choices', Response.json({ choices: [] }), 'unreadable'],
    [
      'an error',
      Response.json({ error: { code: 'model_not_found', message: 'No.' } }, { status: 404 }),
      'model_not_found',
    ],
    [
      'an error without a code',
      Response.json({ error: { type: 'server_error' } }, { status: 500 }),
      'server_error',
    ],
    ['an HTML error', new Response('<h1>502</h1>', { status: 502 }), 'unreadable'],
  ])('fails on %s', async (_, response, code) => {
    answerWith(response);
    const failure = await updates().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ code });
  });

  it('keeps the message, the status, the time to wait and the request id of a failure', async () => {
    const error = { error: { code: 'rate_limit_exceeded', message: 'Slowly.' } };
    answerWith(Response.json(error, { status: 429, headers: { 'retry-after': '7', 'x-request-id': 'r-2' } }));
    await expect(updates()).rejects.toMatchObject({
      message: 'Slowly.',
      details: { status: 429, retryAfterSeconds: 7, requestId: 'r-2' },
    });
  });

  it('distinguishes an unreachable gateway from a visitor who stops', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    await expect(updates()).rejects.toMatchObject({ code: 'network' });
    const stopped = AbortSignal.abort(new DOMException('Stop', 'AbortError'));
    await expect(updates({ signal: stopped })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('reports a stream whose connection breaks as interrupted', async () => {
    const body = new ReadableStream({
      start: (controller) => controller.error(new TypeError('network error')),
    });
    answerWith(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
    await expect(updates()).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe('parseRetryAfter', () => {
  it('reads seconds and dates, and ignores anything else', () => {
    expect(parseRetryAfter('12')).toBe(12);
    expect(parseRetryAfter(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(57);
    expect(parseRetryAfter(new Date(0).toUTCString())).toBe(0);
    for (const value of [null, '', '-1x', 'soon']) expect(parseRetryAfter(value)).toBeNull();
  });
});

describe('parseSession', () => {
  it('reads Unix seconds', () => {
    expect(parseSession({ token: 't', expires_at: 1_900_000_000 })).toEqual({
      token: 't',
      expiresAt: 1_900_000_000_000,
    });
    expect(parseSession({ token: 't' }).expiresAt).toBe(0);
    expect(() => parseSession({})).toThrow(Failure);
  });
});

async function updates(call: Partial<Parameters<typeof complete>[1]> = {}): Promise<Update[]> {
  const { signal } = new AbortController();
  const received: Update[] = [];
  for await (const update of complete(REQUEST, {
    token: null,
    signal,
    trace: createTrace(),
    ...call,
  }))
    received.push(update);
  return received;
}

function answerWith(response: Response) {
  const fetched = vi.fn<typeof fetch>(() => Promise.resolve(response));
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

function stream(...events: readonly unknown[]): Response {
  const text = events
    .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
    .join('');
  return new Response(text, {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-request-id': 'r-1' },
  });
}
