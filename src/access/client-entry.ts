// The entries of the binding `CLIENTS`: one for each client key, and policies for users'
// tokens. The Worker reads these entries, `npm run clients` writes them.
//
//   key:<SHA-256 of the key, hex>  → ClientEntry as JSON
//   policy:<value of the claim>    → PolicyEntry as JSON

import * as z from 'zod/mini';
import { originSchema } from '../config/origins.ts';

/** The beginning of each key: the command creates `sfe-<name>-<32 random characters>`. */
export const CLIENT_KEY_PREFIX = 'sfe-';

export const KEY_PREFIX = 'key:';
export const POLICY_PREFIX = 'policy:';

/** The name of a client or a policy. */
export const ENTRY_NAME = /^[A-Za-z0-9._-]{1,64}$/;
/** The name of a model; `*`: every model. */
export const ENTRY_MODEL = /^(?:\*|[\w.:/-]{1,128})$/;
const COUNT_MAX = 999_999_999_999;

const count = z.int().check(z.minimum(0), z.maximum(COUNT_MAX));
const unixSeconds = z.int().check(z.minimum(0));

const policyFields = {
  models: z.optional(z.array(z.string().check(z.regex(ENTRY_MODEL))).check(z.minLength(1))),
  /** 0: no limit, here and below. */
  tokens_per_day: z.optional(count),
  requests_per_minute: z.optional(count),
  max_output_tokens: z.optional(count),
  created_at: unixSeconds,
};

/** Strict: an entry with a misspelled limit is refused, not served without it. */
export const policyEntrySchema = z.strictObject(policyFields);

export const clientEntrySchema = z.strictObject({
  ...policyFields,
  name: z.string().check(z.regex(ENTRY_NAME)),
  /** Narrows ALLOWED_ORIGINS for this key: a preflight carries no key, so it can't widen. */
  origins: z.optional(z.array(originSchema).check(z.minLength(1))),
  expires_at: z.optional(unixSeconds),
  disabled: z.optional(z.boolean()),
});

export type PolicyEntry = z.infer<typeof policyEntrySchema>;
export type ClientEntry = z.infer<typeof clientEntrySchema>;
/** The limits of an entry of either kind. */
export type EntryLimits = Omit<PolicyEntry, 'created_at'>;

/** @param digest - SHA-256 of a client key, in hex. */
export function clientEntryKey(digest: string): string {
  return KEY_PREFIX + digest;
}

/** @returns the key of a policy's entry; for a claim's value that can't name one, a key that no entry has. */
export function policyEntryKey(value: unknown): string {
  return POLICY_PREFIX + (typeof value === 'string' && ENTRY_NAME.test(value) ? value : '(malformed)');
}
