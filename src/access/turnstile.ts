// Whether a visitor solved Turnstile's challenge, on that page, for this purpose:
// Cloudflare's siteverify is asked, and nothing but its clear yes counts.

import type { Config } from '../config/config.ts';
import { GatewayError } from '../http/errors.ts';
import {
  SITEVERIFY_BYTES,
  SITEVERIFY_TIMEOUT_MS,
  TURNSTILE_TOKEN_MS,
  TURNSTILE_TOKENS_REMEMBERED,
} from '../config/limits.ts';
import { sha256Hex } from './digest.ts';
import { fetchJson, OutboundError } from './outbound.ts';
import { refusal } from './client.ts';

type SessionSettings = NonNullable<Config['access']['session']>;

/** The widget's `data-action`: a token that was solved for another purpose is none of ours. */
const ACTION = 'chat';

/**
 * Digests of the tokens that this isolate has sent to siteverify, oldest first,
 * with the time (ms) until which they count. Siteverify itself refuses a second
 * use, for the whole network; this keeps two requests at once, and a siteverify
 * that is too kind, from making two clients of one visitor.
 */
const used = new Map<string, number>();

/**
 * @param token - what the widget gave the page.
 * @param hostname - of the page that presents it.
 * @param address - the visitor's address, if known: siteverify compares it with the solver's.
 * @throws {GatewayError} `invalid_api_key` for a token that is wrong, used, or of
 *   another page or purpose; `access_unavailable` when siteverify doesn't answer.
 */
export async function verifyTurnstile(
  token: string,
  hostname: string,
  address: string | null,
  settings: SessionSettings,
): Promise<void> {
  const digest = await sha256Hex(token);
  if (!use(digest)) throw refusal('Turnstile: token already used');
  const verdict = await askSiteverify(token, address, settings).catch((error: unknown) => {
    used.delete(digest); // it was not: the visitor may try again
    throw new GatewayError('access_unavailable', undefined, { detail: `Turnstile: ${String(error)}` });
  });
  if (verdict['success'] !== true) throw refusal(`Turnstile: ${JSON.stringify(verdict['error-codes'])}`);
  if (verdict['hostname'] !== hostname) throw refusal('Turnstile: other hostname');
  if (verdict['action'] !== ACTION) throw refusal('Turnstile: other action');
}

/** @see https://developers.cloudflare.com/turnstile/get-started/server-side-validation/ */
async function askSiteverify(
  token: string,
  address: string | null,
  settings: SessionSettings,
): Promise<Record<string, unknown>> {
  const form = new URLSearchParams({ secret: settings.turnstileSecretKey, response: token });
  if (address !== null) form.set('remoteip', address);
  const bounds = { timeoutMs: SITEVERIFY_TIMEOUT_MS, maxBytes: SITEVERIFY_BYTES };
  const verdict = await fetchJson(settings.turnstileVerifyUrl, { method: 'POST', body: form }, bounds);
  if (typeof verdict !== 'object' || verdict === null) throw new OutboundError('not an object');
  return { ...verdict };
}

/** Remembers a token as used, and forgets the oldest of too many. @returns false if it was used before. */
function use(digest: string): boolean {
  const now = Date.now();
  if ((used.get(digest) ?? 0) > now) return false;
  used.set(digest, now + TURNSTILE_TOKEN_MS);
  const [oldest = digest] = used.keys();
  if (used.size > TURNSTILE_TOKENS_REMEMBERED) used.delete(oldest);
  return true;
}
