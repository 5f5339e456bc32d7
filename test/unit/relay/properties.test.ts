// The rewriter against its reference, on generated documents and streams. A failure
// is reported with its seed and the smallest input found.

import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  CHUNKINGS,
  anyChunking,
  rewrittenTwice,
  sameCompletion,
  sameJson,
  sameStream,
} from './reference/properties.ts';

const RUNS = 5_000;
const STREAMS = 1_000_000 / CHUNKINGS;

/** @returns what fast-check has to say about a property that doesn't hold. */
function failure<Ts>(property: fc.IProperty<Ts>, numRuns: number): string | undefined {
  return fc.defaultReportMessage(fc.check(property, { numRuns }));
}

it('JSON is what JSON.parse accepts, and nothing else', () => {
  expect(failure(sameJson, RUNS)).toBeUndefined();
});

it('a stream comes out as the reference has it', () => {
  expect(failure(sameStream, RUNS)).toBeUndefined();
});

it('a completion comes out as the reference has it', () => {
  expect(failure(sameCompletion, RUNS)).toBeUndefined();
});

it('a completion rewritten for one client and then for another is as if rewritten for the other', () => {
  expect(failure(rewrittenTwice, RUNS)).toBeUndefined();
});

it('a stream comes out the same however it is cut: a million chunkings', { timeout: 240_000 }, () => {
  expect(failure(anyChunking, STREAMS)).toBeUndefined();
});
