import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEntry } from '../../../src/cache/entry.ts';
import { fitsIntoCache, readEntry, writeEntry } from '../../../src/cache/kv.ts';
import { fakeKv } from './fakes.ts';
import { answer, completed } from './samples.ts';

const entry = createEntry(completed(answer()), 60, 1_800_000_000_000);
let logged: unknown[];

beforeEach(() => {
  logged = [];
  vi.spyOn(console, 'warn').mockImplementation((line: string) => void logged.push(JSON.parse(line)));
});
afterEach(() => void vi.restoreAllMocks());

it('an entry that was written is read again, and KV deletes it when it can serve no more', async () => {
  const kv = fakeKv();
  await writeEntry(kv.namespace, 'k', entry, 600);
  expect(kv.entries.get('k')?.expirationTtl).toBe(660);
  expect(await readEntry(kv.namespace, 'k')).toEqual(entry);
  expect(await readEntry(kv.namespace, 'other')).toBeNull();
  expect(logged).toEqual([]);
});

describe('trouble is one log line and no error', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['a read that fails', () => Promise.reject(new Error('KV GET failed: 500'))],
    ['an entry that is none', async () => new ArrayBuffer(9)],
  ])('%s', async (_, get) => {
    const kv = fakeKv();
    kv.get = get;
    expect(await readEntry(kv.namespace, 'k')).toBeNull();
    expect(logged).toMatchObject([{ level: 'warn', event: 'cache_read_failed' }]);
  });

  it('a write that fails', async () => {
    const kv = fakeKv();
    kv.put = () => Promise.reject(new Error('KV PUT failed: 429 Too Many Requests'));
    await writeEntry(kv.namespace, 'k', entry, 0);
    expect(logged).toMatchObject([{ level: 'warn', event: 'cache_write_failed' }]);
  });
});

it('the cache takes values of up to 16 MiB', () => {
  const value = new Uint8Array(16_777_216);
  expect(fitsIntoCache({ ...entry, value })).toBe(true);
  expect(fitsIntoCache({ ...entry, value: new Uint8Array(16_777_217) })).toBe(false);
});
