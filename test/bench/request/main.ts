// Checking requests, in workerd, as ratios within one run:
//
//   node test/bench/request/main.ts [rounds]
//
// CPU of the workerd process (schedstat, all threads), the median of rounds with every kind
// of work. 1 KB and 100 KB: work in loops, compared with JSON.parse of the same text. 5 MB:
// whole requests, compared with a Worker that passes the body on unchanged.

import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpuNs, startWorkerd } from '../../faults/workerd.ts';
import { agent, image, long, small } from './samples.ts';

const rounds = Number(process.argv[2] ?? 9);

const upstream = createServer((incoming, answer) => {
  incoming.resume().on('end', () => answer.end('done'));
});
upstream.listen(0, '127.0.0.1');
await once(upstream, 'listening');
const { port } = upstream.address() as AddressInfo;

const runtime = await startWorkerd([
  { name: 'bench', entry: 'test/bench/request/worker.ts', vars: { UPSTREAM: `http://127.0.0.1:${port}/` } },
]);
const connections = new Agent({ keepAlive: true });

try {
  const loops = ['parse', 'decodeAndParse', 'check', 'checkAndWrite', 'checkAndCanonical', 'zodAlone'];
  await table('1 KB', small(), 3_000, loops);
  await table('100 KB, 200 messages', long(), 100, loops);
  await table('100 KB, 200 messages of an agent', agent(), 100, loops);
  await table('5 MB image, whole requests', image(), 1, ['untouched', 'gateway', 'gatewayAndKey']);
} finally {
  connections.destroy();
  await runtime.stop();
  upstream.close();
}

/** Prints the cost of each kind of work, and its ratio to the first of them. */
async function table(title: string, body: string, n: number, names: readonly string[]): Promise<void> {
  const bytes = Buffer.from(body);
  const costs = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const before = await cpuNs(runtime.pid);
      for (let repeat = 0; repeat < 3; repeat++) await post(`/${name}?n=${n}`, bytes);
      const us = ((await cpuNs(runtime.pid)) - before) / 1_000 / 3 / n;
      if (round >= 0) costs.get(name)?.push(us); // the first round warms up
    }
  }
  const base = median(costs.get(names[0] ?? '') ?? []);
  console.log(`\n${title}, ${bytes.length} bytes`);
  for (const [name, all] of costs) {
    const us = median(all);
    const spread = `${Math.min(...all).toFixed(1)}–${Math.max(...all).toFixed(1)}`;
    console.log(
      `  ${name.padEnd(18)} ${us.toFixed(1).padStart(9)} µs  × ${(us / base).toFixed(2)}  (${spread})`,
    );
  }
}

async function post(path: string, body: Buffer): Promise<void> {
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  const asked = request({ port: runtime.ports['bench'], path, method: 'POST', headers, agent: connections });
  asked.end(body);
  const [answer] = await once(asked, 'response');
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}\n${runtime.output()}`);
  await once(answer.resume(), 'end');
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
