import { beforeEach, describe, expect, test } from 'vitest';
import { createCache, type CacheOptions } from '../../../src/cache/cache.ts';
import { parseCacheControl } from '../../../src/cache/control.ts';
import { createEntry } from '../../../src/cache/entry.ts';
import type { Miss, Question } from '../../../src/cache/lookup.ts';
import type { Completion } from '../../../src/cache/completion.ts';
import { readReplayable } from '../../../src/cache/replayable.ts';
import { fakeFlights, fakeKv, type FakeKv } from './fakes.ts';
import { answer, completed, decode, encode } from './samples.ts';

/** With one tool call, whose arguments are these. */
const called = (args: unknown) =>
  answer({ tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: args } }] });

/** What the relay takes as sound and nobody can say piece by piece. */
const ODD: [string, string][] = [
  ['a message that is null', answer({}, { message: null })],
  ['no message', answer({}, { message: undefined })],
  ['a delta instead', answer({}, { message: undefined, delta: { content: 'Hello' } })],
  ['a content in parts', answer({ content: [{ type: 'text', text: 'Hello' }] })],
  ['a content that is an object', answer({ content: { text: 'Hello' } })],
  ['reasoning in parts', answer({ reasoning: ['Hm'] })],
  ['tool calls that are no list', answer({ tool_calls: {} })],
  ['a tool call that is null', answer({ tool_calls: [null] })],
  ['a function that is a list', answer({ tool_calls: [{ id: 'c', function: [] }] })],
  ['arguments in parts', called(['{}'])],
  ['arguments that are an object', called({ at: 'here' })],
];

const SOUND: [string, string][] = [
  ['a text', answer()],
  ['no content', answer({ content: undefined })],
  ['nulls', answer({ content: null, reasoning: null, tool_calls: null })],
  ['tool calls', called('{}')],
  ['a tool call without a function', answer({ tool_calls: [{ id: 'c', type: 'x', function: null }] })],
  ['what nobody knows', answer({ audio: [1] }, { logprobs: {} }, { extra: {} })],
];

let kv: FakeKv;
let pending: Promise<unknown>[];
let questions = 0;

beforeEach(() => {
  kv = fakeKv();
  pending = [];
});

function cacheOf(completion: Completion, flights?: CacheOptions['flights']) {
  return createCache({
    kv: kv.namespace,
    flights,
    settings: { ttlSeconds: 3_600, scope: 'client', streams: 'read', staleSeconds: 600 },
    upstream: { baseUrl: 'https://api.stepfun.ai/v1', keySource: 'gateway' },
    shape: 'openai',
    complete: async () => completion,
    waitUntil: (work) => pending.push(work),
  });
}

const question = (stream: boolean, text = `Question ${questions++}`): Question => ({
  canonical: () => [text],
  stream,
  remoteMedia: false,
});

const control = (headers: Record<string, string> = {}) => parseCacheControl(new Headers(headers));

/** @returns what the client of a miss gets, and how it came. */
async function answerMiss(body: string, withFlights: boolean) {
  const completion = completed(body);
  const flights = fakeFlights({ kv: kv.namespace, staleSeconds: 0, complete: async () => completion });
  const cache = cacheOf(completion, withFlights ? flights.namespace : undefined);
  const found = await cache.lookup(question(false), 'key:app', control());
  const order = { body: encode('{}'), upstreamKey: null, choices: 1, capped: false };
  const made = await cache.make(found as Miss, order, new AbortController().signal);
  await Promise.all([...pending, ...flights.pending]);
  expect(decode(made.entry.completion)).toBe(decode(completion.bytes));
  return made.cacheStatus;
}

describe.each([
  ['by its Worker', false],
  ['by a flight', true],
])('an answer made %s', (_, withFlights) => {
  test.each(ODD)('goes to its client and is not stored: %s', async (_, body) => {
    expect(await answerMiss(body, withFlights)).toBe('stepfun-edge; fwd=miss');
    expect(kv.entries.size).toBe(0);
  });

  test.each(SOUND)('is stored: %s', async (_, body) => {
    expect(await answerMiss(body, withFlights)).toBe('stepfun-edge; fwd=miss; stored');
    expect(kv.entries.size).toBe(1);
  });
});

describe('an entry that can’t be replayed, of an earlier version', () => {
  /** Two lookups: of KV, then of memory if that has kept it. */
  async function lookUpTwice(body: string, stream: boolean, ageSeconds: number) {
    const entry = createEntry(completed(body), 3_600, Date.now() - ageSeconds * 1_000);
    kv.get = async () => entry.value.slice().buffer;
    const cache = cacheOf(completed(body));
    const asked = question(stream);
    return [await cache.lookup(asked, 'key:app', control()), await cache.lookup(asked, 'key:app', control())];
  }

  test.each(ODD)('is none for a stream: %s', async (_, body) => {
    for (const ageSeconds of [0, 3_700]) {
      for (const found of await lookUpTwice(body, true, ageSeconds))
        expect(found).toMatchObject({ kind: 'miss', cacheStatus: 'stepfun-edge; fwd=miss' });
    }
  });

  test('is none for a stream: rubbish behind a sound head', async () => {
    const { value, completion } = createEntry(completed(answer()), 3_600, Date.now());
    completion.fill(0x78);
    kv.get = async () => value.slice().buffer;
    const found = await cacheOf(completed(answer())).lookup(question(true), 'key:app', control());
    expect(found.kind).toBe('miss');
  });

  test('nor for a stream that wants nothing else', async () => {
    kv.get = async () => createEntry(completed(called({})), 3_600, Date.now()).value.slice().buffer;
    const cache = cacheOf(completed(answer()));
    const asking = cache.lookup(question(true), 'key:app', control({ 'cache-control': 'only-if-cached' }));
    await expect(asking).rejects.toMatchObject({ code: 'cache_miss' });
  });

  test('is a hit for all others', async () => {
    for (const found of await lookUpTwice(called({}), false, 0))
      expect(found).toMatchObject({ kind: 'hit', replayable: null });
  });
});

test('a hit for a stream knows what is to be replayed', async () => {
  const entry = createEntry(completed(answer()), 3_600, Date.now());
  kv.get = async () => entry.value.slice().buffer;
  const found = await cacheOf(completed(answer())).lookup(question(true), 'key:app', control());
  expect(found).toMatchObject({ kind: 'hit', replayable: readReplayable(entry) });
});
