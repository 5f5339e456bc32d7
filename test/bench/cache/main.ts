// Hits of the whole gateway, in workerd, as ratios within one run:
//
//   node test/bench/cache/main.ts [rounds]
//
// KV: 2 KB and 200 KB answers, more of them than the isolate's memory holds, against
// a Worker that returns values of the same size from the same KV. Memory: one hot
// question, against a Worker that reads the body and says hello; with a client key of
// `CLIENT_KEYS` and of `CLIENTS`, against the same without a key. Requests per second
// over CONNECTIONS kept-alive connections, and CPU of workerd per request (schedstat,
// all threads; with it that of miniflare's KV); medians of rounds in which everybody
// takes a turn. The client's CPU is not counted, but takes its share of the machine.
//
// The gateway makes its log line and hands it to nobody. workerd would print it, and
// miniflare read it from a pipe, on the core that the clients need: 20 µs a request that
// no edge has.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { createServer, request, Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { cpuNs } from '../../faults/workerd.ts';
import { completion } from '../request/samples.ts';

const rounds = Number(process.argv[2] ?? 7);
const CONNECTIONS = 16;
const TURN_MS = 600;

/** A StepFun of few words: as many as it is asked for, at once. */
const upstream = createServer((incoming, answer) => {
  let body = '';
  incoming.on('data', (data) => (body += String(data)));
  incoming.on('end', () => answer.setHeader('content-type', 'application/json').end(completionOf(body)));
});
upstream.listen(0, '127.0.0.1');
await once(upstream, 'listening');

function completionOf(body: string): string {
  const size = Number(/say (\d+)/.exec(body)?.[1]);
  return completion('word '.repeat(size / 5), 'Let me think. '.repeat(20));
}

async function scriptOf(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [new URL(entry, import.meta.url).pathname],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    banner: { js: 'console.info = () => {};' },
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
  });
  return outputFiles[0]!.text;
}

async function workerOf(name: string, entry: string, env: object, objects: readonly string[]) {
  return {
    config: {
      name,
      compatibilityDate: '2026-11-01',
      compatibilityFlags: ['enable_request_signal'],
      env: { CACHE: { type: 'kv' as const, id: 'cache' }, ...env },
      exports: Object.fromEntries(
        objects.map((object) => [object, { type: 'durable-object' as const, storage: 'sqlite' as const }]),
      ),
      manifest: {
        mainModule: 'index.js',
        modules: { 'index.js': { type: 'esm' as const, contents: await scriptOf(entry) } },
      },
    },
    dev: { unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }] },
  };
}

const text = (value: string) => ({ type: 'text', value });
const objectsOf = (worker: string) => ({
  FLIGHTS: { type: 'durable-object', worker, exportName: 'Flight' },
  BUDGETS: { type: 'durable-object', worker, exportName: 'Budget' },
});
const upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
/** In `CLIENT_KEYS` and in `CLIENTS`. */
const KEYS = { configured: 'a-key-of-the-settings', stored: 'sfe-bench-0123456789abcdef' };

const gatewayOf = (name: string, vars: Readonly<Record<string, string>>) =>
  workerOf(
    name,
    '../../../src/index.ts',
    {
      STEP_API_KEY: text('sk-bench'),
      STEPFUN_BASE_URL: text(upstreamUrl),
      CLIENTS: { type: 'kv', id: 'cache' },
      ...objectsOf(name),
      ...Object.fromEntries(Object.entries(vars).map(([setting, value]) => [setting, text(value)])),
    },
    ['Flight', 'Budget'],
  );
const miniflare = new Miniflare({
  host: '127.0.0.1',
  port: 0,
  // The gateway writes a line for each request; here nobody reads them.
  handleStructuredLogs: () => {},
  workers: [
    await gatewayOf('gateway', { ANONYMOUS_ACCESS: 'true' }),
    await gatewayOf('closed', { CLIENT_KEYS: `bench:${KEYS.configured}` }),
    await workerOf('peers', 'peers.ts', {}, []),
  ],
});
await miniflare.ready;
const portOf = async (name: string) => Number((await miniflare.unsafeGetDirectURL(name)).port);
const ports = {
  gateway: await portOf('gateway'),
  closed: await portOf('closed'),
  peers: await portOf('peers'),
};
const pid = await childNamed('workerd');
/** The next question of each kind. In turn, so that memory has always just forgotten it. */
const next = new Map<Kind, number>();
const connections = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

interface Kind {
  readonly port: number;
  readonly path: (n: number) => string;
  readonly body: (n: number) => string;
  /** How many different requests take turns. */
  readonly count: number;
  /** The `Cache-Status` that every answer must have. */
  readonly status?: RegExp;
  /** The bearer. */
  readonly key?: string;
}

const question = (bytes: number) => (n: number) =>
  JSON.stringify({
    model: 'step-3.5-flash',
    messages: [{ role: 'user', content: `Question ${n}: say ${bytes}` }],
  });

