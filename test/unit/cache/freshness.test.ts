import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/cache/entry.ts';
import { freshness, serves } from '../../../src/cache/freshness.ts';

const none = new Uint8Array();
const entry: Entry = { storedAtSeconds: 1_000, ttl: 60, usage: null, completion: none, value: none };

it.each([
  [1_000_000, { age: 0, ttl: 60 }],
  [1_000_999, { age: 0, ttl: 60 }],
  [1_059_999, { age: 59, ttl: 1 }],
  [1_060_000, { age: 60, ttl: 0 }],
  [1_100_000, { age: 100, ttl: -40 }],
  // A clock behind the one of the machine that stored it.
  [990_000, { age: 0, ttl: 60 }],
])('at %i ms an entry is %j', (nowMs, expected) => {
  expect(freshness(entry, nowMs)).toEqual(expected);
});

describe('an entry serves', () => {
  it.each<[boolean, { age: number; ttl: number }, number | null, number]>([
    [true, { age: 0, ttl: 1 }, null, 0],
    [false, { age: 60, ttl: 0 }, null, 0],
    // Past its TTL, as long as it may (RFC 5861).
    [true, { age: 60, ttl: 0 }, null, 1],
    [true, { age: 160, ttl: -99 }, null, 100],
    [false, { age: 160, ttl: -100 }, null, 100],
    // Not older than the client wants it, and then not stale either (RFC 9111 §5.2.1.1).
    [true, { age: 5, ttl: 55 }, 5, 0],
    [false, { age: 6, ttl: 54 }, 5, 0],
    [false, { age: 61, ttl: -1 }, 9_999, 100],
    [false, { age: 0, ttl: 60 }, -1, 100],
  ])('%s: %j, max-age %s, stale for %i s', (expected, fresh, maxAge, staleSeconds) => {
    expect(serves(fresh, maxAge, staleSeconds)).toBe(expected);
  });
});
