// The demo client of `npm start`: a key that everybody knows, in the local store alone.

import { createHash } from 'node:crypto';
import { clientEntryKey, type ClientEntry } from '../../src/access/client-entry.ts';
import { createKvStore } from './kv-store.ts';

const KEY = 'sfe-demo-00000000000000000000000000000000';

/** @returns the demo client's key, whose entry is in the store of `npm start` now. */
export async function setDemoClient(): Promise<string> {
  const entry: ClientEntry = {
    name: 'demo',
    tokens_per_day: 100_000,
    requests_per_minute: 20,
    created_at: Math.floor(Date.now() / 1_000),
  };
  const store = createKvStore({ local: true, env: undefined, namespaceId: undefined });
  const digest = createHash('sha256').update(KEY).digest('hex');
  await store.write(new Map([[clientEntryKey(digest), JSON.stringify(entry)]]));
  return KEY;
}
