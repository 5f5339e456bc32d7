import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runClients } from '../../../scripts/clients.ts';
import { CommandError } from '../../../scripts/clients/command-error.ts';
import { EXAMPLES, OPTIONS } from '../../../scripts/clients/options.ts';
import { wranglerError, type EntryStore, type StoreOptions } from '../../../scripts/clients/kv-store.ts';
import { clientEntrySchema, policyEntrySchema } from '../../../src/access/client-entry.ts';

const NOON = Date.parse('2026-11-22T12:00:00Z');
const NOON_SECONDS = NOON / 1_000;

let data: Map<string, string>;
let writes: number;
let opened: StoreOptions[];
let zone: string | undefined;

beforeAll(() => {
  zone = process.env['TZ'];
  process.env['TZ'] = 'Asia/Shanghai'; // UTC+8: a local day is no UTC day
});
afterAll(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});
beforeEach(() => {
  data = new Map();
  writes = 0;
  opened = [];
});

const store: EntryStore = {
  read: async (prefix) => new Map([...data].filter(([key]) => key.startsWith(prefix))),
  write: async (entries) => {
    writes += 1;
    for (const [key, value] of entries) data.set(key, value);
  },
  remove: async (keys) => {
    writes += 1;
    for (const key of keys) data.delete(key);
  },
};

function run(line: string, nowMs = NOON): Promise<string> {
  const createStore = (options: StoreOptions) => {
    opened.push(options);
    return store;
  };
  return runClients(line.split(' ').filter(Boolean), createStore, nowMs);
}

async function json(line: string, nowMs = NOON): Promise<Record<string, unknown>> {
  return JSON.parse(await run(`${line} --json`, nowMs)) as Record<string, unknown>;
}

async function add(line: string): Promise<string> {
  return String((await json(`add ${line}`))['key']);
}

async function mistake(line: string, nowMs = NOON): Promise<string> {
  const before = new Map(data);
  const error: unknown = await run(line, nowMs).catch((thrown: unknown) => thrown);
  expect(data).toEqual(before); // a mistake changes nothing
  if (error instanceof CommandError) return error.message;
  throw new Error(`no mistake: ${String(error)}`);
}

/** A table's cells, which two spaces or more part. */
const cells = (table: string) => table.split('\n').map((line) => line.split(/ {2,}/));
const storedUnder = (key: string) => `key:${createHash('sha256').update(key).digest('hex')}`;
const entryOf = (key: string) => JSON.parse(data.get(storedUnder(key)) ?? 'null') as unknown;

