// What the gateway learns of a request, what settings do to it, and what it sends.

import { describe, expect, it } from 'vitest';
import { canonical, chat, failure, fault, parse, sent, sentText, tool } from './support.ts';

const decoder = new TextDecoder();

describe('what is known of a request', () => {
  it('has its defaults', () => {
    const { model, stream, includeUsage, choices, maxTokens, reasoningFormat, ignoredParams } = parse(chat());
    expect({ model, stream, includeUsage, choices, maxTokens, reasoningFormat, ignoredParams }).toEqual({
      model: 'step-3.5-flash',
      stream: false,
      includeUsage: false,
      choices: 1,
      maxTokens: undefined,
      reasoningFormat: 'general',
      ignoredParams: [],
    });
  });
  it('is what it says', () => {
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
  it('refuses another header', () => {
    expect(fault(chat(), { header: 'raw' })).toEqual(['invalid_value', 'X-Reasoning-Format']);
    expect(fault(chat(), { header: '' })).toEqual(['invalid_value', 'X-Reasoning-Format']);
  });
  it('goes to StepFun only when told to', () => {
    const asked = parse(chat({ reasoning_format: 'deepseek-style', stream: true }));
    expect(JSON.parse(decoder.decode(asked.upstreamBody()))).toEqual(chat({ stream: true }));
    const body = asked.upstreamBody({ reasoningFormat: 'deepseek-style' });
    expect(JSON.parse(decoder.decode(body))).toEqual(
      chat({ stream: true, reasoning_format: 'deepseek-style' }),
    );
  });
});

describe('ceilings', () => {
  it('MAX_OUTPUT_TOKENS is what a request gets that asks for more, or for nothing', () => {
    const asked = (max_tokens?: number) => {
      const request = parse(chat({ max_tokens }), { maxOutputTokens: 100 });
      return [request.maxTokens, JSON.parse(decoder.decode(request.upstreamBody())).max_tokens];
    };
    expect(asked()).toEqual([100, 100]);
    expect(asked(101)).toEqual([100, 100]);
    expect(asked(99)).toEqual([99, 99]);
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
      message: 'The model "c\\"\\n" does not exist here.',
    });
  });
  it('a token budget lowers max_tokens for StepFun, not for the cache', () => {
    const asked = parse(chat({ max_tokens: 500 }));
    expect(JSON.parse(decoder.decode(asked.upstreamBody({ maxTokens: 7 })))).toEqual(chat({ max_tokens: 7 }));
    expect(JSON.parse(decoder.decode(asked.upstreamBody()))).toEqual(chat({ max_tokens: 500 }));
    expect(canonical(chat({ max_tokens: 500 }))).not.toBe(canonical(chat({ max_tokens: 7 })));
  });
});

