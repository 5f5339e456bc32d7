// The demo client of `npm start`: a public key, in the local store only.

import type { ClientEntry } from '../../src/access/client-entry.ts';
import { entryKeyOf } from './commands.ts';
import { createKvStore } from './kv-store.ts';

const KEY = 'sfe-demo-00000000000000000000000000000000';

/** Writes the demo client's entry into the store of `npm start`. @returns its key. */
export async function setDemoClient(): Promise<string> {
  const entry: ClientEntry = {
    name: 'demo',
    tokens_per_day: 100_000,
    requests_per_minute: 20,
    created_at: Math.floor(Date.now() / 1_000),
  };
  const store = createKvStore({ local: true, env: undefined, namespaceId: undefined });
  await store.write(new Map([[entryKeyOf(KEY), JSON.stringify(entry)]]));
  return KEY;
}
