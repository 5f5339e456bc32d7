// The commands of `npm run clients`, on any store of entries. Nothing is printed here.

import { createHash, randomInt } from 'node:crypto';
import {
  CLIENT_KEY_PREFIX,
  CLIENT_NAME,
  clientEntryKey,
  clientEntrySchema,
  KEY_PREFIX,
  POLICY_PREFIX,
  policyEntrySchema,
  type ClientEntry,
  type PolicyEntry,
} from '../../src/access/client-entry.ts';
import { parseJson } from '../../src/lib/json.ts';
import { CommandError } from './command-error.ts';
import type { EntryStore } from './kv-store.ts';
import type { Changes } from './options.ts';

/** An entry with its key in KV; null: it doesn't parse, and the gateway refuses its key. */
export interface Stored<T> {
  readonly key: string;
  readonly entry: T | null;
}

/** A client whose key has just been made: it is shown now, and stored nowhere. */
export interface Created {
  readonly key: string;
  readonly entry: ClientEntry;
}

const KEY_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** 165 random bits. */
const KEY_RANDOM_CHARS = 32;

export async function addClient(
  store: EntryStore,
  name: string,
  changes: Changes,
  nowMs: number,
): Promise<Created> {
  requireName(name);
  if (byName(await listClients(store), name).length > 0) {
    throw new CommandError(`There is a client "${name}" already: use set, rotate or revoke.`);
  }
  const created = createKey(apply({ name, created_at: toSeconds(nowMs) }, changes));
  await store.write(new Map([[entryKeyOf(created.key), text(created.entry)]]));
  return created;
}

/** @returns every client, by name; after `rotate` a client has two entries until the next one. */
export async function listClients(store: EntryStore): Promise<Stored<ClientEntry>[]> {
  const all = await readAll(store, KEY_PREFIX, (value) => clientEntrySchema.safeParse(value).data);
  return all.toSorted((a, b) => compare(a.entry?.name ?? '', b.entry?.name ?? '') || compare(a.key, b.key));
}

/** @throws {CommandError} when there is no client of this name. */
export async function showClient(store: EntryStore, name: string): Promise<Stored<ClientEntry>[]> {
  return requireClient(store, name);
}

/**
 * Changes the limits of a client, in each of its entries. The expiry is that of its latest key alone: a
 * key that was rotated away must not work again.
 */
export async function setClient(store: EntryStore, name: string, changes: Changes): Promise<ClientEntry> {
  if (Object.keys(changes).length === 0) throw new CommandError('Nothing to set: name a limit.');
  const stored = await requireClient(store, name);
  const latest = latestOf(stored);
  const { expires_at: _, ...limits } = changes;
  const changed = apply(latest.entry, changes);
  const others = stored.filter((one) => one !== latest);
  await store.write(
    new Map([
      ...others.map(({ key, entry }) => [key, text(apply(entry, limits))] as const),
      [latest.key, text(changed)],
    ]),
  );
  return changed;
}

/** @returns how many entries of the client were removed. */
export async function revokeClient(store: EntryStore, name: string): Promise<number> {
  const keys = (await requireClient(store, name)).map(({ key }) => key);
  await store.remove(keys);
  return keys.length;
}

/**
 * Gives a client a new key with the same limits, and removes the keys that have expired.
 * @param overlapSeconds - how long the old key still works; an earlier end stays.
 * @throws {CommandError} for a client whose new key would not work.
 */
export async function rotateClient(
  store: EntryStore,
  name: string,
  overlapSeconds: number,
  nowMs: number,
): Promise<Created> {
  const now = toSeconds(nowMs);
  const stored = await requireClient(store, name);
  const { entry: latest } = latestOf(stored);
  if (latest.disabled === true) throw new CommandError(`Client "${name}" is disabled: set it first.`);
  if (endOf(latest) <= now) throw new CommandError(`Client "${name}" has expired: set --expires first.`);
  const created = createKey({ ...latest, created_at: now });
  const old = stored.filter(({ entry }) => endOf(entry) > now);
  // One write: the new key is there when the old one's end is.
  await store.write(
    new Map([
      ...old.map(({ key, entry }): [string, string] => {
        const expiresAt = Math.min(endOf(entry), now + overlapSeconds);
        return [key, text({ ...entry, expires_at: expiresAt })];
      }),
      [entryKeyOf(created.key), text(created.entry)],
    ]),
  );
  const expired = stored.filter((one) => !old.includes(one));
  if (expired.length > 0) await store.remove(expired.map(({ key }) => key));
  return created;
}

