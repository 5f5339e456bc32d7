// Streams put together as completions, for the cache.

import { describe, expect, it } from 'vitest';
import { Choices } from '../../../src/relay/choices.ts';
import { CollectedAnswer } from '../../../src/relay/collected-answer.ts';
import { rewriteCompletion } from '../../../src/relay/rewrite-completion.ts';
import { collect, delta, END, usage } from './collected.ts';
import { bytes, chunkOf, DONE, event, PLAIN, push, text } from './support.ts';

describe('a stream put together', () => {
  const chunks = [
    { ...delta({ role: 'assistant', content: '' }), created: 0, usage: usage(0), agent: '' },
    { ...delta({ role: '', reasoning: 'Let me ' }), usage: usage(1) },
    { ...delta({ role: '', reasoning: 'think 🤔' }), usage: usage(2) },
    { ...delta({ role: '', content: 'StepFun' }), usage: usage(3) },
    { ...delta({ role: '', content: ' AI' }), usage: usage(4) },
    { ...delta({ role: '', content: '' }, 'stop'), usage: usage(5) },
  ];
  const completion = {
    id: 'd7ae',
    object: 'chat.completion',
    created: 1_709_899_323,
    model: 'step-3.5-flash',
    agent: '',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'StepFun AI', reasoning: 'Let me think 🤔' },
        finish_reason: 'stop',
      },
    ],
    usage: usage(5),
  };

  it('is the completion that StepFun would have sent', () => {
    expect(collect(chunks)).toEqual(completion);
  });

  it.each(['openai', 'stepfun'] as const)('is the same completion in each format (%s)', (shape) => {
    for (const reasoning of ['general', 'deepseek-style', 'hidden'] as const) {
      for (const includeUsage of [true, false]) {
        const collected = collect(chunks, { shape, reasoning, includeUsage });
        const stored = rewriteCompletion(bytes(JSON.stringify(collected)), { ...PLAIN, shape });
        const direct = rewriteCompletion(bytes(JSON.stringify(completion)), { ...PLAIN, shape });
        expect(JSON.parse(text(stored.bytes))).toEqual(JSON.parse(text(direct.bytes)));
      }
    }
  });

  it('has its choices in order', () => {
    const collected = collect(
      [
        chunkOf({ index: 1, delta: { content: 'b' } }),
        chunkOf({ delta: { content: 'a' } }),
        chunkOf({ delta: { content: 'a' }, finish_reason: 'length' }),
        chunkOf({ index: 1, delta: {}, finish_reason: 'stop' }),
        { choices: [], usage: usage(3) },
      ],
      { choices: 2 },
    );
    expect(collected).toMatchObject({
      choices: [
        { index: 0, message: { content: 'aa' }, finish_reason: 'length' },
        { index: 1, message: { content: 'b' }, finish_reason: 'stop' },
      ],
      usage: usage(3),
    });
  });
});

describe("a completion's own members", () => {
  /** @returns the completion of these chunks, whose one choice has ended. */
  function completionOf(chunks: readonly object[], sent: object | null = null) {
    const answer = new CollectedAnswer();
    const choices = new Choices(1, true);
    const choice = choices.at(0);
    if (choice !== null) choices.finish(choice, 'stop');
    for (const chunk of chunks) answer.add({ ...chunk });
    return answer.toCompletion(choices, sent && { ...sent });
  }

  it('are the first values that are not empty', () => {
    const chunks = [
      { id: '', created: 0, model: 'a', agent: null },
      { id: 'i', created: 5, model: 'b', agent: '', service_tier: 'x' },
      { id: 'j', created: 6, service_tier: 'y' },
    ];
    const { choices: _, ...members } = completionOf(chunks) ?? {};
    expect(members).toEqual({
      id: 'i',
      object: 'chat.completion',
      created: 5,
      model: 'a',
      agent: '',
      service_tier: 'x',
    });
  });

  it.each(['constructor', 'toString', '__proto__'])('may have the name %s', (name) => {
    const chunk: unknown = JSON.parse(JSON.stringify(END).replace('{', `{"${name}":"x",`));
    const collected = collect([chunk as object]) ?? {};
    expect(Object.getOwnPropertyDescriptor(collected, name)?.value).toBe('x');
  });

  it('are there where no chunk has them', () => {
    expect(completionOf([])).toMatchObject({ id: '', object: 'chat.completion', created: 0, model: '' });
  });

  it("have StepFun's last usage, not that of a chunk", () => {
    expect(completionOf([{ usage: usage(1) }], usage(5))).toMatchObject({ usage: usage(5) });
    expect(completionOf([{ usage: usage(1) }])).not.toHaveProperty('usage');
  });
});

describe('no completion is made of', () => {
  const ok = delta({ content: 'a' }, 'stop');

  it.each<[string, object[]]>([
    ['a choice that has not ended', [delta({ content: 'a' }, null)]],
    ['one of two that has not', [ok, chunkOf({ index: 1, delta: { content: 'b' } })]],
    ['no choices at all', [{ choices: [] }]],
    ['an error', [ok, { error: { message: 'no' } }, ok]],
  ])('%s', (_, chunks) => {
    expect(collect(chunks)).toBeNull();
  });

  it('a stream that is not collected', () => {
    expect(push(event(ok) + DONE, PLAIN).rewriter.collectedCompletion()).toBeNull();
  });
});
