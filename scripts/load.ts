// npm run load -- [streams, 2000 by default]
//
// Runs the streams twice, at 20 events a second. Half of the clients leave, a fifth of the
// upstreams fail. Exit code 1 if an answer is wrong or anything is left afterwards.

import { describeLoad, isSound, underLoad } from '../test/faults/load.ts';

const streams = Number(process.argv[2] ?? 2_000);
const report = await underLoad({ streams, events: 200, eventsPerSecond: 20, idleMs: 5_000 });
console.log(describeLoad(report));
process.exitCode = isSound(report) ? 0 : 1;
