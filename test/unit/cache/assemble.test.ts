import { describe, expect, test } from 'vitest';
import { assembleCompletion } from '../../../src/cache/assemble.ts';
import { decode, encode } from './samples.ts';

function chunk(choice: object | null, top: object = {}): object {
  return {
    id: 'd7ae',
    object: 'chat.completion.chunk',
    created: 1_709_899_323,
    model: 'step-3.5-flash',
    choices: choice === null ? [] : [{ index: 0, ...choice }],
    ...top,
  };
}

const said = (delta: object, finish: string | null = '') => chunk({ delta, finish_reason: finish });
const usage = (completion: number) => ({
  prompt_tokens: 90,
  completion_tokens: completion,
  total_tokens: 90 + completion,
});
const call = (piece: object) => said({ tool_calls: [piece] });
const DONE = 'data: [DONE]\n\n';

function streamOf(...chunks: object[]): string {
  return chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`).join('') + DONE;
}

function assembled(stream: string): unknown {
  const completion = assembleCompletion(encode(stream));
  return completion === null ? null : JSON.parse(decode(completion));
}

describe('a stream of StepFun put together', () => {
  test('is the completion that it would have been, in the documented shape and order', () => {
    const stream = streamOf(
      { ...said({ role: 'assistant', content: '' }), created: 0, usage: usage(0) },
      { ...said({ role: '', reasoning: 'Let me ' }), usage: usage(1) },
      { ...said({ role: '', reasoning: 'think 🤔' }), usage: usage(2) },
      { ...said({ role: '', content: 'StepFun' }), usage: usage(3) },
      { ...said({ role: '', content: ' AI' }), usage: usage(4) },
      { ...said({ role: '', content: '' }, 'stop'), usage: usage(5) },
    );
    expect(decode(assembleCompletion(encode(stream))!)).toBe(
      JSON.stringify({
        id: 'd7ae',
        object: 'chat.completion',
        created: 1_709_899_323,
        model: 'step-3.5-flash',
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: 'StepFun AI', reasoning: 'Let me think 🤔' },
            finish_reason: 'stop',
          },
        ],
        usage: usage(5),
      }),
    );
  });

  test.each([
    ['\n', 'data: '],
    ['\r\n', 'data:'],
    ['\r', 'data: '],
  ])('lines end in %j, data begins with %j', (end, data) => {
    const lines = [
      ': hello',
      'event: message',
      `${data}${JSON.stringify(said({ content: 'a' }, 'stop'))}`,
      'id: 7',
      '',
      `${data}[DONE]`,
      '',
      '',
    ];
    expect(assembled(lines.join(end))).toMatchObject({ choices: [{ message: { content: 'a' } }] });
  });

  test('data in several lines, a BOM, and what follows the sentinel', () => {
    const stream = `\ufeffdata: {"id":"x",\ndata: "choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n${DONE}data: rubbish\n\n`;
    expect(assembled(stream)).toMatchObject({ id: 'x', choices: [{ message: { content: 'a' } }] });
  });

  test('heartbeats without data', () => {
    const stream = `data:\n\ndata\n\n${streamOf(said({ content: 'a' }, 'stop'))}`;
    expect(assembled(stream)).toMatchObject({ choices: [{ message: { content: 'a' } }] });
  });

  test('either name of the reasoning', () => {
    const stream = streamOf(
      said({ reasoning_content: 'a' }),
      said({ reasoning: 'b', reasoning_content: 'b' }),
      said({}, 'stop'),
    );
    expect(assembled(stream)).toMatchObject({ choices: [{ message: { content: '', reasoning: 'ab' } }] });
  });

  test('choices in any order', () => {
    const stream = streamOf(
      chunk({ index: 1, delta: { content: 'b' } }),
      chunk({ delta: { content: 'a' } }),
      chunk({ delta: { content: 'a' }, finish_reason: 'length' }),
      chunk({ index: 1, delta: {}, finish_reason: 'stop' }),
      chunk(null, { usage: { total_tokens: 3 } }),
    );
    expect(assembled(stream)).toMatchObject({
      choices: [
        { index: 0, message: { content: 'aa' }, finish_reason: 'length' },
        { index: 1, message: { content: 'b' }, finish_reason: 'stop' },
      ],
      usage: { total_tokens: 3 },
    });
  });

  describe('tool calls', () => {
    const a = { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x"' } };
    const b = { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } };
    const whole = [{ ...a, function: { name: 'f', arguments: '{"x":1}' } }, b];

    test.each<[string, object[]]>([
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
        'with index, in any order',
        [
          { index: 1, ...b },
          { index: 0, ...a },
          { index: 0, id: '', function: { name: null, arguments: ':1}' } },
        ],
      ],
    ])('%s', (_, pieces) => {
      const stream = streamOf(...pieces.map(call), said({}, 'tool_calls'));
      expect(assembled(stream)).toMatchObject({
        choices: [{ message: { content: '' }, finish_reason: 'tool_calls' }],
      });
      expect(
        (assembled(stream) as { choices: { message: { tool_calls: unknown } }[] }).choices[0]!.message
          .tool_calls,
      ).toEqual(whole);
    });

    test('an index beyond all bounds costs nothing', () => {
      const stream = streamOf(call({ index: 4_000_000_000, ...b }), said({}, 'tool_calls'));
      expect(assembled(stream)).toMatchObject({ choices: [{ message: { tool_calls: [b] } }] });
    });
  });

  test('refusals and logprobs are joined', () => {
    const stream = streamOf(
      chunk({ delta: { refusal: 'I ' }, logprobs: { content: [1], refusal: null } }),
      chunk({ delta: { refusal: 'can’t' }, logprobs: { content: [2, 3] } }),
      said({}, 'stop'),
    );
    expect(assembled(stream)).toMatchObject({
      choices: [{ message: { refusal: 'I can’t' }, logprobs: { content: [1, 2, 3] } }],
    });
  });

  test('members that say nothing are left out', () => {
    const stream = streamOf(
      said({ content: 'a', annotations: null, audio: '' }),
      chunk({ delta: null, finish_reason: 'stop', x: null }),
    );
    expect(assembled(stream)).toMatchObject({ choices: [{ message: { role: 'assistant', content: 'a' } }] });
  });
});