/** @returns the entry of a client's newest key. */
function latestOf(stored: readonly StoredClient[]): StoredClient {
  const newestFirst = stored.toSorted(
    ({ entry: a }, { entry: b }) => b.created_at - a.created_at || endOf(b) - endOf(a),
  );
  return newestFirst[0]!;
}

export async function setPolicy(
  store: EntryStore,
  name: string,
  changes: Changes,
  nowMs: number,
): Promise<PolicyEntry> {
  requireName(name);
  if (Object.keys(changes).length === 0) throw new CommandError('Nothing to set: name a limit.');
  const known = (await listPolicies(store)).find(({ key }) => key === POLICY_PREFIX + name)?.entry;
  const entry = policyEntrySchema.parse(
    removeUndefined({ ...(known ?? { created_at: toSeconds(nowMs) }), ...changes }),
  );
  await store.write(new Map([[POLICY_PREFIX + name, text(entry)]]));
  return entry;
}

export async function listPolicies(store: EntryStore): Promise<Stored<PolicyEntry>[]> {
  const all = await readAll(store, POLICY_PREFIX, (value) => policyEntrySchema.safeParse(value).data);
  return all.toSorted((a, b) => compare(a.key, b.key));
}

/** @throws {CommandError} when there is no policy of this name. */
export async function removePolicy(store: EntryStore, name: string): Promise<void> {
  const names = (await listPolicies(store)).map(({ key }) => key.slice(POLICY_PREFIX.length));
  if (!names.includes(name)) throw unknown('policy', name, names);
  await store.remove([POLICY_PREFIX + name]);
}

function createKey(entry: ClientEntry): Created {
  const random = Array.from({ length: KEY_RANDOM_CHARS }, () => KEY_ALPHABET[randomInt(KEY_ALPHABET.length)]);
  return { key: `${CLIENT_KEY_PREFIX}${entry.name}-${random.join('')}`, entry };
}

function entryKeyOf(key: string): string {
  return clientEntryKey(createHash('sha256').update(key).digest('hex'));
}

function apply(entry: ClientEntry, changes: Changes): ClientEntry {
  return clientEntrySchema.parse(removeUndefined({ ...entry, ...changes }));
}

/** @returns the entry without its undefined members. */
function removeUndefined(entry: object): object {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
}

type StoredClient = Stored<ClientEntry> & { readonly entry: ClientEntry };

function byName(all: readonly Stored<ClientEntry>[], name: string): StoredClient[] {
  return all.filter((stored): stored is StoredClient => stored.entry?.name === name);
}

async function requireClient(store: EntryStore, name: string): Promise<StoredClient[]> {
  const all = await listClients(store);
  const found = byName(all, name);
  if (found.length > 0) return found;
  throw unknown('client', name, [...new Set(all.flatMap(({ entry }) => entry?.name ?? []))]);
}

async function readAll<T>(
  store: EntryStore,
  prefix: string,
  parse: (value: unknown) => T | undefined,
): Promise<Stored<T>[]> {
  const entries = await store.read(prefix);
  return [...entries].map(([key, value]) => ({ key, entry: parse(parseJson(value)) ?? null }));
}

function requireName(name: string): void {
  if (!CLIENT_NAME.test(name)) {
    throw new CommandError(
      `"${name}" is no name: take 1 to 64 letters, digits, dots, dashes or underscores.`,
    );
  }
}

function unknown(kind: string, name: string, names: readonly string[]): CommandError {
  const known = names.length === 0 ? `There is no ${kind} yet.` : `Known: ${names.join(', ')}.`;
  return new CommandError(`There is no ${kind} "${name}". ${known}`);
}

function text(entry: object): string {
  return JSON.stringify(entry);
}

function endOf({ expires_at: seconds = Number.MAX_SAFE_INTEGER }: ClientEntry): number {
  return seconds;
}

function toSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1_000);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
