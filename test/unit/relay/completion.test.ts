import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/http/errors.ts';
import { rewriteCompletion, type RewriteOptions } from '../../../src/relay/rewriter.ts';
import { CREATED, OPENAI, PLAIN, bytes, completion, text } from './rewrite.ts';

/** The page's example, as StepFun lays it out. */
const DOCUMENTED = `{
"id": "b7b56af0-52a6-483f-a589-948182676a1b",
"object": "chat.completion",
"created": 1709893411,
"model": "step-3.5-flash",
"choices": [
{
"index": 0,
"message": {
"role": "assistant",
"content": "Hello! StepFun specializes in artificial intelligence."
},
"finish_reason": "stop"
}
],
"usage": { "prompt_tokens": 83, "completion_tokens": 176, "total_tokens": 259 }
}`;

function message(members: string, rest = '"finish_reason":"stop"'): string {
  return `{"system_fingerprint":"f","choices":[{"index":0,"message":{${members}},${rest}}]}`;
}

describe('a completion', () => {
  it('passes as it is in the stepfun shape, uncopied', () => {
    const body = bytes(DOCUMENTED);
    expect(rewriteCompletion(body, PLAIN)).toMatchObject({ kind: 'completion', bytes: body });
  });

  it('gets what OpenAI has in the openai shape', () => {
    expect(completion(DOCUMENTED, OPENAI)).toBe(`${DOCUMENTED.slice(0, -1)},"system_fingerprint":null}`);
    expect(completion(message('"content":"c"'), OPENAI)).toBe(message('"content":"c"'));
  });

  it('tells its usage and how its choices ended, as the client reads it', () => {
    const { usage, finishReasons } = rewritten(DOCUMENTED, OPENAI);
    expect(usage).toEqual({ promptTokens: 83, completionTokens: 176, totalTokens: 259, cachedTokens: 0 });
    expect(finishReasons).toEqual(['stop']);

    const three =
      '{"choices":[{"index":2,"message":{"tool_calls":[{}]},"finish_reason":"stop"},{"index":0,"finish_reason":""},{"index":1,"finish_reason":"length"}],"usage":7}';
    expect(rewritten(three, OPENAI)).toMatchObject({
      usage: null,
      finishReasons: ['tool_calls', null, 'length'],
    });
    expect(rewritten(three, PLAIN).finishReasons).toEqual(['stop', null, 'length']);
  });

  it.each([
    ['general', '"reasoning_content":"r","content":"c"', '"reasoning":"r","content":"c"'],
    ['deepseek-style', '"reasoning":"r","content":"c"', '"reasoning_content":"r","content":"c"'],
    ['hidden', '"content":"c","reasoning":"r"', '"content":"c"'],
  ] as const)('has its reasoning as %s', (reasoning, given, expected) => {
    for (const options of [PLAIN, OPENAI]) {
      expect(completion(message(given), { ...options, reasoning })).toBe(message(expected));
    }
  });

  it.each([
    [message('"role":""'), message('"role":"assistant"')],
    [
      message('"role":"","tool_calls":[{"id":"a"}]'),
      message('"role":"assistant","tool_calls":[{"id":"a"}]', '"finish_reason":"tool_calls"'),
    ],
    [message('', '"finish_reason":""'), message('', '"finish_reason":null')],
    [message('', '"x":1'), message('', '"x":1,"finish_reason":null')],
    [`{"created":0,${message('').slice(1)}`, `{"created":${CREATED},${message('').slice(1)}`],
    [
      `{"usage":{"cached_tokens":7},${message('').slice(1)}`,
      `{"usage":{"cached_tokens":7,"prompt_tokens_details":{"cached_tokens":7},"prompt_cache_hit_tokens":7},${message('').slice(1)}`,
    ],
    [`{"usage":null,${message('').slice(1)}`, `{"usage":null,${message('').slice(1)}`],
  ])('in the openai shape: %s → %s', (given, expected) => {
    expect(completion(given, OPENAI)).toBe(expected);
    expect(completion(given, { ...OPENAI, includeUsage: true })).toBe(expected);
    expect(completion(given, PLAIN)).toBe(given);
  });

  it.each([
    '',
    '<html>',
    '[]',
    'null',
    '{}',
    '{"choices":null}',
    '{"choices":[]}',
    '{"choices":{}}',
    '{"choices":[7]}',
    '{"choices":[{}]',
    '{"choices":[{}]} {}',
    'data: {"choices":[{}]}',
  ])('is not %j', (body) => {
    expect(() => rewriteCompletion(bytes(body), OPENAI)).toThrow(
      expect.objectContaining({ code: 'upstream_malformed', status: 502 }),
    );
  });

  it('with an error in it is that error', () => {
    const body = '{"error":{"message":"no canary","type":"invalid_request_error"}}';
    const found = rewriteCompletion(bytes(body), { ...OPENAI, secrets: ['canary'] });
    expect(found).toEqual({ kind: 'error', error: expect.any(GatewayError) });
    expect(found).toMatchObject({ error: { code: 'upstream_rejected', message: 'no [redacted]' } });
  });

  it('that failed leaves nothing behind for the next', () => {
    const broken = message('"role":""').replace('"finish_reason"', '"delta":7,"x"');
    expect(() => rewriteCompletion(bytes(broken), OPENAI)).toThrow(GatewayError);
    expect(text(rewritten(message('"role":"user"'), OPENAI).bytes)).toBe(message('"role":"user"'));
  });
});

function rewritten(
  body: string,
  options: RewriteOptions,
): Extract<ReturnType<typeof rewriteCompletion>, { kind: 'completion' }> {
  const result = rewriteCompletion(bytes(body), options);
  if (result.kind === 'error') throw result.error;
  return result;
}
