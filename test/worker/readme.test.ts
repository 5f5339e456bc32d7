// The examples of the documentation are run: its commands here, in start.test.ts and in CI.
// test/clients/readme-examples.test.ts runs the JavaScript that calls the local gateway.

import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsSchema } from '../../src/config/settings.ts';
import { json, serve, type TestServer } from '../unit/access/support.ts';
import { startGateway, type Gateway } from './harness.ts';
import { blocks, PAGES, read, ROOT } from './pages.ts';

const DOCUMENTED_URL = 'http://127.0.0.1:8787';
const DEPLOYED_URL = 'https://stepfun-edge.<your-subdomain>.workers.dev';
const BIN = join(ROOT, 'node_modules/.bin');
const README_BYTES_MAX = 9_000;

const run = promisify(execFile);

const readme = read('README.md');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

let siteverify: TestServer;
let gateway: Gateway;
beforeAll(async () => {
  siteverify = await serve((_, response) =>
    json(response, { success: true, hostname: 'page.example', action: 'chat' }),
  );
  gateway = await startGateway({
    TURNSTILE_SECRET_KEY: 'turnstile-secret',
    TURNSTILE_SITE_KEY: 'site',
    TURNSTILE_VERIFY_URL: siteverify.url,
    SESSION_SIGNING_KEY: 'signing-key-of-32-characters-0001',
  });
});
afterAll(async () => {
  await gateway.close();
  await siteverify[Symbol.asyncDispose]();
});

