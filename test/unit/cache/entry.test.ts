import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../long-run.ts';
import { createEntry, parseEntry } from '../../../src/cache/entry.ts';
import { answer, completed, decode, encode } from './samples.ts';

const NOW_MS = 1_800_000_000_900;
const completion = completed(answer({ reasoning: 'Thinking 🤔' }));

/** @returns bytes as KV gives them. */
const stored = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer as ArrayBuffer;

describe('an entry', () => {
  const entry = createEntry(completion, 3_600, NOW_MS);

  it('has its time, its TTL and its usage', () => {
    expect(entry).toMatchObject({
      storedAtSeconds: 1_800_000_000,
      ttl: 3_600,
      usage: { promptTokens: 83, cachedTokens: 3, completionTokens: 176, totalTokens: 259 },
    });
    expect(createEntry({ ...completion, usage: null }, 60, NOW_MS).usage).toBeNull();
  });

  it('is one line of JSON and the completion', () => {
    const text = decode(entry.value);
    const lineEnd = text.indexOf('\n');
    expect(JSON.parse(text.slice(0, lineEnd))).toEqual({
      storedAtSeconds: 1_800_000_000,
      ttl: 3_600,
      usage: entry.usage,
      bytes: completion.bytes.length,
    });
    expect(text.slice(lineEnd + 1)).toBe(decode(completion.bytes));
  });

  it('holds the completion without a second copy', () => {
    expect(decode(entry.completion)).toBe(decode(completion.bytes));
    expect(entry.completion.buffer).toBe(entry.value.buffer);
  });

  it('comes back from KV as it was stored', () => {
    expect(parseEntry(stored(entry.value))).toEqual(entry);
    const withoutUsage = createEntry({ ...completion, usage: null }, 60, NOW_MS);
    expect(parseEntry(stored(withoutUsage.value))).toEqual(withoutUsage);
  });
});

describe('parseEntry refuses', () => {
  const { value } = createEntry(completion, 3_600, NOW_MS);
  const withHead = (head: string) => stored(encode(`${head}\n{}`));

  it.each<[string, unknown]>([
    ['a text', 'a string'],
    ['a stream', new ReadableStream()],
    ['a view', value],
    ['nothing', undefined],
    ['no bytes', new ArrayBuffer(0)],
    ['zeros', new ArrayBuffer(4_000)],
    ['a completion alone', stored(encode(answer()))],
    ['an entry that was cut short', stored(value.slice(0, -1))],
    ['an entry with something behind it', stored(encode(`${decode(value)}x`))],
    ['a head that is no JSON', withHead('{')],
    ['a head without its size', withHead('{"storedAtSeconds":1,"ttl":60,"usage":null}')],
    ['a head with a fraction', withHead('{"storedAtSeconds":1.5,"ttl":60,"usage":null,"bytes":2}')],
    ['a head with texts for numbers', withHead('{"storedAtSeconds":"1","ttl":60,"usage":null,"bytes":2}')],
    [
      'a head with half a usage',
      withHead('{"storedAtSeconds":1,"ttl":60,"usage":{"totalTokens":1},"bytes":2}'),
    ],
    ['a head that does not end', stored(encode(`{"x":"${'x'.repeat(1_000)}"}\n{}`))],
  ])('%s', (_, given) => {
    expect(() => parseEntry(given)).toThrow(/./);
  });

  it('any bytes at all, or takes them as an entry of this layout', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: value.length - 1 }), (bytes, at) => {
        const copy = value.slice();
        copy.set(bytes.subarray(0, copy.length - at), at);
        try {
          expect(parseEntry(stored(copy)).completion).toHaveLength(completion.bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: runs(200, 2_000) },
    );
  });
});
