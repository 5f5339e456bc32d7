// Measures what the gateway costs, in workerd, beside a Worker that returns StepFun's answer
// untouched in the same run:
//
//   npm run bench:relay -- [--quick] [--rounds 5] [--worker src/index.ts]
//
// CPU is that of the workerd process, all threads. In each round every Worker plays
// every workload, in random order; a ratio is to the untouched one of the same round,
// and of the ratios the median and the quartiles are shown.

import { parseArgs } from 'node:util';
import { residentBytes } from '../faults/workerd.ts';
import { startRig, type Contender, type Rig } from './rig.ts';
import { workloads, type Workload, type WorkloadName } from './workloads.ts';

const { values: args } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    worker: { type: 'string', default: 'src/index.ts' },
  },
});
const rounds = Number(args.rounds ?? (args.quick ? 3 : 5));

const untouched: Contender = { label: 'untouched', entry: 'test/bench/workers/untouched.ts' };
const renames = { DEFAULT_REASONING_FORMAT: 'deepseek-style' };
const gateway = (label: string, vars: Record<string, string>): Contender => ({
  label: `gateway, ${label}`,
  entry: args.worker,
  vars,
});
const peer = (label: string, file: string): Contender => ({ label, entry: `test/bench/workers/${file}.ts` });

const usual = gateway('openai shape, rename', renames);
const native = gateway('native', { RELAY: 'native', ...renames });
const transform = peer('a TransformStream in JS that changes nothing', 'transform');
const identity = peer('a loop in JS that changes nothing', 'identity');
const pipe = peer('a native pipe behind a look at the first bytes', 'pipe');
const essential = [
  untouched,
  transform,
  usual,
  gateway('window 0, rename', { RELAY_WINDOW_MS: '0', ...renames }),
  native,
];
const contenders = args.quick
  ? [...essential, peer('eventsource-parser + JSON', 'parser')]
  : [
      ...essential,
      gateway('openai shape, general', {}),
      gateway('openai shape, hidden', { DEFAULT_REASONING_FORMAT: 'hidden' }),
      gateway('stepfun shape, rename', { STREAM_SHAPE: 'stepfun', ...renames }),
      identity,
      pipe,
      peer('Hono proxy(), no rename', 'hono'),
      peer('eventsource-parser + JSON', 'parser'),
      peer('TextDecoderStream + split + JSON', 'split'),
    ];

await cpu();
await firstByte();
if (!args.quick) await memory();

async function cpu(): Promise<void> {
  const rig = await startRig(contenders);
  const plan = Object.entries(workloads(args.quick ? 0.5 : 1)) as [WorkloadName, Workload][];
  const perEventUs = new Map<string, number[]>();
  for (let round = -1; round < rounds; round++) {
    for (const [name, workload] of plan) {
      for (const contender of shuffled(contenders)) {
        // The round before the first warms up: paced streams need not be long for it.
        const warmUp = { ...workload, events: workload.everyMs > 0 ? 100 : 4 * workload.events };
        const played = round < 0 ? warmUp : workload;
        const { cpuNs } = await rig.run(contender, played);
        if (round < 0) continue;
        const key = `${contender.label} ${name}`;
        perEventUs.set(key, [...(perEventUs.get(key) ?? []), cpuNs / 1_000 / played.events / played.streams]);
      }
    }
  }
  await rig.stop();

  const of = (contender: Contender, name: string) => perEventUs.get(`${contender.label} ${name}`) ?? [];
  const table = (cell: (contender: Contender, name: string) => string) =>
    contenders.map((contender) => [contender.label].concat(plan.map(([name]) => cell(contender, name))));
  const head = [''].concat(plan.map(([name]) => name));
  const ratios = table((contender, name) => {
    const base = of(untouched, name);
    const all = of(contender, name).map((us, round) => us / (base[round] ?? NaN));
    return `${at(all, 0.5).toFixed(2)} (${at(all, 0.25).toFixed(2)}–${at(all, 0.75).toFixed(2)})`;
  });
  print(`CPU, × untouched: median (quartiles) of ${rounds} rounds`, head, ratios);
  const ms = table((contender, name) => at(of(contender, name), 0.5).toFixed(1));
  print('CPU, ms per 1,000 events; paced is an answer of 1,000 tokens at 100 tokens/s', head, ms);
}

async function firstByte(): Promise<void> {
  const compared = [untouched, transform, identity, usual, native];
  const rig = await startRig(compared);
  const workload: Workload = { cut: 'event', events: 3, streams: 1, everyMs: 0 };
  const ms = new Map<Contender, number[]>(compared.map((contender) => [contender, []]));
  // Until the compiler is through, as above: what runs once a request takes it 800 requests.
  for (const contender of compared) {
    for (let crowd = 0; crowd < 16; crowd++) await rig.run(contender, { ...workload, streams: 50 });
  }
  const asks = args.quick ? 60 : 300;
  for (let index = 0; index < asks; index++) {
    for (const contender of shuffled(compared)) {
      const { firstByteMs } = await rig.run(contender, workload);
      ms.get(contender)?.push(...firstByteMs);
    }
  }
  await rig.stop();
  const base = at(ms.get(untouched) ?? [], 0.5);
  print(
    'Time to first byte, ms: whole requests, one after another',
    ['', 'median', 'added', '95 %'],
    compared.map((contender) => {
      const all = ms.get(contender) ?? [];
      return [
        contender.label,
        at(all, 0.5).toFixed(2),
        (at(all, 0.5) - base).toFixed(2),
        at(all, 0.95).toFixed(2),
      ];
    }),
  );
}

async function memory(): Promise<void> {
  const rows: string[][] = [];
  for (const contender of [untouched, transform, identity, usual, pipe, native]) {
    const rig = await startRig([contender]);
    const silent = await perStreamKb(rig, contender);
    rows.push([contender.label, silent, await over100Mb(rig, contender)]);
    await rig.stop();
  }
  print('Memory of the process', ['', 'KB an open stream', 'MB grown over the 2nd 100 MB'], rows);
}

/** @returns what each of 300 more streams adds to the process while it is open. */
async function perStreamKb(rig: Rig, contender: Contender): Promise<string> {
  await rig.run(contender, { cut: 'event', events: 50, streams: 100, everyMs: 10 });
  const before = await residentBytes(rig.runtime.pid);
  const done = rig.run(contender, { cut: 'event', events: 8, streams: 300, everyMs: 300 });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const during = await residentBytes(rig.runtime.pid);
  await done;
  return ((during - before) / 300 / 1024).toFixed(0);
}

async function over100Mb(rig: Rig, contender: Contender): Promise<string> {
  const longRun: Workload = { cut: 'many', events: 360_000, streams: 1, everyMs: 0 };
  await rig.run(contender, longRun);
  const before = await residentBytes(rig.runtime.pid);
  await rig.run(contender, longRun);
  return (((await residentBytes(rig.runtime.pid)) - before) / 2 ** 20).toFixed(1);
}

function print(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  process.stdout.write(
    [`\n${title}\n`, line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line), ''].join(
      '\n',
    ),
  );
}

function at(values: readonly number[], quantile: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(quantile * sorted.length), sorted.length - 1)] ?? NaN;
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ value }) => value);
}
