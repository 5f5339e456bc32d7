// Requests, in workerd, as ratios within one run:
//
//   node test/bench/request/main.ts [rounds]
//
// CPU of the workerd process (schedstat, all threads), the median of rounds with every kind
// of work. 1 KB and 100 KB: checking in loops, compared with JSON.parse of the same text. Whole
// requests, compared with a Worker that passes the body on and the answer back unchanged:
// a 5 MB image; and a question whose answer is in no cache, asked of the whole gateway.

import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpuNs, startWorkerd } from '../../faults/workerd.ts';
import { agent, completion, image, long, question, small } from './samples.ts';

const rounds = Number(process.argv[2] ?? 9);

const upstream = createServer((incoming, answer) => {
  const body = completion();
  incoming.resume().on('end', () => answer.setHeader('content-type', 'application/json').end(body));
});
upstream.listen(0, '127.0.0.1');
await once(upstream, 'listening');
const { port } = upstream.address() as AddressInfo;

const gateway = (name: string, cacheSeconds: number, objects: Record<string, string> = {}) => ({
  name,
  entry: 'src/index.ts',
  vars: {
    STEPFUN_BASE_URL: `http://127.0.0.1:${port}/v1`,
    STEP_API_KEY: 'sk-bench',
    ANONYMOUS_ACCESS: 'true',
    CACHE_TTL_SECONDS: String(cacheSeconds),
  },
  objects,
  kv: ['CACHE'],
});
const runtime = await startWorkerd([
  { name: 'bench', entry: 'test/bench/request/worker.ts', vars: { UPSTREAM: `http://127.0.0.1:${port}/` } },
  gateway('uncached', 0),
  gateway('cached', 3_600),
  gateway('joined', 3_600, { FLIGHTS: 'Flight' }),
]);
const connections = new Agent({ keepAlive: true });

/** One kind of work: a Worker, and the path that tells it what to do with the body. */
interface Work {
  readonly worker: string;
  readonly path: string;
}

try {
  const loops = ['parse', 'decodeAndParse', 'check', 'checkAndWrite', 'checkAndCanonical', 'zodAlone'];
  await loopTable('1 KB', small(), 3_000, loops);
  await loopTable('100 KB, 200 messages', long(), 100, loops);
  await loopTable('100 KB, 200 messages of an agent', agent(), 100, loops);
  await loopTable('5 MB image, whole requests', image(), 1, ['untouched', 'gateway', 'gatewayAndKey']);

  const path = '/v1/chat/completions';
  const kinds = {
    passthrough: { worker: 'bench', path: '/untouched' },
    'gateway, no cache': { worker: 'uncached', path },
    'gateway, KV': { worker: 'cached', path },
    // workerd makes a new object for each question: most of this is its own.
    'gateway, KV, FLIGHTS': { worker: 'joined', path },
  };
  let asked = 0;
  // Other questions each time: none is in the cache, none is under way twice.
  await table('answer of 2 KB, not in the cache', kinds, 200, () => Buffer.from(question(asked++)));
} finally {
  connections.destroy();
  await runtime.stop();
  upstream.close();
}

/** Work that is repeated `n` times within one request. */
async function loopTable(title: string, body: string, n: number, names: readonly string[]): Promise<void> {
  const bytes = Buffer.from(body);
  const kinds = names.map((name): [string, Work] => [name, { worker: 'bench', path: `/${name}?n=${n}` }]);
  await table(`${title}, ${bytes.length} bytes`, Object.fromEntries(kinds), 3, () => bytes, n);
}

/**
 * Prints the cost of each kind of work, and its ratio to the first of them.
 * @param requests - how many each round makes of each kind, one after another.
 * @param perRequest - how often each request repeats the work.
 */
async function table(
  title: string,
  kinds: Readonly<Record<string, Work>>,
  requests: number,
  bodyOf: () => Buffer,
  perRequest = 1,
): Promise<void> {
  const costs = new Map<string, number[]>(Object.keys(kinds).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, work] of Object.entries(kinds)) {
      const before = await cpuNs(runtime.pid);
      for (let repeat = 0; repeat < requests; repeat++) await post(work, bodyOf());
      const us = ((await cpuNs(runtime.pid)) - before) / 1_000 / requests / perRequest;
      if (round >= 0) costs.get(name)?.push(us); // the first round warms up
    }
  }
  const base = median([...costs.values()][0] ?? []);
  console.log(`\n${title}`);
  for (const [name, all] of costs) {
    const us = median(all);
    const spread = `${Math.min(...all).toFixed(1)}–${Math.max(...all).toFixed(1)}`;
    console.log(
      `  ${name.padEnd(18)} ${us.toFixed(1).padStart(9)} µs  × ${(us / base).toFixed(2)}  (${spread})`,
    );
  }
}

async function post({ worker, path }: Work, body: Buffer): Promise<void> {
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  const asked = request({ port: runtime.ports[worker], path, method: 'POST', headers, agent: connections });
  asked.end(body);
  const [answer] = await once(asked, 'response');
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}\n${runtime.output()}`);
  await once(answer.resume(), 'end');
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
