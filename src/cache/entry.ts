// A completion as it is kept, and as each client gets it. It is stored once, in the
// deployment's shape, with its reasoning under `reasoning`; where that stands is
// found out when it is stored, so that a hit neither parses nor scans: `general`
// is the stored bytes themselves, the other formats are a few copies between the
// places that change.
//
// Layout of a value: 32-bit words, little-endian as every machine of the platform
// is, then the completion:
//
//   byte 0  `SFE` and the layout's number
//        4  stored at, in seconds since the epoch
//        8  TTL, in seconds
//       12  length of the completion, in bytes
//       16  1 when StepFun's usage is known, else 0
//       20  prompt tokens
//       24  completion tokens
//       28  total tokens
//       32  cached tokens
//       36  number of members `reasoning` in the completion's messages
//       40  of each of them: key's start, key's end, member's start, member's end, as
//           offsets within the completion; the member with the comma that goes with it
//        …  the completion
//
// Binary rather than a line of JSON, since it is read on every hit; before the
// completion rather than in KV's metadata, for the reasons in kv.ts.

import type { ReasoningFormat } from '../config/config.ts';
import { Edits } from '../relay/edits.ts';
import { encode } from '../relay/ascii.ts';
import type { Usage } from '../http/usage.ts';
import type { Completion } from './completion.ts';
import { reasoningMembers } from './reasoning.ts';

export interface Entry {
  readonly storedAtSeconds: number;
  /** For how many seconds it is fresh. */
  readonly ttl: number;
  readonly usage: Usage | null;
  /** The completion with its reasoning under `reasoning`. */
  readonly completion: Uint8Array;
  /** Four words for each member that holds reasoning. */
  readonly reasoning: Uint32Array;
  /** All of it, as it lies in KV. */
  readonly value: Uint8Array;
}

/** `SFE` and 1, as the first word. */
const MAGIC = 0x01_45_46_53;
const HEAD_BYTES = 40;
const WORD_BYTES = 4;
const MEMBER_WORDS = 4;
const UINT32_MAX = 0xffff_ffff;

const RENAMED = encode('"reasoning_content"');

/** One for all: rendering is synchronous. */
const edits = new Edits();

/** @returns what is kept of a completion that StepFun has just answered with. */
export function createEntry({ bytes, usage }: Completion, ttl: number, nowMs: number): Entry {
  const reasoning = reasoningMembers(bytes);
  const start = HEAD_BYTES + reasoning.length * WORD_BYTES;
  const value = new Uint8Array(start + bytes.length);
  const head = new DataView(value.buffer);
  const counted = usage !== null && Object.values(usage).every((count) => count <= UINT32_MAX);
  [
    MAGIC,
    Math.floor(nowMs / 1000),
    ttl,
    bytes.length,
    Number(counted),
    ...(counted
      ? [usage.promptTokens, usage.completionTokens, usage.totalTokens, usage.cachedTokens]
      : [0, 0, 0, 0]),
    reasoning.length / MEMBER_WORDS,
    ...reasoning,
  ].forEach((word, i) => head.setUint32(i * WORD_BYTES, word, true));
  value.set(bytes, start);
  return parseEntry(value.buffer);
}

/**
 * @param value - what KV or a flight brought; the entry is made of views of it.
 * @throws {Error} when it is not an entry of this layout, whole.
 */
export function parseEntry(value: unknown): Entry {
  if (!(value instanceof ArrayBuffer)) throw new Error('not bytes');
  if (value.byteLength < HEAD_BYTES) throw new Error('too short for an entry');
  const head = new DataView(value);
  const word = (byte: number) => head.getUint32(byte, true);
  if (word(0) !== MAGIC) throw new Error('not an entry of this layout');

  const length = word(12);
  const members = word(36);
  const start = HEAD_BYTES + members * MEMBER_WORDS * WORD_BYTES;
  if (start + length !== value.byteLength) throw new Error('an entry cut short');
  const reasoning = new Uint32Array(value, HEAD_BYTES, members * MEMBER_WORDS);
  if (!isWithin(reasoning, length)) throw new Error('an entry whose reasoning is nowhere');

  return {
    storedAtSeconds: word(4),
    ttl: word(8),
    usage:
      word(16) === 1
        ? {
            promptTokens: word(20),
            completionTokens: word(24),
            totalTokens: word(28),
            cachedTokens: word(32),
          }
        : null,
    completion: new Uint8Array(value, start),
    reasoning,
    value: new Uint8Array(value),
  };
}

/** Each member inside the completion and after the one before it, each key inside its member's bounds. */
function isWithin(reasoning: Uint32Array, length: number): boolean {
  let end = 0;
  for (let i = 0; i < reasoning.length; i += MEMBER_WORDS) {
    const [keyStart, keyEnd, memberStart, memberEnd] = memberAt(reasoning, i);
    if (memberStart < end || keyStart < memberStart || keyEnd < keyStart || memberEnd < keyEnd) return false;
    end = memberEnd;
  }
  return end <= length;
}

/** @returns the completion as a client asked for it: a view of the entry, or new bytes. */
export function renderCompletion({ completion, reasoning }: Entry, format: ReasoningFormat): Uint8Array {
  if (format === 'general') return completion;
  for (let i = 0; i < reasoning.length; i += MEMBER_WORDS) {
    const [keyStart, keyEnd, memberStart, memberEnd] = memberAt(reasoning, i);
    if (format === 'hidden') edits.remove(memberStart, memberEnd);
    else edits.replace(keyStart, keyEnd, RENAMED);
  }
  return edits.apply(completion, 0, completion.length);
}

type Member = readonly [keyStart: number, keyEnd: number, memberStart: number, memberEnd: number];

function memberAt(reasoning: Uint32Array, i: number): Member {
  return [reasoning[i]!, reasoning[i + 1]!, reasoning[i + 2]!, reasoning[i + 3]!];
}
