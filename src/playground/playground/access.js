// The credential of this page: a client key, or a session that Turnstile opens.

import { openSession } from './api.js';
import { field, text } from './json.js';
import { Failure } from './failure.js';
import { readStored, writeStored } from './storage.js';

const STORED_AS = 'stepfun-edge.key';

/** A session is renewed this long before its end, so that a request under way does not outlive it. */
const RENEW_BEFORE_MS = 15_000;

/** @typedef {{ token: string, expiresAt: number }} Session `expiresAt` in ms since the epoch */

export class Access {
  /** @type {Session | null} */
  #session = null;
  /** @type {Promise<Session> | null} */
  #opening = null;

  /** @param {string} siteKey - Turnstile's; '' without it. */
  constructor(siteKey) {
    this.siteKey = siteKey;
    this.key = readStored(STORED_AS) ?? '';
    this.isRemembered = this.key !== '';
  }

  /** @returns {'key' | 'session' | 'none'} */
  get credential() {
    if (this.key !== '') return 'key';
    return this.siteKey === '' ? 'none' : 'session';
  }

  /**
   * @param {string} key - '' for none.
   * @param {boolean} isRemembered - beyond this page; only if the visitor asks for it.
   */
  setKey(key, isRemembered) {
    this.key = key.trim();
    this.isRemembered = isRemembered;
    writeStored(STORED_AS, isRemembered && this.key !== '' ? this.key : null);
  }

  /**
   * @param {AbortSignal} signal
   * @param {{ renew?: boolean }} [options] - `renew`: the last token was refused.
   * @returns {Promise<string | null>} what to send as Bearer; null: nothing.
   * @throws {Failure} `browser_check`, or what POST /v1/session answers.
   */
  async token(signal, { renew = false } = {}) {
    if (this.credential === 'key') return this.key;
    if (this.credential === 'none') return null;
    if (renew || this.#session === null || this.#session.expiresAt - RENEW_BEFORE_MS < Date.now()) {
      this.#session = null;
      // The list of models and the first question may ask at the same time: one check serves both.
      this.#opening ??= open(this.siteKey).finally(() => (this.#opening = null));
      this.#session = await unlessAborted(this.#opening, signal);
    }
    return this.#session.token;
  }
}

/** @param {string} siteKey */
async function open(siteKey) {
  const { solveChallenge } = await import('./turnstile.js');
  return parseSession(await openSession(await solveChallenge(siteKey)));
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
function unlessAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

/**
 * @param {unknown} answer - `{"token","expires_at"}`.
 * @returns {Session}
 */
export function parseSession(answer) {
  const token = text(field(answer, 'token'));
  if (token === '') throw new Failure('unreadable', '');
  // Unix seconds. A session without an end counts as ended: it serves one request.
  return { token, expiresAt: Number(field(answer, 'expires_at') ?? 0) * 1000 };
}
