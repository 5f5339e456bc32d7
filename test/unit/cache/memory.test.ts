import { describe, expect, test } from 'vitest';
import type { Entry } from '../../../src/cache/entry.ts';
import { createMemory } from '../../../src/cache/memory.ts';
import { MEMORY_BYTES, MEMORY_ENTRY_BYTES, MEMORY_MS } from '../../../src/config/limits.ts';

function entryOf(bytes: number): Entry {
  const value = new Uint8Array(bytes);
  return { storedAtSeconds: 0, ttl: 60, usage: null, completion: value, reasoning: new Uint32Array(), value };
}

describe('memory', () => {
  test('keeps an entry for MEMORY_MS', () => {
    const memory = createMemory();
    const entry = entryOf(10);
    memory.set('a', entry, 1_000);
    expect(memory.get('a', 1_000)).toBe(entry);
    expect(memory.get('a', 1_000 + MEMORY_MS - 1)).toBe(entry);
    expect(memory.get('a', 1_000 + MEMORY_MS)).toBeNull();
    expect(memory.get('a', 1_000)).toBeNull();
    expect(memory.get('b', 1_000)).toBeNull();
  });

  test('holds no more than MEMORY_BYTES, and lets the least recently used go first', () => {
    const memory = createMemory();
    const size = MEMORY_ENTRY_BYTES;
    const fits = Math.floor(MEMORY_BYTES / size);
    const names = Array.from({ length: fits }, (_, i) => `n${i}`);
    // Each costs a little beside its value, so one of them has to go already.
    for (const name of names) memory.set(name, entryOf(size), 0);
    expect(names.filter((name) => memory.get(name, 0) !== null)).toEqual(names.slice(1));
    memory.get('n1', 0);
    memory.set('new', entryOf(size), 0);
    expect(memory.get('n1', 0)).not.toBeNull();
    expect(memory.get('n2', 0)).toBeNull();
    expect(memory.get('new', 0)).not.toBeNull();
  });

  test('counts what is replaced or dropped', () => {
    const memory = createMemory();
    for (let i = 0; i < 1_000; i++) memory.set('same', entryOf(MEMORY_ENTRY_BYTES), 0);
    for (let i = 0; i < 1_000; i++) {
      memory.set('short', entryOf(MEMORY_ENTRY_BYTES), i * MEMORY_MS);
      memory.get('short', (i + 1) * MEMORY_MS);
    }
    memory.set('other', entryOf(10), 0);
    expect(memory.get('same', 0)).not.toBeNull();
    expect(memory.get('other', 0)).not.toBeNull();
  });

  test('takes no giant, and forgets what the giant replaces', () => {
    const memory = createMemory();
    memory.set('a', entryOf(10), 0);
    memory.set('a', entryOf(MEMORY_ENTRY_BYTES + 1), 0);
    expect(memory.get('a', 0)).toBeNull();
  });

  // In figures of its own, so that none of src/config/limits.ts changes unnoticed.
  test('holds 8 MiB, entries of up to 1 MiB, for 30 s', () => {
    const memory = createMemory();
    const mib = 1024 * 1024;
    // With the 512 bytes that each costs beside its value.
    const names = Array.from({ length: 8 }, (_, i) => `n${i}`);
    const held = (nowMs: number) => names.filter((name) => memory.get(name, nowMs) !== null);
    for (const name of names) memory.set(name, entryOf(mib - 512), 0);
    expect(held(29_999)).toEqual(names);
    memory.set('giant', entryOf(mib + 1), 0);
    expect(memory.get('giant', 0)).toBeNull();
    expect(held(0)).toEqual(names);
    memory.set('one more', entryOf(0), 0);
    expect(held(0)).toEqual(names.slice(1));
    memory.set('large', entryOf(mib), 0);
    expect(memory.get('large', 0)).not.toBeNull();
    expect(held(30_000)).toEqual([]);
  });

  test('lets one of many refresh', () => {
    const memory = createMemory();
    expect(memory.claim('a', 0)).toBe(true);
    expect(memory.claim('a', MEMORY_MS - 1)).toBe(false);
    expect(memory.claim('b', 0)).toBe(true);
    expect(memory.claim('a', MEMORY_MS)).toBe(true);
  });
});