describe('no completion is made of', () => {
  const ok = said({ content: 'a' }, 'stop');
  test.each<[string, string]>([
    ['a stream that was cut', `data: ${JSON.stringify(said({ content: 'a' }))}\n\n`],
    ['an event that was cut', `data: ${JSON.stringify(ok)}`],
    ['a choice that has not ended', streamOf(said({ content: 'a' }, null))],
    ['one of two that has not', streamOf(ok, chunk({ index: 1, delta: { content: 'b' } }))],
    ['an error', streamOf(ok, { error: { message: 'no' } })],
    ['an error among choices', streamOf({ ...ok, error: { message: 'no' } })],
    ['rubbish', `data: {"choices":\n\n${DONE}`],
    ['other JSON', `data: 7\n\n${DONE}`],
    ['choices that are none', streamOf({ choices: [7] })],
    ['no choices at all', streamOf({ id: 'x' })],
    ['a delta that is none', streamOf(chunk({ delta: 'a', finish_reason: 'stop' }))],
    ['content that is no text', streamOf(said({ content: ['a'] }, 'stop'))],
    ['a member that nobody knows', streamOf(said({ content: 'a', audio: { data: 'x' } }, 'stop'))],
    ["a choice's member that nobody knows", streamOf(chunk({ delta: {}, finish_reason: 'stop', x: 1 }))],
    ["a call's member that nobody knows", streamOf(said({ tool_calls: [{ id: 'a', x: 1 }] }, 'stop'))],
    [
      "a function's member that nobody knows",
      streamOf(said({ tool_calls: [{ id: 'a', function: { x: 1 } }] }, 'stop')),
    ],
    [
      'a hostile name',
      streamOf(chunk({ delta: {}, finish_reason: 'stop', logprobs: JSON.parse('{"__proto__":[1]}') })),
    ],
  ])('%s', (_, stream) => {
    expect(assembled(stream)).toBeNull();
  });

  test('bytes that are no UTF-8', () => {
    const bytes = encode(streamOf(ok));
    bytes[bytes.indexOf(0x61)] = 0xff;
    expect(assembleCompletion(bytes)).toBeNull();
  });
});
