import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../long-run.ts';
import { parseReplayable, readReplayable, replayStream } from '../../../src/cache/replay.ts';
import { EVENT_CHARS } from '../../../src/config/limits.ts';
import type { RewriteOptions } from '../../../src/relay/options.ts';
import { StreamRewriter } from '../../../src/relay/stream-rewriter.ts';
import {
  FORMATS,
  NOT_REPLAYABLE,
  REPLAYABLE,
  SHAPES,
  answer,
  completed,
  decode,
  encode,
  rewriteOptions,
} from './samples.ts';

interface Chunk {
  id: string;
  object: string;
  created: number;
  usage?: unknown;
  choices: {
    index: number;
    delta: Record<string, unknown> & { tool_calls?: { index: number; function?: { arguments?: string } }[] };
    finish_reason: string | null;
  }[];
}

function replay(body: string, options: Partial<RewriteOptions> = {}): { text: string; chunks: Chunk[] } {
  const stored = completed(body, { ...options, reasoning: 'general' });
  const text = decode(replayStream(readReplayable(stored.bytes)!, rewriteOptions(options)));
  const data = text.split('\n\n').slice(0, -1);
  expect(data.every((event) => event.startsWith('data: '))).toBe(true);
  expect(data.at(-1)).toBe('data: [DONE]');
  return { text, chunks: data.slice(0, -1).map((event) => JSON.parse(event.slice(6))) };
}

const joined = (chunks: Chunk[], member: string, index = 0) =>
  chunks
    .flatMap(({ choices }) => choices)
    .filter((choice) => choice.index === index)
    .map(({ delta: { [member]: text } }) => (typeof text === 'string' ? text : ''))
    .join('');

const story = 'Once upon a time 👩‍👩‍👧‍👦 in a land far away. '.repeat(10);

