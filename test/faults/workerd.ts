// Starts Workers in workerd itself, each on a socket of its own. Rejected: wrangler and miniflare.
// They pass each request through Workers of their own, so that resets don't arrive as in
// production, and the CPU of the process is not that of the Worker under test.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { build } from 'esbuild';

// The package has no types. It exports the path of workerd.
const workerd = createRequire(import.meta.url)('workerd') as { readonly default: string };

const ROOT = join(import.meta.dirname, '../..');

export interface WorkerSpec {
  /** Names the Worker and its socket: letters, digits and dashes. */
  readonly name: string;
  /** The Worker's main module, from the root of the repository. */
  readonly entry: string;
  /** Text bindings, as `[vars]` are. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Durable Object classes that the Worker exports: binding name to class name. */
  readonly objects?: Readonly<Record<string, string>>;
  /** The names of KV bindings. Writes succeed, reads find nothing. */
  readonly kv?: readonly string[];
}

export interface StartOptions {
  /** Also starts V8's inspector. */
  readonly inspect?: boolean;
  /** Flags of V8, beside `--expose-gc`. */
  readonly v8Flags?: readonly string[];
}

export interface Runtime {
  readonly pid: number;
  /** The port on 127.0.0.1 of each Worker, by its name. */
  readonly ports: Readonly<Record<string, number>>;
  /** The port of the inspector (inspector.ts); null without `inspect`. */
  readonly inspectorPort: number | null;
  /** @returns everything that the Workers and workerd have written so far. */
  readonly output: () => string;
  stop(): Promise<void>;
}

/** Builds the Workers and starts them in one workerd process. */
export async function startWorkerd(
  specs: readonly WorkerSpec[],
  { inspect = false, v8Flags = [] }: StartOptions = {},
): Promise<Runtime> {
  const directory = await mkdtemp(join(tmpdir(), 'stepfun-edge-'));
  await Promise.all(specs.map((spec) => bundle(spec, directory)));
  await mkdir(join(directory, 'objects'));
  await writeFile(join(directory, 'config.capnp'), configText(specs, v8Flags));
  const flags = ['--experimental', '--control-fd=3', ...(inspect ? ['--inspector-addr=127.0.0.1:0'] : [])];
  const child = spawn(workerd.default, ['serve', 'config.capnp', ...flags], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => (output += String(data)));
  const stop = async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const { ports, inspectorPort } = await listening(child, specs.length);
    if (child.pid === undefined) throw new Error('workerd has no process');
    return { pid: child.pid, ports, inspectorPort, output: () => output, stop };
  } catch (error) {
    await stop();
    throw new Error(`workerd did not start:\n${output}`, { cause: error });
  }
}

async function bundle({ name, entry }: WorkerSpec, directory: string): Promise<void> {
  await build({
    entryPoints: [resolve(ROOT, entry)],
    outfile: join(directory, `${name}.js`),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    logLevel: 'error',
  });
}

async function listening(
  child: ChildProcess,
  count: number,
): Promise<Pick<Runtime, 'ports' | 'inspectorPort'>> {
  const ports: Record<string, number> = {};
  let inspectorPort: number | null = null;
  // `--control-fd` reports each socket's port as a line of JSON.
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const message = JSON.parse(line) as { event: string; socket: string; port: number };
    if (message.event === 'listen-inspector') inspectorPort = message.port;
    if (message.event === 'listen') ports[message.socket] = message.port;
    if (Object.keys(ports).length === count) return { ports, inspectorPort };
  }
  throw new Error('workerd ended early');
}

/** A KV service for workerd, which calls it over HTTP with GET and PUT. */
const EMPTY_KV = `addEventListener('fetch', (event) => {
  const status = event.request.method === 'GET' ? 404 : 200;
  event.respondWith(event.request.arrayBuffer().then(() => new Response(null, { status })));
});`;

function configText(specs: readonly WorkerSpec[], v8Flags: readonly string[]): string {
  const services = specs.map(
    (spec) => `(name = "${spec.name}", worker = (
      modules = [(name = "worker.js", esModule = embed "${spec.name}.js")],
      compatibilityDate = "2026-11-01",
      compatibilityFlags = ["enable_request_signal"],
      bindings = [${[
        ...Object.entries(spec.vars ?? {}).map(
          ([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`,
        ),
        ...Object.entries(spec.objects ?? {}).map(
          ([name, className]) => `(name = "${name}", durableObjectNamespace = "${className}")`,
        ),
        ...(spec.kv ?? []).map((name) => `(name = "${name}", kvNamespace = "kv")`),
      ].join(', ')}],
      durableObjectNamespaces = [${Object.values(spec.objects ?? {})
        .map((className) => `(className = "${className}", uniqueKey = "${className}", enableSql = true)`)
        .join(', ')}],
      durableObjectStorage = (localDisk = "objects"),
    ))`,
  );
  const sockets = specs.map(
    ({ name }) => `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}")`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = ${JSON.stringify(['--expose-gc', ...v8Flags])},
  services = [
    (name = "internet", network = (allow = ["public", "private"])),
    (name = "objects", disk = (path = "objects", writable = true)),
    (name = "kv", worker = (serviceWorkerScript = ${JSON.stringify(EMPTY_KV)}, compatibilityDate = "2026-11-01")),
    ${services.join(',\n    ')}
  ],
  sockets = [
    ${sockets.join(',\n    ')}
  ],
);
`;
}

/** @returns the CPU time of all threads of a process so far, in ns. */
export async function cpuNs(pid: number): Promise<number> {
  let sum = 0;
  for (const task of await readdir(`/proc/${pid}/task`)) {
    sum += Number((await readFile(`/proc/${pid}/task/${task}/schedstat`, 'utf8')).split(' ', 1)[0]);
  }
  return sum;
}

/** @returns the resident memory of a process, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
