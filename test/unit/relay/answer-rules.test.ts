// The rules, on parsed chunks and completions: each alone, and where it meets another.

import { describe, expect, it } from 'vitest';
import { AnswerRules, type AnswerRulesOptions, type Verdict } from '../../../src/relay/answer-rules.ts';
import { CREATED, OPENAI, PLAIN, chunkOf, rewriteChunks } from './support.ts';

type Json = Record<string, unknown>;

const HIDDEN: AnswerRulesOptions = { ...PLAIN, reasoning: 'hidden' };
const DEEPSEEK: AnswerRulesOptions = { ...PLAIN, reasoning: 'deepseek-style' };
const WITH_USAGE = { ...OPENAI, includeUsage: true };

const asJson = (value: unknown): unknown => value && (JSON.parse(JSON.stringify(value)) as unknown);

function chunk(given: unknown, options: AnswerRulesOptions): { verdict: Verdict; json: unknown } {
  const json = structuredClone(given);
  return { verdict: new AnswerRules(options).chunk(json), json: asJson(json) };
}

function completion(given: unknown, options: AnswerRulesOptions): { verdict: Verdict; json: unknown } {
  const json = structuredClone(given);
  return { verdict: new AnswerRules(options).completion(json), json: asJson(json) };
}

/** @returns the choices of each event of a stream of choices; the sentinel is left out. */
function choicesOf(given: readonly object[], options = OPENAI): unknown[] {
  const chunks = given.map((choice) => chunkOf(choice));
  return (rewriteChunks(chunks, options) as { choices?: unknown[] }[]).flatMap(
    ({ choices }) => choices ?? [],
  );
}

const open = (top: object = {}) => chunkOf({ delta: { content: 'c' }, finish_reason: null }, top);
const end = (top: object = {}, index = 0) => chunkOf({ index, delta: {}, finish_reason: 'stop' }, top);

describe('role', () => {
  it.each(['assistant', '', undefined, null, 7])('%j on every delta: once, on the first', (role) => {
    const delta = { ...(role !== undefined && { role }), content: 'c' };
    expect(choicesOf([{ delta }, { delta }, { delta, finish_reason: 'stop' }])).toMatchObject([
      { delta: { role: 'assistant', content: 'c' } },
      { delta: { content: 'c' } },
      { delta: { content: 'c' } },
    ]);
    expect(JSON.stringify(choicesOf([{ delta }, { delta }])).match(/"role"/g)).toHaveLength(1);
  });

  it('is on the first delta of each choice', () => {
    const chunks = [0, 1, 1, 0].map((index) => chunkOf({ index, delta: { role: '' } }));
    const roles = rewriteChunks(chunks, { ...OPENAI, choices: 2 }) as { choices?: { delta: Json }[] }[];
    expect(roles.flatMap(({ choices }) => choices ?? []).map(({ delta }) => delta['role'])).toEqual([
      'assistant',
      'assistant',
      undefined,
      undefined,
    ]);
  });

  it.each([{}, { delta: null }])('is added where there is no delta: %j', (choice) => {
    expect(choicesOf([choice])).toMatchObject([{ delta: { role: 'assistant' } }]);
  });
});

describe('finish_reason', () => {
  it.each(['', undefined, null, 7, []])('%j becomes null', (reason) => {
    expect(choicesOf([{ delta: {}, ...(reason !== undefined && { finish_reason: reason }) }])).toEqual([
      { index: 0, delta: { role: 'assistant' }, finish_reason: null },
    ]);
  });

  it.each(['stop', 'length', 'content_filter', 'repetition_truncation'])('%s passes', (reason) => {
    expect(choicesOf([{ delta: {}, finish_reason: reason }])).toMatchObject([{ finish_reason: reason }]);
  });

  it('stop becomes tool_calls on the choice that called tools, and no other reason does', () => {
    const call = { delta: { tool_calls: [{ id: 'a' }] } };
    expect(choicesOf([call, { finish_reason: 'stop' }])).toMatchObject([{}, { finish_reason: 'tool_calls' }]);
    expect(choicesOf([{ ...call, finish_reason: 'stop' }])).toMatchObject([{ finish_reason: 'tool_calls' }]);
    expect(choicesOf([{ ...call, finish_reason: 'length' }])).toMatchObject([{ finish_reason: 'length' }]);
    expect(choicesOf([{ delta: { tool_calls: [] }, finish_reason: 'stop' }])).toMatchObject([
      { finish_reason: 'stop' },
    ]);
    expect(
      choicesOf([call, { index: 1, finish_reason: 'stop' }], { ...OPENAI, choices: 2 } as typeof OPENAI),
    ).toMatchObject([{}, { finish_reason: 'stop' }]);
  });
});

