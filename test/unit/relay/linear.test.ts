// The cost of a byte does not depend on how many there are, nor on how they are cut.
//
// Work is counted, not timed: the engine's own block counters say how often each piece of
// the relay's code ran, and the typed arrays' methods are made to say how many bytes
// they were asked to move or search.

import { Session, type Profiler } from 'node:inspector';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENT_BYTES } from '../../../src/config/limits.ts';
import { createStreamRewriter, type RewriteOptions } from '../../../src/relay/rewriter.ts';
import { OPENAI, bytes } from './rewrite.ts';

const KIB = 1024;
const options: RewriteOptions = { ...OPENAI, reasoning: 'hidden' };

const session = new Session();
let nativeBytes = 0;
const arrays = Object.getPrototypeOf(Uint8Array.prototype);
const own = { set: arrays.set, indexOf: arrays.indexOf, slice: arrays.slice };

beforeAll(() => {
  session.connect();
  arrays.set = function set(this: Uint8Array, from: ArrayLike<number>, at?: number) {
    nativeBytes += from.length;
    own.set.call(this, from, at);
  };
  arrays.indexOf = function indexOf(this: Uint8Array, byte: number, from = 0) {
    const found: number = own.indexOf.call(this, byte, from);
    nativeBytes += (found === -1 ? this.length : found) - from;
    return found;
  };
  arrays.slice = function slice(this: Uint8Array, from?: number, to?: number) {
    const copy: Uint8Array = own.slice.call(this, from, to);
    nativeBytes += copy.length;
    return copy;
  };
});

afterAll(() => {
  Object.assign(arrays, own);
  session.disconnect();
});

/** @returns how often blocks of the relay ran, plus the bytes that natives touched. */
function work(run: () => void): number {
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  nativeBytes = 0;
  run();
  let blocks = 0;
  session.post('Profiler.takePreciseCoverage', (_, coverage: Profiler.TakePreciseCoverageReturnType) => {
    for (const { url, functions } of coverage.result) {
      if (!url.includes('/src/relay/')) continue;
      for (const { ranges } of functions) for (const { count } of ranges) blocks += count;
    }
  });
  session.post('Profiler.stopPreciseCoverage');
  if (blocks === 0) throw new Error('nothing was counted');
  return blocks + nativeBytes;
}

function pushAll(stream: string, pieceBytes: number): number {
  const all = bytes(stream);
  return work(() => {
    const rewriter = createStreamRewriter(options);
    for (let at = 0; at < all.length; at += pieceBytes) rewriter.push(all.subarray(at, at + pieceBytes));
    rewriter.end();
  });
}

/** Repeats a text to about so many bytes. */
function fill(part: string, size: number, between = ''): string {
  return Array<string>(Math.ceil(size / (part.length + between.length)))
    .fill(part)
    .join(between);
}

const STREAMS: Record<string, (size: number) => string> = {
  'one long string': (n) => `data: {"choices":[],"x":"${fill('a', n)}"}\n\n`,
  'one long string of escapes': (n) => `data: {"choices":[],"x":"${fill('\\u0061\\n', n)}"}\n\n`,
  'one long number': (n) => `data: {"created":-0.${fill('0', n)},"choices":[]}\n\n`,
  'spaces without end': (n) => `data: {"choices":[${fill(' ', n)}]}\n\n`,
  'short lines of one event': (n) => `data: {"choices":[\n${fill('data: \n', n)}data: ]}\n\n`,
  'other lines of one event': (n) => `${fill('id: 7\n', n)}data: {"choices":[]}\n\n`,
  'short events': (n) => fill('data: {"choices":[]}\n\n', n),
  'short events in CRLF': (n) => fill('data: {"choices":[]}\r\n\r\n', n),
  'changed events': (n) =>
    fill('data: {"choices":[{"delta":{"role":"","reasoning":"r"},"finish_reason":""}],"usage":{}}\n\n', n),
  comments: (n) => fill(': c\n', n),
  heartbeats: (n) => fill('data:\n\n', n),
  'one long comment': (n) => `: ${fill('c', n)}\n`,
  'removed members': (n) => `data: {"choices":[{"delta":{${fill('"role":"" ', n, ' , ')}}}]}\n\n`,
  'removed among kept members': (n) =>
    `data: {"choices":[{"delta":{${fill('"reasoning":1,"x":1', n, ',')}}}]}\n\n`,
  'escaped keys': (n) => `data: {"choices":[{"delta":{${fill('"r\\u006fle":""', n, ',')}}}]}\n\n`,
  'tool calls': (n) => `data: {"choices":[{"delta":{"tool_calls":[${fill('{}', n, ',')}]}}]}\n\n`,
  'edits out of order': (n) =>
    `data: {"choices":[{${fill('"finish_reason":""', n / 2, ',')},"delta":{"tool_calls":[${fill('{}', n / 2, ',')}]}}]}\n\n`,
  'duplicates at every level': (n) =>
    `data: {${fill('"created":0,"usage":{},"choices":[{"index":0,"finish_reason":"","delta":{}}]', n, ',')}}\n\n`,
};

/**
 * Eight times the bytes may be somewhat more than eight times the work: a buffer that
 * doubles copies each byte once or twice, as sizes fall. Were anything quadratic, it would be 64 times.
 */
const RATIO_MAX = 13;

describe('eight times the bytes are eight times the work', () => {
  describe.each(Object.entries(STREAMS))('%s', (_, make) => {
    it.each([
      ['in pieces of one byte', 1, 2 * KIB],
      ['in pieces of 97 bytes', 97, 8 * KIB],
      ['in one piece', EVENT_BYTES, 8 * KIB],
    ])('%s', (_name, pieceBytes, size) => {
      pushAll(make(KIB), pieceBytes); // lazily compiled functions are counted from here on
      const once = pushAll(make(size), pieceBytes);
      const more = pushAll(make(8 * size), pieceBytes);
      expect(more / once).toBeLessThan(RATIO_MAX);
    });
  });
});

it('a line of 1 MiB comes through in pieces of one byte', () => {
  const stream = bytes(`data: {"choices":[],"x":"${'a'.repeat(EVENT_BYTES - 100)}"}\n\n`);
  const rewriter = createStreamRewriter(options);
  let out: Uint8Array = new Uint8Array(0);
  for (let at = 0; at < stream.length; at++) {
    const given = rewriter.push(stream.subarray(at, at + 1));
    if (given.length > 0) out = given;
  }
  expect(Buffer.compare(out, stream)).toBe(0);
});
