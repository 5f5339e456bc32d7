// Verifies that a visitor solved Turnstile's challenge, on this page, for this purpose.
// Cloudflare's siteverify decides; every other answer than its explicit success is a refusal.

import type { Config } from '../config/config.ts';
import {
  SITEVERIFY_BYTES,
  SITEVERIFY_TIMEOUT_MS,
  TURNSTILE_TOKEN_MS,
  TURNSTILE_TOKENS_REMEMBERED,
} from '../config/limits.ts';
import { GatewayError } from '../http/errors.ts';
import { BoundedMap } from '../lib/bounded-map.ts';
import { sha256Hex } from '../lib/digest.ts';
import { fetchJson, OutboundError } from './outbound.ts';

type SessionSettings = NonNullable<Config['access']['session']>;

/** The widget's `data-action`: a token that was solved for another purpose is refused. */
const ACTION = 'chat';

/** The default message of the code asks for a bearer, which `POST /v1/session` does not read. */
const NOT_CONFIRMED = 'Turnstile did not confirm this visitor: let the widget make a new token and send it.';

/**
 * Error codes of siteverify that are not about the visitor: its own failure, and a wrong
 * secret or request of the operator.
 * @see https://developers.cloudflare.com/turnstile/get-started/server-side-validation/#error-codes
 */
const NOT_THE_VISITOR = ['internal-error', 'missing-input-secret', 'invalid-input-secret', 'bad-request'];

/**
 * Digests of the tokens that this isolate has sent to siteverify, oldest first, with the
 * time (ms) until which they count. Siteverify itself refuses a second use, in the whole
 * network. This map also refuses it for two requests at once, and if siteverify allows it:
 * each use would be a new client.
 */
const used = new BoundedMap<string, number>(TURNSTILE_TOKENS_REMEMBERED);

/**
 * @param token - the widget's token.
 * @param hostname - of the page that sent it.
 * @param address - the visitor's address, if known: siteverify compares it with the solver's.
 * @throws {GatewayError} `invalid_api_key` for a token that is wrong, used, or of another
 *   page or purpose; `access_unavailable` when siteverify doesn't answer, fails, or refuses
 *   TURNSTILE_SECRET_KEY. Then the token may be sent again.
 */
export async function verifyTurnstile(
  token: string,
  hostname: string,
  address: string | null,
  settings: SessionSettings,
): Promise<void> {
  const digest = await sha256Hex(token);
  if (!use(digest)) throw notConfirmed('Turnstile: token already used');
  try {
    const verdict = await askSiteverify(token, address, settings);
    if (verdict['success'] !== true)
      throw notConfirmed(`Turnstile: ${JSON.stringify(verdict['error-codes'])}`);
    if (verdict['hostname'] !== hostname) throw notConfirmed('Turnstile: other hostname');
    if (verdict['action'] !== ACTION) throw notConfirmed('Turnstile: other action');
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    used.delete(digest); // siteverify has not verified it
    throw new GatewayError('access_unavailable', undefined, { detail: `Turnstile: ${String(error)}` });
  }
}

/** @throws {OutboundError} when the answer is not about the visitor. */
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
  const answer: Record<string, unknown> = { ...verdict };
  const codes = Array.isArray(answer['error-codes']) ? answer['error-codes'] : [];
  const code = NOT_THE_VISITOR.find((known) => codes.includes(known));
  if (answer['success'] !== true && code !== undefined) {
    throw new OutboundError(code.endsWith('-secret') ? `${code}: TURNSTILE_SECRET_KEY is wrong` : code);
  }
  return answer;
}

/** @param reason - for the log alone. */
function notConfirmed(reason: string): GatewayError {
  return new GatewayError('invalid_api_key', NOT_CONFIRMED, { detail: reason });
}

/** Remembers a token as used. @returns false if it was used before. */
function use(digest: string): boolean {
  const nowMs = Date.now();
  if ((used.get(digest) ?? 0) > nowMs) return false;
  used.set(digest, nowMs + TURNSTILE_TOKEN_MS);
  return true;
}
