import { beforeEach, expect, test } from 'vitest';
import { get, question, send, stream } from './ask.ts';

beforeEach(() => get('/_/requests', { method: 'DELETE' }));

test.each<Record<string, string>>([
  {},
  { authorization: 'Bearer ' },
  { authorization: 'Basic c2stdGVzdA==' },
  { authorization: 'Bearer sk-invalid-1' },
])('401 with %j', async (headers) => {
  const response = await get('/v1/models', { headers });
  expect(response.status).toBe(401);
  expect(await response.text()).toBe(
    '{"error":{"message":"Incorrect API key provided","type":"invalid_api_key"}}',
  );
});

test('models, one and all', async () => {
  const all = await (await get('/v1/models')).json<{ object: string; data: { id: string }[] }>();
  expect(all.object).toBe('list');
  expect(all.data.map(({ id }) => id)).toContain('step-3.5-flash-2603');
  expect(await (await get('/v1/models/step-1-8k')).json()).toEqual({
    id: 'step-1-8k',
    object: 'model',
    created: 1713196800,
    owned_by: 'stepai',
  });
  expect((await get('/v1/models/toString')).status).toBe(404);
});

test.each([
  ['GET', '/v1/chat/completions', 405],
  ['POST', '/v1/models', 405],
  ['GET', '/v1/completions', 404],
  ['GET', '/', 404],
])('%s %s → %i', async (method, path, status) => {
  const response = await get(path, { method, headers: { authorization: 'Bearer k' } });
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error: { message: expect.any(String), type: expect.any(String) } });
});

test.each([
  [400, 'request_params_invalid'],
  [401, 'invalid_api_key'],
  [402, 'insufficient_balance'],
  [404, 'not_found'],
  [429, 'rate_limited'],
  [451, 'censorship_blocked'],
  [500, 'server_error'],
  [503, 'server_overloaded'],
  [529, 'server_error'],
])('error %i on request', async (status, type) => {
  for (const streams of [false, true]) {
    const response = await send(question(`hi simulate error ${status}`, { stream: streams }));
    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe(status === 429 ? '1' : null);
    expect(await response.json()).toEqual({ error: { message: expect.any(String), type } });
  }
});

test('an error that passes, and comes again', async () => {
  const statuses = [];
  for (let i = 0; i < 6; i += 1) statuses.push((await send(question('hi simulate error 503 twice'))).status);
  expect(statuses).toEqual([503, 503, 200, 503, 503, 200]);
});

async function retryAfter(value: string): Promise<string | null> {
  return (await send(question(`simulate error 429 retry-after ${value}`))).headers.get('retry-after');
}

test('Retry-After as asked', async () => {
  expect(await retryAfter('-1')).toBe('-1');
  expect(await retryAfter('soon.')).toBe('soon');
  expect(await retryAfter('none')).toBeNull();
  expect(Date.parse((await retryAfter('date')) ?? '')).toBeGreaterThan(Date.now());
});

test('a key in an error, an error with 200', async () => {
  const response = await send(question('simulate error 401 naming the key as 200'));
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('sk-test');
});

test('bodies of the wrong kind', async () => {
  const html = await send(question('hi simulate html'));
  expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const json = await send(question('hi simulate wrong kind', { stream: true }));
  expect(await json.json()).toMatchObject({ object: 'chat.completion' });
  const sse = await send(question('hi simulate wrong kind'));
  expect(await sse.text()).toMatch(/^data: \{/);
});

test('headers of both kinds, with strays that no gateway should copy', async () => {
  const completion = await send(question('hi'));
  expect(completion.headers.get('content-type')).toBe('application/json');
  const streamed = await send(question('hi', { stream: true }));
  expect(streamed.headers.get('content-type')).toBe('text/event-stream');
  expect(streamed.headers.get('set-cookie')).toContain('acw_tc');
});

test('it tells what it received', async () => {
  await stream(question('hi'));
  const open = await send(question('hello simulate stall', { stream: true }), { 'x-test': 'yes' });
  const refused = await send('{"model":1}');
  const log = await (await get('/_/requests')).json<{ requests: { body: string }[]; streams: object }>();
  expect(log.streams).toEqual({ total: 3, open: 1, done: 2, aborted: 0, reset: 0 });
  expect(log.requests).toMatchObject([
    { method: 'POST', path: '/v1/chat/completions', status: 200, state: 'done' },
    { headers: { authorization: 'Bearer sk-test', 'x-test': 'yes' }, status: 200, state: 'open' },
    { body: '{"model":1}', bodyChars: 11, status: refused.status, state: 'done' },
  ]);
  await open.body?.cancel();
  expect(await (await get('/_/requests')).json()).toMatchObject({ streams: { open: 0, aborted: 1 } });
});

test('it keeps the last 50, and forgets when told', async () => {
  for (let i = 0; i < 52; i += 1) await send(`{"model":${i}}`);
  const { requests } = await (await get('/_/requests')).json<{ requests: { body: string }[] }>();
  expect(requests.map(({ body }) => body)).toEqual(
    Array.from({ length: 50 }, (_, i) => `{"model":${i + 2}}`),
  );
  expect((await get('/_/requests', { method: 'DELETE' })).status).toBe(204);
  expect(await (await get('/_/requests')).json()).toEqual({
    requests: [],
    streams: { total: 0, open: 0, done: 0, aborted: 0, reset: 0 },
  });
});

test('the pace: a token each time, a wait before the first', async () => {
  const start = performance.now();
  await (
    await send(question('simulate 20 tokens simulate no reasoning simulate pace 5', { stream: true }))
  ).text();
  expect(performance.now() - start).toBeGreaterThan(12 * 5 + 20 * 5 - 10);
});
