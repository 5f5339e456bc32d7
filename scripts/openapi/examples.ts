// Example requests and answers, like those on StepFun's page where it has such ones.
// test/worker/openapi.test.ts sends each request to the gateway.

import type { Json } from './json-values.ts';

const MODEL = 'step-3.5-flash';
const VISION_MODEL = 'step-3.7-flash';

const WEATHER_TOOL = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city, now.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', description: 'The name of the city.' } },
      required: ['city'],
    },
  },
};
const WEATHER_QUESTION = { role: 'user', content: 'How is the weather in Shanghai?' };
const WEATHER_CALL = {
  id: 'call_1',
  type: 'function',
  function: { name: 'get_weather', arguments: '{"city":"Shanghai"}' },
};

/** A red dot, 5 by 5. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==';

export const REQUEST_EXAMPLES: Readonly<Record<string, Json>> = {
  text: example('A question', {
    model: MODEL,
    messages: [
      { role: 'system', content: 'You are an AI chat assistant provided by StepFun.' },
      { role: 'user', content: 'Why is the sky blue?' },
    ],
  }),
  stream: example('A question, answered as it is written', {
    model: MODEL,
    messages: [{ role: 'user', content: 'Why is the sky blue?' }],
    stream: true,
    stream_options: { include_usage: true },
    reasoning_format: 'deepseek-style',
  }),
  reasoning: example('More reasoning', {
    model: VISION_MODEL,
    messages: [{ role: 'user', content: 'Explain what reinforcement learning is in three sentences.' }],
    reasoning_effort: 'medium',
    max_tokens: 1024,
  }),
  image_url: example('An image by URL', {
    model: VISION_MODEL,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Describe this image with elegant language.' },
          {
            type: 'image_url',
            image_url: { url: 'https://www.stepfun.com/assets/section-1-CTe4nZiO.webp', detail: 'high' },
          },
        ],
      },
    ],
  }),
  image_base64: example('An image itself', {
    model: VISION_MODEL,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
        ],
      },
    ],
  }),
  video: example('A video', {
    model: VISION_MODEL,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What happens here?' },
          { type: 'video_url', video_url: { url: 'https://media.example.com/street.mp4' } },
        ],
      },
    ],
  }),
  tools: example('A function that may be called', {
    model: MODEL,
    messages: [WEATHER_QUESTION],
    tools: [WEATHER_TOOL],
    tool_choice: 'auto',
  }),
  tool_result: example("The function's result", {
    model: MODEL,
    messages: [
      WEATHER_QUESTION,
      { role: 'assistant', content: null, tool_calls: [WEATHER_CALL] },
      { role: 'tool', tool_call_id: WEATHER_CALL.id, content: '{"sky":"clear","celsius":24}' },
    ],
    tools: [WEATHER_TOOL],
  }),
  json: example('JSON of a certain form', {
    model: MODEL,
    messages: [{ role: 'user', content: 'Name three prime numbers.' }],
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: 'primes',
        schema: {
          type: 'object',
          properties: { primes: { type: 'array', items: { type: 'integer' } } },
          required: ['primes'],
        },
      },
    },
  }),
};

const HEAD = { id: 'b7b56af0-52a6-483f-a589-948182676a1b', created: 1_709_893_411, model: MODEL };
const USAGE = {
  prompt_tokens: 83,
  cached_tokens: 64,
  completion_tokens: 176,
  total_tokens: 259,
  prompt_tokens_details: { cached_tokens: 64 },
  prompt_cache_hit_tokens: 64,
};

export const COMPLETION_EXAMPLES: Readonly<Record<string, Json>> = {
  text: example('A text', completion({ content: 'Air scatters blue light more than red.' }, 'stop')),
  tool_calls: example(
    'A function to be called',
    completion({ content: null, tool_calls: [WEATHER_CALL] }, 'tool_calls'),
  ),
};

export const EVENT_EXAMPLES: Readonly<Record<string, Json>> = {
  reasoning: example('First the reasoning', chunk({ role: 'assistant', reasoning_content: 'The user asks' })),
  content: example('Then the answer', chunk({ content: 'Air scatters' })),
  end: example('The end of a choice', { ...chunk({}, 'stop'), usage: USAGE }),
  failed: example('The end of a stream that failed; no [DONE] follows', {
    error: {
      message: "StepFun's answer ended before it was complete.",
      type: 'upstream_error',
      param: null,
      code: 'upstream_truncated',
    },
  }),
};

export const USAGE_EXAMPLE = {
  object: 'usage',
  client: 'web',
  day: '2027-01-31',
  tokens: { limit: 200_000, used: 1_420, reserved: 33_000, remaining: 165_580, resets_at: 1_801_440_000 },
};

export const MODEL_EXAMPLE = {
  id: VISION_MODEL,
  object: 'model',
  created: 0,
  owned_by: 'stepfun',
  context_length: 256_000,
  input_modalities: ['text', 'image', 'video'],
  reasoning_efforts: ['low', 'medium', 'high'],
};

function completion(fields: Json, finishReason: string): Json {
  const message = { role: 'assistant', reasoning: 'The user asks …', ...fields };
  return {
    ...HEAD,
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: finishReason }],
    usage: USAGE,
    system_fingerprint: null,
  };
}

function chunk(delta: Json, finishReason: string | null = null): Json {
  return {
    ...HEAD,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  };
}

function example(summary: string, value: Json): Json {
  return { summary, value };
}
