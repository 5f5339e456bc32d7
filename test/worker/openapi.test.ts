// `GET /openapi.json`, and whether the gateway does what it describes: routes, requests,
// answers and their headers.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { description, type Answer, type Operation, validator } from '../unit/openapi/validator.ts';
import { dataOf, startGateway, type Gateway } from './harness.ts';

const FILE = join(import.meta.dirname, '../../src/playground/openapi.json');
const PAGE = 'https://page.example';
const { paths, components } = description;

let gateway: Gateway;

/** Headers of HTTP and CORS, which are not part of this API. */
const COMMON_HEADER =
  /^(access-control-.*|allow|connection|content-(length|type|encoding)|date|keep-alive|transfer-encoding|vary)$/;
/** Security headers of files (src/http/assets.ts). */
const FENCE_HEADER = /^(cross-origin-.*|permissions-policy|referrer-policy|x-content-type-options)$/;

/** Checks an answer against the description of its operation. @returns its body: JSON, or the data of its events. */
async function described(operation: Operation | undefined, response: Response): Promise<unknown> {
  const { status, headers } = response;
  const answer: Answer | undefined = operation?.responses[status];
  expect(Object.keys(operation?.responses ?? {})).toContain(String(status));

  const known = Object.keys(answer?.headers ?? {}).map((name) => name.toLowerCase());
  const own = [...headers.keys()].filter((name) => !COMMON_HEADER.test(name) && !FENCE_HEADER.test(name));
  expect(known).toEqual(expect.arrayContaining(own));
  for (const [name, { schema }] of Object.entries(components.headers)) {
    const value = headers.get(name);
    if (value === null) continue;
    const typed = schema.type === 'integer' ? Number(value) : value;
    expect([name, typed, validator(schema)(typed)]).toEqual([name, typed, true]);
  }

  const type = headers.get('content-type')?.split(';', 1)[0] ?? '';
  expect(Object.keys(answer?.content ?? {})).toContain(type);
  const { schema = {}, examples } = answer?.content?.[type] ?? {};
  const validate = validator(schema);
  const text = await response.text();
  const items =
    type === 'text/event-stream' ? dataOf(text) : [type === 'text/html' ? text : JSON.parse(text)];
  for (const item of items.filter((item) => item !== '[DONE]')) {
    expect([validate(item), item, validate.errors]).toEqual([true, item, null]);
    const { code } = (item as { error?: { code?: string } }).error ?? {};
    if (status >= 400 && code !== undefined) expect(Object.keys(examples ?? {})).toContain(code);
  }
  return type === 'text/event-stream' ? items : items[0];
}

const CHAT = paths['/v1/chat/completions']?.['post'];
const requests = Object.entries(CHAT?.requestBody?.content['application/json']?.examples ?? {}).map(
  ([name, { value }]): [string, Record<string, unknown>] => [name, value as Record<string, unknown>],
);

