// Every field by itself: its valid and its invalid values.

import { describe, expect, it } from 'vitest';
import { chat, fault, failure, type Json, parse, withMessages, sent, tool } from './support.ts';

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

const invalid = (param: string) => ['invalid_value', param];

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

  it('says what was expected', () => {
    expect(failure(chat({ reasoning_effort: 'most' })).message).toBe(
      'reasoning_effort: expected one of low, medium, high',
    );
    expect(failure(chat({ temperature: 3 })).message).toBe('temperature: expected a number from 0 to 2');
    expect(failure(chat({ max_tokens: 0 })).message).toBe(
      'max_tokens: expected a whole number of at least 1',
    );
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

describe('response_format', () => {
  it.each([
    [{ type: 'text' }],
    [{ type: 'json_object' }],
    [{ type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' }, strict: true } }],
    [{ type: 'json_schema', json_schema: { name: 'answer', description: 'An answer.' } }],
  ])('may be %j', (response_format) => {
    expect(sent(chat({ response_format }))['response_format']).toEqual(response_format);
  });
  it.each([
    ['json', 'response_format'],
    [{}, 'response_format.type'],
    [{ type: 'xml' }, 'response_format.type'],
    [{ type: 'json_schema' }, 'response_format.json_schema'],
    [{ type: 'json_schema', json_schema: {} }, 'response_format.json_schema.name'],
    [{ type: 'json_schema', json_schema: { name: 'an answer' } }, 'response_format.json_schema.name'],
    [{ type: 'json_schema', json_schema: { name: 'a', schema: [] } }, 'response_format.json_schema.schema'],
  ])('may not be %j', (response_format, param) => {
    expect(verdict(chat({ response_format }))).toEqual(invalid(param));
  });
});

describe('tools', () => {
  it.each(['f', 'get_weather', 'A-1', 'x'.repeat(128)])('may be named %s', (name) => {
    expect(sent(chat({ tools: [tool(name)] }))['tools']).toEqual([tool(name)]);
  });
  it.each(['', 'get weather', 'wetter_für', 'a.b', 'x'.repeat(129), 5, null])(
    'may not be named %s',
    (name) => {
      const tools = [tool('f'), { type: 'function', function: { name } }];
      expect(verdict(chat({ tools }))).toEqual(invalid('tools[1].function.name'));
    },
  );
  it('are functions, or tools of StepFun, which are sent as they are', () => {
    const search = { type: 'web_search', function: { description: 'Looks it up.' }, more: [1] };
    const retrieval = { type: 'retrieval', function: { options: { vector_store_id: '1' } } };
    expect(sent(chat({ tools: [search, retrieval] }))['tools']).toEqual([search, retrieval]);
    expect(verdict(chat({ tools: [{ type: 'code_interpreter' }] }))).toEqual(invalid('tools[0].type'));
    expect(verdict(chat({ tools: ['f'] }))).toEqual(invalid('tools[0]'));
    expect(verdict(chat({ tools: tool('f') }))).toEqual(invalid('tools'));
    expect(verdict(chat({ tools: [{ type: 'function' }] }))).toEqual(invalid('tools[0].function'));
  });
  it('of type custom are refused by name', () => {
    const { param, message } = failure(
      chat({ tools: [tool('f'), { type: 'custom', custom: { name: 'g' } }] }),
    );
    expect(param).toBe('tools[1].type');
    expect(message).toContain('StepFun takes no custom tools');
  });
  it('are needed for tool_choice and parallel_tool_calls to be sent', () => {
    for (const tools of [undefined, null, []]) {
      for (const tool_choice of ['none', 'auto', null]) {
        const body = chat({ tools, tool_choice, parallel_tool_calls: false });
        expect(sent(body)).toEqual(chat());
      }
    }
    const body = chat({ tools: [tool('f')], tool_choice: 'auto', parallel_tool_calls: false });
    expect(sent(body)).toEqual(body);
  });
  it('may be none', () => {
    expect(sent(chat({ tools: [] }))).not.toHaveProperty('tools');
  });
  it('leave null out and keep the rest', () => {
    const plain = { name: 'f' };
    const nulls = { name: 'f', description: null, parameters: null, strict: null };
    expect(sent(chat({ tools: [{ type: 'function', function: nulls }] }))['tools']).toEqual([
      { type: 'function', function: plain },
    ]);
    const whole = { name: 'f', description: 'd', parameters: { type: 'object' }, strict: false };
    expect(sent(chat({ tools: [{ type: 'function', function: whole }] }))['tools']).toEqual([
      { type: 'function', function: whole },
    ]);
  });

  it.each([
    [{}],
    [{ type: 'object' }],
    [{ type: ['object', 'null'] }],
    [{ type: 'object', properties: { a: { type: 'string', description: 'x' }, b: true } }],
    [{ properties: { a: { type: ['string', 'null'] }, b: { anyOf: [{ type: 'integer' }] } }, $defs: {} }],
  ])('take the schema %j', (parameters) => {
    expect(sent(chat({ tools: [tool('f', parameters)] }))['tools']).toEqual([tool('f', parameters)]);
  });
  const at = 'tools[0].function.parameters';
  it.each([
    ['{}', at],
    [[], at],
    [{ type: 'struct' }, `${at}.type`],
    [{ type: ['object', 'struct'] }, `${at}.type`],
    [{ properties: [] }, `${at}.properties`],
    [{ properties: { a: 'string' } }, `${at}.properties`],
    [{ properties: { a: { type: 'str' } } }, `${at}.properties`],
    [{ properties: { a: { type: ['string', 5] } } }, `${at}.properties`],
    [{ properties: { a: { description: 5 } } }, `${at}.properties`],
  ])('refuse the schema %j', (parameters, param) => {
    expect(verdict(chat({ tools: [tool('f', parameters)] }))).toEqual(invalid(param));
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

describe('the body as a whole', () => {
  it.each(['[]', '"text"', '5', 'null', 'true'])('is an object, not %s', (body) => {
    expect(failure(body)).toEqual({ code: 'invalid_value', param: undefined, message: 'expected an object' });
  });
  it.each([[[]], [null], ['Hi'], [{ role: 'user', content: 'Hi' }]])('has messages, not %j', (messages) => {
    expect(verdict(chat({ messages }))).toEqual(invalid('messages'));
  });
  it('has messages', () => {
    expect(fault({ model: 'm' })).toEqual(['invalid_value', 'messages']);
    expect(failure({}).message).toBe('model: expected, but missing; messages: expected, but missing');
  });
  it('gets an error that lists everything that is wrong', () => {
    const { message, param } = failure({
      messages: [{ role: 'user', content: 5 }, 'x'],
      temperature: 9,
      temprature: 1,
      streem: true,
    });
    expect(param).toBe('model');
    expect(message.split('; ')).toEqual([
      'model: expected, but missing',
      'messages[0].content: expected a string or a list of parts',
      'messages[1]: expected an object',
      'temperature: expected a number from 0 to 2',
      'temprature: unknown field (did you mean temperature?)',
      'streem: unknown field (did you mean stream?)',
    ]);
  });
  it('lists contradictions and values that are not allowed here beside wrong values', () => {
    const body = chat({
      messages: [{ role: 'tool', content: '', tool_call_id: '1' }],
      temperature: 9,
      max_tokens: 5,
      max_completion_tokens: 6,
      reasoning_effort: 'low',
      reasoning: { effort: 'high' },
      top_logprobs: 1,
      tool_choice: 'required',
      n: 8,
      functions: [1],
    });
    expect(failure(body, { header: 'raw' }).message.split('; ')).toEqual([
      'temperature: expected a number from 0 to 2',
      'messages[0].tool_call_id: expected the id of a tool call in an earlier assistant message',
      'max_completion_tokens: expected the same as max_tokens, or only one of the two',
      'reasoning.effort: expected the same as reasoning_effort, or only one of the two',
      'top_logprobs: expected only with logprobs: true',
      'tool_choice: expected tools to choose from',
      'n: expected at most 5 here',
      'X-Reasoning-Format: expected one of general, deepseek-style, hidden',
      'functions: deprecated, use tools',
    ]);
  });
  it.each<[wrong: string, fields: Json]>([
    ['messages[0]', { messages: ['Hi', { role: 'tool', content: '', tool_call_id: '1' }] }],
    ['max_tokens', { max_tokens: '5', max_completion_tokens: 6 }],
    ['reasoning_effort', { reasoning_effort: 'most', reasoning: { effort: 'low' } }],
    ['reasoning.enabled', { reasoning_effort: 'low', reasoning: { effort: 'high', enabled: 1 } }],
    ['model', { model: 5, reasoning_effort: 'medium' }],
    ['logprobs', { logprobs: 1, top_logprobs: 1 }],
    ['tools', { tools: 1, tool_choice: 'required' }],
    ['tool_choice', { tool_choice: 1 }],
  ])('has no contradiction with a field that is wrong by itself: %s', (wrong, fields) => {
    const { param, message } = failure(chat(fields));
    expect(param).toBe(wrong);
    expect(message.split('; ')).toHaveLength(1);
  });
  it('gets an error that lists twenty at most', () => {
    const { message } = failure(withMessages(...Array.from({ length: 50_000 }, () => ({ role: 'user' }))));
    expect(message.split('; ')).toHaveLength(21);
    expect(message).toMatch(/^messages\[0\]\.content: .*; and more$/s);
  });
});
