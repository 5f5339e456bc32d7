// `npm run soak [minutes]`: an ordinary day for 10 minutes, and how fast what the gateway
// holds grows: at most 1 MB an hour, and surely so. Ends with 1 otherwise, after a run
// too short to be sure, too.

import { soak } from '../test/faults/soak.ts';

const HEAP_MB_PER_HOUR = 1;
/** Standard errors that a slope is taken to be steeper than it was measured: doubt counts against it. */
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
