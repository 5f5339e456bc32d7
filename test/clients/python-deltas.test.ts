// The gateway's streams, accumulated as OpenAI's Python client does it, in both dialects of StepFun.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataOf } from '../worker/harness.ts';
import { MODEL, WEATHER_TOOL } from './client.ts';
import { accumulateDelta, type Delta } from './python-deltas.ts';
import { openStage, type Stage } from './stage.ts';

interface Chunk {
  readonly choices: readonly { readonly index: number; readonly delta: Delta }[];
}

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

/** @returns the message of each choice, and StepFun's own for the same request. */
async function messagesOf(prompt: string, fields: object = {}) {
  const request = { model: MODEL, messages: [{ role: 'user', content: prompt }], ...fields };
  const response = await fetch(`${stage.gateway.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify({ ...request, stream: true }),
  });
  const chunks = dataOf(await response.text()).filter((data) => data !== '[DONE]') as Chunk[];
  const messages: Delta[] = [];
  for (const { index, delta } of chunks.flatMap(({ choices }) => choices)) {
    messages[index] = accumulateDelta(messages[index] ?? {}, delta);
  }
  const { choices } = await stage.expected(request);
  return { messages, expected: choices.map(({ message }) => message) };
}

describe('the reference', () => {
  it('joins strings, adds numbers, replaces index and type, merges objects', () => {
    const accumulated = { a: 'x', n: 1, index: 0, type: 'function', o: { b: 'y' }, none: null };
    const delta = { a: 'z', n: 2, index: 1, type: '', o: { b: 'w', c: true }, none: 'now', fresh: [1] };
    expect(accumulateDelta(accumulated, delta)).toEqual({
      a: 'xz',
      n: 3,
      index: 1,
      type: '',
      o: { b: 'yw', c: true },
      none: 'now',
      fresh: [1],
    });
  });

  it('merges lists of objects by index, and appends plain values', () => {
    const first = { calls: [{ index: 0, id: 'a', args: '{' }], tags: ['x'] };
    const second = {
      calls: [
        { index: 0, args: '}' },
        { index: 1, id: 'b', args: '' },
      ],
      tags: ['y'],
    };
    expect(accumulateDelta(first, second)).toEqual({
      calls: [
        { index: 0, id: 'a', args: '{}' },
        { index: 1, id: 'b', args: '' },
      ],
      tags: ['x', 'y'],
    });
  });

  it('fails for a list entry without an index', () => {
    expect(() => accumulateDelta({ calls: [{ index: 0 }] }, { calls: [{ id: 'a' }] })).toThrow('`index` key');
  });
});

describe.each(['2026', '2024'])('a stream in the dialect of %s', (dialect) => {
  it('becomes one message per choice, with its role once', async () => {
    const { messages, expected } = await messagesOf(`Tell me about tea simulate dialect ${dialect}`, {
      n: 2,
    });
    expect(messages).toHaveLength(2);
    expect(messages).toMatchObject(
      expected.map(({ content, reasoning }) => ({ role: 'assistant', content, reasoning })),
    );
  });

  it.each([
    'with index',
    'with id',
    'without id',
    'with empty strings',
    'in one piece',
    'with late id',
    'never with id',
    'under one index',
  ])('becomes two tool calls: %s', async (spelling) => {
    const { messages, expected } = await messagesOf(
      `How is the weather in Paris and in Rome? simulate 2 tool calls simulate tool pieces ${spelling} simulate dialect ${dialect}`,
      { tools: [{ type: 'function', function: WEATHER_TOOL }] },
    );
    expect(messages[0]?.['role']).toBe('assistant');
    const calls = expected[0]?.tool_calls ?? [];
    expect(calls).toHaveLength(2);
    expect(messages[0]?.['tool_calls']).toEqual(
      calls.map((call, index) => ({
        index,
        // The first piece has to name an id: one that StepFun gives later comes too late.
        id:
          spelling === 'with late id' ? expect.stringMatching(/./) : (call.id ?? expect.stringMatching(/./)),
        type: 'function',
        function: call.function,
      })),
    );
  });
});
