// README.md is run, not only read: its curl lines against the gateway, its tables
// against the code. Its JavaScript is run by test/clients/readme-examples.test.ts.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { settingsSchema } from '../../src/config.ts';
import { errorCodes } from '../../src/errors.ts';
import { createRecord, writeRecord } from '../../src/record.ts';
import { startGateway, type Gateway } from './harness.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOCUMENTED_URL = 'http://127.0.0.1:8787';
const run = promisify(execFile);

const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
const scripts = (JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { scripts: object })
  .scripts;

/** The fenced blocks of a language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n(.*?)^```/gms)].flatMap(([, named, text]) =>
    named === language && text !== undefined ? [text] : [],
  );
}

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

describe('shell', () => {
  const commands = blocks('sh');
  const curls = commands.filter((text) => text.startsWith('curl'));

  it.each(curls)('%s', async (text) => {
    const { stdout } = await run('sh', ['-c', text.replaceAll(DOCUMENTED_URL, gateway.url)]);
    expect(stdout).toMatch(/"choices"/);
    expect(stdout).not.toMatch(/"error"/);
  });

  it('names scripts that are there', () => {
    const named = commands.flatMap((text) =>
      [...text.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, name]) => name),
    );
    const known = [...Object.keys(scripts), 'install'];
    expect(known).toEqual(expect.arrayContaining(named));
    expect(named.length).toBeGreaterThan(5);
  });
});

describe('logs and charts', () => {
  const queries = blocks('sql')
    .join('')
    .split(';\n')
    .filter((text) => text.trim() !== '');
  const columns = [...readme.matchAll(/\| `((?:index|blob|double)\d)`/g)].map(([, name]) => name);

  it('has a row for every column that is written', () => {
    const write = vi.fn<AnalyticsEngineDataset['writeDataPoint']>();
    vi.spyOn(console, 'info').mockImplementation(() => {});
    const frame = { id: '', method: '', route: '', status: 200, startedAtMs: 0, firstByteAtMs: 0 };
    writeRecord(createRecord(), frame, { writeDataPoint: write });
    const { indexes = [], blobs = [], doubles = [] } = write.mock.calls[0]?.[0] ?? {};
    const named = (kind: string, values: readonly unknown[]) => values.map((_, at) => `${kind}${at + 1}`);
    const written = [...named('index', indexes), ...named('blob', blobs), ...named('double', doubles)];
    expect(new Set(columns)).toEqual(new Set(written));
  });

  // developers.cloudflare.com/analytics/analytics-engine/sql-reference: it is not all of ClickHouse's.
  const FUNCTIONS = ['sum', 'if', 'now', 'tostartofinterval', 'quantileexactweighted'];

  it.each(queries)('asks of Analytics Engine what it can: %s', (text) => {
    const sql = text.replaceAll(/'[^']*'/g, "''");
    const called = [...sql.matchAll(/(\w+)\(/g)].map(([, name]) => name!.toLowerCase());
    expect([...FUNCTIONS, 'in']).toEqual(expect.arrayContaining(called));
    const named = [...sql.matchAll(/\b(?:index|blob|double)\d\b/g)].map(([name]) => name);
    expect(columns).toEqual(expect.arrayContaining(named));
  });

  it('has three queries, and Workers Logs on', async () => {
    expect(queries).toHaveLength(3);
    const settings = await readFile(join(ROOT, 'wrangler.toml'), 'utf8');
    expect(settings).toMatch(/^\[observability\]\nenabled = true$/m);
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
