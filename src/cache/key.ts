// The name of an entry.
//
// Layout of a key: `c2:` and 64 hex digits, the SHA-256 of
//   head  JSON of [layout, shape, base URL, scope, client id]
//   body  the canonical form of the request (src/chat/request)
// Two different lists of parts never make the same text: JSON of an array is unambiguous, lone
// surrogates included (JSON.stringify escapes them; TextEncoder alone would turn all of them
// into U+FFFD), and shows where it ends; the rest is the canonical form.
//
// The head holds:
// - layout: an entry of another version of this code is never found.
// - shape: an entry holds the completion as STREAM_SHAPE made it. When an operator changes
//   the setting, the old entries are not found and expire. (Rejected: to store StepFun's own
//   bytes and rewrite them at each hit, which would parse each answer again.)
// - base URL: another upstream gives other answers.
// - scope and client id: who may see the entry; see `scopeOf`.

import { joinText } from '../lib/bytes.ts';
import type { Config, StreamShape } from '../config/config.ts';
import { hex } from '../lib/hex.ts';

const LAYOUT = 'c2';

export interface KeyParts {
  readonly shape: StreamShape;
  readonly baseUrl: string;
  /** The client that owns the entry; null: all clients share it. */
  readonly clientId: string | null;
  /** The request's canonical form, in parts. */
  readonly canonical: readonly (string | Uint8Array)[];
}

/**
 * @returns the scope of a client's entries: its own id, or null for the shared ones. It comes
 *   from the client's identity, never from anything that the client writes. Clients that pay
 *   with a StepFun key of their own share with nobody.
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

function headOf({ shape, baseUrl, clientId }: Omit<KeyParts, 'canonical'>): string {
  const scope = clientId === null ? 'shared' : 'client';
  return JSON.stringify([LAYOUT, shape, baseUrl, scope, clientId]);
}
