// npm run fuzz -- [seconds, 60 by default] [seed]
//
// Checks the relay's properties on fresh input for as long as it is told. A failure
// prints its seed and the smallest input found, and ends the run with exit code 1.

import * as fc from 'fast-check';
import { anySplit, rewrittenTwice, sameCompletion, sameStream } from '../test/unit/relay/properties.ts';

const seconds = Number(process.argv[2] ?? 60);
const firstSeed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const until = Date.now() + seconds * 1000;
const RUNS = 2_000;
const PROPERTIES = { sameStream, anySplit, sameCompletion, rewrittenTwice };

let rounds = 0;
for (let seed = firstSeed; Date.now() < until; seed = (seed + 1) | 0) {
  for (const [name, property] of Object.entries<fc.IProperty<unknown>>(PROPERTIES)) {
    const details = fc.check(property, { seed, numRuns: RUNS });
    if (!details.failed) continue;
    console.error(name);
    console.error(fc.defaultReportMessage(details));
    process.exit(1);
  }
  rounds++;
}
const cases = rounds * RUNS * Object.keys(PROPERTIES).length;
console.log(`seeds ${firstSeed} to ${firstSeed + rounds - 1}: ${cases} cases, nothing found`);
