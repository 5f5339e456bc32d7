// A streamed message put together, for the cache.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../long-run.ts';
import { COLLECTED_CHARS } from '../../../src/config/limits.ts';
import { collect, delta, END } from './collected.ts';
import { DONE, OPENAI, PLAIN, chunkOf, event, push } from './support.ts';

/** @returns the first choice's message. */
function messageOf(...chunks: object[]): unknown {
  const { choices } = collect(chunks) as { choices: { message: unknown }[] };
  return choices[0]?.message;
}

describe('a message put together', () => {
  it('has either name of the reasoning, once', () => {
    expect(
      messageOf(delta({ reasoning_content: 'a' }), delta({ reasoning: 'b', reasoning_content: 'b' }), END),
    ).toEqual({ role: 'assistant', content: '', reasoning: 'ab' });
  });

  it('joins refusals and log probabilities', () => {
    const collected = collect([
      chunkOf({ delta: { refusal: 'I ' }, logprobs: { content: [1], refusal: null } }),
      chunkOf({ delta: { refusal: 'can’t' }, logprobs: { content: [2, 3] } }),
      END,
    ]);
    expect(collected).toMatchObject({
      choices: [{ message: { refusal: 'I can’t' }, logprobs: { content: [1, 2, 3] } }],
    });
  });

  it('leaves out empty members', () => {
    expect(
      messageOf(
        delta({ content: 'a', annotations: null, audio: '' }),
        chunkOf({ delta: null, finish_reason: 'stop', x: null }),
      ),
    ).toEqual({ role: 'assistant', content: 'a' });
  });
});

describe('the content beside tool calls', () => {
  const call = { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] };

  it.each<[unknown, object[]]>([
    ['', [delta({ role: 'assistant', content: '' }), delta({ ...call, content: '' })]],
    [null, [delta({ role: 'assistant', content: null }), delta(call)]],
    [null, [delta(call)]],
    ['c', [delta({ content: 'c' }), delta(call)]],
  ])('is %j where the deltas say so', (content, chunks) => {
    expect(messageOf(...chunks, delta({}, 'tool_calls'))).toMatchObject({ content });
  });
});

describe('tool calls are put together', () => {
  const a = { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x"' } };
  const b = { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } };
  const whole = [{ ...a, function: { name: 'f', arguments: '{"x":1}' } }, b];

  it.each<[string, object[]]>([
    ['without index, going on without id', [a, { function: { arguments: ':1}' } }, b]],
    ['without index, repeating the id', [a, b, { id: 'a', function: { arguments: ':1}' } }]],
    ['repeating all of it', [a, { ...a, function: { name: 'f', arguments: ':1}' } }, b]],
    [
      'with index',
      [
        { index: 0, ...a },
        { index: 1, ...b },
        { index: 0, function: { arguments: ':1}' } },
      ],
    ],
    [
      'a new id under a used index',
      [
        { index: 0, ...a },
        { index: 0, id: '', type: '', function: { name: '', arguments: ':1}' } },
        { index: 0, ...b },
      ],
    ],
    ['an index beyond all bounds', [{ index: 4_000_000_000, ...whole[0] }, b]],
  ])('%s', (_, pieces) => {
    for (const shape of ['openai', 'stepfun'] as const) {
      const chunks = [...pieces.map((piece) => delta({ tool_calls: [piece] })), delta({}, 'tool_calls')];
      expect(collect(chunks, { shape })).toMatchObject({ choices: [{ message: { tool_calls: whole } }] });
    }
  });
});

describe('no completion is made of', () => {
  it.each<[string, object[]]>([
    ['content that is no text', [delta({ content: ['a'] }, 'stop')]],
    ['reasoning that is no text', [delta({ reasoning: { a: 1 } }, 'stop')]],
    ['a member that nobody here knows', [delta({ content: 'a', audio: { data: 'x' } }, 'stop')]],
    ["a choice's member that nobody here knows", [chunkOf({ delta: {}, finish_reason: 'stop', x: 1 })]],
    ['a message in a chunk', [chunkOf({ message: { content: 'a' }, finish_reason: 'stop' })]],
    ['a tool call that is none', [delta({ tool_calls: [7] }, 'stop')]],
    ["a call's member that nobody here knows", [delta({ tool_calls: [{ id: 'a', x: 1 }] }, 'stop')]],
    [
      "a function's member that nobody here knows",
      [delta({ tool_calls: [{ id: 'a', function: { x: 1 } }] }, 'stop')],
    ],
    ['a function that is none', [delta({ tool_calls: [{ id: 'a', function: [] }] }, 'stop')]],
    [
      'arguments that are no text',
      [delta({ tool_calls: [{ id: 'a', function: { arguments: {} } }] }, 'stop')],
    ],
    [
      'log probabilities that are no list',
      [chunkOf({ delta: {}, logprobs: { content: {} }, finish_reason: 'stop' })],
    ],
    ['log probabilities that are no object', [chunkOf({ delta: {}, logprobs: [1], finish_reason: 'stop' })]],
  ])('%s', (_, chunks) => {
    expect(collect(chunks)).toBeNull();
  });
});

it.each(['__proto__', 'constructor', 'toString'])('log probabilities named %s break no stream', (name) => {
  const chunk = `{"choices":[{"index":0,"delta":{},"logprobs":{"${name}":[1]},"finish_reason":"stop"}]}`;
  const { out, rewriter } = push(event(chunk) + DONE, { ...PLAIN, isCollected: true });
  expect(out).toBe(event(chunk) + DONE);
  expect(rewriter.collectedCompletion()).toMatchObject({
    choices: [{ logprobs: JSON.parse(`{"${name}":[1]}`) }],
  });
});

it('log probabilities in one long list break no stream', () => {
  const content = Array<number>(400_000).fill(1);
  const collected = collect([chunkOf({ delta: {}, logprobs: { content }, finish_reason: 'stop' })]);
  expect(collected).toHaveProperty('choices[0].logprobs.content.length', 400_000);
});

// A figure of the test's own: the bound in src/config/limits.ts can't change unnoticed.
it.each([
  [1_048_576, true],
  [1_048_577, false],
])('texts of %i characters are put together: %s', (chars, isWhole) => {
  expect(COLLECTED_CHARS).toBe(1_048_576);
  const half = 'x'.repeat(524_288);
  const rest = 'y'.repeat(chars - 524_288 - 2);
  const collected = collect([
    delta({ content: half }),
    delta({ reasoning: rest }),
    delta({ tool_calls: [{ id: 'a', function: { arguments: '{}' } }] }),
    END,
  ]);
  expect(collected !== null).toBe(isWhole);
});

it('any text that is streamed in any pieces is put together again', () => {
  const texts = fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 10 });
  fc.assert(
    fc.property(texts, texts, (reasoning, content) => {
      const message = messageOf(
        ...reasoning.map((piece) => delta({ reasoning_content: piece })),
        ...content.map((piece) => delta({ content: piece })),
        END,
      );
      const whole = reasoning.join('');
      expect(message).toEqual({
        role: 'assistant',
        content: JSON.parse(JSON.stringify(content.join(''))) as unknown,
        ...(whole !== '' && { reasoning: whole }),
      });
    }),
    { numRuns: runs(50, 500) },
  );
});

it('repaired chunks are put together as StepFun sent them', () => {
  const chunks = [delta({ role: '', content: 'a' }), delta({}, 'stop')];
  expect(collect(chunks, OPENAI)).toMatchObject({
    choices: [{ message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }],
  });
});
