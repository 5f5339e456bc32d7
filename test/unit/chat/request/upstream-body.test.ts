// StepFun reads what was checked.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyRequest, EXTRA } from './arbitraries.ts';
import { chat, type Json, parse, sent, sentText, tool } from './support.ts';

const given = { extraParams: EXTRA };

/** @returns the keys that occur twice in one object of a JSON text. */
function duplicateKeys(text: string): string[] {
  const twice: string[] = [];
  // A tokenizer for JSON: keys, other strings, and brackets.
  const stack: (Set<string> | null)[] = [];
  for (const [token, key] of text.matchAll(/"((?:[^"\\]|\\.)*)"(?=\s*:)|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{') stack.push(new Set());
    else if (token === '[') stack.push(null);
    else if (token === '}' || token === ']') stack.pop();
    else if (key !== undefined) {
      const name = JSON.parse(`"${key}"`) as string;
      if (stack.at(-1)?.has(name)) twice.push(name);
      stack.at(-1)?.add(name);
    }
  }
  return twice;
}

describe('upstreamBody', () => {
  it('has no duplicate key', () => {
    expect(duplicateKeys(String.raw`{"a":1,"b":[{"a":"\"a\":"}],"\u0061":2}`)).toEqual(['a']);
    fc.assert(
      fc.property(anyRequest, (request) => {
        expect(duplicateKeys(sentText(request, given))).toEqual([]);
      }),
      { numRuns: 80 },
    );
  });

  it('does not change when it is sent through the gateway again', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const first = sentText(request, given);
        expect(sentText(first, given)).toBe(first);
      }),
      { numRuns: 80 },
    );
  });

  it('has every field with the value that the client sent', () => {
    const same = [
      'model',
      'top_p',
      'n',
      'max_tokens',
      'frequency_penalty',
      'presence_penalty',
      'seed',
      'extra',
    ];
    fc.assert(
      fc.property(anyRequest, (request) => {
        const asked = sent(request, given);
        for (const name of same) {
          const original = name === 'extra' ? request[name] : (request[name] ?? undefined);
          expect(asked[name]).toEqual(
            original === undefined ? undefined : JSON.parse(JSON.stringify(original)),
          );
        }
        expect(asked['stream']).toBe(request['stream'] === true ? true : undefined);
        const [written, original] = [asked['messages'] as Json[], request['messages'] as Json[]];
        expect(written.map(({ role }) => role)).toEqual(
          original.map(({ role }) => (role === 'developer' ? 'system' : role)),
        );
        for (const [index, { content, tool_call_id, name }] of original.entries()) {
          expect(written[index]).toMatchObject({
            ...(typeof content === 'string' && { content }),
            ...(tool_call_id !== undefined && { tool_call_id }),
            ...(name !== undefined && { name }),
          });
        }
      }),
      { numRuns: 80 },
    );
  });

  it('is the same each time', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const asked = parse(request, given);
        const [first, , second] = [
          asked.upstreamBody(),
          asked.upstreamBody({ maxTokens: 1 }),
          asked.upstreamBody(),
        ];
        expect(second).toEqual(first);
      }),
      { numRuns: 80 },
    );
  });
});

describe('tools', () => {
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
});