describe('fields beyond StepFun', () => {
  it('are left out and named', () => {
    const names = (
      'user store metadata service_tier prompt_cache_key prompt_cache_retention safety_identifier thinking ' +
      'prediction'
    ).split(' ');
    const body = chat(Object.fromEntries(names.map((name) => [name, { any: [name] }])));
    expect(sent(body)).toEqual(chat());
    expect(new Set(parse(body).ignoredParams)).toEqual(new Set(names));
  });
  it('are refused where leaving them out would change the answer', () => {
    expect(failure(chat({ top_k: 5 }))).toMatchObject({ code: 'unknown_parameter', param: 'top_k' });
    expect(failure(chat({ functions: [] })).message).toBe('functions: deprecated, use tools');
    expect(failure(chat({ logit_bias: {} })).message).toMatch(/EXTRA_PARAMS/);
  });
  it.each([
    ['temprature', 'temperature'],
    ['Temperature', 'temperature'],
    ['maxTokens', 'max_tokens'],
    ['max-tokens', 'max_tokens'],
    ['mesages', 'messages'],
    ['streem', 'stream'],
    ['response_fromat', 'response_format'],
  ])('have a nearest name: %s', (name, nearest) => {
    expect(failure(chat({ [name]: 1 }))).toEqual({
      code: 'unknown_parameter',
      param: name,
      message: `${name}: unknown field (did you mean ${nearest}?)`,
    });
  });
  it.each(['foo', 'x', 'constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'may have none: %s',
    (name) => {
      const body = `{"model":"m","messages":[{"role":"user","content":""}],"${name}":{"polluted":true}}`;
      expect(failure(body)).toEqual({
        code: 'unknown_parameter',
        param: name,
        message: `${name}: unknown field`,
      });
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );
  it('are repeated in part only', () => {
    const { param, message } = failure(chat({ ['x'.repeat(100_000)]: 1 }));
    expect(param).toBe(`["${'x'.repeat(64)}"]`);
    expect(message.length).toBeLessThan(200);
    expect(failure(chat({ 'a\r\nb"': 1 })).param).toBe(String.raw`["a\r\nb\""]`);
  });

  it('pass with EXTRA_PARAMS, as they are', () => {
    const extraParams = new Set(['top_k', 'user', 'new_one', 'temperature']);
    const extras = { top_k: 5, user: 'u', new_one: { b: [null, 1.5], a: '' } };
    expect(sent(chat(extras), { extraParams })).toEqual(chat(extras));
    expect(parse(chat(extras), { extraParams }).ignoredParams).toEqual([]);
    expect(sent(chat({ new_one: null }), { extraParams })).toEqual(chat({ new_one: null }));
    expect(fault(chat({ temperature: 9 }), { extraParams })).toEqual(['invalid_value', 'temperature']);
    const known = { extraParams: new Set(['temperature', 'reasoning', 'stream', 'max_completion_tokens']) };
    const all = chat({
      temperature: 0.5,
      reasoning: { exclude: true },
      stream: true,
      max_completion_tokens: 5,
    });
    expect(sent(all, known)).toEqual(sent(all));
    expect(canonical(all, known)).toBe(canonical(all));
    expect(failure(chat({ new_on: 1 }), { extraParams }).message).toMatch(/did you mean new_one/);
  });
});

describe('what StepFun reads', () => {
  it('is what was checked: duplicate keys are gone', () => {
    const body = `{"model":"x","messages":[],"stream":true,"model":"step-3.5-flash","stream":false,
      "messages":[{"role":"system","role":"user","content":"a","content":"b"}]}`;
    expect(sentText(body)).toBe('{"model":"step-3.5-flash","messages":[{"role":"user","content":"b"}]}');
  });
  it('has no odd spelling', () => {
    const body = String.raw`{ "mod\u0065l" : "st\u0065p", "messages":[{"role":"us\u0065r","content":"\u0041\/\ud83d\ude00"}] }`;
    expect(sentText(body)).toBe('{"model":"step","messages":[{"role":"user","content":"A/😀"}]}');
  });
  it('keeps lone surrogates escaped, since UTF-8 has none', () => {
    const body = String.raw`{"model":"m","messages":[{"role":"user","content":"\ud800 \udfff"}]}`;
    expect(sentText(body)).toBe(body);
  });
  it('keeps big integers and numbers beyond range where nobody checks them', () => {
    const schema =
      '{"maximum":9223372036854775807,"minimum":-9223372036854775808,"x":[1e400,12345678901234567890],"y":1.5}';
    const body = `{"model":"m","messages":[{"role":"user","content":""}],"tools":[{"type":"function","function":{"name":"f","parameters":${schema}}}],"big":18446744073709551615}`;
    expect(sentText(body, { extraParams: new Set(['big']) })).toBe(body);
  });
  it('keeps the order of keys in schemas, which models heed', () => {
    const parameters = { type: 'object', properties: { z: { type: 'string' }, a: { type: 'string' } } };
    expect(sentText(chat({ tools: [tool('f', parameters)] }))).toContain(JSON.stringify(parameters));
  });
  it('says defaults that the client spelled out', () => {
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