describe('add', () => {
  it('creates a key, prints it once and stores only its digest', async () => {
    const printed = await run('add web');
    const key = /^ {2}(\S+)$/m.exec(printed)?.[1] ?? '';
    expect(key).toMatch(/^sfe-web-[a-z0-9]{32}$/);
    expect(printed).toContain('not shown again');
    expect(entryOf(key)).toEqual({ name: 'web', created_at: NOON_SECONDS });
    expect(JSON.stringify([...data])).not.toContain(key.slice('sfe-web-'.length));
    expect(await add('other')).not.toBe(await add('third'));
  });

  it('accepts every limit', async () => {
    const key = await add(
      'web --models step-3.7-flash,step-3.5-flash --tokens-per-day 200000 --requests-per-minute 0 ' +
        '--max-output-tokens 1000 --origins https://app.example,https://*.app.pages.dev --expires 2027-01-31',
    );
    expect(entryOf(key)).toEqual({
      name: 'web',
      created_at: NOON_SECONDS,
      models: ['step-3.7-flash', 'step-3.5-flash'],
      tokens_per_day: 200_000,
      requests_per_minute: 0,
      max_output_tokens: 1_000,
      origins: ['https://app.example', 'https://*.app.pages.dev'],
      // The whole of that day, here.
      expires_at: Date.parse('2027-02-01T00:00:00+08:00') / 1_000,
    });
    expect(clientEntrySchema.safeParse(entryOf(key)).success).toBe(true);
  });

  it('accepts a time as the end, and never', async () => {
    expect(entryOf(await add('a --expires 2027-01-31T12:00:00Z'))).toMatchObject({
      expires_at: Date.parse('2027-01-31T12:00:00Z') / 1_000,
    });
    expect(entryOf(await add('b --expires never'))).not.toHaveProperty('expires_at');
  });

  it('refuses a name that is taken or invalid', async () => {
    await add('web');
    expect(await mistake('add web')).toContain('There is a client "web" already');
    expect(await mistake(`add ${'a'.repeat(65)}`)).toContain('is not a valid name');
    expect(await mistake('add a/b')).toContain('is not a valid name');
  });

  it.each([
    [
      '--tokens-per-day 10,000',
      '--tokens-per-day 10,000: expected digits only, such as 10000 (0: no limit), or default.',
    ],
    ['--tokens-per-day many', '--tokens-per-day many: expected digits only, such as 200000 '],
    ['--tokens-per-day=-5', '--tokens-per-day -5: expected digits only, such as 200000 '],
    ['--requests-per-minute 1.5', '--requests-per-minute 1.5: expected digits only, such as 60 '],
    ['--max-output-tokens 1e3', '--max-output-tokens 1e3: expected digits only, such as 2000 '],
    ['--models ,', '--models ,: expected model names'],
    ['--models a;b', '--models a;b: expected model names'],
    [
      '--origins https://b.example,https://app.example/',
      '--origins https://app.example/: write it without the "/" at the end.',
    ],
    ['--origins app/', '--origins app/: expected origins such as'],
    ['--origins ,', '--origins ,: expected origins'],
    ['--expires tomorrow', '--expires tomorrow: expected a date'],
    ['--expires 2027-02-30', '--expires 2027-02-30: expected a date'],
    ['--expires 2027-01-31T', '--expires 2027-01-31T: expected a date'],
    ['--expires 2026-11-21', '--expires 2026-11-21: this is in the past.'],
    ['--expires 2026-11-22T12:00:00Z', 'this is in the past'],
    ['--token-per-day 5', 'There is no option --token-per-day: did you mean --tokens-per-day?'],
    ['--overlap 1h', 'add takes no option --overlap'],
    ['--disabled', 'add takes no option --disabled'],
    ['again', 'add takes one name'],
  ])('refuses %s', async (options, message) => {
    expect(await mistake(`add web ${options}`)).toContain(message);
  });
});

describe('list', () => {
  it('shows the first command while there is no client', async () => {
    expect(await run('list')).toBe('There is no client yet: npm run clients -- add NAME');
  });

  it('is a table, with local dates', async () => {
    await add('web --tokens-per-day 200000 --models * --expires 2027-01-31');
    await add(
      'app --requests-per-minute 0 --max-output-tokens 9 --origins https://app.example --expires 2026-11-22T13:30:00Z',
    );
    await run('set app --disabled');
    await add('old --expires 2026-11-22');
    data.set('key:ffffffffffffffff0000', '{"name":"broken"}');
    data.set('policy:pro', '{"created_at":1}');
    const nextDay = NOON + 86_400_000;
    const printed = await run('list', nextDay);
    expect(cells(printed)).toEqual([
      ['NAME', 'LIMITS', 'CREATED', 'EXPIRES', 'STATE'],
      ['key:ffffffffffff…', 'invalid'],
      [
        'app',
        'unlimited requests/min; 9 output tokens; origins https://app.example',
        '2026-11-22',
        '2026-11-22 21:30',
        'disabled',
      ],
      ['old', "the deployment's", '2026-11-22', '2026-11-22', 'expired'],
      ['web', '200000 tokens/day; models *', '2026-11-22', '2027-01-31', 'active'],
    ]);
    const states = printed.split('\n').map((line) => line.search(/\S+$/));
    expect(new Set(states).size).toBe(1);
  });
});