describe('a replay', () => {
  it('has role, reasoning and content in several chunks, then the finish_reason and the usage', () => {
    const { chunks } = replay(answer({ content: story, reasoning: 'Let me think about it.' }));
    expect(chunks[0]!.choices[0]!.delta).toMatchObject({ role: 'assistant' });
    expect(chunks.slice(1).some(({ choices }) => 'role' in choices[0]!.delta)).toBe(false);
    expect(joined(chunks, 'content')).toBe(story);
    expect(joined(chunks, 'reasoning')).toBe('Let me think about it.');
    expect(chunks.filter(({ choices }) => choices[0]!.delta['content']).length).toBeGreaterThan(4);
    expect(chunks.filter(({ choices }) => choices[0]!.delta['reasoning']).length).toBeGreaterThan(2);
    const firstContent = chunks.findIndex(({ choices }) => choices[0]!.delta['content']);
    expect(chunks.slice(firstContent).some(({ choices }) => choices[0]!.delta['reasoning'])).toBe(false);
    expect(
      chunks
        .slice(0, -1)
        .every(({ choices, usage }) => choices[0]!.finish_reason === null && usage === undefined),
    ).toBe(true);
    expect(chunks.at(-1)).toMatchObject({
      choices: [{ finish_reason: 'stop' }],
      usage: { total_tokens: 259, prompt_tokens_details: { cached_tokens: 3 }, prompt_cache_hit_tokens: 3 },
    });
    for (const chunk of chunks) {
      expect(chunk).toMatchObject({
        id: 'b7b56af0-52a6-483f-a589-948182676a1b',
        object: 'chat.completion.chunk',
        created: 1_709_893_411,
        model: 'step-3.5-flash',
      });
      expect(chunk).not.toHaveProperty('system_fingerprint');
    }
  });

  it('never splits a surrogate pair', () => {
    for (let before = 0; before < 16; before++) {
      const { text, chunks } = replay(answer({ content: 'x'.repeat(before) + '😀'.repeat(40) }));
      expect(text).not.toMatch(/\\ud[89a-f]|\ufffd/i);
      expect(joined(chunks, 'content')).toBe('x'.repeat(before) + '😀'.repeat(40));
    }
  });

  it('a long text is in chunks of some kilobytes', () => {
    const long = 'word '.repeat(100_000);
    const { chunks } = replay(answer({ content: long }));
    expect(joined(chunks, 'content')).toBe(long);
    expect(Math.max(...chunks.map((chunk) => JSON.stringify(chunk).length))).toBeLessThan(2_000);
  });

  it.each(FORMATS)('reasoning as %s', (reasoning) => {
    const { text, chunks } = replay(answer({ reasoning: 'Secret thoughts' }), { reasoning });
    const names = ['reasoning', 'reasoning_content'].filter(
      (name) => joined(chunks, name) === 'Secret thoughts',
    );
    expect(names).toEqual(
      { general: ['reasoning'], 'deepseek-style': ['reasoning_content'], hidden: [] }[reasoning],
    );
    expect(text.includes('reasoning')).toBe(reasoning !== 'hidden');
    // Nor is there a chunk that says nothing, but for the first and the last.
    const silent = chunks.filter(({ choices }) => !Object.values(choices[0]!.delta).some(Boolean));
    expect(silent.length).toBeLessThanOrEqual(2);
    expect(joined(chunks, 'content')).toBe('Hello!');
  });

  it('usage on a last chunk of its own, when asked for', () => {
    const { chunks } = replay(answer(), { includeUsage: true });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 259 } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === undefined || usage === null)).toBe(true);
    expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe('stop');
  });

  it('tool calls with their index, arguments in several chunks', () => {
    const calls = ['one', 'two'].map((name) => ({
      id: `call_${name}`,
      type: 'function',
      function: { name, arguments: JSON.stringify({ text: story }) },
    }));
    const { chunks } = replay(answer({ content: '', tool_calls: calls }));
    const pieces = chunks.flatMap(({ choices }) => choices[0]!.delta.tool_calls ?? []);
    expect(pieces.filter((piece) => 'id' in piece)).toEqual(
      calls.map((call, index) => ({ index, ...call, function: { name: call.function.name, arguments: '' } })),
    );
    for (const [index, call] of calls.entries()) {
      const own = pieces.filter((piece) => piece.index === index);
      expect(own.length).toBeGreaterThan(3);
      expect(own.map((piece) => piece.function?.arguments).join('')).toBe(call.function.arguments);
    }
    expect(chunks.at(-1)!.choices[0]!.finish_reason).toBe('tool_calls');
  });

  it.each(SHAPES)('every choice, and usage only once (%s)', (shape) => {
    const one = JSON.parse(answer({ content: 'first', reasoning: 'a' }));
    const two = JSON.parse(answer({ content: 'second' }, { index: 1, finish_reason: 'length' }));
    const { chunks } = replay(JSON.stringify({ ...one, choices: [...one.choices, ...two.choices] }), {
      choices: 2,
      shape,
    });
    expect([0, 1].map((index) => joined(chunks, 'content', index))).toEqual(['first', 'second']);
    const ends = chunks.filter(({ choices }) => choices[0]!.finish_reason);
    expect(ends.map(({ choices }) => choices[0]!.finish_reason)).toEqual(['stop', 'length']);
    expect(chunks.filter(({ usage }) => usage !== undefined)).toEqual([chunks.at(-1)]);
  });

  it('choices without index have the index of their position', () => {
    const choices = ['first', 'second'].map((content) => ({ message: { content }, finish_reason: 'stop' }));
    const { chunks } = replay(answer({}, {}, { choices }), { choices: 2 });
    expect([0, 1].map((index) => joined(chunks, 'content', index))).toEqual(['first', 'second']);
  });

  it('under STREAM_SHAPE=stepfun: usage and finish_reason on the last chunk', () => {
    const { chunks } = replay(answer({ reasoning: 'Hm' }), { shape: 'stepfun' });
    expect(chunks[0]!.choices[0]).toMatchObject({ delta: { role: 'assistant' }, finish_reason: null });
    expect(chunks.at(-1)).toMatchObject({
      choices: [{ finish_reason: 'stop' }],
      usage: { total_tokens: 259 },
    });
  });

  it('members that nobody here knows, once', () => {
    const body = answer(
      { refusal: 'no', annotations: [{ x: 1 }], content: story },
      { logprobs: { content: [1, 2] } },
      { system_fingerprint: 'fp', extra: 7 },
    );
    const { chunks } = replay(body);
    expect(chunks[0]).toMatchObject({
      system_fingerprint: 'fp',
      extra: 7,
      choices: [{ delta: { refusal: 'no', annotations: [{ x: 1 }] }, logprobs: { content: [1, 2] } }],
    });
    for (const chunk of chunks.slice(1)) {
      expect(chunk).not.toHaveProperty('extra');
      expect(chunk.choices[0]).not.toHaveProperty('logprobs');
      expect(chunk.choices[0]!.delta).not.toHaveProperty('annotations');
      expect(chunk).toMatchObject({ system_fingerprint: 'fp', model: 'step-3.5-flash' });
    }
  });

  it('large members in few bytes', () => {
    const body = answer({ content: 'x'.repeat(100_000) }, {}, { extra: 'y'.repeat(100_000) });
    expect(replay(body).text.length).toBeLessThan(400_000);
  });

  it('the nulls of completions are not in it', () => {
    const { text } = replay(answer());
    expect(text).not.toContain('refusal');
    expect(text).not.toContain('system_fingerprint');
  });

  it('hides what hidden hides', () => {
    const { text } = replay(
      answer(
        { reasoning: 'SECRET', reasoning_details: [{ text: 'SECRET' }] },
        { logprobs: { content: ['SECRET'] } },
      ),
      { reasoning: 'hidden' },
    );
    expect(text).not.toMatch(/SECRET|reasoning|logprobs/);
  });

  it.each([null, ''])('content %j: no chunk with content', (content) => {
    expect(joined(replay(answer({ content })).chunks, 'content')).toBe('');
  });

  it('put together again it is the stored completion', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 3_000 });
    const call = fc.tuple(text, fc.integer()).map(([argument, id]) => ({
      id: `c${id}`,
      type: 'function',
      function: { name: 'f', arguments: argument },
    }));
    const calls = fc.uniqueArray(call, { maxLength: 3, selector: ({ id }) => id });
    fc.assert(
      fc.property(
        text,
        fc.option(text),
        calls,
        fc.constantFrom(...SHAPES),
        (content, reasoning, tool_calls, shape) => {
          const message = {
            content,
            ...(reasoning && { reasoning }),
            ...(tool_calls.length > 0 && { tool_calls }),
          };
          const body = answer(message, { finish_reason: tool_calls.length > 0 ? 'tool_calls' : 'stop' });
          const { text } = replay(body, { shape });
          const rewriter = new StreamRewriter({ ...rewriteOptions({ shape }), isCollected: true });
          rewriter.push(encode(text));
          const again = completed(JSON.stringify(rewriter.collectedCompletion()), { shape });
          expect(JSON.parse(decode(again.bytes))).toEqual(
            JSON.parse(decode(completed(body, { shape }).bytes)),
          );
        },
      ),
      { numRuns: runs(60, 600) },
    );
  });
});

