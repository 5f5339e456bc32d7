import { expect, it } from 'vitest';
import { question, send } from './ask.ts';

const image = (url: string, detail?: string) => [
  { type: 'image_url', image_url: { url, ...(detail !== undefined && { detail }) } },
];
const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } });

it.each<[field: string, change: object]>([
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
  ['frequency_penalty', { frequency_penalty: 2.5 }],
  ['frequency_penalty', { frequency_penalty: -2.5 }],
  ['modalities[0]', { modalities: ['video'] }],
  ['modalities', { modalities: ['text', 'audio'], audio: { voice: 'a' } }],
  ['audio', { model: 'step-1o-audio', modalities: ['audio'] }],
  ['audio.format', { model: 'step-1o-audio', modalities: ['audio'], audio: { voice: 'a', format: 'flac' } }],
  [
    'response_format.json_schema.schema',
    { response_format: { type: 'json_schema', json_schema: { name: 'a' } } },
  ],
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
])('answers 400 for a wrong %s: %j', async (field, change) => {
  const response = await send(question('hi', change));
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    error: { message: expect.stringContaining(`${field}: expected `), type: 'request_params_invalid' },
  });
});

it.each<[what: string, change: object]>([
  ['undocumented fields', { max_completion_tokens: 'many', seed: {}, user: 3, stream_options: null }],
  [
    'null for optional fields',
    { temperature: null, tools: null, stop: null, response_format: null, n: null },
  ],
  ['the limits of the ranges', { temperature: 2, top_p: 0, frequency_penalty: -2, max_tokens: 1, n: 5 }],
  [
    'tools that StepFun runs itself',
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
])('accepts %s', async (_, change) => {
  expect((await send(question('hi', change))).status).toBe(200);
});

it.each(['', '[]', '{', 'null', '"x"'])('answers 400 for the body %j', async (body) => {
  expect((await send(body)).status).toBe(400);
});

it('answers 400 without the JSON content type', async () => {
  expect((await send(question('hi'), { headers: { 'content-type': 'text/plain' } })).status).toBe(400);
});

it.each([
  ['gpt-4', 404, 'not_found'],
  ['step-2-16k', 400, 'request_params_invalid'],
  ['step-router-v1', 404, 'not_found'],
  ['toString', 404, 'not_found'],
])('refuses the model %s with %i', async (model, status, type) => {
  const response = await send(question('hi', { model }));
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error: { message: expect.stringContaining(model), type } });
});

it('serves the router model under the Step Plan', async () => {
  const path = '/step_plan/v1/chat/completions';
  expect((await send(question('hi', { model: 'step-router-v1' }), { path })).status).toBe(200);
});

const audio = [{ type: 'input_audio', input_audio: { data: 'data:audio/mp3;base64,AAAA' } }];
const video = [{ type: 'video_url', video_url: { url: 'https://example.com/clip.mp4' } }];

it.each([
  ['step-3.5-flash', image('https://example.com/a.png'), 'unsupported_content_type'],
  ['step-3.7-flash', audio, 'unsupported_content_type'],
  ['step-audio-2', video, 'unsupported_content_type'],
  [
    'step-3.7-flash',
    Array.from({ length: 51 }, () => image('https://example.com/a.png')[0]),
    'images_too_many',
  ],
])('answers 400 for media that %s does not take', async (model, content, type) => {
  const response = await send({ model, ...user(content) });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { type } });
});

it.each([
  ['step-1o-turbo-vision', image('https://example.com/a.png')],
  ['step-5-preview', video],
  ['step-audio-r1.5', audio],
])('lets %s read its media', async (model, content) => {
  expect((await send({ model, ...user(content) })).status).toBe(200);
});
