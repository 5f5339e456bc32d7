// Every field by itself: its valid and its invalid values.

import { describe, expect, it } from 'vitest';
import { chat, failure, fault, invalid, parse, sent } from './support.ts';

const OK = Symbol('accepted');

/** @returns whether a request is accepted, or code and param of its failure. */
function verdict(body: unknown, given?: Parameters<typeof parse>[1]) {
  try {
    parse(body, given);
    return OK;
  } catch {
    return fault(body, given);
  }
}

describe('numbers', () => {
  it.each([
    ['max_tokens', [1, 4096, 1_000_000], [0, -1, 1.5, '1', true, [], 2 ** 53, 1e300]],
    ['max_completion_tokens', [1, 4096], [0, 0.5, '1']],
    ['temperature', [0, 0.5, 2, -0], [-0.01, 2.01, '1', false, 1e400]],
    ['top_p', [0, 0.9, 1], [-0.1, 1.1, '0.9']],
    ['n', [1, 5], [0, 1.5, '1', 6]],
    ['frequency_penalty', [-2, 0, 2], [-2.1, 2.1, '0']],
    ['presence_penalty', [-2, 0, 2], [-2.1, 2.1, '0']],
    ['seed', [0, -5, 2 ** 53 - 1], [1.5, '5', 2 ** 53]],
  ])('%s', (name, right, wrong) => {
    for (const value of right) {
      expect(verdict(chat({ [name]: value })), String(value)).toBe(OK);
      if (name !== 'max_completion_tokens') expect(sent(chat({ [name]: value }))[name]).toBe(value + 0);
    }
    // 1e400 is Infinity in JavaScript, and JSON.stringify would write null.
    for (const value of wrong) {
      const body = JSON.stringify(chat({ [name]: 'VALUE' })).replace(
        '"VALUE"',
        value === Infinity ? '1e400' : JSON.stringify(value),
      );
      expect(verdict(body), String(value)).toEqual(invalid(name));
    }
  });

  it('refuses integers that JavaScript would round', () => {
    expect(
      verdict(`{"model":"m","messages":[{"role":"user","content":""}],"seed":9007199254740993}`),
    ).toEqual(invalid('seed'));
  });

  it.each([0, 7, 20])('takes top_logprobs %d beside logprobs', (top_logprobs) => {
    expect(sent(chat({ logprobs: true, top_logprobs }))).toMatchObject({ logprobs: true, top_logprobs });
  });
  it.each([-1, 21, 1.5, '5'])('refuses top_logprobs %s', (top_logprobs) => {
    expect(verdict(chat({ logprobs: true, top_logprobs }))).toEqual(invalid('top_logprobs'));
  });
});

describe('flags', () => {
  it.each(['stream', 'parallel_tool_calls', 'logprobs', 'include_reasoning'])('%s', (name) => {
    for (const value of [true, false]) expect(verdict(chat({ [name]: value }))).toBe(OK);
    for (const value of ['true', 0, 1, [], {}]) {
      expect(verdict(chat({ [name]: value })), JSON.stringify(value)).toEqual(invalid(name));
    }
  });
});

describe('words', () => {
  it.each([
    ['reasoning_effort', ['low', 'medium', 'high'], ['most', 'LOW', '', 1]],
    ['reasoning_format', ['general', 'deepseek-style', 'hidden'], ['raw', 'deepseek_style', '']],
    ['tool_choice', ['none', 'auto'], ['any', '', true, 1, []]],
  ])('%s', (name, right, wrong) => {
    for (const value of right) expect(verdict(chat({ [name]: value })), value).toBe(OK);
    for (const value of wrong) expect(verdict(chat({ [name]: value })), String(value)).toEqual(invalid(name));
  });

  it('of reasoning are refused with those of StepFun, not with those that are translated', () => {
    const { message } = failure(chat({ reasoning_effort: 'most', reasoning_format: 'raw' }));
    expect(message.split('; ')).toEqual([
      'reasoning_format: expected one of general, deepseek-style, hidden',
      'reasoning_effort: expected one of low, medium, high',
    ]);
  });
});

describe('model', () => {
  it.each(['step-3.5-flash', 'a new one', 'x'.repeat(128)])('may be %s', (model) => {
    expect(verdict(chat({ model }))).toBe(OK);
  });
  it.each(['', 5, null, { id: 'm' }, 'x'.repeat(129)])('may not be %s', (model) => {
    expect(verdict(chat({ model }))).toEqual(invalid('model'));
  });
  it('is required', () => {
    expect(failure({ messages: [{ role: 'user', content: 'Hi' }] })).toMatchObject({
      code: 'invalid_value',
      param: 'model',
      message: 'model: expected, but missing',
    });
  });
});

