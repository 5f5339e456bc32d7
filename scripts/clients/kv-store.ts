// The binding CLIENTS as the command reads and writes it: through wrangler, which knows
// the account, the namespace and the local store.

import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { CommandError } from './command-error.ts';

/** KV's entries by their keys. Each write is one request: it writes all entries or none. */
export interface EntryStore {
  /** @returns the values of all keys with this prefix. */
  read(prefix: string): Promise<ReadonlyMap<string, string>>;
  write(entries: ReadonlyMap<string, string>): Promise<void>;
  remove(keys: readonly string[]): Promise<void>;
}

/** Where `npm start` keeps its store (scripts/start.ts). */
const LOCAL_STORE = '.wrangler/simulator';
const LOCAL_CONFIG = 'wrangler.local.toml';

/** The maximum of one request to Cloudflare's API. */
const KEYS_PER_READ = 100;

export interface StoreOptions {
  /** The store of `npm start`, not the deployed one. */
  readonly local: boolean;
  /** A wrangler environment such as `staging`. */
  readonly env: string | undefined;
  /** The namespace, if wrangler.toml has no id. */
  readonly namespaceId: string | undefined;
}

/** @returns the store that these options name. */
export function createKvStore({ local, env, namespaceId }: StoreOptions): EntryStore {
  const place = [
    ...(namespaceId === undefined ? ['--binding', 'CLIENTS'] : ['--namespace-id', namespaceId]),
    ...(local ? ['--local', '--persist-to', LOCAL_STORE] : ['--remote']),
    ...(local ? ['-c', LOCAL_CONFIG] : []),
    ...(env === undefined ? [] : [`--env=${env}`]),
  ];
  const wrangler = (...args: string[]) => run('wrangler', ['kv', ...args, ...place]);

  return {
    async read(prefix) {
      const listed = JSON.parse(await wrangler('key', 'list', '--prefix', prefix)) as { name: string }[];
      const keys = listed.map(({ name }) => name);
      const entries = new Map<string, string>();
      for (let from = 0; from < keys.length; from += KEYS_PER_READ) {
        const piece = keys.slice(from, from + KEYS_PER_READ);
        const values = JSON.parse(await withFile(piece, (file) => wrangler('bulk', 'get', file))) as Record<
          string,
          { value: string | null } | string | null
        >;
        for (const [key, found] of Object.entries(values)) {
          const value = typeof found === 'string' ? found : found?.value;
          if (typeof value === 'string') entries.set(key, value);
        }
      }
      return entries;
    },
    async write(entries) {
      const pairs = [...entries].map(([key, value]) => ({ key, value }));
      await withFile(pairs, (file) => wrangler('bulk', 'put', file));
    },
    async remove(keys) {
      await withFile(keys, (file) => wrangler('bulk', 'delete', file, '--force'));
    },
  };
}

/** wrangler reads keys and values from a file, which is removed afterwards. */
async function withFile<T>(content: unknown, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'stepfun-edge-clients-'));
  try {
    const file = join(folder, 'entries.json');
    await writeFile(file, JSON.stringify(content), { mode: 0o600 });
    return await use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @returns what it printed. @throws {CommandError} with its errors when it fails. */
function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1' };
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err]: [string[], string[]] = [[], []];
    child.stdout.on('data', (data) => out.push(String(data)));
    child.stderr.on('data', (data) => err.push(String(data)));
    child.on('error', (error) => reject(new CommandError(`${command}: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve(out.join(''));
      else reject(wranglerError(err.join('').trim() || out.join('').trim()));
    });
  });
}

/** Wrangler's texts without a login: with a terminal, and without one, as here. */
const NOT_LOGGED_IN = /not authenticated|not logged in|set a CLOUDFLARE_API_TOKEN/i;

/** @param printed - by wrangler when it failed. */
export function wranglerError(printed: string): CommandError {
  const text = stripVTControlCharacters(printed);
  const remedy = NOT_LOGGED_IN.test(text)
    ? 'Not logged in to Cloudflare: run `npx wrangler login`. For the store of `npm start` add --local.\n'
    : '';
  return new CommandError(`${remedy}wrangler failed:\n${text}`);
}
