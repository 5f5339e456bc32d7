// The cache, black-box: the built gateway, miniflare's KV and Durable Objects, and the
// simulator instead of StepFun.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dataOf, startGateway, type Gateway } from './harness.ts';

const KEYS = { one: 'key-of-client-one', two: 'key-of-client-two' };
const SETTINGS = { ANONYMOUS_ACCESS: 'false', CLIENT_KEYS: `one:${KEYS.one},two:${KEYS.two}` };

let questions = 0;
/** A question that was not asked before. */
const newQuestion = () => `Reply with exactly: answer number ${questions++}`;

interface Asked {
  readonly content: string;
  readonly fields?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  readonly key?: string;
}

function askAt(gateway: Gateway) {
  return ({ content, fields, headers, key = KEYS.one }: Asked): Promise<Response> =>
    gateway.chat(
      { messages: [{ role: 'user', content }], ...fields },
      { authorization: `Bearer ${key}`, ...headers },
    );
}

const status = (response: Response) => response.headers.get('cache-status');

interface Message {
  readonly content: string;
  readonly reasoning?: string;
  readonly reasoning_content?: string;
}

async function messageOf(response: Response): Promise<Message> {
  const { choices } = await response.json<{ choices: { message: Message }[] }>();
  return choices[0]!.message;
}

interface Delta {
  readonly content?: string;
  readonly reasoning?: string;
  readonly reasoning_content?: string;
}

/** The texts of a stream's deltas, joined by name. */
function textsOf(data: unknown[]): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const chunk of data.slice(0, -1) as { choices: { delta: Delta }[] }[]) {
    for (const [name, text] of Object.entries(chunk.choices[0]?.delta ?? {})) {
      if (name !== 'role') texts[name] = (texts[name] ?? '') + String(text);
    }
  }
  return texts;
}