describe('GET /openapi.json', () => {
  afterAll(() => gateway.close());
  beforeAll(async () => {
    gateway = await startGateway({ ALLOWED_ORIGINS: PAGE, PLAYGROUND: 'off' });
  });

  it('is served, also without the playground', async () => {
    const response = await gateway.fetch('/openapi.json', { headers: { origin: PAGE } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(response.headers.get('x-request-id')).toMatch(/^[\w.-]+$/);
    expect(await response.text()).toBe(await readFile(FILE, 'utf8'));
    expect((await gateway.fetch('/')).status).toBe(404);
  });

  it('is not sent again to a client that has it', async () => {
    const first = await gateway.fetch('/openapi.json');
    await first.text();
    const again = await gateway.fetch('/openapi.json', {
      headers: { 'if-none-match': first.headers.get('etag') ?? '' },
    });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it('can be read by allowed origins only', async () => {
    const headers = { origin: 'https://other.example' };
    expect((await gateway.fetch('/openapi.json', { headers })).status).toBe(403);
  });
});

describe('the gateway does what the description says', () => {
  afterAll(() => gateway.close());
  beforeAll(async () => {
    gateway = await startGateway({ ALLOWED_ORIGINS: PAGE });
  });

  it.each(Object.entries(paths))('has %s with these methods and no others', async (path, operations) => {
    const response = await gateway.fetch(path.replace('{id}', 'step-3.5-flash'), { method: 'PATCH' });
    expect(response.status).toBe(405);
    const methods = Object.keys(operations).map((method) => method.toUpperCase());
    if (methods.includes('GET')) methods.push('HEAD');
    expect(response.headers.get('allow')?.split(', ').sort()).toEqual(methods.sort());
  });

  it.each(requests)('answers the example %s, whole', async (_, body) => {
    const { stream_options: _options, ...request } = body;
    const response = await gateway.chat({ ...request, stream: false });
    expect(response.status).toBe(200);
    await described(CHAT, response);
  });

  it.each(requests)('answers the example %s, as a stream', async (_, body) => {
    const response = await gateway.chat({ ...body, stream: true }, { 'cache-control': 'no-store' });
    expect(response.status).toBe(200);
    expect(await described(CHAT, response)).toContain('[DONE]');
  });

  it.each(['/v1/models', '/v1/models/step-3.7-flash', '/v1/models/none', '/healthz', '/openapi.json', '/'])(
    'answers GET %s',
    async (path) => {
      await described(paths[path.replace(/models\/.*/, 'models/{id}')]?.['get'], await gateway.fetch(path));
    },
  );

  it('exposes the described headers to pages', async () => {
    const response = await gateway.fetch('/healthz', { headers: { origin: PAGE } });
    const exposed = response.headers.get('access-control-expose-headers')?.split(', ') ?? [];
    const described = Object.keys(components.headers).map((name) => name.toLowerCase());
    // Headers that a script may always read (Fetch §2.2.2), or does not need.
    const others = new Set(['cache-control', 'content-security-policy', 'etag', 'x-accel-buffering']);
    expect(exposed.filter((name) => name !== 'allow').sort()).toEqual(
      described.filter((name) => !others.has(name)).sort(),
    );
  });

  it('allows pages to send the described headers', async () => {
    // Browsers send If-None-Match themselves.
    const names = Object.values(components.parameters)
      .map(({ name }) => name.toLowerCase())
      .filter((name) => name !== 'if-none-match');
    const response = await gateway.fetch('/v1/chat/completions', {
      method: 'OPTIONS',
      headers: {
        origin: PAGE,
        'access-control-request-method': 'POST',
        'access-control-request-headers': names.join(', '),
      },
    });
    expect(response.headers.get('access-control-allow-headers')?.split(', ')).toEqual(names);
  });

  const says = (content: string) => ({ messages: [{ role: 'user', content }] });
  const post = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
    gateway.fetch(path, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
  const chatPath = '/v1/chat/completions';
  it.each<[string, () => Promise<Response>]>([
    ['invalid_json', () => post(chatPath, '{')],
    ['invalid_value', () => gateway.chat({ temperature: 3 })],
    ['unknown_parameter', () => gateway.chat({ temprature: 1 })],
    ['model_not_found', () => gateway.chat({ model: 'step-9' })],
    ['request_too_large', () => post(chatPath, 'x'.repeat(9 * 1024 * 1024))],
    ['unsupported_media_type', () => post(chatPath, '{}', { 'content-type': 'text/plain' })],
    ['origin_not_allowed', () => gateway.chat({}, { origin: 'https://other.example' })],
    ['cache_miss', () => gateway.chat(says('Never asked.'), { 'cache-control': 'only-if-cached' })],
    ['invalid_value', () => gateway.chat({}, { 'x-cache-ttl': '1' })],
    ['invalid_value', () => gateway.chat({}, { 'x-reasoning-format': 'raw' })],
    ['upstream_rejected', () => gateway.chat(says('simulate error 400'))],
    ['upstream_auth', () => gateway.chat(says('simulate error 402'))],
    ['upstream_rate_limited', () => gateway.chat(says('simulate error 429 retry-after 7'))],
    ['content_filter', () => gateway.chat(says('simulate error 451'))],
    ['upstream_unavailable', () => gateway.chat(says('simulate error 503'))],
    ['upstream_malformed', () => gateway.chat(says('simulate html'))],
  ])('fails as it says: %s', async (code, ask) => {
    expect(await described(CHAT, await ask())).toMatchObject({ error: { code } });
  });

  it('ends a failed stream as described', async () => {
    const response = await gateway.chat({ ...says('simulate truncated'), stream: true });
    const events = (await described(CHAT, response)) as unknown[];
    expect(events.at(-1)).toMatchObject({ error: { code: 'upstream_truncated' } });
  });

  it('answers 404 for a session where sessions are off', async () => {
    const session = paths['/v1/session']?.['post'];
    const response = await post('/v1/session', '{"turnstile_token":"x"}', { origin: PAGE });
    expect(await described(session, response)).toMatchObject({ error: { code: 'not_found' } });
  });
});

describe.each([
  ['a token budget and ignored params', { TOKENS_PER_DAY: '1000000' }],
  ["StepFun's own shape", { STREAM_SHAPE: 'stepfun' }],
  ['the native lane', { RELAY: 'native' }],
])('under %s', (_, vars) => {
  afterAll(() => gateway.close());
  beforeAll(async () => {
    gateway = await startGateway(vars);
  });

  it.each(['general', 'deepseek-style', 'hidden'])(
    'answers as it says, reasoning %s',
    async (reasoning_format) => {
      const question = { metadata: {}, user: 'u', reasoning_format };
      await described(CHAT, await gateway.chat(question));
      await described(CHAT, await gateway.chat({ ...question, stream: true }));
      await described(
        CHAT,
        await gateway.chat({ ...question, stream: true }, { 'cache-control': 'no-store' }),
      );
    },
  );
});

describe('closed', () => {
  afterAll(() => gateway.close());
  it.each([
    ['invalid_api_key', 401, { ANONYMOUS_ACCESS: 'false', CLIENT_KEYS: 'app:client-key-000001' }],
    ['access_not_configured', 503, { ANONYMOUS_ACCESS: 'false' }],
    ['invalid_configuration', 503, { MAX_CHOICES: 'many' }],
  ])('says so: %s', async (code, status, vars: Record<string, string>) => {
    gateway = await startGateway(vars);
    const response = await gateway.chat();
    expect(response.status).toBe(status);
    expect(await described(CHAT, response)).toMatchObject({ error: { code } });
    await described(paths['/healthz']?.['get'], await gateway.fetch('/healthz'));
  });
});
