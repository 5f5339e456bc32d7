import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameDigest, sha256, sha256Hex } from '../../../src/lib/digest.ts';

describe('sha256', () => {
  it('is SHA-256 of the UTF-8 bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        const expected = createHash('sha256').update(new TextEncoder().encode(text));
        const hex = expected.digest('hex');
        expect(await sha256Hex(text)).toBe(hex);
        expect(Buffer.from(await sha256(text)).toString('hex')).toBe(hex);
      }),
    );
  });
});

describe('sameDigest', () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

  it('is true for equal digests', () => {
    fc.assert(
      fc.property(bytes, (one) => {
        expect(sameDigest(one, one.slice())).toBe(true);
      }),
    );
  });

  it('is false when any one bit differs', () => {
    fc.assert(
      fc.property(bytes, fc.nat(31), fc.nat(7), (one, index, bit) => {
        const other = one.map((byte, at) => (at === index ? byte ^ (1 << bit) : byte));
        expect(sameDigest(one, other)).toBe(false);
      }),
    );
  });

  it('is false for a prefix, either way', () => {
    const long = new Uint8Array(32);
    expect(sameDigest(long, long.subarray(0, 31))).toBe(false);
    expect(sameDigest(long.subarray(0, 31), long)).toBe(false);
  });
});