describe('with the default settings', () => {
  let gateway: Gateway;
  let ask: ReturnType<typeof askAt>;
  beforeAll(async () => {
    gateway = await startGateway(SETTINGS);
    ask = askAt(gateway);
  });
  afterAll(() => gateway.close());
  afterEach(() => gateway.forget());

  it('a hit has the body of its miss, an age, and is for this client alone', async () => {
    const content = newQuestion();
    const miss = await ask({ content });
    expect(status(miss)).toBe('stepfun-edge; fwd=miss; stored');
    expect(miss.headers.get('age')).toBeNull();
    const hit = await ask({ content });
    expect(status(hit)).toMatch(/^stepfun-edge; hit; ttl=3[56]\d\d(; detail=memory)?$/);
    expect(Number(hit.headers.get('age'))).toBeLessThan(10);
    expect(await hit.text()).toBe(await miss.text());
    for (const response of [miss, hit]) {
      expect(response.headers.get('cache-control')).toBe('private, no-store');
      expect(response.headers.get('content-type')).toBe('application/json');
    }
    const other = await ask({ content, key: KEYS.two });
    expect(status(other)).toBe('stepfun-edge; fwd=miss; stored');
    expect(await gateway.received()).toHaveLength(2);
  });

  it('a frequent question is answered from memory, each client with an answer of its own', async () => {
    const content = newQuestion();
    for (let i = 0; i < 3; i++) await ask({ content });
    const hit = await ask({ content });
    expect(status(hit)).toMatch('; detail=memory');
    // The same body, with another format.
    const hidden = await ask({ content, headers: { 'x-reasoning-format': 'hidden' } });
    expect(status(hidden)).toMatch('; detail=memory');
    expect(Object.keys(await messageOf(hidden))).toEqual(['role', 'content', 'refusal']);
    const afresh = await ask({ content, headers: { 'cache-control': 'no-cache' } });
    expect(status(afresh)).toMatch('fwd=miss');
    const other = await ask({ content, key: KEYS.two });
    expect(status(other)).toBe('stepfun-edge; fwd=miss; stored');
    expect(Object.keys(await messageOf(await ask({ content })))).toContain('reasoning');
  });

  it('one entry, every form', async () => {
    const content = newQuestion();
    const miss = await messageOf(await ask({ content }));
    expect(miss.reasoning).toBeTruthy();
    const forms: [Record<string, unknown>, Record<string, string | undefined>][] = [
      [{ reasoning_format: 'general' }, { reasoning: miss.reasoning, content: miss.content }],
      [{ reasoning_format: 'deepseek-style' }, { reasoning_content: miss.reasoning, content: miss.content }],
      [{ reasoning_format: 'hidden' }, { content: miss.content }],
    ];
    for (const [fields, expected] of forms) {
      const completion = await ask({ content, fields });
      expect(status(completion)).toMatch('stepfun-edge; hit;');
      expect(await messageOf(completion)).toEqual({ role: 'assistant', refusal: null, ...expected });

      const stream = await ask({ content, fields: { ...fields, stream: true } });
      expect(status(stream)).toMatch('stepfun-edge; hit;');
      expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      const data = dataOf(await stream.text());
      expect(data.at(-1)).toBe('[DONE]');
      expect(textsOf(data)).toEqual(expected);
    }
    expect(await gateway.received()).toHaveLength(1);
  });

  it('a replay has the usage where the client wants it', async () => {
    const content = newQuestion();
    await ask({ content });
    const fields = { stream: true, stream_options: { include_usage: true } };
    const data = dataOf(await (await ask({ content, fields })).text());
    expect(data.at(-2)).toMatchObject({ choices: [], usage: { prompt_tokens: expect.any(Number) } });
    const plain = dataOf(await (await ask({ content, fields: { stream: true } })).text());
    expect(plain.at(-2)).toMatchObject({ choices: [{ finish_reason: 'stop' }], usage: {} });
  });

  it('tool calls and several choices are replayed whole', async () => {
    const tools = [
      {
        type: 'function',
        function: {
          name: 'look',
          parameters: { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] },
        },
      },
    ];
    const fields = { tools, n: 2 };
    const content = `Look at this, please (${questions++})`;
    const first = await ask({ content, fields });
    expect(status(first)).toBe('stepfun-edge; fwd=miss; stored');
    const { choices } = await first.json<{
      choices: {
        index: number;
        message: { tool_calls: { id: string; function: { arguments: string } }[] };
      }[];
    }>();
    const data = dataOf(await (await ask({ content, fields: { ...fields, stream: true } })).text());
    const chunks = data.slice(0, -1) as {
      choices: {
        index: number;
        delta: { tool_calls?: { index: number; id?: string; function: { arguments: string } }[] };
        finish_reason: string | null;
      }[];
    }[];
    for (const { index, message } of choices) {
      const own = chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.index === index);
      const pieces = own.flatMap(({ delta }) => delta.tool_calls ?? []);
      expect(pieces.map((piece) => piece.index)).toEqual(pieces.map(() => 0));
      expect(pieces[0]!.id).toBe(message.tool_calls[0]!.id);
      expect(pieces.map((piece) => piece.function.arguments).join('')).toBe(
        message.tool_calls[0]!.function.arguments,
      );
      expect(own.at(-1)!.finish_reason).toBe('tool_calls');
    }
  });

  it('a stream is answered from the cache, and does not fill it', async () => {
    const content = newQuestion();
    const stream = await ask({ content, fields: { stream: true } });
    expect(status(stream)).toBe('stepfun-edge; fwd=miss');
    await stream.text();
    expect(status(await ask({ content }))).toBe('stepfun-edge; fwd=miss; stored');
  });

  it.each<[string, Record<string, string>, string]>([
    ['no-store', { 'cache-control': 'no-store' }, 'stepfun-edge; fwd=bypass'],
    ['no-cache', { 'cache-control': 'no-cache' }, 'stepfun-edge; fwd=miss; stored'],
    ['max-age=9999', { 'cache-control': 'max-age=9999' }, 'stepfun-edge; hit; ttl='],
    ['only-if-cached', { 'cache-control': 'only-if-cached' }, 'stepfun-edge; hit; ttl='],
  ])('Cache-Control: %s', async (_, headers, expected) => {
    const content = newQuestion();
    await ask({ content });
    expect(status(await ask({ content, headers }))).toMatch(expected);
  });

  it('only-if-cached: 504 when there is nothing, and StepFun is not asked', async () => {
    const response = await ask({ content: newQuestion(), headers: { 'cache-control': 'only-if-cached' } });
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ error: { code: 'cache_miss' } });
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await gateway.received()).toEqual([]);
  });

  it('X-Cache-TTL sets the TTL of this answer; a wrong value is refused', async () => {
    const content = newQuestion();
    await ask({ content, headers: { 'x-cache-ttl': '600' } });
    expect(status(await ask({ content }))).toMatch(/ttl=(600|59\d)/);
    const refused = await ask({ content, headers: { 'x-cache-ttl': '59' } });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { code: 'invalid_value', param: 'X-Cache-TTL' } });
  });

  it('an answer about media behind a URL is cached only with X-Cache-TTL', async () => {
    const url = `https://images.example/${questions++}.png`;
    const asked = {
      content: '',
      fields: {
        model: 'step-3.7-flash',
        messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
      },
    };
    expect(status(await ask(asked))).toBe('stepfun-edge; fwd=bypass');
    expect(status(await ask(asked))).toBe('stepfun-edge; fwd=bypass');
    const headers = { 'x-cache-ttl': '60' };
    expect(status(await ask({ ...asked, headers }))).toBe('stepfun-edge; fwd=miss; stored');
    expect(status(await ask({ ...asked, headers }))).toMatch('stepfun-edge; hit');
  });

  it('a filtered answer is not stored', async () => {
    const content = `${newQuestion()} simulate finish content_filter`;
    expect(status(await ask({ content }))).toBe('stepfun-edge; fwd=miss');
    expect(status(await ask({ content }))).toBe('stepfun-edge; fwd=miss');
  });

  it('identical misses under way are one call, other clients’ not', async () => {
    const content = newQuestion();
    const keys = [...Array<string>(20).fill(KEYS.one), ...Array<string>(20).fill(KEYS.two)];
    const responses = await Promise.all(keys.map((key) => ask({ content, key })));
    expect(responses.map((response) => response.status)).toEqual(keys.map(() => 200));
    const bodies = await Promise.all(responses.map((response) => response.text()));
    expect(new Set(bodies.slice(0, 20)).size).toBe(1);
    expect(await gateway.received()).toHaveLength(2);
    const stored = responses.filter((response) => status(response) === 'stepfun-edge; fwd=miss; stored');
    expect(stored).toHaveLength(2);
  });

  it('scripts can read its headers', async () => {
    const { origin } = new URL(gateway.url);
    const response = await ask({ content: newQuestion(), headers: { origin } });
    const exposed = response.headers.get('access-control-expose-headers')?.toLowerCase().split(/,\s*/);
    expect(exposed).toEqual(expect.arrayContaining(['cache-status', 'age']));
  });
});