describe('show', () => {
  it('gives the entries of one client', async () => {
    const key = await add('web');
    await add('other');
    expect(JSON.parse(await run('show web'))).toEqual([
      { key: storedUnder(key), entry: { name: 'web', created_at: NOON_SECONDS } },
    ]);
    expect(await json('show web')).toEqual(JSON.parse(await run('show web')));
  });
});

describe('set', () => {
  it('changes limits and removes them', async () => {
    const key = await add(
      'web --tokens-per-day 5 --models a --origins https://app.example --expires 2027-01-31',
    );
    expect(await run('set web --tokens-per-day 6 --models default')).toContain('6 tokens/day');
    expect(entryOf(key)).toMatchObject({ tokens_per_day: 6, origins: ['https://app.example'] });
    expect(entryOf(key)).not.toHaveProperty('models');
    await run('set web --tokens-per-day default --origins default --expires never --disabled');
    expect(entryOf(key)).toEqual({ name: 'web', created_at: NOON_SECONDS, disabled: true });
    expect(await run('set web --disabled --tokens-per-day 7')).toMatch(
      /^Client web is disabled; its limits: 7 tokens\/day\. /,
    );
    await run('set web --tokens-per-day default');
    await run('set web --enabled');
    expect(entryOf(key)).toEqual({ name: 'web', created_at: NOON_SECONDS });
  });

  it('changes every key of a client that has two', async () => {
    const keys = [await add('web'), String((await json('rotate web'))['key'])];
    await run('set web --tokens-per-day 6');
    for (const key of keys) expect(entryOf(key)).toMatchObject({ tokens_per_day: 6 });
  });

  it.each(['2028-01-31', 'never'])(
    'moves no older key’s end to a later time: --expires %s',
    async (expires) => {
      const old = await add('web');
      const key = String((await json('rotate web --overlap 1h'))['key']);
      const printed = await json(`set web --expires ${expires}`);
      expect(entryOf(old)).toMatchObject({ expires_at: NOON_SECONDS + 3_600 });
      expect(entryOf(key)).toEqual(printed);
      expect(printed['expires_at']).toBe(
        expires === 'never' ? undefined : Date.parse('2028-02-01T00:00:00+08:00') / 1_000,
      );
    },
  );

  it('moves the end of all keys to an earlier time', async () => {
    const old = await add('web');
    const key = String((await json('rotate web --overlap 7d'))['key']);
    await run('set web --expires 2026-11-22T13:00:00Z');
    for (const each of [old, key]) expect(entryOf(each)).toMatchObject({ expires_at: NOON_SECONDS + 3_600 });
  });

  it('removes older keys that have expired, and keeps the latest one', async () => {
    const old = await add('web');
    const key = String((await json('rotate web --overlap 0'))['key']);
    await run('set web --expires 2026-11-22T13:00:00Z');
    expect(entryOf(old)).toBeNull();
    await run('set web --expires never', NOON + 86_400_000);
    expect(entryOf(key)).toEqual({ name: 'web', created_at: NOON_SECONDS + 1 });
  });

  it('refuses a set without a limit or for an unknown client', async () => {
    await add('web');
    await add('app');
    expect(await mistake('set web')).toBe('Nothing to set: name a limit.');
    expect(await mistake('set shop --disabled')).toBe('There is no client "shop". Known: app, web.');
  });
});

describe('revoke', () => {
  it('removes every key of a client, and no other', async () => {
    await add('web');
    await run('rotate web');
    const other = await add('other');
    expect(await json('revoke web')).toEqual({ name: 'web', removed: 2 });
    expect([...data.keys()]).toEqual([storedUnder(other)]);
    expect(await mistake('revoke web')).toBe('There is no client "web". Known: other.');
    await run('revoke other');
    expect(await mistake('revoke web')).toBe('There is no client "web". There is no client yet.');
  });
});

