// The documentation is tested: its commands here, in start.test.ts and in CI, its tables against
// the code. test/clients/readme-examples.test.ts runs the JavaScript that calls the local gateway.

import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { settingsSchema } from '../../src/config/config.ts';
import { errorCodes } from '../../src/http/errors.ts';
import { createRequestLog, writeRequestLog } from '../../src/http/request-log.ts';
import { json, serve, type TestServer } from '../unit/access/support.ts';
import { startGateway, type Gateway } from './harness.ts';
import { blocks, PAGES, read, ROOT } from './pages.ts';

const DOCUMENTED_URL = 'http://127.0.0.1:8787';
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
  const curls = blocks('sh', ['README.md']).filter((text) => text.startsWith('curl'));
  const lines = blocks('sh', ['README.md'])
    .filter((text) => !text.startsWith('curl'))
    .flatMap((text) => text.trim().split('\n'))
    .map((line) => line.replace(/ *#.*/, ''));
  const wrangler = lines.flatMap((line) => /^npx wrangler (.*)/.exec(line)?.[1] ?? []);

  it.each(curls)('%s', async (text) => {
    const { stdout } = await run('sh', ['-c', text.replaceAll(DOCUMENTED_URL, gateway.url)]);
    expect(stdout).toMatch(/"choices"/);
    expect(stdout).not.toMatch(/"error"/);
  });

  const CI = ['npm install', 'npm run check', 'npm test', 'npm run build'];
  const START_TEST = ['npm start', 'cp .dev.vars.example .dev.vars', 'npm run start:live'];

  it('has no command that no test runs', () => {
    const elsewhere = new Set([...CI, ...START_TEST, ...wrangler.map((text) => `npx wrangler ${text}`)]);
    expect(lines.filter((line) => !elsewhere.has(line))).toEqual(['npm run deploy']);
    expect(lines).toEqual(expect.arrayContaining(START_TEST));
    expect(`${scripts['deploy']} --dry-run --outdir dist`).toBe(scripts['build']);
  });

  it.each(['.ci/run', '.github/workflows/ci.yml'])('is run by %s', (path) => {
    expect([...read(path).matchAll(/^(?: *- run: )?(npm .*)/gm)].map(([, step]) => step)).toEqual(CI);
  });

  it.each([...new Set(wrangler.map((text) => text.replace(/ [A-Z_]+$/, '')))])(
    'wrangler has the command %s',
    async (command) => {
      const { stdout } = await run(join(ROOT, 'node_modules/.bin/wrangler'), [
        ...command.split(' '),
        '--help',
      ]);
      expect(stdout).toMatch(new RegExp(`^wrangler ${command}(?: <key>)?\n`));
    },
  );

  it('names existing settings and scripts', () => {
    const secrets = wrangler.flatMap((text) => /^secret put (.*)/.exec(text)?.[1] ?? []);
    expect(secrets.length).toBeGreaterThan(1);
    expect(Object.keys(settingsSchema.shape)).toEqual(expect.arrayContaining(secrets));
    const named = PAGES.flatMap((page) => [...read(page).matchAll(/npm (?:run )?([\w:]+)/g)]);
    expect(named.length).toBeGreaterThan(10);
    expect([...Object.keys(scripts), 'install']).toEqual(
      expect.arrayContaining(named.map(([, name]) => name)),
    );
  });
});

it('shows install, start and a first request on its first screen', () => {
  const screen = readme.split('\n').slice(0, 25).join('\n');
  expect(screen).toMatch(/^npm install\nnpm start$.*^curl .*^}'$/ms);
});

describe('links', () => {
  it.each(PAGES)('of %s lead to existing files and headings', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    for (const [, path = '', anchor] of links) {
      const target = path === '' ? page : join(dirname(page), path);
      expect(existsSync(join(ROOT, target)), target).toBe(true);
      if (anchor === undefined) continue;
      const titles = [...read(target).matchAll(/^#+ (.*)/gm)].map(([, title = '']) =>
        title.toLowerCase().replaceAll(' ', '-'),
      );
      expect(titles).toContain(anchor);
    }
  });
});