describe('a completion can be replayed', () => {
  it.each(REPLAYABLE)('or else it is not stored: %s', (_, body) => {
    const { text } = replay(body);
    expect(Math.max(...text.split('\n\n').map((event) => event.length))).toBeLessThan(EVENT_CHARS);
  });

  it.each(NOT_REPLAYABLE)('not %s', (_, body) => {
    expect(parseReplayable(JSON.parse(body))).toBeNull();
    expect(readReplayable(encode(body))).toBeNull();
  });

  it.each([undefined, null, 7, [], {}, { choices: 7 }, { choices: [7] }])('not %j', (json) => {
    expect(parseReplayable(json)).toBeNull();
  });

  it('not garbage', () => {
    expect(readReplayable(encode('garbage'))).toBeNull();
  });

  it('not one without a finish_reason, nor with more tool calls than the relay takes', () => {
    expect(parseReplayable(JSON.parse(answer({}, { finish_reason: null })))).toBeNull();
    const calls = Array.from({ length: 1_025 }, (_, i) => ({
      id: `${i}`,
      type: 'function',
      function: { name: 'f' },
    }));
    expect(parseReplayable(JSON.parse(answer({ tool_calls: calls })))).toBeNull();
    expect(parseReplayable(JSON.parse(answer({ tool_calls: calls.slice(1) })))).not.toBeNull();
  });
});