describe('rotate', () => {
  it('gives a new key with the same limits, and ends the old one, in one write', async () => {
    const old = await add('web --tokens-per-day 5');
    const later = NOON + 60_000;
    const before = writes;
    const created = await json('rotate web', later);
    expect(writes).toBe(before + 1);
    expect(created['key']).not.toBe(old);
    expect(entryOf(String(created['key']))).toEqual({
      name: 'web',
      created_at: NOON_SECONDS + 60,
      tokens_per_day: 5,
    });
    expect(entryOf(old)).toMatchObject({ expires_at: NOON_SECONDS + 60 + 3_600 });
  });

  it.each([
    ['30s', 30],
    ['30m', 1_800],
    ['2h', 7_200],
    ['7d', 604_800],
    ['0', 0],
  ])('lets the old key work for %s', async (overlap, seconds) => {
    const old = await add('web');
    await run(`rotate web --overlap ${overlap}`);
    expect(entryOf(old)).toMatchObject({ expires_at: NOON_SECONDS + seconds });
  });

  it('keeps an earlier end of the client, for both keys', async () => {
    const expiry = Date.parse('2026-11-22T12:30:00Z') / 1_000;
    const old = await add('web --expires 2026-11-22T12:30:00Z');
    const { key } = await json('rotate web');
    expect(entryOf(old)).toMatchObject({ expires_at: expiry });
    expect(entryOf(String(key))).toMatchObject({ expires_at: expiry });
  });

  it('copies the latest key when there are several, also within one second', async () => {
    await add('web');
    for (let round = 0; round < 5; round += 1) {
      const { key } = await json('rotate web');
      expect(entryOf(String(key))).not.toHaveProperty('expires_at');
    }
    expect(data.size).toBe(6);
  });

  it('removes older keys that have expired', async () => {
    const first = await add('web');
    const second = String((await json('rotate web'))['key']);
    await run('rotate web', NOON + 3_600_000);
    expect(entryOf(first)).toBeNull();
    expect(entryOf(second)).toMatchObject({ expires_at: NOON_SECONDS + 7_200 });
    expect(data.size).toBe(2);
  });

  it('refuses a client whose new key would not work', async () => {
    await add('web --expires 2026-11-22T12:30:00Z');
    await run('set web --disabled');
    expect(await mistake('rotate web')).toBe('Client web is disabled: set --enabled first.');
    await run('set web --enabled');
    expect(await mistake('rotate web', NOON + 1_800_000)).toBe(
      'Client web has expired: set --expires first.',
    );
  });

  it('refuses other times and unknown names', async () => {
    await add('web');
    expect(await mistake('rotate web --overlap soon')).toContain(
      '--overlap soon: expected a time such as 30m',
    );
    expect(await mistake('rotate shop')).toContain('There is no client "shop"');
  });
});

describe('policy', () => {
  it('is set, changed, listed and removed', async () => {
    expect(await run('policy list')).toBe('There is no policy yet: npm run clients -- policy set NAME');
    await run('policy set pro --tokens-per-day 500000 --requests-per-minute 60');
    expect(
      await json('policy set pro --requests-per-minute default --models step-5-preview', NOON + 1_000),
    ).toEqual({
      created_at: NOON_SECONDS,
      tokens_per_day: 500_000,
      models: ['step-5-preview'],
    });
    expect(policyEntrySchema.safeParse(JSON.parse(data.get('policy:pro') ?? '')).success).toBe(true);
    data.set('policy:broken', '{');
    await add('web');
    expect(cells(await run('policy list'))).toEqual([
      ['POLICY', 'LIMITS', 'CREATED', 'STATE'],
      ['broken', 'invalid'],
      ['pro', '500000 tokens/day; models step-5-preview', '2026-11-22', 'active'],
    ]);
    await run('policy remove pro');
    expect([...data.keys()].filter((key) => key.startsWith('policy:'))).toEqual(['policy:broken']);
    expect(await mistake('policy remove pro')).toBe('There is no policy "pro". Known: broken.');
  });

  it.each([
    ['policy set pro', 'Nothing to set'],
    ['policy set a/b --models a', 'is not a valid name'],
    ['policy set pro --origins https://app.example', 'policy set takes no option --origins'],
    ['policy set pro --expires never', 'policy set takes no option --expires'],
    ['policy show pro', 'There is no command "policy show"'],
    ['policy', 'policy needs set, list or remove: npm run clients -- policy list'],
  ])('refuses "%s"', async (line, message) => {
    expect(await mistake(line)).toContain(message);
  });
});

