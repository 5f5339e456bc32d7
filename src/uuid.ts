// Random UUIDs (RFC 9562 §5.4, version 4), for each request's id.
//
// Rejected: crypto.randomUUID(). It asks the system for its 16 bytes each time, which
// is a thirtieth of what a hot answer costs; Node draws them in bulk for the same reason.

import { hex } from './lib/hex.ts';

const UUID_BYTES = 16;
const POOL_BYTES = 256 * UUID_BYTES;

const pool = new Uint8Array(POOL_BYTES);
/** Where the unused bytes begin. They are drawn at the first use: a Worker has no randomness before its first request. */
let unused = POOL_BYTES;

/** @returns a UUID that nobody can guess, of 36 characters in lower case. */
export function randomUuid(): string {
  if (unused === POOL_BYTES) {
    crypto.getRandomValues(pool);
    unused = 0;
  }
  const start = unused;
  unused += UUID_BYTES;
  pool[start + 6] = (pool[start + 6]! & 0x0f) | 0x40; // the version
  pool[start + 8] = (pool[start + 8]! & 0x3f) | 0x80; // the variant
  const part = (from: number, to: number) => hex(pool, start + from, start + to);
  return `${part(0, 4)}-${part(4, 6)}-${part(6, 8)}-${part(8, 10)}-${part(10, UUID_BYTES)}`;
}
