// A chat request end to end: the request, the call to StepFun, the answer.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dataOf, startGateway, type Gateway } from './harness.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

interface Message {
  role: string;
  content: string;
  reasoning?: string;
  reasoning_content?: string;
}
interface Completion {
  choices: { index: number; message: Message; finish_reason: string }[];
  usage: Record<string, unknown>;
}
interface Chunk {
  choices: { index: number; delta: Partial<Message>; finish_reason: string | null }[];
  usage?: Record<string, unknown> | null;
  created: number;
}

async function completionOf(response: Response): Promise<Completion> {
  expect(response.status).toBe(200);
  return (await response.json()) as Completion;
}

async function chunksOf(response: Response): Promise<Chunk[]> {
  expect(response.status).toBe(200);
  const data = dataOf(await response.text());
  expect(data.at(-1)).toBe('[DONE]');
  return data.slice(0, -1) as Chunk[];
}

const FORMATS = [
  ['general', 'reasoning', 'reasoning_content'],
  ['deepseek-style', 'reasoning_content', 'reasoning'],
] as const;

describe('a completion', () => {
  it('has the media type and the headers of the contract', async () => {
    const response = await gateway.chat();
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    expect(response.headers.get('set-cookie')).toBeNull();
    const { choices, usage } = await completionOf(response);
    expect(choices).toHaveLength(1);
    expect(choices[0]).toMatchObject({ index: 0, message: { role: 'assistant' }, finish_reason: 'stop' });
    expect(choices[0]?.message.content).toMatch(/\w/);
    expect(usage).toMatchObject({ prompt_tokens: expect.any(Number), total_tokens: expect.any(Number) });
  });

  it.each(FORMATS)('has its reasoning under the name for %s', async (format, name, other) => {
    const { message } = (await completionOf(await gateway.chat({ reasoning_format: format }))).choices[0]!;
    expect(message[name]).toMatch(/\w/);
    expect(message).not.toHaveProperty(other);
  });

  it('has no reasoning under hidden', async () => {
    const text = await (await gateway.chat({ reasoning_format: 'hidden' })).text();
    expect(text).not.toMatch(/"reasoning(?:_content|_details)?":/);
  });

  it('takes the format from the body, else from the header', async () => {
    const header = { 'x-reasoning-format': 'hidden' };
    expect(await (await gateway.chat({}, header)).text()).not.toMatch(/"reasoning(?:_content|_details)?":/);
    const asked = await gateway.chat({ reasoning_format: 'general' }, header);
    expect((await completionOf(asked)).choices[0]?.message.reasoning).toMatch(/\w/);
  });
});

describe('a stream', () => {
  it('has the media type and the headers of the contract', async () => {
    const response = await gateway.chat({ stream: true });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('private, no-store, no-transform');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    expect((await chunksOf(response)).length).toBeGreaterThan(3);
  });

  it.each(FORMATS)('has its reasoning under the name for %s', async (format, name, other) => {
    const chunks = await chunksOf(await gateway.chat({ stream: true, reasoning_format: format }));
    const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
    expect(deltas.map((delta) => delta[name] ?? '').join('')).toMatch(/\w/);
    for (const delta of deltas) expect(delta).not.toHaveProperty(other);
  });

  it('has no reasoning under hidden', async () => {
    const text = await (await gateway.chat({ stream: true, reasoning_format: 'hidden' })).text();
    expect(text).not.toMatch(/"reasoning(?:_content|_details)?":/);
  });

  it("has the completion's content, with StepFun's quirks repaired", async () => {
    const said = await completionOf(await gateway.chat({}, { 'cache-control': 'no-store' }));
    const chunks = await chunksOf(await gateway.chat({ stream: true }, { 'cache-control': 'no-store' }));
    const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
    expect(deltas.map(({ content }) => content ?? '').join('')).toBe(said.choices[0]?.message.content);
    for (const { role } of deltas) expect([undefined, 'assistant']).toContain(role);
    for (const { created } of chunks) expect(created).toBeGreaterThan(1_700_000_000);
    const finishes = chunks.flatMap(({ choices }) => choices.map((choice) => choice.finish_reason));
    expect(finishes.filter((reason) => reason !== null)).toEqual(['stop']);
    const counted = chunks.filter(({ usage }) => usage !== undefined && usage !== null);
    expect(counted).toHaveLength(1);
    expect(counted[0]?.choices[0]?.finish_reason).toBe('stop');
    expect(counted[0]?.usage).toMatchObject(said.usage);
  });

  it('ends with a chunk for the usage where the request asks for it', async () => {
    const fields = { stream: true, stream_options: { include_usage: true } };
    const uncached = { 'cache-control': 'no-store' };
    const last = (await chunksOf(await gateway.chat(fields, uncached))).at(-1);
    expect(last).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
    const [sent] = await gateway.received();
    expect(sent?.body).not.toContain('stream_options');
  });

  it('answers with a status when it fails before its first event', async () => {
    const response = await gateway.chat({
      stream: true,
      messages: [{ role: 'user', content: 'simulate error 451' }],
    });
    expect(response.status).toBe(451);
    expect(await response.json()).toMatchObject({
      error: { code: 'content_filter', type: 'content_filter' },
    });
  });

  it('never looks complete when it broke', async () => {
    const content = 'Tell me much. simulate truncated after 5';
    const text = await (await gateway.chat({ stream: true, messages: [{ role: 'user', content }] })).text();
    const data = dataOf(text);
    expect(data.at(-1)).toMatchObject({ error: { code: 'upstream_truncated' } });
    expect(text).not.toContain('[DONE]');
    expect(data.length).toBeGreaterThan(3);
  });
});

