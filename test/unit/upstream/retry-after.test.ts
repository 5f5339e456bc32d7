import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../../src/upstream/retry-after.ts';

describe('parseRetryAfter (RFC 9110 §10.2.3)', () => {
  const now = Date.parse('2026-11-03T10:00:00Z');
  it.each([
    ['7', 7],
    ['0', 0],
    ['999999999999', 600],
    ['Tue, 03 Nov 2026 10:00:30 GMT', 30],
    ['Tue, 03 Nov 2026 09:00:00 GMT', 0],
    ['Wed, 03 Nov 2027 09:00:00 GMT', 600],
    ['Tuesday, 03-Nov-26 10:00:30 GMT', 30],
    // A year that seems to be more than 50 years ahead is in the past.
    ['Thursday, 03-Nov-94 10:00:30 GMT', 0],
    ['Monday, 03-Nov-70 10:00:30 GMT', 600],
    ['Tue Nov  3 10:00:30 2026', 30],
    ['Tue Nov 03 10:00:30 2026', 30],
    ['Tue Nov 10 10:00:30 2026', 600],
    ['-1', null],
    ['1e9', null],
    ['soon', null],
    ['Tue, 03 Foo 2026 10:00:30 GMT', null],
    ['Tue, 03 Nov 2026 10:00:30', null],
    ['2026-11-03T10:00:30Z', null],
    ['', null],
    [null, null],
  ])('reads %s as %s', (value, seconds) => {
    expect(parseRetryAfter(value, now)).toBe(seconds);
  });

  it('rounds a part of a second up', () => {
    expect(parseRetryAfter('Tue, 03 Nov 2026 10:00:30 GMT', now + 1)).toBe(30);
  });
});
