import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Chunk } from './ask.ts';
import { chunks, complete, question, stream } from './ask.ts';

const WEATHER = {
  tools: [
    {
      type: 'function',
      function: {
        name: 'get_weather',
        description: 'The weather of a city',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      },
    },
    {
      type: 'function',
      function: {
        name: 'search_web',
        parameters: { type: 'object', properties: { query: { type: 'string' } } },
      },
    },
  ],
};

const contentOf = (all: readonly Chunk[], index = 0): string =>
  all
    .filter(({ choices: [one] }) => one.index === index)
    .map(({ choices: [one] }) => one.delta.content)
    .join('');
const finishReasons = (all: readonly Chunk[], index: number): unknown[] =>
  all.map(({ choices: [one] }) => (one.index === index && one.finish_reason) || null).filter(Boolean);

describe('the dialect of 2026', () => {
  const chunk = (delta: object, usage: object, finish?: string) => ({
    id: expect.stringMatching(/^[0-9a-f]{32}\.[0-9a-f]{32}$/),
    object: 'chat.completion.chunk',
    created: 1_710_146_871,
    model: 'step-3.7-flash',
    choices: [
      {
        index: 0,
        delta: { role: 'assistant', content: '', ...delta },
        ...(finish && { finish_reason: finish }),
      },
    ],
    usage,
    agent: '',
  });
  const usage = (prompt: number, completion: number) => ({
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    completion_tokens_details: { reasoning_tokens: 0 },
  });
  const thought = (text: string) => ({ reasoning: text, reasoning_content: text });

  it('is sent by default, in every detail', async () => {
    const fields = { model: 'step-3.7-flash', max_tokens: 4 };
    const events = await stream(question('Say "ping pong" simulate 2 tokens per chunk', fields));
    expect(events.pop()).toBe('[DONE]');
    const none = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    const parsed = events.map((event): unknown => JSON.parse(event));
    expect(parsed).toStrictEqual([
      chunk({}, none),
      chunk(thought('The user'), usage(14, 2)),
      chunk(thought(' asks about'), usage(14, 4), 'length'),
    ]);
    const quiet = await stream(
      question('Say "ping pong" simulate no reasoning', { model: 'step-3.7-flash' }),
    );
    expect(quiet.slice(0, -1).map((event): unknown => JSON.parse(event))).toStrictEqual([
      chunk({}, none),
      chunk({ content: 'ping' }, usage(12, 1)),
      chunk({ content: ' pong' }, usage(12, 2), 'stop'),
    ]);
  });

  it('has the keys in the order of the service', async () => {
    const [first] = await stream(question('hi', { model: 'step-3.7-flash' }));
    expect(first?.replace(/"id":"[^"]+"/, '"id":"…"')).toBe(
      '{"id":"…","object":"chat.completion.chunk","created":1710146871,"model":"step-3.7-flash",' +
        '"choices":[{"index":0,"delta":{"role":"assistant","content":""}}],' +
        '"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0},"agent":""}',
    );
  });

  it('finishes with the last piece of a tool call', async () => {
    const all = await chunks(question('Weather in Boston', WEATHER));
    expect(all.at(-1)?.choices[0]).toMatchObject({
      delta: { role: 'assistant', content: '', tool_calls: [{ index: 0, id: '', type: '' }] },
      finish_reason: 'tool_calls',
    });
  });

  it('finishes with an empty chunk if nothing was generated', async () => {
    const all = await chunks(question('hi simulate 0 tokens simulate no reasoning'));
    expect(all.map(({ choices: [one] }) => one.finish_reason)).toEqual([undefined, 'stop']);
  });
});

describe('the dialect of 2024', () => {
  const env = { DIALECT: '2024' };

  /** Hides the id, and the number of prompt tokens, which depends on StepFun's tokenizer. */
  const masked = (line: string): string => {
    const completion = Number(/"completion_tokens":(\d+)/.exec(line)?.[1]);
    return line
      .replace(/"id":"[0-9a-f-]{36}"/, '"id":"…"')
      .replace(/"prompt_tokens":[1-9]\d*/, '"prompt_tokens":…')
      .replace(
        /"total_tokens":(\d+)/,
        (_, total) => `"total_tokens":…+${Number(total) === 0 ? 0 : completion}`,
      );
  };

  it.each(['by trigger', 'by setting'])("sends the stream of StepFun's page, %s", async (how) => {
    const path = fileURLToPath(import.meta.resolve('./page-stream-2024.txt'));
    const page = readFileSync(path, 'utf8').trimEnd().split('\n');
    const prompt =
      "Hello, please introduce StepFun's artificial intelligence within 64 characters! simulate no reasoning";
    const byTrigger = how === 'by trigger';
    const ours = await stream(
      question(byTrigger ? `${prompt} simulate dialect 2024` : prompt),
      byTrigger ? {} : { env },
    );
    expect(ours.map((event) => masked(`data: ${event}`))).toEqual(page.map(masked));
  });

  it('finishes with an empty chunk after an empty one', async () => {
    const all = await chunks(question('Weather in Boston', WEATHER), { env });
    expect(all.slice(-2).map(({ choices: [one] }) => one)).toEqual([
      { index: 0, delta: { role: '', content: '' }, finish_reason: '' },
      { index: 0, delta: { role: '', content: '' }, finish_reason: 'tool_calls' },
    ]);
  });
});

