import { describe, expect, it } from 'vitest';
import { setIfMissing, setMember } from '../../../src/relay/members.ts';

describe('setMember', () => {
  it('sets a member, and tells whether that changed anything', () => {
    const target = { a: 1 };
    expect(setMember(target, 'a', 1)).toBe(false);
    expect(setMember(target, 'a', 2)).toBe(true);
    expect(setMember(target, 'b', 3)).toBe(true);
    expect(target).toEqual({ a: 2, b: 3 });
  });

  it('removes a member from the JSON with undefined', () => {
    const target = { a: 1 };
    expect(setMember(target, 'a', undefined)).toBe(true);
    expect(setMember(target, 'b', undefined)).toBe(false);
    expect(JSON.stringify(target)).toBe('{}');
  });
});

describe('setIfMissing', () => {
  it.each([
    [{}, 'x', true, 'x'],
    [{ a: null }, 'x', true, 'x'],
    [{}, null, true, null],
    [{ a: null }, null, false, null],
    [{ a: '' }, 'x', false, ''],
    [{ a: 0 }, 'x', false, 0],
  ])('of %j with %j', (target: Record<string, unknown>, value, isChanged, after) => {
    expect(setIfMissing(target, 'a', value)).toBe(isChanged);
    expect(target['a']).toBe(after);
  });
});
