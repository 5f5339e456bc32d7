// Where an answer is kept: the name of its entry.
//
// Layout of a key: `c1:` and 64 hex digits, the SHA-256 of
//   head  JSON of [layout, shape, base URL, scope, client id]
//   body  the canonical form of the request (src/chat)
// No two lists of parts make the same text: JSON of an array is unambiguous, lone
// surrogates included (JSON.stringify escapes them; TextEncoder alone would fold
// them all to U+FFFD), and tells where it ends; all the rest is the canonical form.
//
// What is in the head, and why:
// - layout: an entry of another version of this code is never met.
// - shape: an entry holds the completion as STREAM_SHAPE made it. When an operator
//   changes the setting, the old entries are not found and expire. (Rejected: to
//   store StepFun's own bytes and mend them at each hit; that would scan the
//   answer on the path that must not.)
// - base URL: another upstream answers otherwise.
// - scope and client id: who may see the entry; see `scopeOf`.

import { joinText } from '../lib/bytes.ts';
import type { Config, StreamShape } from '../config/config.ts';
import { hex } from '../lib/hex.ts';

const LAYOUT = 'c1';

export interface KeyParts {
  readonly shape: StreamShape;
  readonly baseUrl: string;
  /** Whose entry it is: null for everybody's. */
  readonly clientId: string | null;
  /** The request's canonical form, in parts. */
  readonly canonical: readonly (string | Uint8Array)[];
}

/**
 * @returns whose entries a client may meet: its own (its id), or everybody's
 *   (null). It comes from who the caller is, never from anything that the client
 *   writes. Who pays with a StepFun key of their own shares with nobody.
 */
export function scopeOf(
  clientId: string,
  settings: Pick<Config['cache'], 'scope'>,
  upstream: Pick<Config['upstream'], 'keySource'>,
): string | null {
  return settings.scope === 'shared' && upstream.keySource === 'gateway' ? null : clientId;
}

/** @returns the name of the entry for a request: 67 ASCII characters, in KV and as a Flight's name. */
export async function cacheKey(parts: KeyParts): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', joinText([headOf(parts), ...parts.canonical]));
  return `${LAYOUT}:${hex(new Uint8Array(digest))}`;
}

interface Canonical {
  canonical(): KeyParts['canonical'];
}

/**
 * @param question - which must not change: its last key is remembered with it.
 * @returns its `cacheKey`.
 */
export async function keyOf(question: Canonical, rest: Omit<KeyParts, 'canonical'>): Promise<string> {
  const head = headOf(rest);
  const known = knownKeys.get(question);
  if (known?.head === head) return known.key;
  const key = await cacheKey({ ...rest, canonical: question.canonical() });
  knownKeys.set(question, { head, key });
  return key;
}

/**
 * Of the questions that are still there: a hot one is kept (src/chat/hot-requests.ts), and
 * to bring it into canonical form and digest it again would be a tenth of its answer's cost.
 */
const knownKeys = new WeakMap<Canonical, { readonly head: string; readonly key: string }>();

function headOf({ shape, baseUrl, clientId }: Omit<KeyParts, 'canonical'>): string {
  const scope = clientId === null ? 'shared' : 'client';
  return JSON.stringify([LAYOUT, shape, baseUrl, scope, clientId]);
}