describe.each(['2026', '2024'])('in %s', (DIALECT) => {
  const env = { DIALECT };

  it('sends the reasoning first, in several chunks', async () => {
    const all = await chunks(question('Why is the sky blue?'), { env });
    const kinds = all
      .map(({ choices: [{ delta }] }) => ('reasoning' in delta ? 'r' : delta.content === '' ? '-' : 'c'))
      .join('');
    expect(kinds).toMatch(DIALECT === '2026' ? /^-r{5,}c{5,}$/ : /^-r{5,}c{5,}--$/);
  });

  it('has the texts and the usage of the completion', async () => {
    for (const body of [
      question('Tell me about tea', { n: 3 }),
      question('Tell me about tea simulate 3 tokens per chunk'),
      question('Weather in Boston', WEATHER),
      question('hi', { max_tokens: 7 }),
    ]) {
      const completion = await complete(body, { env });
      const all = await chunks(body, { env });
      completion.choices.forEach(({ message, finish_reason }, index) => {
        expect(contentOf(all, index)).toBe(message.content);
        expect(finishReasons(all, index)).toEqual([finish_reason]);
      });
      expect(all.at(-1)?.usage).toEqual(completion.usage);
    }
  });

  it('is the same for the same request, with another id for another request', async () => {
    const body = question('Tell me about tea', { n: 2 });
    expect(await stream(body, { env })).toEqual(await stream(body, { env }));
    const [one, other] = await Promise.all([
      complete(question('a'), { env }),
      complete(question('b'), { env }),
    ]);
    expect(one.id).toMatch(
      DIALECT === '2026' ? /^[0-9a-f]{32}\.[0-9a-f]{32}$/ : /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    );
    expect(other.id).not.toBe(one.id);
  });

  it('lets the usage grow with every chunk, from zero', async () => {
    const all = await chunks(question('hi', { n: 2 }), { env });
    const counts = all.map(({ usage }) => usage.completion_tokens);
    expect(counts).toEqual(counts.toSorted((one, other) => one - other));
    expect(all.slice(0, 2).map(({ created, usage }) => [created > 0, usage.total_tokens])).toEqual([
      [DIALECT === '2026', 0],
      [DIALECT === '2026', 0],
    ]);
    for (const { created, usage } of all.slice(2)) {
      expect(created).toBeGreaterThan(0);
      expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
    }
  });

  it('lets choices take turns, with different texts and a finish each', async () => {
    const all = await chunks(question('Tell me about tea', { n: 2 }), { env });
    expect(all.slice(0, 6).map(({ choices: [one] }) => one.index)).toEqual([0, 1, 0, 1, 0, 1]);
    expect(contentOf(all, 0)).not.toBe(contentOf(all, 1));
    expect([finishReasons(all, 0), finishReasons(all, 1)]).toEqual([['stop'], ['stop']]);
  });
});

it.each([
  [
    'truncated',
    (events: string[]) =>
      !events.includes('[DONE]') && !events.join('').includes('"stop"') && events.length > 3,
  ],
  [
    'truncated after finish',
    (events: string[]) => events.at(-1)?.includes('"finish_reason":"stop"') === true,
  ],
  ['truncated after 2', (events: string[]) => events.length === 2],
  [
    'error mid-stream 451 after 1',
    (events: string[]) =>
      events.length === 2 && events[1]?.startsWith('{"error":{"message":"The content') === true,
  ],
  [
    'error mid-stream after 0',
    (events: string[]) =>
      events.length === 1 &&
      events[0] === '{"error":{"message":"The server had an error.","type":"server_error"}}',
  ],
  ['missing done', (events: string[]) => events.at(-1)?.includes('"finish_reason":"stop"') === true],
  ['unterminated done', (events: string[]) => events.at(-1) === '[DONE]'],
  [
    'garbage after 1',
    (events: string[]) => events.at(-1) === '[DONE]' && events[1]?.startsWith('{"id":"broken"') === true,
  ],
  ['no usage', (events: string[]) => !events.join('').includes('usage')],
  [
    'finish content_filter',
    (events: string[]) => events.at(-2)?.includes('"finish_reason":"content_filter"') === true,
  ],
  ['50 tokens', (events: string[]) => events.length === 1 + 50 + 1],
  ['50 tokens simulate dialect 2024', (events: string[]) => events.length === 3 + 50 + 1],
  ['50 tokens simulate 7 tokens per chunk', (events: string[]) => events.length === 1 + 8 + 1],
])('simulates %s', async (trigger, holds) => {
  const events = await stream(question(`simulate ${trigger} simulate no reasoning`));
  expect(events).toSatisfy(holds);
});
