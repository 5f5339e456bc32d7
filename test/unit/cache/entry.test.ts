import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEntry, parseEntry, renderCompletion } from '../../../src/cache/entry.ts';
import {
  FORMATS,
  SHAPES,
  answer,
  completed,
  completions,
  decode,
  rewriteOptions,
  encode,
} from './samples.ts';
import { rewriteCompletion } from '../../../src/relay/rewriter.ts';

const NOW_MS = 1_800_000_000_900;

describe('an entry', () => {
  const raw = answer({ reasoning: 'Thinking 🤔' });
  const entry = createEntry(completed(raw), 3_600, NOW_MS);

  test('says when it was stored, for how long, and what it cost', () => {
    expect(entry).toMatchObject({
      storedAtSeconds: 1_800_000_000,
      ttl: 3_600,
      usage: { promptTokens: 83, cachedTokens: 3, completionTokens: 176, totalTokens: 259 },
    });
  });

  test('comes back from KV as it went in', () => {
    expect(parseEntry(entry.value.slice().buffer)).toEqual(entry);
  });

  test('knows when the usage is not known, or too large for its words', () => {
    expect(createEntry({ ...completed(raw), usage: null }, 60, NOW_MS).usage).toBeNull();
    const absurd = completed(raw.replace('"total_tokens":259', '"total_tokens":9007199254740991'));
    expect(absurd.usage?.totalTokens).toBe(Number.MAX_SAFE_INTEGER);
    expect(createEntry(absurd, 60, NOW_MS).usage).toBeNull();
  });

  test('is rendered as `general` without a copy', () => {
    expect(renderCompletion(entry, 'general')).toBe(entry.completion);
    expect(entry.completion.buffer).toBe(entry.value.buffer);
  });

  test('is rendered in the other formats', () => {
    const parse = (format: (typeof FORMATS)[number]) => JSON.parse(decode(renderCompletion(entry, format)));
    expect(parse('general').choices[0].message).toEqual({
      role: 'assistant',
      content: 'Hello!',
      reasoning: 'Thinking 🤔',
    });
    expect(parse('deepseek-style').choices[0].message).toEqual({
      role: 'assistant',
      content: 'Hello!',
      reasoning_content: 'Thinking 🤔',
    });
    expect(parse('hidden').choices[0].message).toEqual({ role: 'assistant', content: 'Hello!' });
    expect(decode(entry.completion)).toBe(decode(completed(raw).bytes));
  });

  test('is rendered as the relay would have rewritten it, byte for byte', () => {
    fc.assert(
      fc.property(completions, fc.constantFrom(...SHAPES), (text, shape) => {
        const choices: number = JSON.parse(text).choices.length;
        const general = completed(text, { shape, choices });
        const stored = createEntry(general, 60, NOW_MS);
        for (const reasoning of FORMATS) {
          const direct = rewriteCompletion(general.bytes, rewriteOptions({ shape, choices, reasoning }));
          if (direct.kind !== 'completion') throw new Error('no completion');
          expect(decode(renderCompletion(stored, reasoning))).toBe(decode(direct.bytes));
        }
      }),
      { numRuns: 3_000 },
    );
  });

  test('is rendered as its miss was, whatever StepFun sent', () => {
    fc.assert(
      fc.property(completions, fc.constantFrom(...SHAPES), (text, shape) => {
        const choices: number = JSON.parse(text).choices.length;
        const stored = createEntry(completed(text, { shape, choices }), 60, NOW_MS);
        for (const reasoning of FORMATS) {
          const direct = rewriteCompletion(encode(text), rewriteOptions({ shape, choices, reasoning }));
          if (direct.kind !== 'completion') throw new Error('no completion');
          // Parsed: of duplicates the relay may leave other whitespace behind.
          expect(JSON.parse(decode(renderCompletion(stored, reasoning)))).toEqual(
            JSON.parse(decode(direct.bytes)),
          );
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('what is no entry', () => {
  const { value } = createEntry(completed(answer({ reasoning: 'x' })), 3_600, NOW_MS);
  const changed = (at: number, word: number) => {
    const copy = value.slice();
    new DataView(copy.buffer).setUint32(at, word, true);
    return copy.buffer;
  };

  test.each([
    ['text', 'a string'],
    ['a stream', new ReadableStream()],
    ['a view', value],
    ['nothing', undefined],
    ['no bytes', new ArrayBuffer(0)],
    ['a few bytes', new ArrayBuffer(39)],
    ['zeros', new ArrayBuffer(400)],
    ['bare JSON', encode(answer()).slice().buffer],
    ['another layout', changed(0, 0x02_45_46_53)],
    ['one cut short', value.slice(0, -1).buffer],
    ['one with something after it', encode(`${String.fromCharCode(...value)}x`).slice().buffer],
    ['one with more members than bytes', changed(36, 0xffff_ffff)],
    ['one with fewer members', changed(36, 0)],
    ['one whose key is outside its member', changed(40, 0)],
    ['one whose member is outside', changed(52, 100_000)],
  ])('%s', (_, rubbish) => {
    expect(() => parseEntry(rubbish)).toThrow(/^(not bytes|too short|not an entry|an entry) ?/);
  });

  test('one whose members overlap', () => {
    const choices = [0, 1].map((index) => ({ index, message: { reasoning: 'x' }, finish_reason: 'stop' }));
    const two = createEntry(completed(answer({}, {}, { choices }), { choices: 2 }), 60, NOW_MS).value.slice();
    const words = new Uint32Array(two.buffer, 40, 8);
    words.copyWithin(4, 0, 4);
    expect(() => parseEntry(two.buffer)).toThrow('nowhere');
  });

  test('any bytes at all: an error, and never a read out of bounds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: value.length - 1 }), (bytes, at) => {
        const copy = value.slice();
        copy.set(bytes.subarray(0, copy.length - at), at);
        const thrown = (() => {
          try {
            const entry = parseEntry(copy.buffer);
            for (const format of FORMATS) renderCompletion(entry, format);
            return null;
          } catch (error) {
            return error;
          }
        })();
        expect([null, Error.prototype]).toContain(thrown === null ? null : Object.getPrototypeOf(thrown));
      }),
    );
  });
});