function fromGateway(bytes: number, count: number, status: RegExp): Kind {
  return { port: ports.gateway, path: () => '/v1/chat/completions', body: question(bytes), count, status };
}

const fromKv = (bytes: number, count: number): Kind => ({
  port: ports.peers,
  path: (n) => `/${bytes}-${n}`,
  body: question(bytes),
  count,
});

/** The hot question, asked with a client key. */
const withKey = (key: string): Kind => ({ ...fromGateway(2_000, 1, /hit; ttl/), port: ports.closed, key });

try {
  await table('KV, 2 KB', 2_000, 3_600);
  await table('KV, 200 KB', 200_000, 64);
  const hello = { port: ports.peers, path: () => '/hello', body: question(2_000), count: 1 };
  const hot = fromGateway(2_000, 1, /hit; ttl/);
  await send(hot, 0);
  await compare('memory, 2 KB', { hello, gateway: hot });

  const digest = createHash('sha256').update(KEYS.stored).digest('hex');
  const entry = JSON.stringify({ name: 'stored', created_at: 0 });
  await put(`/key:${digest}`, entry);
  const known = { CLIENT_KEYS: withKey(KEYS.configured), CLIENTS: withKey(KEYS.stored) };
  for (const kind of Object.values(known)) await send(kind, 0);
  // Their difference is less than a tenth: seven turns each spread by more than that.
  await compare('memory, 2 KB, with a client key', { 'no key': hot, ...known }, 3 * rounds);
} finally {
  connections.destroy();
  await miniflare.dispose();
  upstream.close();
}

async function table(title: string, bytes: number, count: number): Promise<void> {
  for (let n = 0; n < count; n += CONNECTIONS) {
    const some = Array.from({ length: Math.min(CONNECTIONS, count - n) }, (_, i) => n + i);
    await Promise.all(
      some.map(async (each) => {
        await send(fromGateway(bytes, count, /fwd=miss/), each);
        await put(`/${bytes}-${each}`, completionOf(question(bytes)(each)));
      }),
    );
  }
  const gateway = fromGateway(bytes, count, /hit; ttl=\d+$/);
  await compare(title, { untouched: fromKv(bytes, count), gateway });
}

async function compare(title: string, kinds: Record<string, Kind>, turns = rounds): Promise<void> {
  const rates = new Map<string, number[]>();
  const costs = new Map<string, number[]>();
  for (let round = -1; round < turns; round++) {
    for (const [name, kind] of Object.entries(kinds)) {
      const { perSecond, cpuUs } = await turn(kind);
      if (round < 0) continue; // the first round warms up
      rates.set(name, [...(rates.get(name) ?? []), perSecond]);
      costs.set(name, [...(costs.get(name) ?? []), cpuUs]);
    }
  }
  console.log(`\n${title}`);
  const [base = ''] = Object.keys(kinds);
  for (const name of Object.keys(kinds)) {
    const rate = median(rates.get(name) ?? []);
    const cost = median(costs.get(name) ?? []);
    const rateRatio = (rate / median(rates.get(base) ?? [])).toFixed(2);
    const costRatio = (cost / median(costs.get(base) ?? [])).toFixed(2);
    console.log(
      `  ${name.padEnd(10)} ${rate.toFixed(0).padStart(6)} requests/s × ${rateRatio}   ${cost.toFixed(0).padStart(5)} µs CPU × ${costRatio}`,
    );
  }
}

/** As many requests as go through in TURN_MS. */
async function turn(kind: Kind): Promise<{ perSecond: number; cpuUs: number }> {
  const cpuBefore = await cpuNs(pid);
  const start = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() - start < TURN_MS) {
        const n = next.get(kind) ?? 0;
        next.set(kind, (n + 1) % kind.count);
        const status = await send(kind, n);
        if (kind.status && !kind.status.test(status)) throw new Error(`unexpected: ${status}`);
        done++;
      }
    }),
  );
  const perSecond = (done * 1_000) / (performance.now() - start);
  return { perSecond, cpuUs: ((await cpuNs(pid)) - cpuBefore) / 1_000 / done };
}

/** @returns the answer's `Cache-Status`. */
function send({ port, path, body, key }: Kind, n: number): Promise<string> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return exchange(port, 'POST', path(n), body(n), headers);
}

async function put(path: string, value: string): Promise<void> {
  await exchange(ports.peers, 'PUT', path, value, {});
}

async function exchange(
  port: number,
  method: string,
  path: string,
  body: string,
  others: Readonly<Record<string, string>>,
): Promise<string> {
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...others,
  };
  const sent = request({ port, host: '127.0.0.1', path, method, headers, agent: connections });
  sent.end(body);
  const [answer] = await once(sent, 'response');
  if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.statusCode}`);
  await once(answer.resume(), 'end');
  return String(answer.headers['cache-status']);
}

async function childNamed(name: string): Promise<number> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const [, comm, parent] = /^\d+ \((.*)\) \S (\d+)/.exec(stat) ?? [];
    if (comm === name && Number(parent) === process.pid) return Number(entry);
  }
  throw new Error(`no ${name} of ours`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