describe('other examples', () => {
  it('a session in JavaScript', async () => {
    const code = blocks('js').find((text) => text.includes('/v1/session'));
    // What the widget and the browser add.
    const before = `const turnstileToken = 'solved'; const ask = fetch;
      globalThis.fetch = (url, init) => ask(url, { ...init, headers: { ...init.headers, origin: 'https://page.example' } });`;
    const after = 'console.log(JSON.stringify({ token, expires_at }));';
    const text = `${before}\n${code}\n${after}`.replaceAll('https://gateway.example', gateway.url);
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', text]);
    const { token, expires_at } = JSON.parse(stdout) as { token: string; expires_at: number };
    expect(expires_at * 1_000).toBeGreaterThan(Date.now());

    const asking = { authorization: `Bearer ${token}`, origin: 'https://page.example' };
    const response = await gateway.chat({}, asking);
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
    expect(stdout).toMatch(/\bsky\b/i);
  });
});

describe('logs and charts', () => {
  const queries = blocks('sql')
    .join('')
    .split(';\n')
    .filter((text) => text.trim() !== '');
  const columns = [...read('README.md').matchAll(/\| `((?:index|blob|double)\d)`/g)].map(([, name]) => name);

  it('has a row for every column that is written', () => {
    const write = vi.fn<AnalyticsEngineDataset['writeDataPoint']>();
    vi.spyOn(console, 'info').mockImplementation(() => {});
    const frame = { id: '', method: '', route: '', status: 200, startedAtMs: 0, firstByteAtMs: 0 };
    writeRequestLog(createRequestLog(), frame, { writeDataPoint: write });
    const { indexes = [], blobs = [], doubles = [] } = write.mock.calls[0]?.[0] ?? {};
    const named = (kind: string, values: readonly unknown[]) => values.map((_, at) => `${kind}${at + 1}`);
    const written = [...named('index', indexes), ...named('blob', blobs), ...named('double', doubles)];
    expect(new Set(columns)).toEqual(new Set(written));
  });

  // Analytics Engine has a part of ClickHouse's functions: developers.cloudflare.com/analytics/analytics-engine/sql-reference.
  const FUNCTIONS = ['sum', 'if', 'now', 'tostartofinterval', 'quantileexactweighted'];

  it.each(queries)('uses only functions and columns that Analytics Engine has: %s', (text) => {
    const sql = text.replaceAll(/'[^']*'/g, "''");
    const called = [...sql.matchAll(/(\w+)\(/g)].map(([, name]) => name!.toLowerCase());
    expect([...FUNCTIONS, 'in']).toEqual(expect.arrayContaining(called));
    const named = [...sql.matchAll(/\b(?:index|blob|double)\d\b/g)].map(([name]) => name);
    expect(columns).toEqual(expect.arrayContaining(named));
  });

  it('has three queries, and Workers Logs on', () => {
    expect(queries).toHaveLength(3);
    expect(read('wrangler.toml')).toMatch(/^\[observability\]\nenabled = true$/m);
  });
});

describe('tables', () => {
  const settings = readme.split('## Settings')[1]?.split('\n## ')[0] ?? '';
  const codeWords = new Set([...readme.matchAll(/`([^`\n]+)`/g)].map(([, word]) => word));

  it('has every setting, with its default', () => {
    for (const name of Object.keys(settingsSchema.shape)) expect(codeWords).toContain(name);
    const defaults = settingsSchema.parse({});
    for (const [name, value] of Object.entries(defaults)) {
      if (typeof value !== 'number' && typeof value !== 'string') continue;
      const row =
        settings.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${name}\``)) ?? '';
      if (name !== 'TURNSTILE_VERIFY_URL') expect(row).toContain(String(value));
    }
  });

  it('has every error code', () => {
    for (const code of errorCodes) expect(codeWords).toContain(code);
  });
});
