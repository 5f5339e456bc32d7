import { expect, it } from 'vitest';
import { chunks, complete, question } from './ask.ts';

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

/** @returns the names of the tools that are called. */
async function calledTools(text: string, fields: object = {}): Promise<(string | undefined)[] | undefined> {
  const { choices } = await complete(question(text, { ...WEATHER, ...fields }));
  return choices[0]?.message.tool_calls?.map((call) => call.function.name);
}

async function toolPieces(text: string) {
  const all = await chunks(question(text, WEATHER));
  return all.flatMap(({ choices: [one] }) => one.delta.tool_calls ?? []);
}

const ID = expect.stringMatching(/^call_/);

it.each([
  ['with index', { index: 0, id: ID }, { index: 0, id: '', type: '', function: { arguments: '{' } }],
  ['under one index', { index: 0, id: ID }, { index: 0, id: '', type: '', function: { arguments: '{' } }],
  ['with id', { id: ID }, { id: ID, type: 'function', function: { arguments: '{' } }],
  ['without id', { id: ID }, { function: { arguments: '{' } }],
  ['with empty strings', { id: ID }, { id: '', type: '', function: { name: '', arguments: '{' } }],
  ['with late id', { id: '' }, { id: ID, type: 'function', function: { arguments: '{' } }],
  ['never with id', {}, { type: 'function', function: { arguments: '{' } }],
])('spells tool pieces %s', async (spelling, first, second) => {
  const pieces = await toolPieces(`Weather in Boston and Paris simulate tool pieces ${spelling}`);
  expect(pieces[0]).toEqual({ ...first, type: 'function', function: { name: 'get_weather', arguments: '' } });
  expect(pieces[1]).toEqual(second);
  expect(JSON.parse(pieces.map((piece) => piece.function.arguments).join(''))).toEqual({ city: 'Boston' });
});

it.each([
  ['2026', [0, 1]],
  ['2024', [undefined, undefined]],
])('sends calls in one piece, in the dialect of %s', async (dialect, indexes) => {
  const pieces = await toolPieces(
    `Weather in Boston simulate 2 tool calls; simulate tool pieces in one piece; simulate dialect ${dialect}`,
  );
  expect(pieces.map((piece) => piece.function.name)).toEqual(['get_weather', 'search_web']);
  expect(pieces.map(({ index }) => index)).toEqual(indexes);
  expect(new Set(pieces.map((piece) => piece.id)).size).toBe(2);
});

it('numbers the calls, or gives all the same number', async () => {
  const starts = async (spelling: string) =>
    (await toolPieces(`Weather simulate 2 tool calls simulate tool pieces ${spelling}`))
      .filter(({ id }) => id !== '')
      .map(({ index }) => index);
  expect(await starts('with index')).toEqual([0, 1]);
  expect(await starts('under one index')).toEqual([0, 0]);
});

it('leaves out the ids of a completion, too', async () => {
  const body = question('Weather in Boston simulate tool pieces never with id', WEATHER);
  const calls = (await complete(body)).choices[0]?.message.tool_calls;
  expect(calls).toEqual([
    { type: 'function', function: { name: 'get_weather', arguments: '{"city":"Boston"}' } },
  ]);
});

it.each([
  ['What is the weather in Boston?', ['get_weather']],
  ['Use search_web and get_weather', ['get_weather', 'search_web']],
  ['The weather in Boston, and the web page of its zoo', ['get_weather', 'search_web']],
  ['Boston', ['get_weather']],
])('calls the tools that the prompt names: %s', async (text, names) => {
  expect(await calledTools(text)).toEqual(names);
});

it('respects tool_choice and parallel_tool_calls', async () => {
  const text = 'Weather in Boston simulate 2 tool calls';
  expect(await calledTools(text)).toEqual(['get_weather', 'search_web']);
  expect(await calledTools('Use search_web and get_weather', { parallel_tool_calls: false })).toHaveLength(1);
  expect(await calledTools(text, { tool_choice: 'none' })).toBeUndefined();
  expect(await calledTools(text, { tool_choice: 'required' })).toHaveLength(2);
  const tool_choice = { type: 'function', function: { name: 'search_web' } };
  expect(await calledTools('Weather in Boston', { tool_choice })).toEqual(['search_web']);
});

it('answers with the result of a tool', async () => {
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

it('cuts the arguments at max_tokens', async () => {
  const body = question('Weather in Boston', WEATHER);
  const { completion_tokens } = (await complete(body)).usage;
  const { choices } = await complete({ ...body, max_tokens: completion_tokens - 1 });
  expect(choices[0]?.finish_reason).toBe('length');
  expect(choices[0]?.message.tool_calls?.[0]?.function.arguments).toBe('{"city":"Boston"');
});