describe('with CACHE_STREAMS=write and CACHE_SCOPE=shared', () => {
  let gateway: Gateway;
  let ask: ReturnType<typeof askAt>;
  beforeAll(async () => {
    gateway = await startGateway({ ...SETTINGS, CACHE_STREAMS: 'write', CACHE_SCOPE: 'shared' });
    ask = askAt(gateway);
  });
  afterAll(() => gateway.close());
  afterEach(() => gateway.forget());

  it('a stream fills the cache, for all clients, with its reasoning', async () => {
    const content = newQuestion();
    const stream = await ask({ content, fields: { stream: true, reasoning_format: 'hidden' } });
    expect(status(stream)).toBe('stepfun-edge; fwd=miss');
    expect(await stream.text()).not.toMatch(/"reasoning(?:_content|_details)?":/);
    await expect
      .poll(async () =>
        status(await ask({ content, key: KEYS.two, headers: { 'cache-control': 'only-if-cached' } })),
      )
      .toMatch(/hit/);
    const kept = await messageOf(await ask({ content, key: KEYS.two }));
    const anew = await messageOf(await ask({ content, headers: { 'cache-control': 'no-store' } }));
    expect(kept).toEqual(anew);
    expect(kept.reasoning).toBeTruthy();
  });

  it.each([
    'simulate truncated',
    'simulate reset',
    'simulate error mid-stream',
    'simulate finish content_filter',
  ])('not one that did not end well: %s', async (trouble) => {
    const content = `${newQuestion()} ${trouble}`;
    await (await ask({ content, fields: { stream: true } })).text();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const response = await ask({ content, headers: { 'cache-control': 'only-if-cached' } });
    expect(response.status).toBe(504);
  });

  it('also one whose connection broke when every choice had ended: its client got a whole answer', async () => {
    const content = newQuestion();
    const fields = { stream: true };
    const headers = { 'cache-control': 'no-store' };
    const whole = dataOf(await (await ask({ content, fields, headers })).text());
    const events = whole.length - 1;
    const broken = `${content} simulate reset after ${events}`;
    const text = await (await ask({ content: broken, fields })).text();
    expect(text).toContain('"finish_reason":"stop"');
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(text).not.toContain('"error"');
    await expect
      .poll(
        async () => (await ask({ content: broken, headers: { 'cache-control': 'only-if-cached' } })).status,
      )
      .toBe(200);
  });
});
