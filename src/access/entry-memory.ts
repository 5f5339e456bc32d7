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
import { GatewayError } from '../http/errors.ts';
import { log } from '../http/log.ts';
import { BoundedMap } from '../lib/bounded-map.ts';
import { within } from '../lib/within.ts';

/** `invalid`: there is an entry, but it doesn't parse. */
export type EntryProblem = 'none' | 'invalid';

/** `policy:` and most of a name; of a key's digest, enough to find its entry. */
const ENTRY_CHARS_LOGGED = 32;

interface Known<T> {
  readonly entry: T;
  readonly readAtMs: number;
  readAgainAtMs: number;
}

interface Unknown {
  readonly problem: EntryProblem;
  readonly untilMs: number;
}

/** @returns the entry of a JSON text; null if it is none. */
export type EntryParser<T> = (text: string) => T | null;

export class EntryMemory<T extends object> {
  readonly #kv: KVNamespace;
  readonly #parse: EntryParser<T>;
  readonly #logsAbsence: boolean;
  readonly #known = new BoundedMap<string, Known<T>>(CLIENTS_REMEMBERED);
  /** Apart from the known ones, so that invented keys evict no real one. */
  readonly #unknown = new BoundedMap<string, Unknown>(CLIENTS_REMEMBERED);

  /** @param options - whether a key without an entry is worth a log line: not where a caller makes it up. */
  constructor(kv: KVNamespace, parse: EntryParser<T>, options: { readonly logsAbsence: boolean }) {
    this.#kv = kv;
    this.#parse = parse;
    this.#logsAbsence = options.logsAbsence;
  }

  /**
   * @param key - of the KV entry.
   * @returns the entry, or why there is none.
   * @throws {GatewayError} `access_unavailable` when KV fails and the entry is not known
   *   from the last 10 minutes.
   */
  async find(key: string): Promise<T | EntryProblem> {
    const nowMs = Date.now();
    const known = this.#known.get(key);
    const isUsable = known !== undefined && nowMs - known.readAtMs < CLIENT_STALE_MS;
    if (isUsable && nowMs < known.readAgainAtMs) return known.entry;
    const unknown = this.#unknown.get(key);
    if (unknown !== undefined && nowMs < unknown.untilMs) return unknown.problem;

    // One request reads it again; the others use what is known, until it has.
    if (known !== undefined) known.readAgainAtMs = nowMs + CLIENT_RETRY_MS;
    try {
      return this.#remember(key, await within(this.#kv.get(key, 'text'), CLIENT_READ_MS));
    } catch (error) {
      log('error', 'clients_unavailable', { detail: String(error) });
      if (isUsable) return known.entry;
      throw new GatewayError('access_unavailable', undefined, { detail: 'the binding CLIENTS failed' });
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
