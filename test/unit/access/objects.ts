// Durable Objects without workerd: a namespace that keeps Budgets in memory, with
// the storage they use. test/worker proves the same in the runtime itself.

import type { Budget } from '../../../src/access/budget.ts';

export interface BudgetHouse {
  readonly namespace: DurableObjectNamespace<Budget>;
  /** By name: `<day>/<client id>`. */
  readonly objects: Map<string, Budget>;
  readonly stores: Map<string, MemoryStorage>;
}

export class MemoryStorage {
  readonly data = new Map<string, unknown>();
  alarmAtMs: number | null = null;
  alarmsSet = 0;

  readonly kv = {
    get: (key: string): unknown => structuredClone(this.data.get(key)),
    put: (key: string, value: unknown): void => void this.data.set(key, structuredClone(value)),
    delete: (key: string): boolean => this.data.delete(key),
    list: ({ prefix }: { prefix: string }) => [...this.data].filter(([key]) => key.startsWith(prefix)),
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

/** @param make - creates the object on its storage; a test may make one that fails. */
export function budgetHouse(make: (storage: MemoryStorage) => Budget): BudgetHouse {
  const objects = new Map<string, Budget>();
  const stores = new Map<string, MemoryStorage>();
  const namespace = {
    idFromName: (name: string) => name,
    get: (name: string) => {
      const storage = stores.get(name) ?? new MemoryStorage();
      const object = objects.get(name) ?? make(storage);
      stores.set(name, storage);
      objects.set(name, object);
      return {
        reserve: async (claim: Parameters<Budget['reserve']>[0]) => object.reserve(structuredClone(claim)),
        settle: async (id: string, tokens: number, limit: number) => object.settle(id, tokens, limit),
      };
    },
  };
  return { namespace: namespace as unknown as DurableObjectNamespace<Budget>, objects, stores };
}
