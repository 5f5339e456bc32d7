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
  type EntryLimits,
  type PolicyEntry,
} from './client-entry.ts';
import { refusal } from './client.ts';
import { EntryMemory } from './entry-memory.ts';

/** A client key that may be used now. */
export interface KeyHolder {
  readonly name: string;
  readonly limits: EntryLimits;
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
 * @returns the holder of this key, or the error of its request: `invalid_api_key`, or
 *   `access_unavailable` when KV fails and the key is not known.
 */
export async function findKeyHolder(digest: string, clients: KVNamespace): Promise<KeyHolder | GatewayError> {
  const found = await registryOf(clients).keys.find(clientEntryKey(digest));
  if (found === 'none') return refusal('unknown bearer');
  if (found === 'invalid') return refusal('client key: its entry is invalid');
  if (found === 'unavailable') return accessUnavailable('the binding CLIENTS failed');
  const { entry, origins } = found;
  if (entry.disabled === true) return refusal(`client key ${entry.name}: disabled`);
  if (entry.expires_at !== undefined && Date.now() >= entry.expires_at * 1_000) {
    return refusal(`client key ${entry.name}: expired`);
  }
  return { name: entry.name, limits: entry, origins };
}

/**
 * @param name - the value of the claim `JWT_POLICY_CLAIM`, as the issuer wrote it; null: none.
 * @returns the policy of that name; null without one: then the deployment's settings hold.
 *   The error `access_unavailable` when KV fails and the policy is not known, and for an
 *   invalid entry: with the deployment's settings, a user might get more than the operator
 *   wanted to allow.
 */
export async function findPolicy(
  name: unknown,
  clients: KVNamespace | undefined,
): Promise<EntryLimits | null | GatewayError> {
  if (name === null || clients === undefined) return null;
  const found = await registryOf(clients).policies.find(policyEntryKey(name));
  if (found === 'none') return null;
  if (found === 'invalid') return accessUnavailable('policy: its entry is invalid');
  if (found === 'unavailable') return accessUnavailable('the binding CLIENTS failed');
  return found;
}

/**
 * @param clients - the binding; read only if the settings configure no way in.
 * @returns whether any way in is configured. The answer of KV is remembered for 60 s.
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
    throw accessUnavailable(`CLIENTS: ${String(error)}`);
  }
}

function accessUnavailable(detail: string): GatewayError {
  return new GatewayError('access_unavailable', undefined, { detail });
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
