// `npm run load [streams]`: 2,000 streams of 20 events a second, twice, with half of the
// clients cut and a fifth of the upstreams failing. Ends with 1 if anything is wrong.

import { describeLoad, isSound, underLoad } from '../test/faults/load.ts';

const streams = Number(process.argv[2] ?? 2_000);
const report = await underLoad({ streams, events: 200, eventsPerSecond: 20, idleMs: 5_000 });
console.log(describeLoad(report));
process.exitCode = isSound(report) ? 0 : 1;
