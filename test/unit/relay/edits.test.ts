import { describe, expect, it } from 'vitest';
import { Edits } from '../../../src/relay/edits.ts';
import { bytes, text } from './rewrite.ts';

const LONG = 'a long stretch of bytes that is copied in one go; ';
const given = bytes(`${LONG}0123456789${LONG}`);
const at = LONG.length;

function applied(make: (edits: Edits) => void, tail = ''): string {
  const edits = new Edits();
  make(edits);
  return text(edits.apply(given, at, at + 10, bytes(tail)));
}

describe('edits', () => {
  it('are none: the bytes themselves', () => {
    const same = new Edits().apply(given, at, at + 10);
    expect([text(same), same.buffer === given.buffer]).toEqual(['0123456789', true]);
  });

  it('replace, insert and remove', () => {
    expect(applied((e) => e.replace(at + 2, at + 4, bytes('xyz')))).toBe('01xyz456789');
    expect(applied((e) => e.insert(at, bytes('x')))).toBe('x0123456789');
    expect(applied((e) => e.insert(at + 10, bytes('x')))).toBe('0123456789x');
    expect(applied((e) => e.remove(at, at + 10))).toBe('');
    expect(applied((e) => e.replace(at + 5, at + 5, bytes(LONG)))).toBe(`01234${LONG}56789`);
  });

  it('come in any order, insertions at one place in theirs', () => {
    const out = applied((e) => {
      e.remove(at + 8, at + 9);
      e.insert(at + 3, bytes('x'));
      e.insert(at + 3, bytes('y'));
      e.replace(at + 1, at + 2, bytes('z'));
      e.insert(at + 3, bytes('w'));
      e.remove(at + 9, at + 10);
    });
    expect(out).toBe('0z2xyw34567');
  });

  it('have a tail after them', () => {
    expect(applied(() => {}, 'tail')).toBe('0123456789tail');
    expect(applied((e) => e.remove(at, at + 9), LONG)).toBe(`9${LONG}`);
  });

  it('are forgotten when applied or rewound', () => {
    const edits = new Edits();
    edits.remove(at + 4, at + 5);
    edits.remove(at, at + 1);
    expect(text(edits.apply(given, at, at + 10))).toBe('12356789');
    expect(edits.count).toBe(0);
    edits.insert(at + 1, bytes('x'));
    edits.remove(at, at + 1);
    edits.rewind(1);
    expect(text(edits.apply(given, at, at + 10))).toBe('0x123456789');
    edits.remove(at, at + 1);
    edits.rewind(0);
    expect(edits.apply(given, at, at + 10).buffer).toBe(given.buffer);
  });

  it('may be very many', () => {
    const many = new Uint8Array(100_000).fill(0x2e);
    for (const order of [1, -1]) {
      const edits = new Edits();
      for (let i = 0; i < many.length; i += 2) {
        edits.remove(order === 1 ? i : many.length - 2 - i, order === 1 ? i + 1 : many.length - 1 - i);
      }
      expect(edits.apply(many, 0, many.length).length).toBe(50_000);
      expect(text(edits.apply(bytes('abc'), 0, 3))).toBe('abc');
    }
  });
});
