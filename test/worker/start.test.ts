// `npm start` and `npm run start:live` as a new user runs them: in a fresh copy, so that neither settings nor stores
// of this folder matter.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import { json, serve } from '../unit/access/support.ts';
import { question } from './harness.ts';
import { read, ROOT } from './pages.ts';

const COPIED = [
  'package.json',
  'tsconfig.base.json',
  'worker-configuration.d.ts',
  'wrangler.toml',
  'wrangler.local.toml',
  '.dev.vars.example',
  'scripts',
  'src',
  'test/simulator',
];
const SECONDS = 1_000;
const START_TIMEOUT = { timeout: 150 * SECONDS };

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
  if (started?.exitCode === null && started.signalCode === null) {
    const exit = once(started, 'exit');
    started.kill();
    await exit;
  }
  started = null;
  await rm(join(home, '.dev.vars'), { force: true });
});

function writeDevVars(...lines: string[]): Promise<void> {
  return writeFile(join(home, '.dev.vars'), `${lines.join('\n')}\n`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Runs a script of package.json as npm does; `printed` returns its output so far.
 * @param runner - the command; the default is npm's own for this script.
 */
async function start(
  script: 'start' | 'start:live',
  env: Record<string, string> = {},
  runner = scripts[script] ?? '',
) {
  const port = env['PORT'] ?? String(await freePort());
  const PATH = `${join(home, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;
  const child = spawn('sh', ['-c', runner], {
    cwd: home,
    env: { ...process.env, PATH, ...env, PORT: port },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started = child;
  let printed = '';
  child.stdout.on('data', (data) => (printed += String(data)));
  child.stderr.on('data', (data) => (printed += String(data)));
  return { child, url: `http://127.0.0.1:${port}`, printed: () => printed };
}

type Started = Awaited<ReturnType<typeof start>>;

/** @returns the curl command, once it is printed. */
async function printedCommand({ url, printed }: Started): Promise<string> {
  const command = () => /^ *(curl -N http:[^]*?\}')$/m.exec(printed())?.[1];
  await expect.poll(command, { timeout: 120 * SECONDS }).toContain(`${url}/`);
  return command() ?? '';
}

/** @returns the output of a start that fails at once. */
async function failedStart(
  script: 'start' | 'start:live',
  env: Record<string, string> = {},
): Promise<string> {
  const { child, printed } = await start(script, env);
  expect(await once(child, 'exit')).toEqual([1, null]);
  return printed();
}

function ask(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(question('Why is the sky blue?')),
  });
}

/** Asks until the answer comes from the cache: then it is in the store, too. */
async function askUntilStored(url: string): Promise<string> {
  const first = await (await ask(url)).text();
  await expect
    .poll(async () => (await ask(url)).headers.get('cache-status'), { timeout: 10 * SECONDS })
    .toMatch(/^stepfun-edge; hit/);
  return first;
}

/** @returns the folders that hold entries of the cache. */
async function stores(): Promise<string[]> {
  const files = await readdir(join(home, '.wrangler'), { recursive: true });
  const values = files.filter((path) => /\/kv\/.*\/blobs\/./.test(path));
  return [...new Set(values.map((path) => path.replace(/\/.*/, '')))].sort();
}