describe('the command line', () => {
  it('prints its help', async () => {
    for (const line of ['', '--help', 'add web -h']) {
      expect(await run(line)).toMatch(/^npm run clients -- COMMAND/);
    }
    expect(opened).toEqual([]);
  });

  it('opens the store that the options name', async () => {
    await run('list');
    await run('list --local');
    await run('list --env staging --namespace-id abc');
    expect(opened).toEqual([
      { local: false, env: undefined, namespaceId: undefined },
      { local: true, env: undefined, namespaceId: undefined },
      { local: false, env: 'staging', namespaceId: 'abc' },
    ]);
  });

  it.each([
    ['remove web', 'There is no command "remove"'],
    ['toString web', 'There is no command "toString"'],
    ['list web', 'list takes no name'],
    ['add', 'add takes one name'],
    ['list --expires never', 'list takes no option --expires'],
    ['list --colour', 'There is no option --colour: see --help'],
    ['list -x', 'There is no option -x: see --help'],
    ['list --constructor', 'There is no option --constructor: see --help'],
    ['list --local=yes', '--local takes no value.'],
    ['list --env', '--env needs a value, such as staging.'],
    ['add web --tokens-per-day', '--tokens-per-day needs a value, such as 200000.'],
    ['add web --tokens-per-day -5', '--tokens-per-day needs a value, such as 200000.'],
    ['add web --tokens-per-day=', '--tokens-per-day needs a value, such as 200000.'],
    ['add web --models --local', '--models needs a value, such as step-3.7-flash,step-3.5-flash.'],
  ])('refuses "%s"', async (line, message) => {
    expect(await mistake(line)).toContain(message);
    expect(opened).toEqual([]);
  });
});

it.each(Object.entries(OPTIONS))('--%s has an example of its value if it has one', (name, { type }) => {
  expect(EXAMPLES[name as keyof typeof OPTIONS] === '').toBe(type === 'boolean');
});

describe('a failure of wrangler', () => {
  const LOGIN =
    'Not logged in to Cloudflare: run `npx wrangler login`. For the store of `npm start` add --local.';

  it.each([
    "In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable",
    'You are not authenticated. Please run `wrangler login`.',
  ])('without a login begins with the remedy: %s', (printed) => {
    const colored = `\u001B[31m✘ [ERROR]\u001B[0m ${printed}`;
    expect(wranglerError(colored).message).toBe(`${LOGIN}\nwrangler failed:\n✘ [ERROR] ${printed}`);
  });

  it('of another kind is shown alone', () => {
    expect(wranglerError('No namespace.').message).toBe('wrangler failed:\nNo namespace.');
  });
});

describe('docs/clients.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/clients.md'), 'utf8');
  const lines = [...page.matchAll(/^npm run clients -- (.*)$/gm)].map(([, line = '']) => line);

  it('has commands that all work, one after the other', async () => {
    expect(lines.length).toBeGreaterThan(8);
    for (const line of lines) await run(line);
    expect([...data.keys()].filter((key) => key.startsWith('key:'))).toHaveLength(2);
  });

  it('names every option', () => {
    for (const option of Object.keys(OPTIONS)) {
      if (!['help', 'namespace-id'].includes(option)) expect(page).toContain(`--${option}`);
    }
  });
});
