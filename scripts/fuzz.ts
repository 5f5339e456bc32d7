// npm run fuzz -- [seconds, 60 by default] [first seed]
//
// Runs every test that makes random choices with fresh seeds and the counts of a long run,
// round after round. It starts no round after the given time. A failure prints its seed and
// ends the run with exit code 1.

import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';

const SEEDED = /from '(?:fast-check|.*\/long-run\.ts)'/;

const seconds = Number(process.argv[2] ?? 60);
const firstSeed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const endMs = Date.now() + seconds * 1_000;
const files = globSync('test/{unit,worker,faults,clients}/**/*.test.ts', {
  exclude: ['**/node_modules/**'],
}).filter((file) => SEEDED.test(readFileSync(file, 'utf8')));

let seed = firstSeed;
do {
  console.log(`Seed ${seed}, ${files.length} files`);
  const { status } = spawnSync('vitest', ['run', '--reporter=dot', '--testTimeout=600000', ...files], {
    stdio: 'inherit',
    env: { ...process.env, SEED: String(seed), LONG_RUN: '1' },
  });
  if (status !== 0) {
    console.error(`Failed. The same cases again: npm run fuzz -- 1 ${seed}`);
    process.exit(1);
  }
  seed++;
} while (Date.now() < endMs);
console.log(`Seeds ${firstSeed} to ${seed - 1}: no failure`);
