// What StepFun reads is what was checked, for any request.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyRequest, EXTRA } from './arbitraries.ts';
import { type Json, parse, sent, sentText } from './support.ts';

const given = { extraParams: EXTRA };

/** JSON.parse that refuses what it says twice: a key that is read again comes as another value. */
function keysTwice(text: string): string[] {
  const twice: string[] = [];
  // A tokenizer for JSON: strings, and what stands between them.
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
  it('has no key twice', () => {
    expect(keysTwice(String.raw`{"a":1,"b":[{"a":"\"a\":"}],"\u0061":2}`)).toEqual(['a']);
    fc.assert(
      fc.property(anyRequest, (request) => {
        expect(keysTwice(sentText(request, given))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is in its final form: sent again, it stays what it is', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const once = sentText(request, given);
        expect(sentText(once, given)).toBe(once);
      }),
      { numRuns: 1_500 },
    );
  });

  it('says of every field what the client said', () => {
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
          const said = name === 'extra' ? request[name] : (request[name] ?? undefined);
          expect(asked[name]).toEqual(said === undefined ? undefined : JSON.parse(JSON.stringify(said)));
        }
        expect(asked['stream']).toBe(request['stream'] === true ? true : undefined);
        const [told, said] = [asked['messages'] as Json[], request['messages'] as Json[]];
        expect(told.map(({ role }) => role)).toEqual(
          said.map(({ role }) => (role === 'developer' ? 'system' : role)),
        );
        for (const [index, { content, tool_call_id, name }] of said.entries()) {
          expect(told[index]).toMatchObject({
            ...(typeof content === 'string' && { content }),
            ...(tool_call_id !== undefined && { tool_call_id }),
            ...(name !== undefined && { name }),
          });
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it('is one text for one request, however often it is asked for', () => {
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
      { numRuns: 300 },
    );
  });
});
