import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../../../src/lib/hex.ts';

describe('hex', () => {
  it('writes each byte as two digits in lower case', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect(hex(all)).toBe(Buffer.from(all).toString('hex'));
    expect(hex(new Uint8Array())).toBe('');
  });

  it('writes the bytes from a position to another', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat(20), fc.nat(20), (bytes, one, other) => {
        const [start, end] = [one, other].map((at) => Math.min(at, bytes.length));
        expect(hex(bytes, start, end)).toBe(Buffer.from(bytes.slice(start, end)).toString('hex'));
      }),
    );
    expect(hex(Uint8Array.of(1, 2, 255), 1)).toBe('02ff');
  });
});
