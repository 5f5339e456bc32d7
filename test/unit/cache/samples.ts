// Completions as StepFun makes them, and odder ones; shared by the cache's tests.

import * as fc from 'fast-check';
import type { ReasoningFormat, StreamShape } from '../../../src/config/config.ts';
import type { Completion } from '../../../src/cache/completion.ts';
import { rewriteCompletion, type RewriteOptions } from '../../../src/relay/rewriter.ts';

export const FORMATS: readonly ReasoningFormat[] = ['general', 'deepseek-style', 'hidden'];
export const SHAPES: readonly StreamShape[] = ['openai', 'stepfun'];

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decode = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);

/** StepFun's answer with one choice. */
export function answer(message: object = {}, choice: object = {}, top: object = {}): string {
  return JSON.stringify({
    id: 'b7b56af0-52a6-483f-a589-948182676a1b',
    object: 'chat.completion',
    created: 1_709_893_411,
    model: 'step-3.5-flash',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello!', ...message },
        finish_reason: 'stop',
        ...choice,
      },
    ],
    usage: { prompt_tokens: 83, cached_tokens: 3, completion_tokens: 176, total_tokens: 259 },
    ...top,
  });
}

export function rewriteOptions(options: Partial<RewriteOptions> = {}): RewriteOptions {
  return {
    reasoning: 'general',
    shape: 'openai',
    created: 1_700_000_000,
    choices: 1,
    includeUsage: false,
    ...options,
  };
}

/** What the handler's `complete` makes of StepFun's bytes. */
export function completed(body: string | Uint8Array, options: Partial<RewriteOptions> = {}): Completion {
  const bytes = typeof body === 'string' ? encode(body) : body;
  const completion = rewriteCompletion(bytes, rewriteOptions(options));
  if (completion.kind === 'error') throw completion.error;
  return { ...completion, attempts: 1 };
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.constantFrom('', '"reasoning":', '\\"reasoning\\"', '{"reasoning":"x"}', '😀😀😀'),
);
const space = fc.constantFrom('', '', ' ', '\n', '\t ');
const key = fc.constantFrom(
  '"reasoning"',
  '"reasoning_content"',
  '"reason\\u0069ng"',
  '"reasoning_content "',
);
const otherMember = fc.oneof(
  text.map((value) => `"content":${JSON.stringify(value)}`),
  fc.constantFrom(
    '"role":"assistant"',
    '"content":null',
    '"x":{"reasoning":"kept","n":12345678901234567890}',
    '"y":[1e400]',
  ),
  text.map((value) => `"tool_calls":[{"id":"c","function":{"arguments":${JSON.stringify(value)}}}]`),
);
const reasoningMember = fc
  .tuple(
    key,
    space,
    space,
    fc.oneof(
      text.map((value) => JSON.stringify(value)),
      fc.constantFrom('null', '7', '{"a":[]}'),
    ),
  )
  .map(([name, before, after, value]) => `${name}${before}:${after}${value}`);

function objectOf(members: readonly string[], gaps: readonly string[]): string {
  const gap = (i: number) => gaps[i % gaps.length] ?? '';
  return `{${gap(0)}${members.map((member, i) => `${member}${gap(2 * i + 1)}`).join(`,${gap(2)}`)}}`;
}

const gaps = fc.array(space, { minLength: 3, maxLength: 7 });
const message = fc
  .tuple(fc.array(otherMember, { maxLength: 3 }), fc.array(reasoningMember, { maxLength: 3 }), fc.nat(), gaps)
  .map(([others, reasonings, at, gaps]) => {
    const members = [...others];
    for (const [i, member] of reasonings.entries())
      members.splice((at + i * 7) % (members.length + 1), 0, member);
    return objectOf(members, gaps);
  });
const choice = fc
  .tuple(message, fc.constantFrom('message', 'message', 'message', 'delta'), gaps)
  .map(([said, where, gaps]) =>
    objectOf([`"index":0`, `"${where}":${said}`, '"finish_reason":"stop"'], gaps),
  );

/** Completions with reasoning in every place and spelling, and in none. */
export const completions: fc.Arbitrary<string> = fc
  .tuple(fc.array(choice, { minLength: 1, maxLength: 4 }), gaps)
  .map(([choices, gaps]) => {
    const numbered = choices.map((text, i) => text.replace('"index":0', `"index":${i}`));
    return objectOf(
      ['"id":"x"', '"reasoning":"top"', `"choices":[${numbered.join(`${gaps[0]},${gaps[1]}`)}]`],
      gaps,
    );
  });
