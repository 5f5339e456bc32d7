import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/cache/entry.ts';
import { createHotEntries } from '../../../src/cache/hot-entries.ts';
import { HOT_ENTRIES_BYTES, HOT_ENTRY_BYTES, HOT_ENTRY_MS } from '../../../src/config/limits.ts';

function entryOf(bytes: number): Entry {
  const value = new Uint8Array(bytes);
  return { storedAtSeconds: 0, ttl: 60, usage: null, completion: value, value };
}

describe('hot entries', () => {
  it('are there for HOT_ENTRY_MS', () => {
    const hot = createHotEntries();
    const entry = entryOf(10);
    hot.set('a', entry, 1_000);
    expect(hot.get('a', 1_000)).toBe(entry);
    expect(hot.get('a', 1_000 + HOT_ENTRY_MS - 1)).toBe(entry);
    expect(hot.get('a', 1_000 + HOT_ENTRY_MS)).toBeNull();
    expect(hot.get('a', 1_000)).toBeNull();
    expect(hot.get('b', 1_000)).toBeNull();
  });

  it('are no more than HOT_ENTRIES_BYTES, and the least recently used goes first', () => {
    const hot = createHotEntries();
    const names = Array.from({ length: Math.floor(HOT_ENTRIES_BYTES / HOT_ENTRY_BYTES) }, (_, i) => `n${i}`);
    // Each costs a little beside its value, so one of them has to go.
    for (const name of names) hot.set(name, entryOf(HOT_ENTRY_BYTES), 0);
    expect(names.filter((name) => hot.get(name, 0) !== null)).toEqual(names.slice(1));
    hot.get('n1', 0);
    hot.set('new', entryOf(HOT_ENTRY_BYTES), 0);
    expect(hot.get('n1', 0)).not.toBeNull();
    expect(hot.get('n2', 0)).toBeNull();
    expect(hot.get('new', 0)).not.toBeNull();
  });

  it('count neither entries that were replaced nor those that have expired', () => {
    const hot = createHotEntries();
    for (let i = 0; i < 20; i++) hot.set('same', entryOf(HOT_ENTRY_BYTES), 0);
    for (let i = 0; i < 20; i++) {
      hot.set('short', entryOf(HOT_ENTRY_BYTES), i * HOT_ENTRY_MS);
      hot.get('short', (i + 1) * HOT_ENTRY_MS);
    }
    hot.set('other', entryOf(10), 0);
    expect(hot.get('same', 0)).not.toBeNull();
    expect(hot.get('other', 0)).not.toBeNull();
  });

  it('have none above HOT_ENTRY_BYTES, which still replaces the old one', () => {
    const hot = createHotEntries();
    hot.set('a', entryOf(10), 0);
    hot.set('a', entryOf(HOT_ENTRY_BYTES + 1), 0);
    expect(hot.get('a', 0)).toBeNull();
  });

  // Figures of the test's own: no bound in src/config/limits.ts can change unnoticed.
  it('hold 8 MiB, each up to 1 MiB, for 30 s', () => {
    expect([HOT_ENTRIES_BYTES, HOT_ENTRY_BYTES, HOT_ENTRY_MS]).toEqual([8_388_608, 1_048_576, 30_000]);
    const hot = createHotEntries();
    // With the 512 bytes that each costs beside its value.
    const names = Array.from({ length: 8 }, (_, i) => `n${i}`);
    for (const name of names) hot.set(name, entryOf(1_048_576 - 512), 0);
    expect(names.filter((name) => hot.get(name, 29_999) !== null)).toEqual(names);
    hot.set('one more', entryOf(0), 0);
    expect(names.filter((name) => hot.get(name, 0) !== null)).toEqual(names.slice(1));
  });
});

it('one of many requests may refresh an entry', () => {
  const hot = createHotEntries();
  expect(hot.claimRefresh('a', 0)).toBe(true);
  expect(hot.claimRefresh('a', HOT_ENTRY_MS - 1)).toBe(false);
  expect(hot.claimRefresh('b', 0)).toBe(true);
  expect(hot.claimRefresh('a', HOT_ENTRY_MS)).toBe(true);
  // The claims are bounded in number: the oldest is forgotten.
  for (let i = 0; i < 1_000; i++) hot.claimRefresh(`key ${i}`, HOT_ENTRY_MS);
  expect(hot.claimRefresh('a', HOT_ENTRY_MS)).toBe(true);
  expect(hot.claimRefresh('key 999', HOT_ENTRY_MS)).toBe(false);
});
