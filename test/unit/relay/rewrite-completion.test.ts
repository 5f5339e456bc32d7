import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/http/errors.ts';
import { rewriteCompletion } from '../../../src/relay/rewrite-completion.ts';
import { OPENAI, PLAIN, bytes, text } from './support.ts';

/** The example of StepFun's documentation, in its layout. */
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

describe('a completion', () => {
  it('passes as the bytes that came where no rule changes anything', () => {
    const body = bytes(DOCUMENTED);
    expect(rewriteCompletion(body, PLAIN).bytes).toBe(body);
  });

  it('gets the members that OpenAI has', () => {
    const { bytes: out, json } = rewriteCompletion(bytes(DOCUMENTED), OPENAI);
    const given = JSON.parse(DOCUMENTED) as { choices: { message: object }[] };
    const expected = {
      ...given,
      system_fingerprint: null,
      choices: given.choices.map((choice) =>
        Object.assign(choice, { message: { ...choice.message, refusal: null }, logprobs: null }),
      ),
    };
    expect(JSON.parse(text(out))).toEqual(expected);
    expect(json).toEqual(expected);
  });

  it('tells its usage and how its choices ended, as the client reads it', () => {
    const { usage, finishReasons } = rewriteCompletion(bytes(DOCUMENTED), OPENAI);
    expect(usage).toEqual({ promptTokens: 83, completionTokens: 176, totalTokens: 259, cachedTokens: 0 });
    expect(finishReasons).toEqual(['stop']);

    const three = bytes(
      '{"choices":[{"index":2,"message":{"tool_calls":[{}]},"finish_reason":"stop"},{"index":0,"finish_reason":""},{"index":1,"finish_reason":"length"}],"usage":7}',
    );
    expect(rewriteCompletion(three, OPENAI)).toMatchObject({
      usage: null,
      finishReasons: [null, 'length', 'tool_calls'],
    });
    expect(rewriteCompletion(three, PLAIN).finishReasons).toEqual([null, 'length', 'stop']);
  });

  it('rewritten for the cache and then for a client is as if rewritten for that client', () => {
    const body = bytes(
      '{"created":0,"choices":[{"message":{"role":"","content":"c","reasoning":"r","reasoning_content":"r","reasoning_details":[1],"tool_calls":[{"id":"a"}]},"logprobs":{},"finish_reason":"stop"}],"usage":{"cached_tokens":1}}',
    );
    for (const options of [PLAIN, OPENAI]) {
      const stored = rewriteCompletion(body, options).bytes;
      for (const reasoning of ['general', 'deepseek-style', 'hidden'] as const) {
        const twice = rewriteCompletion(stored, { ...options, reasoning });
        const once = rewriteCompletion(body, { ...options, reasoning });
        expect(JSON.parse(text(twice.bytes))).toEqual(JSON.parse(text(once.bytes)));
      }
    }
  });
});

describe('what is no completion', () => {
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
    `{"choices":[{"message":{"reasoning_content":${'['.repeat(200_000)}${']'.repeat(200_000)}}}]}`,
  ])('is upstream_malformed: %.30s', (body) => {
    expect(() => rewriteCompletion(bytes(body), OPENAI)).toThrow(
      expect.objectContaining({ code: 'upstream_malformed', status: 502 }) as GatewayError,
    );
  });

  it('and has an error in it is that error', () => {
    const body = '{"error":{"message":"no"},"choices":[{}]}';
    const readError = (json: string) => new GatewayError('upstream_rejected', json);
    expect(() => rewriteCompletion(bytes(body), { ...OPENAI, readError })).toThrow(
      expect.objectContaining({ code: 'upstream_rejected', message: body }) as GatewayError,
    );
  });
});
