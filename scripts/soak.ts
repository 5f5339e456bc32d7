// npm run soak -- [minutes, 10 by default]
//
// Sends all kinds of requests and measures how fast the heaps grow. Exit code 1 if one may grow
// by more than 1 MB an hour, or if the run was too short to exclude that.

import { soak } from '../test/faults/soak.ts';

const HEAP_MB_PER_HOUR = 1;
/** A slope counts as this many standard errors steeper than it was measured. */
const ERRORS = 2;

const minutes = Number(process.argv[2] ?? 10);
const { requests, wrongs, heaps, resident } = await soak({
  minutes,
  clients: 20,
  sampleSeconds: 3,
  onSample: (line) => console.log(line),
});
console.log(`${requests} requests, ${wrongs.length} wrong`);
for (const wrong of wrongs.slice(0, 20)) console.log(wrong);
const lines = Object.entries({ ...heaps, resident });
for (const [name, { value, error }] of lines)
  console.log(`${name}: ${value.toFixed(2)} ± ${error.toFixed(2)} MB an hour`);
const isSteady = Object.values(heaps).every(({ value, error }) => value + ERRORS * error <= HEAP_MB_PER_HOUR);
process.exitCode = isSteady && wrongs.length === 0 ? 0 : 1;
