// SHA-256, and a comparison of digests in constant time.

import { hex } from './hex.ts';

const encoder = new TextEncoder();

/** @returns the SHA-256 of a text's UTF-8 bytes: 32 bytes. */
export async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)));
}

/** @returns the same in lower-case hex: 64 characters. */
export async function sha256Hex(text: string): Promise<string> {
  return hex(await sha256(text));
}

/**
 * Compares digests in constant time. Rejected: `crypto.subtle.timingSafeEqual`, which only
 * workerd has.
 */
export function sameDigest(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length;
  for (const [index, byte] of one.entries()) difference |= byte ^ (other[index] ?? 0);
  return difference === 0;
}