describe('created', () => {
  it.each([0, undefined, null, '0'])('%j becomes the time of the request', (created) => {
    expect(chunk(open(created === undefined ? {} : { created }), OPENAI).json).toMatchObject({
      created: CREATED,
    });
  });

  it('of another value stays', () => {
    expect(chunk(open({ created: 1710146871 }), OPENAI).json).toMatchObject({ created: 1710146871 });
  });
});

describe('usage', () => {
  const usage = (tokens: number) => ({ usage: { prompt_tokens: 0, total_tokens: tokens } });
  const zeros = { usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } };

  /** @returns the usage of each event; the sentinel is left out. */
  function usageOf(chunks: readonly object[], options = OPENAI): unknown[] {
    const events = rewriteChunks(chunks, options).filter((each) => each !== '[DONE]');
    return events.map((each) => (each as Json)['usage']);
  }

  it('is on the chunk with the finish_reason alone', () => {
    expect(usageOf([open(zeros), open(usage(2)), end(usage(3))])).toMatchObject([
      undefined,
      undefined,
      { total_tokens: 3 },
    ]);
  });

  it('of several choices is on the last one to end', () => {
    const two = { ...OPENAI, choices: 2 };
    expect(usageOf([end(usage(1), 1), end(usage(2), 0), open(usage(3))], two)).toMatchObject([
      undefined,
      { total_tokens: 2 },
      undefined,
    ]);
  });

  it('moves there from an earlier chunk if the last one has none, or a smaller count', () => {
    expect(usageOf([open(usage(3)), end()])).toMatchObject([undefined, { total_tokens: 3 }]);
    expect(usageOf([open(usage(3)), end(zeros)])).toMatchObject([undefined, { total_tokens: 3 }]);
    expect(usageOf([open(usage(3)), end({ usage: null })])).toMatchObject([undefined, { total_tokens: 3 }]);
  });

  it('needs no chunk without choices: one that nobody asked for does not go out', () => {
    expect(rewriteChunks([open(), end(usage(3)), { choices: [], ...usage(3) }], OPENAI)).toHaveLength(3);
    expect(rewriteChunks([{ choices: [] }, { choices: null }, open(), end()], OPENAI)).toHaveLength(3);
  });

  it('comes last and alone when it was asked for', () => {
    const chunks = [open(usage(1)), end(usage(3))];
    expect(rewriteChunks(chunks, WITH_USAGE).slice(-2)).toEqual([
      { ...usage(3), created: CREATED, choices: [] },
      '[DONE]',
    ]);
    expect(usageOf(chunks, WITH_USAGE as unknown as typeof OPENAI).slice(0, -1)).toEqual([
      undefined,
      undefined,
    ]);
    expect(rewriteChunks([...chunks, { id: 'i', choices: [], ...usage(4) }], WITH_USAGE).slice(-2)).toEqual([
      { id: 'i', ...usage(4), created: CREATED, choices: [] },
      '[DONE]',
    ]);
  });

  it('is not made up', () => {
    expect(rewriteChunks([open(), end()], WITH_USAGE)).toHaveLength(3);
  });

  it.each([OPENAI, WITH_USAGE])('has all names of cached tokens, wherever it is sent', (options) => {
    const given = { usage: { total_tokens: 9, prompt_tokens_details: { cached_tokens: 7 } } };
    const sent = usageOf([open(given), end()], options as typeof OPENAI).at(-1);
    expect(sent).toMatchObject({ cached_tokens: 7, prompt_cache_hit_tokens: 7 });
  });

  it('is told as the largest count, in any shape', () => {
    for (const options of [PLAIN, OPENAI, WITH_USAGE]) {
      const rules = new AnswerRules(options);
      expect(rules.usage).toBeNull();
      rules.chunk(open(usage(5)));
      rules.chunk(open(zeros));
      rules.chunk({ choices: [], usage: null });
      expect(rules.usage?.totalTokens).toBe(5);
    }
  });
});

