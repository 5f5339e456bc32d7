// The router with StepFun behind a fake service binding: routes, refusals, the headers of every
// answer, and the log line of every request.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { route } from '../../src/router.ts';

const ORIGIN = 'https://app.example';
const COMPLETION = {
  id: 'c',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
};
const QUESTION = JSON.stringify({ model: 'step-3.5-flash', messages: [{ role: 'user', content: 'Hello' }] });

type Stepfun = (url: string, init: RequestInit) => Promise<Response>;
type Line = Record<string, unknown>;

let lines: Line[];

beforeEach(() => {
  lines = [];
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line: string) => void lines.push(JSON.parse(line) as Line));
  }
});
afterEach(() => void vi.restoreAllMocks());

/** Node's bodies are byte streams, as workerd's are, only where they are made of a Blob. */
const byteStream = (text: string): ReadableStream => new Blob([text]).stream();

function jsonOf(value: unknown, headers: Record<string, string> = {}): Response {
  return new Response(byteStream(JSON.stringify(value)), {
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** The same for all tests: an isolate asks StepFun for it once in a while. */
const answerModels: Stepfun = async () =>
  jsonOf({ data: ['step-3.5-flash', 'org/model'].map((id) => ({ id, object: 'model' })) });
const answerCompletion: Stepfun = async () => jsonOf(COMPLETION);

function envWith(settings: object = {}, stepfun: Stepfun = answerCompletion): Env {
  const env: object = {
    STEP_API_KEY: 'sk-canary',
    ANONYMOUS_ACCESS: 'true',
    ALLOWED_ORIGINS: ORIGIN,
    STEPFUN: { fetch: stepfun },
    ASSETS: {
      fetch: async (url: string) =>
        new Response(`file ${new URL(url).pathname}`, {
          headers: { 'content-type': 'text/plain', etag: '"1"' },
        }),
    },
    ...settings,
  };
  return env as Env;
}

/** A request's way through the router, and what the runtime has to wait for. */
function send(path: string, init: RequestInit = {}, env: Env = envWith()) {
  const pending: Promise<unknown>[] = [];
  const context: Partial<ExecutionContext> = { waitUntil: (work) => void pending.push(work) };
  const request = new Request(`https://gateway.example${path}`, init);
  return { answer: route(request, env, context as ExecutionContext), pending, request };
}

interface ChatInit {
  readonly headers?: Record<string, string>;
  readonly body?: ReadableStream;
  readonly signal?: AbortSignal;
}

function chat(fields: object = {}, env?: Env, init: ChatInit = {}) {
  const body = byteStream(JSON.stringify({ ...(JSON.parse(QUESTION) as object), ...fields }));
  const headers = { 'content-type': 'application/json', ...init.headers };
  const whole: object = { method: 'POST', body, duplex: 'half', ...init, headers };
  return send('/v1/chat/completions', whole, env);
}

const codeOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string } }).error.code;
const requestLines = () => lines.filter(({ event }) => event === 'request');

