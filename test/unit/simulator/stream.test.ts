import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
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
const reasoningOf = (all: readonly Chunk[]): string =>
  all.map(({ choices: [one] }) => one.delta.reasoning ?? '').join('');

/** Without what is StepFun's own: the id, and its tokenizer's count of the prompt. */
function blank(line: string): string {
  const completion = Number(/"completion_tokens":(\d+)/.exec(line)?.[1]);
  return line
    .replace(/"id":"[0-9a-f-]{36}"/, '"id":"…"')
    .replace(/"prompt_tokens":[1-9]\d*/, '"prompt_tokens":…')
    .replace(
      /"total_tokens":(\d+)/,
      (_, total) => `"total_tokens":…+${Number(total) === 0 ? 0 : completion}`,
    );
}

async function reasoningLength(more: object): Promise<number> {
  return reasoningOf(await chunks(question('Why is the sky blue?', more))).length;
}

async function cutAt(max_tokens: number, more: object = {}) {
  return (await complete(question('Weather in Boston', { max_tokens, ...more }))).choices[0];
}

/** The names of the tools called. */
async function calledWith(more: object) {
  const body = question('Weather in Boston simulate 2 tool calls', { ...WEATHER, ...more });
  return (await complete(body)).choices[0]?.message.tool_calls?.map((call) => call.function.name);
}

async function answerAs(text: string, response_format: object): Promise<unknown> {
  return JSON.parse((await complete(question(text, { response_format }))).choices[0]?.message.content ?? '');
}

async function usageOf(text: string, before: object[] = []) {
  const messages = [...before, { role: 'user', content: text }];
  return (await complete({ model: 'step-3.5-flash', messages })).usage;
}

test("the page's own prompt gives the page's own stream, line by line", async () => {
  const page = readFileSync(fileURLToPath(import.meta.resolve('./page-stream.txt')), 'utf8')
    .trimEnd()
    .split('\n');
  const ours = await stream(
    question(
      "Hello, please introduce StepFun's artificial intelligence within 64 characters! simulate no reasoning",
    ),
  );
  expect(ours.map((event) => blank(`data: ${event}`))).toEqual(page.map(blank));
});

test('reasoning comes first, in several chunks, under the name asked for', async () => {
  const all = await chunks(question('Why is the sky blue?'));
  const kinds = all
    .map(({ choices: [{ delta }] }) => ('reasoning' in delta ? 'r' : delta.content === '' ? '-' : 'c'))
    .join('');
  expect(kinds).toMatch(/^-r{5,}c{5,}--$/);
  const renamed = await chunks(question('Why is the sky blue?', { reasoning_format: 'deepseek-style' }));
  expect(renamed.map(({ choices: [{ delta }] }) => delta.reasoning_content ?? '').join('')).toBe(
    reasoningOf(all),
  );
  expect(JSON.stringify(renamed)).not.toContain('"reasoning":');
});

test('more effort, more reasoning; none by other models', async () => {
  const [low, medium, high] = await Promise.all(
    ['low', 'medium', 'high'].map((reasoning_effort) => reasoningLength({ reasoning_effort })),
  );
  expect(low).toBeGreaterThan(10);
  expect(medium).toBeGreaterThan(low ?? 0);
  expect(high).toBeGreaterThan(medium ?? 0);
  expect(await reasoningLength({ model: 'step-2-16k' })).toBe(0);
});

test('a stream says what the completion says, and costs the same', async () => {
  for (const body of [
    question('Tell me about tea', { n: 3 }),
    question('Weather in Boston', WEATHER),
    question('hi', { max_tokens: 7 }),
  ]) {
    const completion = await complete(body);
    const all = await chunks(body);
    completion.choices.forEach(({ message, finish_reason }, index) => {
      expect(contentOf(all, index)).toBe(message.content);
      const finished = all.filter(({ choices: [one] }) => one.index === index && one.finish_reason !== '');
      expect(finished.map(({ choices: [one] }) => one.finish_reason)).toEqual([finish_reason]);
    });
    expect(all.at(-1)?.usage).toEqual(completion.usage);
  }
});

