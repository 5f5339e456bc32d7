// The binding `CLIENTS`: client keys with limits of their own, and policies for users'
// tokens, without a deploy. KV alone; access/entry-memory.ts bounds its reads.

import { isAccessConfigured, type Config } from '../config/config.ts';
import { CLIENT_FRESH_MS, CLIENT_READ_MS } from '../config/limits.ts';
import { parseOriginRules, type OriginRules } from '../config/origins.ts';
import { GatewayError } from '../http/errors.ts';
import { parseJson } from '../lib/json.ts';
import { within } from '../lib/within.ts';
import {
  clientEntryKey,
  clientEntrySchema,
  KEY_PREFIX,
  policyEntryKey,
  policyEntrySchema,
  type ClientEntry,
  type Policy,
  type PolicyEntry,
} from './client-entry.ts';
import { refusal } from './client.ts';
import { EntryMemory } from './entry-memory.ts';

/** A client key that may be used now. */
export interface KeyHolder {
  readonly name: string;
  readonly policy: Policy;
  /** null: every origin that the deployment allows. */
  readonly origins: OriginRules | null;
}

interface KnownKey {
  readonly entry: ClientEntry;
  readonly origins: OriginRules | null;
}

interface Registry {
  readonly keys: EntryMemory<KnownKey>;
  readonly policies: EntryMemory<PolicyEntry>;
  /** Whether there is any key; as of the last `list`. */
  readonly hasKeys: { value: boolean; untilMs: number };
}

/** By binding: one for each isolate. */
const registries = new WeakMap<KVNamespace, Registry>();

/**
 * @param digest - SHA-256 of the bearer, in hex.
 * @returns the holder of this key, or why it is not let in (`invalid_api_key`).
 * @throws {GatewayError} `access_unavailable` when KV fails and the key is not known.
 */
export async function findKeyHolder(digest: string, clients: KVNamespace): Promise<KeyHolder | GatewayError> {
  const found = await registryOf(clients).keys.find(clientEntryKey(digest));
  if (found === 'none') return refusal('unknown bearer');
  if (found === 'invalid') return refusal('client key: its entry is invalid');
  const { entry, origins } = found;
  if (entry.disabled === true) return refusal(`client key ${entry.name}: disabled`);
  if (entry.expires_at !== undefined && Date.now() >= entry.expires_at * 1_000) {
    return refusal(`client key ${entry.name}: expired`);
  }
  return { name: entry.name, policy: entry, origins };
}

/**
 * @param value - of the claim `JWT_POLICY_CLAIM`, as the issuer wrote it; null: none.
 * @returns the policy of that name; null without one: then the deployment's settings hold.
 * @throws {GatewayError} `access_unavailable` when KV fails and the policy is not known, or when
 *   its entry is invalid: nobody is served without the limits that were meant.
 */
export async function findPolicy(value: unknown, clients: KVNamespace | undefined): Promise<Policy | null> {
  if (value === null || clients === undefined) return null;
  const found = await registryOf(clients).policies.find(policyEntryKey(value));
  if (found === 'invalid') {
    throw new GatewayError('access_unavailable', undefined, { detail: 'the entry of a policy is invalid' });
  }
  return found === 'none' ? null : found;
}

/**
 * @param clients - the binding; asked only if the settings let nobody in.
 * @returns whether anybody can come in. The answer of KV is remembered for 60 s.
 * @throws {GatewayError} `access_unavailable` when KV fails.
 */
export async function hasWayIn(config: Config, clients: KVNamespace | undefined): Promise<boolean> {
  if (isAccessConfigured(config)) return true;
  if (clients === undefined) return false;
  const { hasKeys } = registryOf(clients);
  if (Date.now() < hasKeys.untilMs) return hasKeys.value;
  try {
    const { keys } = await within(clients.list({ prefix: KEY_PREFIX, limit: 1 }), CLIENT_READ_MS);
    hasKeys.value = keys.length > 0;
    hasKeys.untilMs = Date.now() + CLIENT_FRESH_MS;
    return hasKeys.value;
  } catch (error) {
    throw new GatewayError('access_unavailable', undefined, { detail: `CLIENTS: ${String(error)}` });
  }
}

function registryOf(clients: KVNamespace): Registry {
  let registry = registries.get(clients);
  if (registry === undefined) {
    registry = {
      keys: new EntryMemory(clients, parseClient, { logsAbsence: false }),
      policies: new EntryMemory(clients, parsePolicy, { logsAbsence: true }),
      hasKeys: { value: false, untilMs: 0 },
    };
    registries.set(clients, registry);
  }
  return registry;
}

function parseClient(text: string): KnownKey | null {
  const { data } = clientEntrySchema.safeParse(parseJson(text));
  if (data === undefined) return null;
  return { entry: data, origins: data.origins === undefined ? null : parseOriginRules(data.origins) };
}

function parsePolicy(text: string): PolicyEntry | null {
  return policyEntrySchema.safeParse(parseJson(text)).data ?? null;
}