describe('routes', () => {
  it('POST /v1/chat/completions asks StepFun and answers', async () => {
    const asked = vi.fn<Stepfun>(answerCompletion);
    const response = await chat({}, envWith({}, asked)).answer;
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject(COMPLETION);
    expect(asked).toHaveBeenCalledOnce();
  });

  it.each(['/', '/playground/app.js', '/openapi.json'])('GET %s is a file', async (path) => {
    const response = await send(path).answer;
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(`file ${path}`);
  });

  it('GET / is a 404 where the playground is off; the description stays', async () => {
    const env = envWith({ PLAYGROUND: 'off' });
    expect((await send('/', {}, env).answer).status).toBe(404);
    expect((await send('/playground/app.js', {}, env).answer).status).toBe(404);
    expect((await send('/openapi.json', {}, env).answer).status).toBe(200);
  });

  it('GET /v1/models/{id} takes an id with slashes', async () => {
    const env = envWith({}, answerModels);
    expect(await (await send('/v1/models/org/model', {}, env).answer).json()).toMatchObject({
      id: 'org/model',
    });
  });

  it.each(['/v1', '/v1/chat', '/v1/chat/completions/x', '/v1/completions', '/playgrounds', '/x'])(
    '%s is not found',
    async (path) => {
      const response = await send(path, { method: 'POST', body: '{}' }).answer;
      expect(response.status).toBe(404);
      expect(await codeOf(response)).toBe('not_found');
    },
  );

  it.each([
    ['GET', '/v1/chat/completions', 'POST'],
    ['HEAD', '/v1/chat/completions', 'POST'],
    ['OPTIONS', '/v1/chat/completions', 'POST'],
    ['PUT', '/v1/chat/completions', 'POST'],
    ['GET', '/v1/session', 'POST'],
    ['POST', '/v1/models', 'GET, HEAD'],
    ['DELETE', '/v1/models/step-3.5-flash', 'GET, HEAD'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['POST', '/openapi.json', 'GET, HEAD'],
    ['POST', '/', 'GET, HEAD'],
    ['DELETE', '/playground/app.js', 'GET, HEAD'],
  ])('%s %s is a 405 that allows %s', async (method, path, allow) => {
    const response = await send(path, { method }).answer;
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    if (method !== 'HEAD') expect(await codeOf(response)).toBe('method_not_allowed');
  });

  it.each([
    '/v1/models',
    '/v1/models/step-3.5-flash',
    '/healthz',
    '/openapi.json',
    '/',
    '/docs',
    '/playground/app.js',
  ])('HEAD %s has the status and headers of GET, and no body', async (path) => {
    const env = envWith({}, answerModels);
    const [get, head] = [await send(path, {}, env).answer, await send(path, { method: 'HEAD' }, env).answer];
    expect(head.status).toBe(get.status);
    expect(get.status).toBe(200);
    expect(head.body).toBeNull();
    const names = (response: Response) =>
      [...response.headers.keys()].filter((name) => name !== 'content-length');
    expect(names(head)).toEqual(names(get));
  });
});

describe('the origin comes first', () => {
  it('a page that may not call is refused, whatever it sends', async () => {
    const asked = vi.fn<Stepfun>(answerCompletion);
    const env = envWith({}, asked);
    const headers = { origin: 'https://other.example' };
    for (const { answer } of [
      chat({}, env, { headers }),
      send('/v1/models', { headers }, env),
      send('/x', { headers }, env),
    ]) {
      const response = await answer;
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
      expect(await codeOf(response)).toBe('origin_not_allowed');
    }
    expect(asked).not.toHaveBeenCalled();
  });

  it('a preflight of an allowed page is answered on every path', async () => {
    const headers = { origin: ORIGIN, 'access-control-request-method': 'POST' };
    for (const path of ['/v1/chat/completions', '/x']) {
      const response = await send(path, { method: 'OPTIONS', headers }).answer;
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    }
  });

  it('health is for everybody, and pages that may call can read it', async () => {
    const [other, own] = ['https://other.example', ORIGIN].map((origin) =>
      send('/healthz', { headers: { origin } }),
    );
    expect((await other!.answer).status).toBe(200);
    expect((await other!.answer).headers.get('access-control-allow-origin')).toBeNull();
    expect((await own!.answer).headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });
});

describe('wrong settings', () => {
  const env = () => envWith({ CACHE_TTL_SECONDS: 'canary' });

  it('are a 503 that does not name them; the log does', async () => {
    const response = await chat({}, env()).answer;
    expect(response.status).toBe(503);
    const text = await response.text();
    expect(text).toContain('invalid_configuration');
    expect(text).not.toContain('CACHE_TTL_SECONDS');
    await Promise.resolve();
    expect(requestLines()).toMatchObject([
      { level: 'error', code: 'invalid_configuration', detail: expect.stringContaining('CACHE_TTL_SECONDS') },
    ]);
  });

  it.each(['/', '/docs', '/playground/app.js', '/openapi.json'])(
    'are no reason not to serve %s: the page says what is wrong',
    async (path) => {
      const response = await send(path, {}, env()).answer;
      expect(response.status).toBe(200);
      expect(await response.text()).not.toContain('CACHE_TTL_SECONDS');
    },
  );

  it('leave PLAYGROUND=off as it is', async () => {
    const response = await send('/', {}, envWith({ CACHE_TTL_SECONDS: 'canary', PLAYGROUND: 'off' })).answer;
    expect(response.status).toBe(404);
  });

  it.each(['/v1/models', '/v1/usage', '/v1/session'])('are a 503 of %s', async (path) => {
    const method = path === '/v1/session' ? 'POST' : 'GET';
    const response = await send(path, { method }, env()).answer;
    expect(response.status).toBe(503);
    expect(await codeOf(response)).toBe('invalid_configuration');
  });

  it('are told by /healthz, without CORS', async () => {
    const response = await send('/healthz', { headers: { origin: ORIGIN } }, env()).answer;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ configuration: 'invalid' });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

it('a client without credentials is refused before its body is read', async () => {
  const asked = vi.fn<Stepfun>(answerCompletion);
  const env = envWith({ ANONYMOUS_ACCESS: 'false', CLIENT_KEYS: 'app:key-of-the-client' }, asked);
  const response = await chat({}, env, { body: byteStream('no JSON') }).answer;
  expect(response.status).toBe(401);
  expect(await codeOf(response)).toBe('invalid_api_key');
  expect(asked).not.toHaveBeenCalled();
  const headers = { authorization: 'Bearer key-of-the-client' };
  expect((await chat({}, env, { headers }).answer).status).toBe(200);
  expect(requestLines().at(-1)).toMatchObject({ client: 'app' });
});

describe('every answer', () => {
  const cases: [string, () => Promise<Response>][] = [
    [
      'a completion',
      () => chat({}, undefined, { headers: { origin: ORIGIN, 'x-request-id': 'mine' } }).answer,
    ],
    ['a file', () => send('/', { headers: { origin: ORIGIN, 'x-request-id': 'mine' } }).answer],
    ['a 404', () => send('/x', { headers: { origin: ORIGIN, 'x-request-id': 'mine' } }).answer],
    ['a 405', () => send('/', { method: 'PUT', headers: { origin: ORIGIN, 'x-request-id': 'mine' } }).answer],
    [
      'a 500',
      () => {
        const env = envWith({ ASSETS: { fetch: () => Promise.reject(new TypeError('canary')) } });
        return send('/', { headers: { origin: ORIGIN, 'x-request-id': 'mine' } }, env).answer;
      },
    ],
    [
      'a preflight',
      () => {
        const headers = { origin: ORIGIN, 'x-request-id': 'mine', 'access-control-request-method': 'POST' };
        return send('/', { method: 'OPTIONS', headers }).answer;
      },
    ],
  ];

  it.each(cases)('has its request id, its CORS headers and its timing: %s', async (_, ask) => {
    const { headers } = await ask();
    expect(headers.get('x-request-id')).toBe('mine');
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('vary')).toContain('Origin');
    expect(headers.get('server-timing')).toMatch(/(^|, )total;dur=\d+$/);
  });

  it('tells nothing of a failure of ours', async () => {
    const env = envWith({ ASSETS: { fetch: () => Promise.reject(new TypeError('canary')) } });
    const response = await send('/', {}, env).answer;
    expect(response.status).toBe(500);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).not.toContain('canary');
    expect(requestLines()).toMatchObject([
      { code: 'internal_error', detail: expect.stringContaining('canary') },
    ]);
  });

  it('to a refused body comes after the body was read', async () => {
    let left = 3;
    const body = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        if (left-- > 0) return controller.enqueue(new Uint8Array(1_000));
        controller.close();
        controller.byobRequest?.respond(0);
      },
    });
    const init = { method: 'POST', body, duplex: 'half' };
    expect((await send('/x', init).answer).status).toBe(404);
    expect(left).toBeLessThan(0);
  });
});

