// npm run fuzz -- [seconds, 60 by default] [seed]
//
// Checks the relay's properties on fresh input for as long as it is told. A failure
// prints its seed and the smallest input found, and ends the run with exit code 1.

import * as fc from 'fast-check';
import {
  CHUNKINGS,
  anyChunking,
  rewrittenTwice,
  sameCompletion,
  sameJson,
  sameStream,
} from '../test/unit/relay/reference/properties.ts';

const seconds = Number(process.argv[2] ?? 60);
const firstSeed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const until = Date.now() + seconds * 1000;

let rounds = 0;
for (let seed = firstSeed; Date.now() < until; seed = (seed + 1) | 0) {
  report('sameJson', fc.check(sameJson, { seed, numRuns: 2_000 }));
  report('sameStream', fc.check(sameStream, { seed, numRuns: 2_000 }));
  report('sameCompletion', fc.check(sameCompletion, { seed, numRuns: 2_000 }));
  report('rewrittenTwice', fc.check(rewrittenTwice, { seed, numRuns: 1_000 }));
  report('anyChunking', fc.check(anyChunking, { seed, numRuns: 40 }));
  rounds++;
}
console.log(
  `seeds ${firstSeed} to ${firstSeed + rounds - 1}: ${rounds * 7_040} cases and ${rounds * 40 * CHUNKINGS} chunkings, nothing found`,
);

function report<Ts>(name: string, details: fc.RunDetails<Ts>): void {
  if (!details.failed) return;
  console.error(name);
  console.error(fc.defaultReportMessage(details));
  process.exit(1);
}