describe('stop', () => {
  it.each([['END'], [['a', 'b']], [['a']]])('may be %j, and is sent on as a list', (stop) => {
    expect(sent(chat({ stop }))['stop']).toEqual([stop].flat());
  });
  it.each([[''], [[]], [null]])('%j is none at all', (stop) => {
    expect(sent(chat({ stop }))).not.toHaveProperty('stop');
  });
  it('may be nothing else', () => {
    expect(verdict(chat({ stop: 5 }))).toEqual(invalid('stop'));
    expect(verdict(chat({ stop: [5] }))).toEqual(invalid('stop[0]'));
    expect(verdict(chat({ stop: ['a', ''] }))).toEqual(invalid('stop[1]'));
    expect(verdict(chat({ stop: { 0: 'a' } }))).toEqual(invalid('stop'));
  });
});

describe('fields of OpenAI and OpenRouter', () => {
  it('modalities and audio are sent', () => {
    const extras = { modalities: ['text', 'audio'], audio: { voice: 'v', format: 'mp3', more: null } };
    expect(sent(chat(extras))).toMatchObject(extras);
    expect(verdict(chat({ modalities: [] }))).toEqual(invalid('modalities'));
    expect(verdict(chat({ modalities: ['smell'] }))).toEqual(invalid('modalities[0]'));
    expect(verdict(chat({ audio: 'v' }))).toEqual(invalid('audio'));
    expect(verdict(chat({ audio: [] }))).toEqual(invalid('audio'));
  });

  it('max_completion_tokens is max_tokens', () => {
    expect(sent(chat({ max_completion_tokens: 7 }))).toEqual(sent(chat({ max_tokens: 7 })));
    expect(parse(chat({ max_completion_tokens: 7 })).maxTokens).toBe(7);
  });

  it('reasoning.effort is reasoning_effort', () => {
    expect(sent(chat({ reasoning: { effort: 'high' } }))).toEqual(sent(chat({ reasoning_effort: 'high' })));
    expect(verdict(chat({ reasoning: { effort: 'most' } }))).toEqual(invalid('reasoning.effort'));
    expect(verdict(chat({ reasoning: { effort: 'low', enabled: true } }))).toBe(OK);
    expect(verdict(chat({ reasoning: { enabled: 'no' } }))).toEqual(invalid('reasoning.enabled'));
    expect(verdict(chat({ reasoning: 'high' }))).toEqual(invalid('reasoning'));
    expect(parse(chat({ reasoning: { max_tokens: 5 } })).ignoredParams).toEqual(['reasoning.max_tokens']);
  });

  it('stream_options are not sent', () => {
    const stream_options = { include_usage: true, include_obfuscation: false, continuous_usage_stats: null };
    expect(sent(chat({ stream: true, stream_options }))).not.toHaveProperty('stream_options');
    expect(parse(chat({ stream: true, stream_options })).includeUsage).toBe(true);
    expect(parse(chat({ stream: true, stream_options: { include_usage: false } })).includeUsage).toBe(false);
    expect(parse(chat({ stream: true })).includeUsage).toBe(false);
    // Without a stream they have no effect.
    expect(sent(chat({ stream_options: { include_usage: true } }))).toEqual(chat());
    expect(parse(chat({ stream: false, stream_options })).includeUsage).toBe(false);
    expect(verdict(chat({ stream: true, stream_options: { include_usage: 1 } }))).toEqual(
      invalid('stream_options.include_usage'),
    );
  });
});

describe('null', () => {
  it('means absent in every optional field', () => {
    const names =
      'tools max_tokens temperature top_p n stream stop frequency_penalty response_format reasoning_format ' +
      'reasoning_effort tool_choice parallel_tool_calls seed presence_penalty logprobs top_logprobs modalities ' +
      'audio reasoning max_completion_tokens stream_options include_reasoning user metadata thinking functions ' +
      'function_call logit_bias top_k anything temprature';
    const body = chat(Object.fromEntries(names.split(' ').map((name) => [name, null])));
    expect(sent(body)).toEqual(chat());
    expect(parse(body).ignoredParams).toEqual([]);
  });
});