test('the same request gets the same answer; another one another id', async () => {
  const body = question('Tell me about tea', { n: 2 });
  expect(await stream(body)).toEqual(await stream(body));
  const [one, other] = await Promise.all([complete(question('a')), complete(question('b'))]);
  expect(one.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(other.id).not.toBe(one.id);
});

test('usage runs along, from zero to the whole', async () => {
  const all = await chunks(question('hi', { n: 2 }));
  const counts = all.map(({ usage }) => usage.completion_tokens);
  expect(counts).toEqual(counts.toSorted((one, other) => one - other));
  expect(all.slice(0, 2).every(({ created, usage }) => created === 0 && usage.total_tokens === 0)).toBe(true);
  expect(
    all
      .slice(2)
      .every(
        ({ created, usage }) =>
          created > 0 && usage.total_tokens === usage.prompt_tokens + usage.completion_tokens,
      ),
  ).toBe(true);
});

test('choices take turns, differ, and each has its own finish', async () => {
  const all = await chunks(question('Tell me about tea', { n: 2 }));
  expect(all.slice(0, 6).map(({ choices: [one] }) => one.index)).toEqual([0, 1, 0, 1, 0, 1]);
  expect(contentOf(all, 0)).not.toBe(contentOf(all, 1));
  expect(
    all
      .filter(({ choices: [one] }) => one.finish_reason === 'stop')
      .map(({ choices: [one] }) => one.index)
      .toSorted((one, other) => one - other),
  ).toEqual([0, 1]);
});

test('max_tokens cuts reasoning, content and arguments', async () => {
  const whole = (await complete(question('Weather in Boston'))).usage.completion_tokens;
  expect(await cutAt(3)).toMatchObject({
    message: { content: '', reasoning: 'The user wrote' },
    finish_reason: 'length',
  });
  expect(await cutAt(whole - 1)).toMatchObject({ finish_reason: 'length' });
  expect(await cutAt(whole)).toMatchObject({ finish_reason: 'stop' });
  const tools = await complete(question('Weather in Boston', WEATHER));
  const called = await cutAt(tools.usage.completion_tokens - 1, WEATHER);
  expect(called?.finish_reason).toBe('length');
  expect(called?.message.tool_calls?.[0]?.function.arguments).toBe('{"city":"Boston"');
});

test('stop strings end the text before them', async () => {
  for (const stop of [', 4', [', 7', ', 4']]) {
    expect((await complete(question('count to 9', { stop }))).choices[0]).toMatchObject({
      message: { content: '1, 2, 3' },
      finish_reason: 'stop',
    });
  }
});

test.each([
  ['with id', { id: expect.stringMatching(/^call_/), type: 'function', function: { arguments: '{' } }],
  ['without id', { function: { arguments: '{' } }],
  ['with empty strings', { id: '', type: '', function: { name: '', arguments: '{' } }],
])('tool pieces %s, and no index', async (spelling, second) => {
  const all = await chunks(question(`Weather in Boston and Paris simulate tool pieces ${spelling}`, WEATHER));
  const pieces = all.flatMap(({ choices: [one] }) => one.delta.tool_calls ?? []);
  expect(pieces[0]).toEqual({
    id: expect.stringMatching(/^call_/),
    type: 'function',
    function: { name: 'get_weather', arguments: '' },
  });
  expect(pieces[1]).toEqual(second);
  expect(JSON.parse(pieces.map((piece) => piece.function.arguments).join(''))).toEqual({ city: 'Boston' });
  expect(all.at(-1)?.choices[0]).toMatchObject({
    delta: { role: '', content: '' },
    finish_reason: 'tool_calls',
  });
});

test('several calls, each in one piece, finished with stop', async () => {
  const all = await chunks(
    question(
      'Weather in Boston, Texas simulate 2 tool calls; simulate tool pieces in one piece; simulate finish stop',
      WEATHER,
    ),
  );
  const pieces = all.flatMap(({ choices: [one] }) => one.delta.tool_calls ?? []);
  expect(pieces.map((piece) => piece.function.name)).toEqual(['get_weather', 'search_web']);
  expect(new Set(pieces.map((piece) => piece.id)).size).toBe(2);
  expect(all.at(-1)?.choices[0].finish_reason).toBe('stop');
});

test('tool_choice and parallel_tool_calls are respected', async () => {
  expect(await calledWith({})).toEqual(['get_weather', 'search_web']);
  expect(await calledWith({ parallel_tool_calls: false })).toEqual(['get_weather']);
  expect(await calledWith({ tool_choice: 'none' })).toBeUndefined();
  expect(await calledWith({ tool_choice: 'required', parallel_tool_calls: false })).toEqual(['get_weather']);
  expect(
    await calledWith({
      tool_choice: { type: 'function', function: { name: 'search_web' } },
      parallel_tool_calls: false,
    }),
  ).toEqual(['search_web']);
});

test("a tool's answer is told", async () => {
  const { message } = (await complete(question('Weather in Boston', WEATHER))).choices[0] ?? {};
  const messages = [
    { role: 'user', content: 'Weather in Boston' },
    { ...message, content: null },
    {
      role: 'tool',
      tool_call_id: message?.tool_calls?.[0]?.id,
      content: '{"temperature_c": 21, "sky": "clear"}',
    },
  ];
  const { choices } = await complete({ model: 'step-3.5-flash', messages, ...WEATHER });
  expect(choices[0]).toMatchObject({ finish_reason: 'stop' });
  expect(choices[0]?.message.content).toContain(
    '`get_weather` answered:\n\n- temperature c: **21**\n- sky: **clear**',
  );
});

test('JSON mode', async () => {
  expect(await answerAs('Why is the sky blue?', { type: 'json_object' })).toMatchObject({
    answer: expect.stringContaining('blue'),
    language: 'en',
  });
  expect(await answerAs('Ada Lovelace, 36, as JSON with keys name and age', { type: 'json_object' })).toEqual(
    {
      name: 'Ada Lovelace',
      age: 36,
    },
  );
  const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
  expect(
    await answerAs('I live in Boston', { type: 'json_schema', json_schema: { name: 'home', schema } }),
  ).toEqual({ city: 'Boston' });
});

test('cached_tokens: by trigger, or by a long prefix', async () => {
  expect(await usageOf('hi')).not.toHaveProperty('cached_tokens');
  expect((await usageOf('Say hello again simulate cached 4')).cached_tokens).toBe(4);
  const long = await usageOf('hi', [{ role: 'system', content: 'word '.repeat(600) }]);
  expect(long.cached_tokens).toBe(512);
  expect(Object.keys(long)).toEqual(['prompt_tokens', 'cached_tokens', 'completion_tokens', 'total_tokens']);
  expect(long.prompt_tokens).toBeGreaterThan(600);
});

test.each([
  [
    'truncated',
    (events: string[]) =>
      !events.includes('[DONE]') && !events.join('').includes('"stop"') && events.length > 3,
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
  [
    'garbage after 1',
    (events: string[]) => events.at(-1) === '[DONE]' && events[1]?.startsWith('{"id":"broken"') === true,
  ],
  ['no usage', (events: string[]) => !events.join('').includes('usage')],
  [
    'finish content_filter',
    (events: string[]) => events.at(-2)?.includes('"finish_reason":"content_filter"') === true,
  ],
  ['50 tokens', (events: string[]) => events.length === 3 + 50 + 1],
])('simulate %s', async (trigger, holds) => {
  const events = await stream(question(`simulate ${trigger} simulate no reasoning`));
  expect(events).toSatisfy(holds);
});
