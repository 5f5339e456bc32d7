// Entries of the binding `CLIENTS` as an isolate remembers them: one read a minute for
// each key that is presented, whether there is an entry or not.
//
// Values are plain data, never promises: those belong to the request that made them.

import {
  CLIENT_FRESH_MS,
  CLIENT_READ_MS,
  CLIENT_RETRY_MS,
  CLIENT_STALE_MS,
  CLIENTS_REMEMBERED,
} from '../config/limits.ts';
import { log } from '../http/log.ts';
import { BoundedMap } from '../lib/bounded-map.ts';
import { within } from '../lib/within.ts';

/** `none`: KV has no entry. `invalid`: its entry doesn't parse. `unavailable`: KV fails. */
export type EntryProblem = 'none' | 'invalid' | 'unavailable';

/** `policy:` and most of a name; of a key's digest, enough to find its entry. */
const ENTRY_CHARS_LOGGED = 32;

interface Known<T> {
  readonly entry: T;
  readonly readAtMs: number;
  readAgainAtMs: number;
}

interface Unknown {
  readonly problem: 'none' | 'invalid';
  readonly untilMs: number;
}

/** @returns the entry that a JSON text holds; null for an invalid one. */
export type EntryParser<T> = (text: string) => T | null;

export class EntryMemory<T extends object> {
  readonly #kv: KVNamespace;
  readonly #parse: EntryParser<T>;
  readonly #logsAbsence: boolean;
  readonly #known = new BoundedMap<string, Known<T>>(CLIENTS_REMEMBERED);
  /** Apart from the known ones, so that invented keys evict no real one. */
  readonly #unknown = new BoundedMap<string, Unknown>(CLIENTS_REMEMBERED);

  /** @param options - `logsAbsence`: write a log line for a key without an entry. Off where callers can invent keys. */
  constructor(kv: KVNamespace, parse: EntryParser<T>, options: { readonly logsAbsence: boolean }) {
    this.#kv = kv;
    this.#parse = parse;
    this.#logsAbsence = options.logsAbsence;
  }

  /**
   * @param key - of the KV entry.
   * @returns the entry, or the reason why there is none; `unavailable` when KV fails and
   *   the entry was not read within the last 10 minutes. Never rejects.
   */
  async find(key: string): Promise<T | EntryProblem> {
    const nowMs = Date.now();
    const known = this.#known.get(key);
    const ageMs = known === undefined ? Infinity : nowMs - known.readAtMs;
    // The age counts here, too: while KV is down, each attempt to read moves `readAgainAtMs`.
    const isUsable = known !== undefined && ageMs < CLIENT_STALE_MS;
    if (isUsable && nowMs < known.readAgainAtMs) return known.entry;
    const unknown = this.#unknown.get(key);
    if (unknown !== undefined && nowMs < unknown.untilMs) return unknown.problem;

    // One request reads it again; the others use what is known, until it has. Not after a pause, in
    // which the key may have been revoked: then each of them reads.
    if (known !== undefined && ageMs < 2 * CLIENT_FRESH_MS) known.readAgainAtMs = nowMs + CLIENT_RETRY_MS;
    try {
      return this.#remember(key, await within(this.#kv.get(key, 'text'), CLIENT_READ_MS));
    } catch (error) {
      log('error', 'clients_unavailable', { detail: String(error) });
      if (known !== undefined) known.readAgainAtMs = Date.now() + CLIENT_RETRY_MS;
      return isUsable ? known.entry : 'unavailable';
    }
  }

  #remember(key: string, text: string | null): T | EntryProblem {
    const nowMs = Date.now();
    const entry = text === null ? null : this.#parse(text);
    if (entry === null) {
      const problem = text === null ? 'none' : 'invalid';
      this.#known.delete(key);
      this.#unknown.set(key, { problem, untilMs: nowMs + CLIENT_FRESH_MS });
      // Once a minute. The beginning of the key's name is enough to find the entry.
      const fields = { entry: key.slice(0, ENTRY_CHARS_LOGGED) };
      if (problem === 'invalid') log('error', 'client_entry_invalid', fields);
      else if (this.#logsAbsence) log('warn', 'client_entry_missing', fields);
      return problem;
    }
    this.#known.set(key, { entry, readAtMs: nowMs, readAgainAtMs: nowMs + CLIENT_FRESH_MS });
    return entry;
  }
}
