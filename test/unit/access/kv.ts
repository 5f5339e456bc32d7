// The binding CLIENTS without workerd: a KV namespace in memory that counts its reads, and
// fails or hangs where a test wants that.

import { createHash } from 'node:crypto';

export interface TestKv {
  readonly kv: KVNamespace;
  readonly data: Map<string, string>;
  readonly reads: string[];
  lists: number;
  /** Runs at the start of `get` and `list`. */
  trouble: () => Promise<void>;
}

export function testKv(entries: Record<string, unknown> = {}): TestKv {
  const test: TestKv = {
    data: new Map(Object.entries(entries).map(([key, value]) => [key, JSON.stringify(value)])),
    reads: [],
    lists: 0,
    trouble: async () => {},
    kv: {
      async get(key: string, type: string) {
        if (type !== 'text') throw new Error(`asked for ${type}`);
        test.reads.push(key);
        await test.trouble();
        return test.data.get(key) ?? null;
      },
      async list({ prefix, limit }: { prefix: string; limit: number }) {
        test.lists += 1;
        await test.trouble();
        const keys = [...test.data.keys()].filter((key) => key.startsWith(prefix)).slice(0, limit);
        return { keys: keys.map((name) => ({ name })) };
      },
    } as unknown as KVNamespace,
  };
  return test;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** @returns the entry of a client key, by its name in KV. */
export function keyEntry(key: string, entry: Record<string, unknown> = {}): Record<string, unknown> {
  return { [`key:${sha256(key)}`]: { name: 'web', created_at: 1, ...entry } };
}
