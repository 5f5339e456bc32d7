// The commands of `npm run clients`, on any store of entries. Nothing is printed here.

import { createHash, randomInt } from 'node:crypto';
import {
  CLIENT_KEY_PREFIX,
  clientEntryKey,
  clientEntrySchema,
  ENTRY_NAME,
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

/** An entry with its key in KV; null: it is invalid, and the gateway refuses its key. */
export interface Stored<T> {
  readonly key: string;
  readonly entry: T | null;
}

/** A client with its new key, which is shown once and stored nowhere. */
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

/** @returns all entries, by client and key. `rotate` adds an entry; `set` and `rotate` remove expired ones. */
export async function listClients(store: EntryStore): Promise<Stored<ClientEntry>[]> {
  const all = await readAll(store, KEY_PREFIX, (value) => clientEntrySchema.safeParse(value).data);
  return all.toSorted((a, b) => compare(a.entry?.name ?? '', b.entry?.name ?? '') || compare(a.key, b.key));
}

/** @throws {CommandError} for an unknown name. */
export async function showClient(store: EntryStore, name: string): Promise<Stored<ClientEntry>[]> {
  return requireClient(store, name);
}

/**
 * Changes the limits of a client, in each entry that has not expired. A new end applies to
 * older keys only if it is earlier than theirs: a key that `rotate` replaced, perhaps
 * because it leaked, must not become valid again.
 * @returns the entry of the client's latest key.
 * @throws {CommandError} for an unknown name, or without a change.
 */
export async function setClient(
  store: EntryStore,
  name: string,
  changes: Changes,
  nowMs: number,
): Promise<ClientEntry> {
  if (Object.keys(changes).length === 0) throw new CommandError('Nothing to set: name a limit.');
  const { latest, older, expired } = sortByAge(await requireClient(store, name), nowMs);
  const entry = apply(latest.entry, changes);
  const rest = older.map((stored) => {
    const expiresAt = earlier(stored.entry.expires_at, changes.expires_at);
    return [stored.key, text(apply(stored.entry, { ...changes, expires_at: expiresAt }))] as const;
  });
  await store.write(new Map([...rest, [latest.key, text(entry)]]));
  await removeEntries(store, expired);
  return entry;
}

/** @returns how many entries of the client were removed. */
export async function revokeClient(store: EntryStore, name: string): Promise<number> {
  const entries = await requireClient(store, name);
  await removeEntries(store, entries);
  return entries.length;
}

/**
 * Gives a client a new key with the same limits.
 * @param overlapSeconds - how long older keys still work, unless they end earlier.
 * @throws {CommandError} for an unknown name, and for a client whose latest key has expired
 *   or is disabled: the new key would not work.
 */
export async function rotateClient(
  store: EntryStore,
  name: string,
  overlapSeconds: number,
  nowMs: number,
): Promise<Created> {
  const { latest, older, expired } = sortByAge(await requireClient(store, name), nowMs);
  if (latest.entry.disabled === true) {
    throw new CommandError(`Client ${name} is disabled: set --enabled first.`);
  }
  if (hasExpired(latest, nowMs)) throw new CommandError(`Client ${name} has expired: set --expires first.`);

  // Later than the entry before it, also within one second: the order of the keys is certain.
  const createdAt = Math.max(toSeconds(nowMs), latest.entry.created_at + 1);
  const created = createKey({ ...latest.entry, created_at: createdAt });
  const endsAt = toSeconds(nowMs) + overlapSeconds;
  const old = [latest, ...older].map(
    ({ key, entry }) => [key, text({ ...entry, expires_at: earlier(entry.expires_at, endsAt) })] as const,
  );
  // One write: either the new key exists and the old ones end, or neither.
  await store.write(new Map([...old, [entryKeyOf(created.key), text(created.entry)]]));
  await removeEntries(store, expired);
  return created;
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

/** @throws {CommandError} for an unknown name. */
export async function removePolicy(store: EntryStore, name: string): Promise<void> {
  const names = (await listPolicies(store)).map(({ key }) => key.slice(POLICY_PREFIX.length));
  if (!names.includes(name)) throw unknown('policy', name, names);
  await store.remove([POLICY_PREFIX + name]);
}

function createKey(entry: ClientEntry): Created {
  const random = Array.from({ length: KEY_RANDOM_CHARS }, () => KEY_ALPHABET[randomInt(KEY_ALPHABET.length)]);
  return { key: `${CLIENT_KEY_PREFIX}${entry.name}-${random.join('')}`, entry };
}

/** @returns the name in KV of the entry of a client key. */
export function entryKeyOf(key: string): string {
  return clientEntryKey(createHash('sha256').update(key).digest('hex'));
}

function apply(entry: ClientEntry, changes: Changes): ClientEntry {
  return clientEntrySchema.parse(removeUndefined({ ...entry, ...changes }));
}

/** Removes members that are undefined. */
function removeUndefined(entry: object): object {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
}

type StoredClient = Stored<ClientEntry> & { readonly entry: ClientEntry };

function byName(all: readonly Stored<ClientEntry>[], name: string): StoredClient[] {
  return all.filter((stored): stored is StoredClient => stored.entry?.name === name);
}

/** @returns the entries of a client, one or more. */
async function requireClient(store: EntryStore, name: string): Promise<StoredClient[]> {
  const all = await listClients(store);
  const found = byName(all, name);
  if (found.length > 0) return found;
  throw unknown('client', name, [...new Set(all.flatMap(({ entry }) => entry?.name ?? []))]);
}

interface SortedEntries {
  /** The entry of the newest key, also if it has expired. */
  readonly latest: StoredClient;
  readonly older: readonly StoredClient[];
  /** Older ones that have expired. */
  readonly expired: readonly StoredClient[];
}

/** @param entries - of one client, one or more. */
function sortByAge(entries: readonly StoredClient[], nowMs: number): SortedEntries {
  const [latest, ...rest] = entries.toSorted(({ entry: a }, { entry: b }) => b.created_at - a.created_at);
  return {
    latest: latest!,
    older: rest.filter((stored) => !hasExpired(stored, nowMs)),
    expired: rest.filter((stored) => hasExpired(stored, nowMs)),
  };
}

function hasExpired({ entry }: StoredClient, nowMs: number): boolean {
  return entry.expires_at !== undefined && entry.expires_at * 1_000 <= nowMs;
}

/** The earlier of two ends, in seconds; undefined: never. */
function earlier(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

async function removeEntries(store: EntryStore, entries: readonly StoredClient[]): Promise<void> {
  if (entries.length > 0) await store.remove(entries.map(({ key }) => key));
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
  if (!ENTRY_NAME.test(name)) {
    throw new CommandError(
      `"${name}" is not a valid name: use 1 to 64 letters, digits, dots, dashes or underscores.`,
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

function toSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1_000);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
