// The tables and settings of the documentation are compared with the code.

import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import { settingsSchema } from '../../src/config/settings.ts';
import { errorBody, errorCodes, GatewayError, isErrorCode } from '../../src/http/errors.ts';
import { createRequestLog, writeRequestLog } from '../../src/http/request-log.ts';
import { blocks, codeSpans, PAGES, read, ROOT, section, tableRows, TRANSLATION } from './pages.ts';

afterEach(() => vi.restoreAllMocks());

describe('links', () => {
  it.each([...PAGES, TRANSLATION, 'SECURITY.md', 'CHANGELOG.md'])(
    'of %s lead to existing files and headings',
    (page) => {
      const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
      for (const [, path = '', anchor] of links) {
        const target = path === '' ? page : join(dirname(page), path);
        expect(existsSync(join(ROOT, target)), target).toBe(true);
        if (anchor !== undefined) expect(anchors(target), `${target}#${anchor}`).toContain(anchor);
      }
    },
  );

  /** As GitHub makes them. */
  function anchors(page: string): string[] {
    return Array.from(read(page).matchAll(/^#+ (.*)/gm), ([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
  }

  it('reach every page of docs from README.md', () => {
    const linked = new Set(Array.from(read('README.md').matchAll(/\]\((docs\/[^)#]+)/g), ([, path]) => path));
    const pages = PAGES.filter((page) => /^docs\/[^/]+\.md$/.test(page));
    expect(pages.filter((page) => !linked.has(page))).toEqual([]);
  });
});

describe('docs/settings.md', () => {
  const rows = tableRows(read('docs/settings.md').split(/^## Bindings$/m, 1)[0] ?? '');
  const defaults = new Map(rows.map(([name = '', value = '']) => [name.replaceAll('`', ''), value]));

  it('has a row for each setting, and no other', () => {
    expect([...defaults.keys()].toSorted()).toEqual(Object.keys(settingsSchema.shape).toSorted());
    expect(rows).toHaveLength(defaults.size);
  });

  it.each(Object.entries(settingsSchema.parse({})))('has the default of %s', (name, value) => {
    const documented = defaults.get(name);
    if (value === undefined) expect(documented).toMatch(/^–/);
    else if (Array.isArray(value)) expect(documented).toMatch(/^\((none|all)\b/);
    else if (name === 'TURNSTILE_VERIFY_URL') expect(value).toContain('challenges.cloudflare.com');
    else expect(documented?.replaceAll('`', '').replace(' (off)', '')).toBe(String(value));
  });

  it('has a row for each binding of wrangler.toml', () => {
    const documented = tableRows(section('docs/settings.md', 'Bindings')).flatMap(([name = '']) =>
      codeSpans(name),
    );
    const used = [...read('wrangler.toml').matchAll(/^(?:binding|name) = "([A-Z]+(?:_[A-Z]+)*)"/gm)].map(
      ([, name]) => name,
    );
    expect(used.length).toBeGreaterThan(4);
    expect(documented).toEqual(expect.arrayContaining(used));
    // The deploy button shows what package.json says of each.
    const { cloudflare } = JSON.parse(read('package.json')) as { cloudflare: { bindings: object } };
    const secrets = [...read('.dev.vars.example').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    const described = Object.keys(cloudflare.bindings);
    expect(described).toEqual(
      expect.arrayContaining([...secrets, ...used].filter((name) => name !== 'ASSETS')),
    );
    expect([...documented, ...Object.keys(settingsSchema.shape)]).toEqual(expect.arrayContaining(described));
  });

  it('has settings in .dev.vars.example that exist', () => {
    const named = [...read('.dev.vars.example').matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(Object.keys(settingsSchema.shape)).toEqual(expect.arrayContaining(named));
  });
});

describe('docs/errors.md', () => {
  const rows = tableRows(read('docs/errors.md'));

  it('has a row for each code, and no other', () => {
    expect(rows.map(([, code = '']) => code.replaceAll('`', '')).toSorted()).toEqual(errorCodes.toSorted());
  });

  it.each(rows)('has the status, type and retry of %s %s', (status, codeSpan = '', type, retry) => {
    const code = codeSpan.replaceAll('`', '');
    if (!isErrorCode(code)) throw new Error(`${code} is no code`);
    const error = new GatewayError(code);
    expect([status, type, retry]).toEqual([
      String(error.status),
      `\`${errorBody(error).error.type}\``,
      error.retry ? 'yes' : 'no',
    ]);
  });
});

describe('docs/logs.md', () => {
  const columns = codeSpans(section('docs/logs.md', 'Charts')).filter((name) =>
    /^(index|blob|double)\d$/.test(name),
  );

  /** Writes the line of a request that has failed, so that every field has a value. */
  function writeLine() {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {});
    const writeDataPoint = vi.fn<AnalyticsEngineDataset['writeDataPoint']>();
    const frame = { id: '', method: '', route: '', status: 500, startedAtMs: 0, firstByteAtMs: 0 };
    writeRequestLog({ ...createRequestLog(), params: ['model'], detail: 'a fault' }, frame, {
      writeDataPoint,
    });
    const line = JSON.parse(String(print.mock.calls[0]?.[0])) as object;
    return { line, point: writeDataPoint.mock.calls[0]?.[0] };
  }

  it('has a row for each field of the log line, and no other', () => {
    const documented = tableRows(section('docs/logs.md', 'The log line')).flatMap(([names = '']) =>
      codeSpans(names),
    );
    expect(documented.toSorted()).toEqual(Object.keys(writeLine().line).toSorted());
  });

  it('has a cell for each column of Analytics Engine, and no other', () => {
    const { indexes = [], blobs = [], doubles = [] } = writeLine().point ?? {};
    const named = (kind: string, values: readonly unknown[]) => values.map((_, at) => `${kind}${at + 1}`);
    const written = [...named('index', indexes), ...named('blob', blobs), ...named('double', doubles)];
    expect([...new Set(columns)].toSorted()).toEqual(written.toSorted());
  });

  const queries = blocks('sql', ['docs/logs.md'])
    .join('')
    .split(';\n')
    .filter((text) => text.trim() !== '');

  // Analytics Engine has a part of ClickHouse's functions: developers.cloudflare.com/analytics/analytics-engine/sql-reference.
  const FUNCTIONS = ['sum', 'if', 'now', 'tostartofinterval', 'quantileexactweighted'];

  it.each(queries)('uses only functions and columns that Analytics Engine has: %s', (text) => {
    const sql = text.replaceAll(/'[^']*'/g, "''");
    const called = [...sql.matchAll(/(\w+)\(/g)].map(([, name = '']) => name.toLowerCase());
    expect([...FUNCTIONS, 'in']).toEqual(expect.arrayContaining(called));
    const named = [...sql.matchAll(/\b(?:index|blob|double)\d\b/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(0);
    expect(columns).toEqual(expect.arrayContaining(named));
  });

  it('has queries, and Workers Logs is on', () => {
    expect(queries.length).toBeGreaterThan(2);
    expect(read('wrangler.toml')).toMatch(/^\[observability\]\nenabled = true$/m);
  });
});

describe('wrangler.toml', () => {
  const examples = blocks('toml');

  it.each(examples)('takes %s', async (text) => {
    const folder = await mkdtemp(join(tmpdir(), 'stepfun-edge-'));
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const path = join(folder, 'wrangler.toml');
    await writeFile(path, `name = "example"\nmain = "index.ts"\ncompatibility_date = "2026-11-01"\n${text}`);
    const { vars } = unstable_readConfig({ config: path });
    expect(warn.mock.calls).toEqual([]);
    expect(Object.keys(settingsSchema.shape)).toEqual(expect.arrayContaining(Object.keys(vars)));
    // The values are right, too.
    expect(settingsSchema.safeParse(asText(vars)).success).toBe(true);
    await rm(folder, { recursive: true });
  });

  function asText(vars: Readonly<Record<string, unknown>>): Record<string, string> {
    return Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, String(value)]));
  }
});