describe('shell', () => {
  const texts = blocks('sh');
  const curls = texts.filter((text) => text.startsWith('curl'));
  const commands = texts
    .filter((text) => !text.startsWith('curl'))
    .flatMap((text) => text.trim().split('\n'))
    .map((line) => line.replace(/ *#.*/, ''))
    .flatMap((line) => line.split(' && '));

  it.each(curls)('%s', async (text) => {
    const command = text.replaceAll(DOCUMENTED_URL, gateway.url).replaceAll(DEPLOYED_URL, gateway.url);
    const { stdout } = await run('sh', ['-c', command]);
    const [, answer = /"choices"/] =
      [['/healthz', /"status":"ok"/] as const, ['/v1/usage', /"object":"usage"/] as const].find(([path]) =>
        text.includes(path),
      ) ?? [];
    expect(stdout).toMatch(answer);
    expect(stdout).not.toMatch(/"error"/);
  });

  const CI = ['npm install', 'npm run check', 'npm test', 'npm run build'];
  const START_TEST = ['npm start', 'cp .dev.vars.example .dev.vars', 'npm run start:live'];
  const LONG_RUNS = Object.keys(scripts)
    .filter((name) => /^(?:bench|fuzz|load|soak|mutate)/.test(name))
    .map((name) => `npm run ${name}`);
  const CLONE = ['git clone <this repository> stepfun-edge', 'cd stepfun-edge'];

  it('has no command that no test runs', () => {
    const elsewhere = new Set([...CI, ...START_TEST, ...LONG_RUNS, ...CLONE]);
    // The command `clients` has tests of its own.
    const others = commands.filter(
      (command) => !elsewhere.has(command) && !/^npx wrangler |^npm run clients -- /.test(command),
    );
    expect([...new Set(others)].toSorted()).toEqual([
      'cp wrangler.toml wrangler.staging.toml',
      'git pull',
      'npm run deploy',
    ]);
    expect(commands).toEqual(expect.arrayContaining([...START_TEST, ...CLONE]));
    // `npm run build` is the deployment without its upload.
    expect(`${scripts['deploy']} --dry-run --outdir dist`).toBe(scripts['build']);
  });

  it.each(['.ci/run', '.github/workflows/ci.yml'])('is run by %s', (path) => {
    expect([...read(path).matchAll(/^(?: *- run: )?(npm .*)/gm)].map(([, step]) => step)).toEqual(CI);
  });

  it.runIf(existsSync(join(ROOT, '.git')))('clones into the folder that it then uses', async () => {
    const home = await mkdtemp(join(tmpdir(), 'stepfun-edge-'));
    const command = CLONE.join(' && ').replace('<this repository>', `--quiet ${ROOT}`);
    const { stdout } = await run('sh', ['-c', `${command} && ls`], { cwd: home });
    expect(stdout).toMatch(/^package\.json$/m);
    await rm(home, { recursive: true });
  });

  /** The options that the documentation uses with each command of wrangler. */
  const wrangler = new Map<string, Set<string>>();
  for (const page of PAGES) {
    for (const [, words = ''] of read(page).matchAll(/npx wrangler ([^`#\n]+)/g)) {
      const [command = ''] = /^[a-z]+(?: [a-z]+)*/.exec(words) ?? [];
      const options = wrangler.get(command) ?? new Set();
      for (const [option] of words.matchAll(/(?<= )--?[a-z]+/g)) options.add(option);
      wrangler.set(command, options);
    }
  }

  it.each([...wrangler].map(([command, options]) => [command, [...options]] as const))(
    'wrangler has the command %s with the options %j',
    async (command, options) => {
      const { stdout } = await run(join(BIN, 'wrangler'), [...command.split(' '), '--help']);
      expect(stdout).toMatch(new RegExp(`^wrangler ${command}(?: [<[].*)?\n`));
      for (const option of options) expect(stdout).toMatch(new RegExp(`(?<![\\w-])${option}(?![\\w-])`));
    },
  );

  it('names existing settings and scripts', () => {
    const text = PAGES.map(read).join('');
    const secrets = Array.from(text.matchAll(/secret put (?!NAME\b)([A-Z_]+)/g), ([, name]) => name);
    expect(secrets.length).toBeGreaterThan(1);
    expect(Object.keys(settingsSchema.shape)).toEqual(expect.arrayContaining(secrets));
    const named = Array.from(text.matchAll(/npm (?:run )?([\w:-]+)/g), ([, name]) => name);
    expect(named.length).toBeGreaterThan(10);
    expect([...Object.keys(scripts), 'install']).toEqual(expect.arrayContaining(named));
  });
});

describe('README.md', () => {
  it(`has at most ${README_BYTES_MAX} bytes`, () => {
    expect(Buffer.byteLength(readme)).toBeLessThanOrEqual(README_BYTES_MAX);
  });

  it('shows set-up, start and a first request before everything else', () => {
    const screen = readme.split('\n').slice(0, 45).join('\n');
    expect(screen).toMatch(/git clone .*npm install && npm start$.*^curl .*^}'$/ms);
  });
});

describe('other examples', () => {
  const [javaScript = ''] = blocks('js', ['README.md']);

  it('JavaScript prints reasoning and answer apart', async () => {
    const code = javaScript.replaceAll(DOCUMENTED_URL, gateway.url);
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], { cwd: ROOT });
    expect(stdout).toMatch(/^\S[^]*\n\nAnswer: \S[^]*\bsky\b/);
    expect(stdout.match(/Answer: /g)).toHaveLength(1);
  });

  it('the same compiles as TypeScript', async () => {
    // Within node_modules, so that the package `openai` is found.
    const folder = join(ROOT, 'node_modules/.cache/readme');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'example.mts'), javaScript);
    const compilerOptions = {
      noEmit: true,
      strict: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
      module: 'nodenext',
      target: 'es2024',
      types: ['node'],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    const tsc = run(join(BIN, 'tsc'), ['--project', folder]);
    // The compiler writes its errors to stdout.
    const { stdout } = await tsc.catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  });

  it('a session in JavaScript', async () => {
    const code = blocks('js').find((text) => text.includes('/v1/session'));
    // The widget and the browser add these.
    const before = `const turnstileToken = 'solved'; const ask = fetch;
      globalThis.fetch = (url, init) => ask(url, { ...init, headers: { ...init.headers, origin: 'https://page.example' } });`;
    const after = 'console.log(JSON.stringify({ token, expires_at }));';
    const text = `${before}\n${code}\n${after}`.replaceAll('https://gateway.example', gateway.url);
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', text]);
    const { token, expires_at } = JSON.parse(stdout) as { token: string; expires_at: number };
    expect(expires_at * 1_000).toBeGreaterThan(Date.now());

    const headers = { authorization: `Bearer ${token}`, origin: 'https://page.example' };
    const response = await gateway.chat({}, headers);
    expect(response.status).toBe(200);
    await response.text();
    await expect.poll(() => gateway.logs().join('\n')).toContain('"client":"session:');
  });

  const hasPython = spawnSync('python3', ['--version']).status === 0;

  it.runIf(hasPython)('Python', async () => {
    const [code = ''] = blocks('python');
    const { stdout } = await run('python3', ['-c', code.replaceAll(DOCUMENTED_URL, gateway.url)], {
      env: {
        ...process.env,
        PYTHONPATH: join(import.meta.dirname, 'fixtures'),
        PYTHONDONTWRITEBYTECODE: '1',
        no_proxy: '127.0.0.1',
      },
    });
    expect(stdout).toMatch(/^\S[^]*\n\nAnswer: \S[^]*\bsky\b/);
  });
});
