// A completion as it is stored: one line of JSON about it, then the completion itself, in
// the deployment's shape and with its reasoning under `reasoning`.
//
// `general` goes out as stored; the other formats parse the completion once. The line
// stands before the completion and not in KV's metadata, which KV reads apart from the
// value, so that both can be of different versions.

import * as z from 'zod/mini';
import type { Usage } from '../http/token-usage.ts';
import { join } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';

export interface Entry {
  readonly storedAtSeconds: number;
  /** How many seconds it is fresh. */
  readonly ttl: number;
  readonly usage: Usage | null;
  /** The completion's JSON. */
  readonly completion: Uint8Array;
  /** All of it, as it is stored in KV. */
  readonly value: Uint8Array;
}

const headSchema = z.object({
  storedAtSeconds: z.int(),
  ttl: z.int(),
  usage: z.nullable(
    z.object({
      promptTokens: z.int(),
      completionTokens: z.int(),
      totalTokens: z.int(),
      cachedTokens: z.int(),
    }),
  ),
  /** The completion's size: an entry that was cut short is refused. */
  bytes: z.int(),
});

const LF = 0x0a;
/** The longest head has some 200 bytes. */
const HEAD_BYTES_MAX = 512;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * @param completion - what StepFun has just answered, rewritten.
 * @param ttl - in seconds.
 */
export function createEntry(
  { bytes, usage }: { readonly bytes: Uint8Array; readonly usage: Usage | null },
  ttl: number,
  nowMs: number,
): Entry {
  const storedAtSeconds = Math.floor(nowMs / 1000);
  const head = encoder.encode(`${JSON.stringify({ storedAtSeconds, ttl, usage, bytes: bytes.length })}\n`);
  const value = join([head, bytes]);
  return { storedAtSeconds, ttl, usage, completion: value.subarray(head.length), value };
}

/**
 * @param value - from KV or a flight; the entry is a view of it.
 * @throws when it is not a whole entry of this layout.
 */
export function parseEntry(value: unknown): Entry {
  if (!(value instanceof ArrayBuffer)) throw new Error('not bytes');
  const all = new Uint8Array(value);
  const headEnd = all.subarray(0, HEAD_BYTES_MAX).indexOf(LF);
  if (headEnd === -1) throw new Error('an entry without a head');
  const { data: head } = headSchema.safeParse(parseJson(decoder.decode(all.subarray(0, headEnd))));
  // Not the parsers' own errors: their messages quote what was stored, and go to the log.
  if (head === undefined) throw new Error('an entry with a damaged head');
  const completion = all.subarray(headEnd + 1);
  if (completion.length !== head.bytes) throw new Error('an entry cut short');
  const { storedAtSeconds, ttl, usage } = head;
  return { storedAtSeconds, ttl, usage, completion, value: all };
}