describe('the log line', () => {
  it('is written once for each request, with its route', async () => {
    for (const [path, route, status] of [
      ['/v1/models/step-3.5-flash', '/v1/models/:id+', 200],
      ['/v1/models/no-such-model', '/v1/models/no-such-model', 404],
      ['/', '/', 200],
      ['/healthz', '/healthz', 200],
      [`/${'x'.repeat(500)}`, `/${'x'.repeat(127)}`, 404],
    ] as const) {
      const env = envWith({}, answerModels);
      const { answer, pending } = send(path, {}, env);
      await answer;
      await Promise.all(pending);
      expect(requestLines()).toMatchObject([{ route, status, method: 'GET' }]);
      lines = [];
    }
  });

  it('of a completion has its model, tokens and finish_reason, and no word of it', async () => {
    const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
    const env = envWith({}, async () => jsonOf({ ...COMPLETION, usage }, { 'x-trace-id': 'trace' }));
    const { answer, pending } = chat({}, env);
    await answer;
    await Promise.all(pending);
    expect(requestLines()).toMatchObject([
      { level: 'info', model: 'step-3.5-flash', prompt_tokens: 5, upstream_request_id: 'trace', attempts: 1 },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/Hello|Hi|canary/);
  });

  it('of a stream comes when the stream has ended, and waitUntil waits for it', async () => {
    const end = Promise.withResolvers<void>();
    const encode = (text: string) => new TextEncoder().encode(text);
    const stream = new ReadableStream({
      type: 'bytes',
      async start(controller) {
        controller.enqueue(encode('data: {"choices":[{"index":0,"delta":{"content":"c"}}]}\n\n'));
        await end.promise;
        controller.enqueue(
          encode('data: {"choices":[{"index":0,"finish_reason":"length"}]}\n\ndata: [DONE]\n\n'),
        );
        controller.close();
      },
    });
    const env = envWith(
      { RELAY_WINDOW_MS: '0' },
      async () => new Response(stream, { headers: { 'content-type': 'text/event-stream' } }),
    );
    const { answer, pending } = chat({ stream: true }, env);
    const response = await answer;
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const text = response.text();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(requestLines()).toEqual([]);
    end.resolve();
    expect(await text).toMatch(/data: \[DONE\]\n\n$/);
    await Promise.all(pending);
    expect(requestLines()).toMatchObject([
      { status: 200, streaming: true, outcome: 'completed', finish_reason: 'length' },
    ]);
  });

  it('is written when the client has left, with the status 499', async () => {
    const client = new AbortController();
    const env = envWith(
      {},
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    const { answer, pending } = chat({}, env, { signal: client.signal });
    await new Promise((resolve) => setTimeout(resolve, 10));
    client.abort();
    expect((await answer).status).toBe(499);
    await Promise.all(pending);
    expect(requestLines()).toMatchObject([
      { level: 'info', status: 499, outcome: 'client_gone', code: null },
    ]);
  });

  it('is promised to the runtime before anything else happens', () => {
    const { pending, answer } = send('/x');
    expect(pending).toHaveLength(1);
    return answer;
  });
});
