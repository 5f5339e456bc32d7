import { expect, test } from 'vitest';
import { question, send } from './ask.ts';

const image = (url: string, detail?: string) => [
  { type: 'image_url', image_url: { url, ...(detail !== undefined && { detail }) } },
];
const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } });

test.each<[field: string, change: object]>([
  ['messages', { messages: [] }],
  ['messages', { messages: 'hi' }],
  ['messages[0]', { messages: ['hi'] }],
  ['messages[0].role', { messages: [{ role: 'developer', content: 'hi' }] }],
  ['messages[0].content', user(null)],
  [
    'messages[0].content',
    {
      messages: [
        { role: 'system', content: [{ type: 'image_url', image_url: { url: 'https://a.b/c.png' } }] },
      ],
    },
  ],
  ['messages[0].content[0].type', user([{ type: 'input_image' }])],
  ['messages[0].content[0].image_url.url', user(image('ftp://example.com/a.png'))],
  ['messages[0].content[0].image_url.url', user(image('data:image/svg+xml;base64,AAAA'))],
  ['messages[0].content[0].image_url.detail', user(image('https://example.com/a.png', 'auto'))],
  ['messages[0].content[0].input_audio.data', user([{ type: 'input_audio', input_audio: { data: 'AAAA' } }])],
  ['messages[0].tool_call_id', { messages: [{ role: 'tool', content: '1', tool_call_id: 'call_1' }] }],
  ['temperature', { temperature: 2.1 }],
  ['temperature', { temperature: '1' }],
  ['top_p', { top_p: -0.1 }],
  ['frequency_penalty', { frequency_penalty: 1.5 }],
  ['max_tokens', { max_tokens: 0 }],
  ['max_tokens', { max_tokens: 1.5 }],
  ['n', { n: 0 }],
  ['stream', { stream: 'yes' }],
  ['stop[0]', { stop: [1] }],
  ['response_format.type', { response_format: { type: 'xml' } }],
  ['reasoning_format', { reasoning_format: 'hidden' }],
  ['reasoning_effort', { reasoning_effort: 'extreme' }],
  ['reasoning_effort', { model: 'step-3.5-flash-2603', reasoning_effort: 'medium' }],
  ['tools[0].function.name', { tools: [tool('get weather')] }],
  ['tools[0].type', { tools: [{ type: 'custom' }] }],
  [
    'tool_choice.function.name',
    { tools: [tool('a')], tool_choice: { type: 'function', function: { name: 'b' } } },
  ],
  ['tools', { tool_choice: 'required' }],
])('400 for a wrong %s: %j', async (field, change) => {
  const response = await send(question('hi', change));
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    error: { message: expect.stringContaining(`${field}: expected `), type: 'request_params_invalid' },
  });
});

test.each<[what: string, change: object]>([
  [
    'what StepFun does not document',
    { max_completion_tokens: 'many', seed: {}, user: 3, stream_options: null },
  ],
  [
    'null for what may be left out',
    { temperature: null, tools: null, stop: null, response_format: null, n: null },
  ],
  ['the ends of the ranges', { temperature: 2, top_p: 0, frequency_penalty: 1, max_tokens: 1, n: 5 }],
  [
    'tools that StepFun serves itself',
    { tools: [{ type: 'web_search', function: { description: 'search' } }] },
  ],
  [
    'an assistant without content',
    {
      messages: [
        { role: 'assistant', content: null },
        { role: 'user', content: 'hi' },
      ],
    },
  ],
])('takes %s', async (_, change) => {
  expect((await send(question('hi', change))).status).toBe(200);
});

test.each(['', '[]', '{', 'null', '"x"'])('400 for the body %j', async (body) => {
  expect((await send(body)).status).toBe(400);
});

test('400 without the JSON content type', async () => {
  expect((await send(question('hi'), { 'content-type': 'text/plain' })).status).toBe(400);
});

test('404 for a model that is not there', async () => {
  const response = await send(question('hi', { model: 'gpt-4' }));
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({
    error: { message: expect.stringContaining('gpt-4'), type: 'model_not_found' },
  });
});
