// The properties of a request, the effect of settings, and the request for StepFun, with the
// examples of its page. In files of their own: the canonical form, real clients' bodies, and
// hostile ones.

import { describe, expect, it } from 'vitest';
import { canonical, chat, failure, fault, type Json, MODEL, parse, sent, sentText, tool } from './support.ts';

const decoder = new TextDecoder();

describe('the properties of a request', () => {
  it('have defaults', () => {
    const { model, stream, includeUsage, choices, maxTokens, reasoningFormat, ignoredParams } = parse(chat());
    expect({ model, stream, includeUsage, choices, maxTokens, reasoningFormat, ignoredParams }).toEqual({
      model: MODEL,
      stream: false,
      includeUsage: false,
      choices: 1,
      maxTokens: undefined,
      reasoningFormat: 'general',
      ignoredParams: [],
    });
  });
  it('have the values of the request', () => {
    const asked = parse(chat({ stream: true, n: 3, max_tokens: 9, stream_options: { include_usage: true } }));
    expect(asked).toMatchObject({ stream: true, choices: 3, maxTokens: 9, includeUsage: true });
  });
});

describe('reasoning_format', () => {
  it('is the field, else the header, else the default', () => {
    const format = (fields: object, given = {}) => parse(chat({ ...fields }), given).reasoningFormat;
    expect(format({})).toBe('general');
    expect(format({}, { defaultReasoningFormat: 'hidden' })).toBe('hidden');
    expect(format({}, { header: 'deepseek-style', defaultReasoningFormat: 'hidden' })).toBe('deepseek-style');
    expect(format({ reasoning_format: 'general' }, { header: 'hidden' })).toBe('general');
    expect(format({ reasoning_format: null }, { header: 'hidden' })).toBe('hidden');
    expect(format({ reasoning: { exclude: true } })).toBe('hidden');
    expect(format({ reasoning: { exclude: false } })).toBe('general');
    expect(format({ include_reasoning: false })).toBe('hidden');
    expect(format({ include_reasoning: true })).toBe('general');
    expect(format({ reasoning_format: 'general', include_reasoning: false })).toBe('hidden');
  });
  it('refuses other values of the header', () => {
    expect(fault(chat(), { header: 'raw' })).toEqual(['invalid_value', 'X-Reasoning-Format']);
    expect(fault(chat(), { header: '' })).toEqual(['invalid_value', 'X-Reasoning-Format']);
  });
  it('is sent to StepFun only as an override', () => {
    const asked = parse(chat({ reasoning_format: 'deepseek-style', stream: true }));
    expect(JSON.parse(decoder.decode(asked.upstreamBody()))).toEqual(chat({ stream: true }));
    const body = asked.upstreamBody({ reasoningFormat: 'deepseek-style' });
    expect(JSON.parse(decoder.decode(body))).toEqual(
      chat({ stream: true, reasoning_format: 'deepseek-style' }),
    );
  });
});

describe('ceilings', () => {
  it('MAX_OUTPUT_TOKENS lowers max_tokens, and this is named', () => {
    const asked = (max_tokens?: number) => {
      const request = parse(chat({ max_tokens }), { maxOutputTokens: 100 });
      const body = JSON.parse(decoder.decode(request.upstreamBody())) as Json;
      return [request.maxTokens, body['max_tokens'], request.adjustedParams];
    };
    expect(asked()).toEqual([100, 100, ['max_tokens=100']]);
    expect(asked(101)).toEqual([100, 100, ['max_tokens=100']]);
    expect(asked(100)).toEqual([100, 100, []]);
    expect(asked(99)).toEqual([99, 99, []]);
  });
  it('MAX_CHOICES', () => {
    expect(parse(chat({ n: 2 }), { maxChoices: 2 }).choices).toBe(2);
    expect(failure(chat({ n: 3 }), { maxChoices: 2 })).toEqual({
      code: 'invalid_value',
      param: 'n',
      message: 'n: expected at most 2 here',
    });
  });
  it('ALLOWED_MODELS', () => {
    const allowedModels = new Set(['a', 'b']);
    expect(parse(chat({ model: 'b' }), { allowedModels }).model).toBe('b');
    expect(failure(chat({ model: 'c"\n' }), { allowedModels })).toEqual({
      code: 'model_not_found',
      param: 'model',
      message: 'The model "c\\"\\n" does not exist here: GET /v1/models lists the models.',
    });
  });
  it('a token budget lowers max_tokens for StepFun, not for the cache', () => {
    const asked = parse(chat({ max_tokens: 500 }));
    expect(JSON.parse(decoder.decode(asked.upstreamBody({ maxTokens: 7 })))).toEqual(chat({ max_tokens: 7 }));
    expect(JSON.parse(decoder.decode(asked.upstreamBody()))).toEqual(chat({ max_tokens: 500 }));
    expect(canonical(chat({ max_tokens: 500 }))).not.toBe(canonical(chat({ max_tokens: 7 })));
  });
});

describe('the request for StepFun', () => {
  it('has what was checked: duplicate keys are gone', () => {
    const body = `{"model":"x","messages":[],"stream":true,"model":"step-3.5-flash","stream":false,
      "messages":[{"role":"system","role":"user","content":"a","content":"b"}]}`;
    expect(sentText(body)).toBe('{"model":"step-3.5-flash","messages":[{"role":"user","content":"b"}]}');
  });
  it('has one spelling', () => {
    const body = String.raw`{ "mod\u0065l" : "st\u0065p", "messages":[{"role":"us\u0065r","content":"\u0041\/\ud83d\ude00"}] }`;
    expect(sentText(body)).toBe('{"model":"step","messages":[{"role":"user","content":"A/😀"}]}');
  });
  it('keeps lone surrogates escaped, since UTF-8 has none', () => {
    const body = String.raw`{"model":"m","messages":[{"role":"user","content":"\ud800 \udfff"}]}`;
    expect(sentText(body)).toBe(body);
  });
  it('keeps big integers and numbers beyond range in free-form parts', () => {
    const schema =
      '{"maximum":9223372036854775807,"minimum":-9223372036854775808,"x":[1e400,12345678901234567890],"y":1.5}';
    const body = `{"model":"m","messages":[{"role":"user","content":""}],"tools":[{"type":"function","function":{"name":"f","parameters":${schema}}}],"big":18446744073709551615}`;
    expect(sentText(body, { extraParams: new Set(['big']) })).toBe(body);
  });
  it('keeps -0 where it is checked, beside a number that is not exact', () => {
    const body = `{"model":"m","temperature":-0,"messages":[{"role":"user","content":""}],"big":1e400}`;
    const given = { extraParams: new Set(['big']) };
    expect(sentText(body, given)).toBe(
      '{"model":"m","messages":[{"role":"user","content":""}],"temperature":0,"big":1e400}',
    );
  });
  it('keeps the order of keys in schemas, which models follow', () => {
    const parameters = { type: 'object', properties: { z: { type: 'string' }, a: { type: 'string' } } };
    expect(sentText(chat({ tools: [tool('f', parameters)] }))).toContain(JSON.stringify(parameters));
  });
  it('has the defaults that the client wrote', () => {
    const defaults = {
      temperature: 0.5,
      top_p: 0.9,
      n: 1,
      frequency_penalty: 0,
      response_format: { type: 'text' },
    };
    expect(sent(chat(defaults))).toEqual(chat(defaults));
    expect(sent(chat({ stream: false }))).toEqual(chat());
  });
});

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

describe("the examples on StepFun's page, which are sent unchanged", () => {
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
