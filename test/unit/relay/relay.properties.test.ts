// The relay against its reference on generated input. A failure is reported with its seed and
// the smallest input found. The seed is fixed; `npm run fuzz` takes fresh ones.

import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { runs } from '../../long-run.ts';
import { anySplit, rewrittenTwice, sameCompletion, sameStream } from './properties.ts';

const RUN = { numRuns: runs(1_000, 10_000) };

it('a stream comes out as the reference has it', () => {
  expect(fc.defaultReportMessage(fc.check(sameStream, RUN))).toBeUndefined();
});

it('a stream comes out the same however its bytes are split', () => {
  expect(fc.defaultReportMessage(fc.check(anySplit, RUN))).toBeUndefined();
});

it('a completion comes out as the reference has it', () => {
  expect(fc.defaultReportMessage(fc.check(sameCompletion, RUN))).toBeUndefined();
});

it('a completion rewritten for the cache and then for a client is as if rewritten for the client', () => {
  expect(fc.defaultReportMessage(fc.check(rewrittenTwice, RUN))).toBeUndefined();
});