describe('tool calls', () => {
  const call = (piece: object) => ({ delta: { tool_calls: [piece] } });

  it('are written as OpenAI writes them, for each choice by itself', () => {
    const first = { id: 'a', function: { name: 'f', arguments: '' } };
    const chunks = [
      {
        choices: [
          { index: 0, ...call(first) },
          { index: 1, ...call(first) },
        ],
      },
      { choices: [{ index: 1, ...call({ function: { arguments: '{}' } }) }] },
    ];
    const [one, two] = rewriteChunks(chunks, { ...OPENAI, choices: 2 });
    const whole = { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } };
    expect(one).toMatchObject({ choices: [call(whole), call(whole)] });
    expect(two).toMatchObject({ choices: [{ delta: { tool_calls: [{ index: 0 }] } }] });
  });

  it.each([[null], ['x'], [{}], [[null, 1, 'x', []]]])('of another kind stay: %j', (calls) => {
    expect(choicesOf([{ delta: { tool_calls: calls } }])).toMatchObject([{ delta: { tool_calls: calls } }]);
  });

  it('are bounded in number', () => {
    const many = (count: number) =>
      chunkOf({ delta: { tool_calls: Array.from({ length: count }, (_, i) => ({ id: `${i}` })) } });
    for (const options of [PLAIN, OPENAI]) {
      expect(chunk(many(1024), options).verdict).not.toBe('malformed');
      expect(chunk(many(1025), options).verdict).toBe('malformed');
    }
  });
});

describe('hidden reasoning', () => {
  const secret = {
    reasoning: 'SECRET',
    reasoning_content: 'SECRET',
    reasoning_details: [{ text: 'SECRET' }],
    content: 'c',
  };
  const logprobs = { content: [{ token: 'SECRET' }] };

  it.each(['delta', 'message'])('leaves a %s of a chunk under no name', (member) => {
    for (const shape of ['openai', 'stepfun'] as const) {
      const given = { choices: [0, 1].map((index) => ({ index, [member]: secret, logprobs })) };
      const { verdict, json } = chunk(given, { ...HIDDEN, shape, choices: 2 });
      expect(verdict).toBe('changed');
      expect(JSON.stringify(json)).not.toMatch(/SECRET|reasoning|logprobs/);
      expect(json).toMatchObject({
        choices: [{ [member]: { content: 'c' } }, { [member]: { content: 'c' } }],
      });
    }
  });

  it.each(['message', 'delta'])('leaves a %s of a completion under no name', (member) => {
    for (const shape of ['openai', 'stepfun'] as const) {
      const { json } = completion({ choices: [{ [member]: secret, logprobs }] }, { ...HIDDEN, shape });
      expect(JSON.stringify(json)).not.toMatch(/SECRET|reasoning/);
      expect(json).toMatchObject({ choices: [{ [member]: { content: 'c' } }] });
    }
  });

  it('writes every chunk anew: what JSON.parse did not see does not go out', () => {
    const data = `{"choices":[{"delta":{"reasoning":"SECRET"}}],"choices":[{"delta":{"content":"c"}}]}`;
    expect(chunk(JSON.parse(data), HIDDEN).verdict).toBe('changed');
    expect(completion(JSON.parse(data.replaceAll('delta', 'message')), HIDDEN).verdict).toBe('changed');
  });

  it('is renamed at its place alone', () => {
    const elsewhere = {
      choices: [
        { index: 0, reasoning: 'r', delta: { tool_calls: [{ reasoning: 'r' }] }, x: { delta: secret } },
      ],
      usage: { reasoning: 'r' },
    };
    expect(chunk(elsewhere, DEEPSEEK)).toEqual({ verdict: 'unchanged', json: elsewhere });
  });
});

describe('what is no chunk', () => {
  it.each<[string, unknown]>([
    ['undefined: no JSON', undefined],
    ['null', null],
    ['a list', []],
    ['a text', 'choices'],
    ['a number', 7],
    ['nothing', {}],
    ['another object', { message: 'no' }],
    ['choices that are an object', { choices: {} }],
    ['choices that are a text', { choices: 'x' }],
    ['a choice that is null', { choices: [null] }],
    ['a choice that is a list', { choices: [[]] }],
    ['a delta that is a list', { choices: [{ delta: [] }] }],
    ['a delta that is a text', { choices: [{ delta: 'reasoning' }] }],
    ['a message that is a number', { choices: [{ message: 7 }] }],
    ['129 choices', { choices: Array.from({ length: 129 }, (_, index) => ({ index })) }],
  ])('%s', (_, given) => {
    for (const options of [PLAIN, OPENAI, HIDDEN]) expect(chunk(given, options).verdict).toBe('malformed');
  });

  it.each([
    { choices: null },
    { choices: [] },
    { choices: [{ delta: null }] },
    { choices: [{ delta: '' }] },
    { choices: [{}] },
    { choices: Array.from({ length: 128 }, (_, index) => ({ index })) },
  ])('but this is one: %j', (given) => {
    expect(chunk(given, PLAIN)).toEqual({ verdict: 'unchanged', json: given });
  });
});

