// Durable Objects without workerd: a namespace of Budgets in memory, with the storage that
// they use. test/worker runs them in the runtime itself.

import { Budget, type CallId } from '../../../src/access/budget.ts';

export interface BudgetHouse {
  readonly namespace: DurableObjectNamespace<Budget>;
  /** By name: `<day>/<client id>`, or `requests/<client id>`. */
  readonly objects: Map<string, Budget>;
  readonly stores: Map<string, MemoryStorage>;
}

export class MemoryStorage {
  readonly data = new Map<string, unknown>();
  alarmAtMs: number | null = null;
  alarmsSet = 0;
  /** Rows that `list` has returned. */
  rowsListed = 0;

  readonly kv = {
    get: (key: string): unknown => structuredClone(this.data.get(key)),
    put: (key: string, value: unknown): void => void this.data.set(key, structuredClone(value)),
    delete: (key: string): boolean => this.data.delete(key),
    list: ({ prefix, end, limit }: { prefix: string; end: string; limit: number }) => {
      const rows = [...this.data]
        .filter(([key]) => key.startsWith(prefix) && key < end)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit);
      this.rowsListed += rows.length;
      return rows;
    },
  };

  async getAlarm(): Promise<number | null> {
    return this.alarmAtMs;
  }

  async setAlarm(timeMs: number): Promise<void> {
    this.alarmAtMs = timeMs;
    this.alarmsSet += 1;
  }

  async deleteAll(): Promise<void> {
    this.data.clear();
    this.alarmAtMs = null;
  }
}

export function budgetHouse(): BudgetHouse {
  const objects = new Map<string, Budget>();
  const stores = new Map<string, MemoryStorage>();
  const namespace = {
    idFromName: (name: string) => name,
    get: (name: string) => {
      const storage = stores.get(name) ?? new MemoryStorage();
      const object = objects.get(name) ?? new Budget({ storage } as unknown as DurableObjectState, {});
      stores.set(name, storage);
      objects.set(name, object);
      return {
        reserve: async (claim: Parameters<Budget['reserve']>[0]) => object.reserve(structuredClone(claim)),
        settle: async (call: CallId, tokens: number, limit: number) =>
          object.settle(structuredClone(call), tokens, limit),
        usage: async () => object.usage(),
        countRequest: async (limit: number) => object.countRequest(limit),
      };
    },
  };
  return { namespace: namespace as unknown as DurableObjectNamespace<Budget>, objects, stores };
}
