// The requests on StepFun's page, as curl and the OpenAI SDKs send them: each is sent to
// StepFun unchanged.

import { describe, expect, it } from 'vitest';
import { parse, sent } from './support.ts';

const SYSTEM = {
  role: 'system',
  content:
    "You are an AI chat assistant provided by StepFun. In addition to being good at Chinese, English, and many other languages, you can also describe the content of user-provided images accurately. While keeping user data safe, you can respond quickly and precisely to users' questions and requests. Your answers and suggestions should reject content related to pornography, gambling, drugs, violence, or terrorism.",
};

function imageRequest(url: string) {
  return {
    model: 'step-3.7-flash',
    messages: [
      SYSTEM,
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Describe this image with elegant language' },
          { type: 'image_url', image_url: { url } },
        ],
      },
    ],
  };
}

const EXAMPLES = {
  'reasoning effort': {
    model: 'step-3.7-flash',
    messages: [{ role: 'user', content: 'Explain what reinforcement learning is in three sentences.' }],
    reasoning_effort: 'medium',
    max_tokens: 1024,
  },
  'text chat': {
    model: 'step-3.5-flash',
    messages: [
      SYSTEM,
      { role: 'user', content: "Hello, please introduce StepFun's artificial intelligence!" },
    ],
  },
  'image understanding': imageRequest('https://www.stepfun.com/assets/section-1-CTe4nZiO.webp'),
  'base64 encoded image': imageRequest(
    'data:image/webp;base64,UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==',
  ),
  streaming: {
    model: 'step-3.5-flash',
    stream: true,
    messages: [
      SYSTEM,
      {
        role: 'user',
        content: "Hello, please introduce StepFun's artificial intelligence within 64 characters!",
      },
    ],
  },
};

describe("StepFun's examples", () => {
  it.each(Object.entries(EXAMPLES))('%s', (_, example) => {
    expect(sent(example)).toEqual(example);
    expect(parse(example).ignoredParams).toEqual([]);
  });

  it('the default of every field, written out', () => {
    const defaults = {
      ...EXAMPLES['text chat'],
      temperature: 0.5,
      top_p: 0.9,
      n: 1,
      stream: false,
      stop: [],
      frequency_penalty: 0,
      response_format: { type: 'text' },
      reasoning_format: 'general',
    };
    const { stream, stop, reasoning_format, ...kept } = defaults;
    expect(sent(defaults)).toEqual(kept);
    expect(parse(defaults)).toMatchObject({ stream, choices: 1, reasoningFormat: reasoning_format });
    expect(stop).toEqual([]);
  });
});