describe('an error object', () => {
  it.each([{ error: {} }, { error: 'simply no' }, { choices: [{ delta: {} }], error: { code: 400 } }])(
    'is one, also beside choices: %j',
    (given) => {
      expect(chunk(given, PLAIN).verdict).toBe('error');
      expect(completion(given, PLAIN).verdict).toBe('error');
    },
  );

  it.each([null, '', false, 7, [[]]])('is none: %j', (error) => {
    expect(chunk({ choices: [], error }, PLAIN).verdict).toBe('unchanged');
  });
});

describe('STREAM_SHAPE=stepfun', () => {
  it('changes nothing but the reasoning', () => {
    const given = {
      created: 0,
      choices: [
        { delta: { role: '', tool_calls: [{ id: 'a' }] }, finish_reason: '' },
        { index: 1, finish_reason: 'stop' },
      ],
      usage: { cached_tokens: 1 },
      agent: '',
    };
    for (const includeUsage of [false, true]) {
      expect(chunk(given, { ...DEEPSEEK, includeUsage })).toEqual({ verdict: 'unchanged', json: given });
    }
  });
});

describe('a completion', () => {
  const message = (members: object, rest: object = { finish_reason: 'stop' }) => ({
    created: 1,
    choices: [{ index: 0, message: { role: 'assistant', ...members }, ...rest }],
  });
  const nulls = {
    created: 1,
    system_fingerprint: null,
    choices: [{ message: { role: 'assistant', refusal: null }, logprobs: null }],
  };

  it('gets what OpenAI has, as null', () => {
    expect(completion(message({ content: 'c' }), OPENAI)).toMatchObject({ verdict: 'changed', json: nulls });
    const whole = {
      created: 1,
      system_fingerprint: 'f',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'c', refusal: 'no' },
          logprobs: { content: [] },
          finish_reason: 'stop',
        },
      ],
    };
    expect(completion(whole, OPENAI)).toEqual({ verdict: 'unchanged', json: whole });
  });

  it.each<[string, object, object]>([
    ['an empty role', message({ role: '' }), message({ role: 'assistant' })],
    ['an empty finish_reason', message({}, { finish_reason: '' }), message({}, { finish_reason: null })],
    ['no finish_reason', message({}, {}), message({}, { finish_reason: null })],
    ['created 0', { ...message({}), created: 0 }, { created: CREATED }],
    [
      'tools called and "stop"',
      message({ tool_calls: [{ id: 'a', type: 'function' }] }),
      message({}, { finish_reason: 'tool_calls' }),
    ],
    [
      'a tool call without id',
      message({ tool_calls: [{ id: '', function: { name: 'f' } }] }),
      message({ tool_calls: [{ id: expect.stringMatching(/^call_[0-9a-f]{32}$/), type: 'function' }] }, {}),
    ],
    [
      'one name of cached tokens',
      { ...message({}), usage: { cached_tokens: 7 } },
      { usage: { prompt_tokens_details: { cached_tokens: 7 }, prompt_cache_hit_tokens: 7 } },
    ],
  ])('is repaired: %s', (_, given, expected) => {
    for (const options of [OPENAI, WITH_USAGE])
      expect(completion(given, options).json).toMatchObject(expected);
    expect(completion(given, PLAIN)).toEqual({ verdict: 'unchanged', json: given });
  });

  it.each([
    ['general', { reasoning_content: 'r' }, { reasoning: 'r' }],
    ['deepseek-style', { reasoning: 'r' }, { reasoning_content: 'r' }],
  ] as const)('has its reasoning as %s', (reasoning, given, expected) => {
    for (const shape of ['openai', 'stepfun'] as const) {
      const { json } = completion(message(given), { ...PLAIN, shape, reasoning });
      expect(json).toMatchObject(message(expected));
    }
  });

  it.each([
    undefined,
    [],
    null,
    {},
    { choices: null },
    { choices: [] },
    { choices: {} },
    { choices: [7] },
    { choices: [{ message: 7 }] },
    { choices: [{ message: [] }] },
  ])('is not %j', (given) => {
    for (const options of [PLAIN, OPENAI]) expect(completion(given, options).verdict).toBe('malformed');
  });
});
