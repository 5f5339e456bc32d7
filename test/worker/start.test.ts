// `npm start` and `npm run start:live`, as a newcomer meets them: in a fresh copy, so that
// neither settings nor stores of this one matter.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { json, serve } from '../unit/access/support.ts';
import { question } from './harness.ts';
import { read, ROOT } from './pages.ts';

const COPIED = ['package.json', 'wrangler.toml', '.dev.vars.example', 'scripts', 'src', 'test/simulator'];
const SECONDS = 1_000;

const run = promisify(execFile);
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'stepfun-edge-'));
  for (const path of COPIED) await cp(join(ROOT, path), join(home, path), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(home, 'node_modules'));
});
afterAll(() => rm(home, { recursive: true }));

let started: ChildProcess | null = null;
afterEach(async () => {
  if (started?.exitCode === null) {
    const exit = once(started, 'exit');
    started.kill();
    await exit;
  }
  started = null;
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Runs a script of package.json as npm does; `printed` is what a person sees of it. */
async function start(script: 'start' | 'start:live') {
  const port = await freePort();
  const PATH = `${join(home, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;
  const child = spawn('sh', ['-c', `exec ${scripts[script]}`], {
    cwd: home,
    env: { ...process.env, PATH, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started = child;
  let printed = '';
  child.stdout.on('data', (data) => (printed += String(data)));
  child.stderr.on('data', (data) => (printed += String(data)));
  return { child, url: `http://127.0.0.1:${port}`, printed: () => printed };
}

/** The line to paste, once it is printed. */
async function lineToPaste({ url, printed }: Awaited<ReturnType<typeof start>>): Promise<string> {
  const line = () => /^ *(curl -N http:[^]*?\}')$/m.exec(printed())?.[1];
  await expect.poll(line, { timeout: 120 * SECONDS }).toContain(`${url}/`);
  return line() ?? '';
}

function ask(url: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(question('Why is the sky blue?'));
  return fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
}

/** Asks until the answer comes from the cache: from then on it is in the store, too. */
async function askUntilStored(url: string): Promise<string> {
  const first = await (await ask(url)).text();
  await expect
    .poll(async () => (await ask(url)).headers.get('cache-status'), { timeout: 10 * SECONDS })
    .toMatch(/^stepfun-edge; hit/);
  return first;
}

/** The folders that hold something of the cache. */
async function stores(): Promise<string[]> {
  const files = await readdir(join(home, '.wrangler'), { recursive: true });
  const values = files.filter((path) => /\/kv\/.*\/blobs\/./.test(path));
  return [...new Set(values.map((path) => path.replace(/\/.*/, '')))].sort();
}

it(
  'start serves simulated answers, and prints the line that asks for one',
  { timeout: 150_000 },
  async () => {
    const gateway = await start('start');
    const { stdout } = await run('sh', ['-c', await lineToPaste(gateway)]);
    expect(stdout).toContain('"choices"');
    expect(stdout).toMatch(/data: \[DONE\]\n\n$/);

    const demo = () => /^ *curl (\S+\/v1\/usage) -H "authorization: Bearer (\S+)"$/m.exec(gateway.printed());
    await expect.poll(demo, { timeout: 120 * SECONDS }).not.toBeNull();
    const [, usageUrl = '', key = ''] = demo() ?? [];
    const usage = await fetch(usageUrl, { headers: { authorization: `Bearer ${key}` } });
    expect(await usage.json()).toMatchObject({ client: 'demo', tokens: { limit: 100_000 } });

    expect(await askUntilStored(gateway.url)).toContain('The sky is blue because');
    expect(await stores()).toEqual(['simulator']);
  },
);

it('start:live wants a key', async () => {
  const { child, printed } = await start('start:live');
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(printed()).toContain('cp .dev.vars.example .dev.vars');
});

it(
  'start:live asks StepFun with the key, and keeps its answers apart from simulated ones',
  { timeout: 150_000 },
  async () => {
    const keys: unknown[] = [];
    const message = { role: 'assistant', content: 'StepFun itself' };
    await using stepfun = await serve((request, response) => {
      keys.push(request.headers.authorization);
      json(response, {
        id: '1',
        object: 'chat.completion',
        created: 1,
        model: 'step-3.5-flash',
        choices: [{ index: 0, message, finish_reason: 'stop' }],
      });
    });
    await run('sh', ['-c', 'cp .dev.vars.example .dev.vars'], { cwd: home });
    await appendFile(join(home, '.dev.vars'), `STEP_API_KEY=sk-live\nSTEPFUN_BASE_URL=${stepfun.url}/v1\n`);

    const gateway = await start('start:live');
    await lineToPaste(gateway);
    expect(gateway.printed()).toContain(`asking ${stepfun.url}/v1`);
    expect(await askUntilStored(gateway.url)).toContain('StepFun itself');
    expect(keys).toEqual(['Bearer sk-live']);
    expect(await stores()).toEqual(['live', 'simulator']);
  },
);

it('start:live shows a key in its line where one is needed', { timeout: 150_000 }, async () => {
  await run('sh', ['-c', 'cp .dev.vars.example .dev.vars'], { cwd: home });
  const settings = 'STEP_API_KEY=sk-live\nANONYMOUS_ACCESS=false\nCLIENT_KEYS=app:0123456789abcdef\n';
  await appendFile(join(home, '.dev.vars'), settings);
  const gateway = await start('start:live');
  expect(await lineToPaste(gateway)).toContain('-H "authorization: Bearer $KEY"');
});

it('start:live names the settings that are wrong', { timeout: 150_000 }, async () => {
  await run('sh', ['-c', 'cp .dev.vars.example .dev.vars'], { cwd: home });
  await appendFile(join(home, '.dev.vars'), 'STEP_API_KEY=sk-live\nTOKEN_PER_DAY=5\n');
  const gateway = await start('start:live');
  await expect
    .poll(gateway.printed, { timeout: 120 * SECONDS })
    .toContain('TOKEN_PER_DAY: expected the name TOKENS_PER_DAY');
});
