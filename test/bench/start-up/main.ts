// npm run bench:start-up — what the gateway adds to a start, and what it weighs.
//
// Each round starts workerd with the empty Worker and with the gateway, in random
// order, asks each for one answer (the isolate is there by then) and reads the CPU
// of the process. Medians, and what lies between the quartiles.

import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { join } from 'node:path';
import { cpuNs, startWorkerd, type WorkerSpec } from '../../faults/workerd.ts';

const ROUNDS = Number(process.argv[2] ?? 15);
const ENTRY = join(import.meta.dirname, '../../../src/index.ts');

const WORKERS: readonly WorkerSpec[] = [
  { name: 'empty', entry: 'test/bench/start-up/empty.ts' },
  {
    name: 'gateway',
    entry: 'src/index.ts',
    objects: { FLIGHTS: 'Flight', BUDGETS: 'Budget' },
    vars: { STEP_API_KEY: 'sk-bench', ANONYMOUS_ACCESS: 'true' },
  },
];

async function startMs(spec: WorkerSpec): Promise<number> {
  const runtime = await startWorkerd([spec]);
  try {
    const response = await fetch(`http://127.0.0.1:${runtime.ports[spec.name]}/healthz`);
    await response.arrayBuffer();
    return (await cpuNs(runtime.pid)) / 1e6;
  } finally {
    await runtime.stop();
  }
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}

const measured = new Map<string, number[]>(WORKERS.map(({ name }) => [name, []]));
for (let round = 0; round <= ROUNDS; round++) {
  for (const spec of Math.random() < 0.5 ? WORKERS : WORKERS.toReversed()) {
    const ms = await startMs(spec);
    if (round > 0) measured.get(spec.name)?.push(ms);
  }
}
for (const [name, values] of measured) {
  const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(values, q).toFixed(1));
  console.log(
    `${name.padEnd(8)} ${median} ms CPU to the first answer (${low}–${high}, ${values.length} starts)`,
  );
}
const added = quantile(measured.get('gateway') ?? [], 0.5) - quantile(measured.get('empty') ?? [], 0.5);
console.log(`added    ${added.toFixed(1)} ms`);

const { outputFiles } = await build({
  entryPoints: [ENTRY],
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  target: 'es2024',
  conditions: ['workerd', 'worker', 'browser'],
  external: ['cloudflare:*'],
});
const bytes = outputFiles[0]?.contents ?? new Uint8Array();
console.log(
  `bundle   ${(bytes.length / 1024).toFixed(1)} KiB, ${(gzipSync(bytes).length / 1024).toFixed(1)} KiB gzip`,
);
