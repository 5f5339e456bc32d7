// Finds a bearer among the client keys of the setting `CLIENT_KEYS`.

import type { Config } from '../config/config.ts';
import { sameDigest, sha256 } from '../lib/digest.ts';

type ClientKeys = Config['access']['clientKeys'];
type NamedDigest = readonly [name: string, digest: Uint8Array];

/** The keys' digests, computed once per isolate. Values, not promises: those can't be shared between requests. */
const memory = new WeakMap<ClientKeys, readonly NamedDigest[]>();

/**
 * @param presented - SHA-256 of the bearer.
 * @returns the key's name, or null. Every key is compared, each in constant time: the
 *   time does not depend on the length or the position of a partial match.
 */
export async function matchClientKey(presented: Uint8Array, keys: ClientKeys): Promise<string | null> {
  let digests = memory.get(keys);
  if (digests === undefined) {
    digests = await Promise.all(keys.map(async ({ name, key }) => [name, await sha256(key)] as const));
    memory.set(keys, digests);
  }
  let match: string | null = null;
  for (const [name, digest] of digests) {
    if (sameDigest(digest, presented)) match = name;
  }
  return match;
}
