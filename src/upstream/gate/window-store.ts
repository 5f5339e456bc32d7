// The gate's windows on disk, so that a restart of the object does not forget what the last
// minute has used. One row for each second and kind, written without waiting for the disk:
// the reply to a request must not wait for it, and the last row may get lost in a crash.

import { GATE_WINDOW_MS } from '../../config/limits.ts';
import type { GateCore, OnRecord } from './gate-core.ts';

/** The part of `DurableObjectStorage` that is used. */
export interface WindowStorage {
  readonly kv: { list(): Iterable<[string, unknown]> };
  put(key: string, value: number, options: { allowUnconfirmed: boolean }): Promise<void>;
  delete(key: string, options: { allowUnconfirmed: boolean }): Promise<boolean>;
}

export class WindowStore {
  readonly #storage: WindowStorage;
  /** Every row, by its key, oldest first. */
  readonly #rows = new Map<string, { readonly endsAtMs: number; readonly amount: number }>();

  constructor(storage: WindowStorage) {
    this.#storage = storage;
  }

  /** Fills the core's windows with what was stored. */
  restore({ starts, tokens }: Pick<GateCore, 'starts' | 'tokens'>): void {
    // By key, and so by time.
    const rows = [...this.#storage.kv.list()].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, amount] of rows) {
      const [kind, second] = key.split(':');
      if (typeof amount !== 'number') continue;
      // The row has no exact time: the latest one is the safe one.
      const endsAtMs = (Number(second) + 1) * 1_000;
      this.#rows.set(key, { endsAtMs, amount });
      (kind === 'starts' ? starts : tokens).add(endsAtMs, amount);
    }
  }

  readonly record: OnRecord = (window, atMs, amount) => {
    const second = Math.floor(atMs / 1_000);
    const key = `${window}:${second}`;
    const row = this.#rows.get(key);
    const sum = (row?.amount ?? 0) + amount;
    this.#rows.set(key, { endsAtMs: (second + 1) * 1_000, amount: sum });
    if (row === undefined) this.#dropExpired(atMs);
    this.#storage.put(key, sum, { allowUnconfirmed: true }).catch(ignore);
  };

  #dropExpired(nowMs: number): void {
    const expired = [...this.#rows].filter(([, { endsAtMs }]) => endsAtMs + GATE_WINDOW_MS <= nowMs);
    for (const [key] of expired) {
      this.#rows.delete(key);
      this.#storage.delete(key, { allowUnconfirmed: true }).catch(ignore);
    }
  }
}

/** A window that is not stored is counted all the same, as long as the object lives. */
function ignore(): void {}
