import { beforeEach, expect, it, vi } from 'vitest';
import { get, question, send, stream } from './ask.ts';

beforeEach(() => get('/_/requests', { method: 'DELETE' }));

it.each<Record<string, string>>([
  {},
  { authorization: 'Bearer ' },
  { authorization: 'Basic c2stdGVzdA==' },
  { authorization: 'Bearer sk-invalid-1' },
])('answers 401 with %j', async (headers) => {
  const response = await get('/v1/models', { headers });
  expect(response.status).toBe(401);
  expect(await response.text()).toBe(
    '{"error":{"message":"Incorrect API key provided","type":"invalid_api_key"}}',
  );
});

it('lists the models of today, and shows one', async () => {
  const all = await (await get('/v1/models')).json<{ object: string; data: { id: string }[] }>();
  expect(all.object).toBe('list');
  const ids = all.data.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(['step-5-preview', 'step-3.5-flash-2603', 'step-audio-2']));
  expect(ids.filter((id) => /^step-[12]-|^step-3$|router/.test(id))).toEqual([]);
  expect(await (await get('/v1/models/step-3.7-flash')).json()).toEqual({
    id: 'step-3.7-flash',
    object: 'model',
    created: 1779062400,
    owned_by: 'stepfun-simulator',
  });
  for (const id of ['toString', 'step-2-16k', 'step-router-v1']) {
    expect((await get(`/v1/models/${id}`)).status).toBe(404);
  }
  expect((await get('/step_plan/v1/models/step-router-v1')).status).toBe(200);
});

it.each([
  ['GET', '/v1/chat/completions'],
  ['POST', '/v1/models'],
  ['GET', '/v1/completions'],
  ['GET', '/v1/v1/models'],
  ['GET', '/'],
])('answers %s %s with 404 in plain text', async (method, path) => {
  const response = await get(path, { method });
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
  expect(await response.text()).toBe('404 page not found');
});

it.each([
  [400, 'request_params_invalid', 'The request parameters are invalid.'],
  [401, 'invalid_api_key', 'Incorrect API key provided'],
  [402, 'quota_exceeded', 'You exceeded your current quota, please check your plan and billing details'],
  [429, 'rate_limited', 'concurrency reached, current: 6, limit: 5'],
  [451, 'censorship_blocked', 'The content you provided or machine outputted is blocked.'],
  [500, 'server_error', 'The server had an error.'],
  [503, 'server_overloaded', 'The server is overloaded. Please retry after a moment.'],
  [529, 'server_error', 'A simulated error.'],
])('sends error %i on request, without Retry-After', async (status, type, message) => {
  for (const isStream of [false, true]) {
    const response = await send(question(`hi simulate error ${status}`, { stream: isStream }));
    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBeNull();
    expect(await response.json()).toEqual({ error: { message, type } });
  }
});

it.each([
  ['RPM', 'request limited RPM reached, current: 11, limit: 10'],
  ['TPM', 'request limited TPM reached, current: 559755, limit: 500000'],
  [
    'with top-up',
    'request limited concurrency reached, current: 6, limit: 5. Please top up at https://platform.stepfun.ai/account-info',
  ],
])('sends a 429 about %s on request', async (option, message) => {
  const response = await send(question(`hi simulate error 429 ${option}`));
  expect(await response.json()).toEqual({ error: { message, type: 'rate_limited' } });
});

it('sends an X-Trace-Id with every answer, each time a new one, and logs it', async () => {
  const answers = [
    await send(question('hi')),
    await send(question('hi', { stream: true })),
    await send(question('hi simulate error 500')),
    await send('{'),
    await get('/v1/models'),
    await get('/nothing'),
    await get('/v1/models', { headers: {} }),
  ];
  const ids = answers.map((answer) => answer.headers.get('x-trace-id') ?? '');
  expect(ids.filter((id) => /^[0-9a-f]{32}$/.test(id))).toHaveLength(answers.length);
  expect(new Set(ids).size).toBe(answers.length);
  const { requests } = await (await get('/_/requests')).json<{ requests: { traceId: string }[] }>();
  expect(requests.map(({ traceId }) => traceId)).toEqual(ids);
  for (const answer of answers) await answer.body?.cancel();
});

it('answers 500 if a setting is wrong', async () => {
  const error = vi.spyOn(console, 'error').mockReturnValue();
  expect((await send(question('hi'), { env: { DIALECT: '2025' } })).status).toBe(500);
  expect(String(error.mock.calls[0]?.[0])).toContain('DIALECT: expected 2026 or 2024');
});

it('repeats an error as often as asked, then succeeds, then begins again', async () => {
  const statuses = [];
  for (let i = 0; i < 6; i += 1) statuses.push((await send(question('hi simulate error 503 twice'))).status);
  expect(statuses).toEqual([503, 503, 200, 503, 503, 200]);
});

async function retryAfter(value: string): Promise<string | null> {
  return (await send(question(`simulate error 429 retry-after ${value}`))).headers.get('retry-after');
}

it('sends Retry-After as asked', async () => {
  expect(await retryAfter('-1')).toBe('-1');
  expect(await retryAfter('soon.')).toBe('soon');
  expect(await retryAfter('none')).toBeNull();
  expect(Date.parse((await retryAfter('date')) ?? '')).toBeGreaterThan(Date.now());
});

it('names the key in an error, and sends an error with status 200', async () => {
  const response = await send(question('simulate error 401 naming the key as 200'));
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('sk-test');
});

it('sends bodies of the wrong type', async () => {
  const html = await send(question('hi simulate html'));
  expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const json = await send(question('hi simulate wrong type', { stream: true }));
  expect(await json.json()).toMatchObject({ object: 'chat.completion' });
  const sse = await send(question('hi simulate wrong type'));
  expect(await sse.text()).toMatch(/^data: \{/);
});

it('sends stray headers that no gateway should copy', async () => {
  const completion = await send(question('hi'));
  expect(completion.headers.get('content-type')).toBe('application/json');
  const streamed = await send(question('hi', { stream: true }));
  expect(streamed.headers.get('content-type')).toBe('text/event-stream');
  expect(streamed.headers.get('set-cookie')).toContain('acw_tc');
});

it('shows the requests that it received', async () => {
  await stream(question('hi'));
  const open = await send(question('hello simulate stall', { stream: true }), {
    headers: { 'x-test': 'yes' },
  });
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

it('shows the last 50 requests, and forgets them when told', async () => {
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

it('waits for each token, and longer before the first', async () => {
  const start = performance.now();
  await (
    await send(question('simulate 20 tokens simulate no reasoning simulate pace 5', { stream: true }))
  ).text();
  expect(performance.now() - start).toBeGreaterThan(12 * 5 + 20 * 5 - 10);
});