describe('npm start', () => {
  // The first test: the store has no client yet.
  it(
    'with ANONYMOUS_ACCESS=false alone lets the client demo in, and nobody else',
    START_TIMEOUT,
    async () => {
      await writeDevVars('ANONYMOUS_ACCESS=false');
      const gateway = await start('start');
      expect(await printedCommand(gateway)).toContain("-H 'authorization: Bearer YOUR_KEY'");
      expect(gateway.printed()).toContain('replace YOUR_KEY by the key of the client "demo" below');
      const authorization = 'Bearer sfe-demo-00000000000000000000000000000000';
      expect((await ask(gateway.url, { authorization })).status).toBe(200);
      expect((await ask(gateway.url, { authorization: `${authorization}0` })).status).toBe(401);
      expect(gateway.printed()).not.toMatch(/access_not_configured/);
    },
  );

  it(
    'serves simulated answers, and prints a command that gets one, without any warning',
    START_TIMEOUT,
    async () => {
      const gateway = await start('start');
      const { stdout } = await run('sh', ['-c', await printedCommand(gateway)]);
      expect(stdout).toContain('"choices"');
      expect(stdout).toMatch(/data: \[DONE\]\n\n$/);

      const demo = () =>
        /^ *curl (\S+\/v1\/usage) -H 'authorization: Bearer (\S+)'$/m.exec(gateway.printed());
      await expect.poll(demo, { timeout: 120_000 }).not.toBeNull();
      const [, usageUrl = '', key = ''] = demo() ?? [];
      const usage = await fetch(usageUrl, { headers: { authorization: `Bearer ${key}` } });
      expect(await usage.json()).toMatchObject({ client: 'demo', tokens: { limit: 100_000 } });

      expect(await askUntilStored(gateway.url)).toContain('The sky is blue because');
      expect(await stores()).toEqual(['simulator']);
      expect(gateway.printed()).not.toMatch(/warning|might be out of date|error/i);
    },
  );

  it(
    'reads .dev.vars without a warning, and prints a command with a key if one is needed',
    START_TIMEOUT,
    async () => {
      await writeDevVars(
        'ANONYMOUS_ACCESS=false',
        'CLIENT_KEYS=app:a-key-of-some-length',
        'ALLOWED_MODELS=step-3.7-flash',
      );
      const gateway = await start('start');
      const command = await printedCommand(gateway);
      expect(command).toContain("-H 'authorization: Bearer YOUR_KEY'");
      expect(gateway.printed()).toContain('replace YOUR_KEY by a key of CLIENT_KEYS in .dev.vars');
      expect(gateway.printed()).not.toMatch(/warning|might be out of date|a-key-of-some-length/i);
      const { stdout } = await run('sh', ['-c', command.replace('YOUR_KEY', 'a-key-of-some-length')]);
      expect(stdout).toContain('"model":"step-3.7-flash"');
      expect(stdout).toMatch(/data: \[DONE\]\n\n$/);
    },
  );

  it('ends when npm gets SIGTERM, and leaves its port free', START_TIMEOUT, async () => {
    const { child, url } = await start('start', {}, 'exec npm start');
    const answers = () =>
      fetch(`${url}/healthz`).then(
        (response) => response.ok,
        () => false,
      );
    await expect.poll(answers, { timeout: 120 * SECONDS }).toBe(true);
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
    await expect.poll(answers, { timeout: 20 * SECONDS }).toBe(false);
  });

  it('names a wrong setting', START_TIMEOUT, async () => {
    await writeDevVars('MAX_CHOICES=many');
    const gateway = await start('start');
    await expect
      .poll(gateway.printed, { timeout: 120 * SECONDS })
      .toMatch(/These settings are wrong\. .*\n +MAX_CHOICES: expected a whole number from 1 to 128/);
  });

  it.each([
    [{ PORT: 'abc' }, 'PORT=abc is not a port'],
    [{ PORT: '65536' }, 'PORT=65536 is not a port'],
    [{ SIMULATE_TIER: 'V9' }, 'SIMULATE_TIER=V9 is not a tier: use one of V0, V1,'],
  ])('refuses %j', async (env, message) => {
    expect(await failedStart('start', env)).toContain(message);
  });

  it('says that its port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const PORT = String((server.address() as AddressInfo).port);
    expect(await failedStart('start', { PORT })).toContain(`Port ${PORT} is in use`);
    server.close();
  });
});

describe('npm run start:live', () => {
  it('needs a .dev.vars', async () => {
    expect(await failedStart('start:live')).toContain('cp .dev.vars.example .dev.vars');
  });

  it(
    'calls StepFun with the key, prints its base URL, and stores its answers apart',
    START_TIMEOUT,
    async () => {
      const keys: unknown[] = [];
      const message = { role: 'assistant', content: 'StepFun itself' };
      await using stepfun = await serve((incoming, response) => {
        if (incoming.method === 'GET') {
          json(response, { object: 'list', data: [{ id: 'step-5-preview', object: 'model', created: 1 }] });
          return;
        }
        keys.push(incoming.headers.authorization);
        json(response, {
          id: '1',
          object: 'chat.completion',
          created: 1,
          model: 'step-3.5-flash',
          choices: [{ index: 0, message, finish_reason: 'stop' }],
        });
      });
      await run('sh', ['-c', 'cp .dev.vars.example .dev.vars'], { cwd: home });
      await writeDevVars('STEP_API_KEY=sk-live', `STEPFUN_BASE_URL=${stepfun.url}/v1`);

      const gateway = await start('start:live');
      expect(await printedCommand(gateway)).toContain('"model": "step-5-preview"');
      expect(gateway.printed()).toContain(`Behind it: StepFun at ${stepfun.url}/v1`);
      expect(gateway.printed()).not.toMatch(/warning|might be out of date|sk-live/i);
      expect(await askUntilStored(gateway.url)).toContain('StepFun itself');
      expect(keys).toEqual(['Bearer sk-live']);
      expect(await stores()).toEqual(['live', 'simulator']);
    },
  );
});

it.each(['wrangler.toml', 'wrangler.local.toml'])('%s makes wrangler warn of nothing', (name) => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  unstable_readConfig({ config: join(ROOT, name) });
  expect(warned.mock.calls).toEqual([]);
  warned.mockRestore();
});

it('has the same Worker in wrangler.local.toml as in wrangler.toml, apart from what it says', () => {
  const config = (name: string) => unstable_readConfig({ config: join(ROOT, name) }, { hideWarnings: true });
  const deployed = config('wrangler.toml');
  const local = config('wrangler.local.toml');
  const shared = [
    'main',
    'compatibility_date',
    'compatibility_flags',
    'assets',
    'kv_namespaces',
    'durable_objects',
    'migrations',
  ] as const;
  for (const name of shared) expect(local[name], name).toEqual(deployed[name]);
});

it('has the same Worker date in the simulator', () => {
  const { compatibility_date } = unstable_readConfig({ config: join(ROOT, 'test/simulator/wrangler.toml') });
  expect(compatibility_date).toBe(
    unstable_readConfig({ config: join(ROOT, 'wrangler.toml') }).compatibility_date,
  );
});
