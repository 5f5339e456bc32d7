// The token of a browser session: its id, its page and its expiry.
//
// Its form is its own, `sess_<payload>.<HMAC-SHA-256>`, not a JWT signed with
// HS256: then a session and a user token cannot be mistaken for each other, no header chooses
// the algorithm, and the bundle needs no code that signs JWTs.

import { base64url } from 'jose';
import type { Config } from '../config/config.ts';
import type { GatewayError } from '../http/errors.ts';
import { refusal, sessionIdentity, type Identity } from './client.ts';

type SessionSettings = NonNullable<Config['access']['session']>;

interface Session {
  /** A random UUID: the client that the rate limit and the budget count. */
  readonly id: string;
  /** The page's origin, as the browser wrote it. */
  readonly origin: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

const PREFIX = 'sess_';
const HMAC = { name: 'HMAC', hash: 'SHA-256' };
const encoder = new TextEncoder();

/** @returns whether a bearer has the form of a session's token. */
export function isSessionToken(bearer: string): boolean {
  return bearer.startsWith(PREFIX);
}

/** @returns the session's token: visible ASCII, some 250 characters. */
export async function signSession(session: Session, signingKey: string): Promise<string> {
  const text = PREFIX + base64url.encode(JSON.stringify(session));
  const mac = await crypto.subtle.sign('HMAC', await importKey(signingKey, 'sign'), encoder.encode(text));
  return `${text}.${base64url.encode(new Uint8Array(mac))}`;
}

/**
 * @param token - of `signSession`, or any other text with its prefix.
 * @param request - it must come from the session's page.
 * @returns the session's identity, or the error `invalid_api_key`.
 */
export async function verifySession(
  token: string,
  request: Request,
  { signingKey }: SessionSettings,
): Promise<Identity | GatewayError> {
  const session = await openToken(token, signingKey);
  if (session === null) return refusal('session: not signed here');
  if (Date.now() >= session.expiresAt * 1_000) return refusal('session: expired');
  if (pageOrigin(request) !== session.origin) return refusal('session: other origin');
  return sessionIdentity(session.id);
}

/** Without `Origin` it is the gateway's own: browsers omit the header for a page's GET to its own origin (Fetch §3.1). */
function pageOrigin(request: Request): string {
  return request.headers.get('origin') ?? new URL(request.url).origin;
}

async function openToken(token: string, signingKey: string): Promise<Session | null> {
  const dot = token.lastIndexOf('.');
  const mac = decode(token.slice(dot + 1));
  if (dot === -1 || mac === null) return null;
  const key = await importKey(signingKey, 'verify');
  // subtle.verify compares in constant time.
  const genuine = await crypto.subtle.verify('HMAC', key, mac, encoder.encode(token.slice(0, dot)));
  // Nothing of a token is parsed before its signature is verified: `signSession` wrote it.
  return genuine
    ? JSON.parse(new TextDecoder().decode(base64url.decode(token.slice(PREFIX.length, dot))))
    : null;
}

function importKey(signingKey: string, usage: 'sign' | 'verify'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', encoder.encode(signingKey), HMAC, false, [usage]);
}

function decode(text: string): Uint8Array | null {
  try {
    return base64url.decode(text);
  } catch {
    return null;
  }
}