describe('the request to StepFun', () => {
  it('has no header of the client', async () => {
    await gateway.chat(
      {},
      {
        authorization: 'Bearer sk-of-the-client',
        cookie: 'session=secret',
        origin: gateway.url,
        referer: 'https://page.example/private',
        'x-forwarded-for': '203.0.113.9',
        'x-stray': 'stray',
        'accept-language': 'zh',
        'cache-control': 'no-store',
      },
    );
    const [sent] = await gateway.received();
    expect(sent).toMatchObject({ method: 'POST', path: '/v1/chat/completions' });
    expect(sent?.headers['authorization']).toBe('Bearer sk-simulator');
    const ours = ['accept', 'authorization', 'content-type', 'user-agent'];
    const runtimes = ['host', 'content-length', 'accept-encoding', 'cf-worker', 'cdn-loop', 'mf-vary'];
    expect([...ours, ...runtimes]).toEqual(expect.arrayContaining(Object.keys(sent?.headers ?? {})));
    expect(JSON.stringify(sent?.headers)).not.toMatch(/secret|private|203\.0|stray|of-the-client/);
  });

  it('has what was checked: aliases resolved, ignored fields left out and named', async () => {
    const response = await gateway.chat({
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      max_completion_tokens: 50,
      user: 'u-1',
      metadata: { a: 'b' },
      reasoning: { effort: 'low', exclude: true },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-ignored-params')?.split(', ').toSorted()).toEqual(['metadata', 'user']);
    const [sent] = await gateway.received();
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      model: 'step-3.5-flash',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      max_tokens: 50,
      reasoning_effort: 'low',
    });
  });
});

describe('the cache', () => {
  const ask = (headers = {}) =>
    gateway.chat({ messages: [{ role: 'user', content: 'What is cached?' }] }, headers);

  it('stores a completion: the second answer equals the first, without a call', async () => {
    const first = await ask();
    expect(first.headers.get('cache-status')).toBe('stepfun-edge; fwd=miss; stored');
    const second = await ask();
    expect(second.headers.get('cache-status')).toMatch(/^stepfun-edge; hit; ttl=\d+/);
    expect(second.headers.get('age')).toMatch(/^\d+$/);
    expect(await second.text()).toBe(await first.text());
    expect(await gateway.received()).toHaveLength(1);
  });

  it('has one entry for all reasoning formats', async () => {
    await (await ask()).text();
    const hidden = await ask({ 'x-reasoning-format': 'hidden' });
    expect(hidden.headers.get('cache-status')).toMatch(/hit/);
    expect(await hidden.text()).not.toMatch(/"reasoning(?:_content|_details)?":/);
  });

  it('is bypassed and refreshed as the client asks', async () => {
    await (await ask()).text();
    await gateway.forget();
    expect((await ask({ 'cache-control': 'no-store' })).headers.get('cache-status')).toBe(
      'stepfun-edge; fwd=bypass',
    );
    expect((await ask({ 'cache-control': 'no-cache' })).headers.get('cache-status')).toBe(
      'stepfun-edge; fwd=miss; stored',
    );
    expect(await gateway.received()).toHaveLength(2);
  });
});

describe('a failure of StepFun', () => {
  const ask = (content: string, fields = {}) =>
    gateway.chat({ messages: [{ role: 'user', content }], ...fields }, { 'cache-control': 'no-store' });

  it.each([{}, { stream: true }])('is retried before the client has got anything: %o', async (fields) => {
    const response = await ask('Hello. simulate error 503 twice', fields);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-upstream-attempts')).toBe('3');
    expect(await response.text()).toContain('choices');
    expect(await gateway.received()).toHaveLength(3);
  });

  it('with a short Retry-After is retried after that time', async () => {
    const response = await ask('Hello. simulate error 429 once retry-after 1');
    expect(response.status).toBe(200);
    expect(response.headers.get('x-upstream-attempts')).toBe('2');
    const long = await ask('Hello. simulate error 429 once retry-after 30');
    expect(long.status).toBe(429);
    expect(long.headers.get('retry-after')).toBe('30');
    expect(long.headers.get('x-upstream-attempts')).toBe('1');
  });

  it.each([400, 401, 402, 404, 451])('is not retried after a %i', async (status) => {
    await ask(`Hello. simulate error ${status}`);
    expect(await gateway.received()).toHaveLength(1);
  });
});
