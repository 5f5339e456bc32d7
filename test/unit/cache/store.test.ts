import { beforeEach, describe, expect, it } from 'vitest';
import { hotEntries } from '../../../src/cache/hot-entries.ts';
import { storeCompletion } from '../../../src/cache/store.ts';
import { fakeKv, type FakeKv } from './fakes.ts';
import { answer, completed, decode } from './samples.ts';

const SHARED = { isCapped: false, choices: 1 };
let kv: FakeKv;
let pending: Promise<unknown>[];
let key: string;

beforeEach(() => {
  kv = fakeKv();
  pending = [];
  // Hot entries outlive a test.
  key = crypto.randomUUID();
});

function store(completion = completed(answer()), request = SHARED) {
  return storeCompletion(completion, request, {
    kv: kv.namespace,
    key,
    ttl: 60,
    staleSeconds: 5,
    waitUntil: (work) => pending.push(work),
  });
}

it('an answer is stored in memory at once, and in KV under waitUntil', async () => {
  const { entry, isStored } = store();
  expect(isStored).toBe(true);
  expect(decode(entry.completion)).toBe(decode(completed(answer()).bytes));
  expect(hotEntries.get(key, Date.now())).toBe(entry);
  await Promise.all(pending);
  expect(kv.entries.get(key)?.expirationTtl).toBe(65);
});

describe('an answer has an entry, but is not stored', () => {
  it.each<[string, ReturnType<typeof completed>, typeof SHARED]>([
    ['one that is not whole', completed(answer({}, { finish_reason: 'content_filter' })), SHARED],
    [
      "one that its client's budget cut short",
      completed(answer({}, { finish_reason: 'length' })),
      { ...SHARED, isCapped: true },
    ],
    ['one with too few choices', completed(answer()), { ...SHARED, choices: 2 }],
    ['one that can’t be replayed', completed(answer({ content: [] })), SHARED],
    ['one that is too large', { ...completed(answer()), bytes: new Uint8Array(16_777_216) }, SHARED],
  ])('%s', (_, completion, request) => {
    const { entry, isStored } = store(completion, request);
    expect(isStored).toBe(false);
    expect(entry.completion).toHaveLength(completion.bytes.length);
    expect(hotEntries.get(key, Date.now())).toBeNull();
    expect(pending).toEqual([]);
  });
});
