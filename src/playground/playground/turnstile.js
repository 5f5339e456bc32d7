// Cloudflare Turnstile: its script is loaded when the first session is needed; its
// widget is visible only while it needs the visitor.

import { byId, h } from './dom.js';
import { Failure } from './failure.js';
import { field } from './json.js';

const SCRIPT = 'https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit';

/** Longer than a person needs; a blocked frame sends no event at all. */
const SOLVE_TIMEOUT_MS = 120_000;

/**
 * @typedef {object} Turnstile the part of its API that is used here
 * @property {(container: HTMLElement, options: object) => string | undefined} render
 * @property {(widget: string) => void} remove
 */

/** @type {Promise<Turnstile> | null} */
let loading = null;

/**
 * @param {string} siteKey
 * @returns {Promise<string>} a token, for one use.
 * @throws {Failure} `browser_check`.
 */
export async function solveChallenge(siteKey) {
  loading ??= load();
  const turnstile = await loading.catch((/** @type {unknown} */ error) => {
    loading = null;
    throw error;
  });
  const container = byId('turnstile', HTMLElement).appendChild(h('div'));
  /** @type {string | undefined} */
  let widget;
  /** @type {PromiseWithResolvers<string>} */
  const { promise, resolve, reject } = Promise.withResolvers();
  const fail = (/** @type {unknown} */ code) =>
    reject(new Failure('browser_check', `Turnstile: ${String(code)}`));
  const timer = setTimeout(fail, SOLVE_TIMEOUT_MS, 'no answer');
  try {
    widget = turnstile.render(container, {
      sitekey: siteKey,
      action: 'chat',
      appearance: 'interaction-only',
      callback: resolve,
      'error-callback': fail,
      'timeout-callback': () => fail('not solved in time'),
      'unsupported-callback': () => fail('this browser is too old'),
    });
    return await promise;
  } finally {
    clearTimeout(timer);
    if (widget !== undefined) turnstile.remove(widget);
    container.remove();
  }
}

/** @returns {Promise<Turnstile>} */
function load() {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Failure('browser_check', 'Turnstile could not be loaded.'));
    const loaded = () => {
      /** @type {unknown} */
      const turnstile = Reflect.get(globalThis, 'turnstile');
      if (isTurnstile(turnstile)) resolve(turnstile);
      else fail();
    };
    document.head.append(h('script', { src: SCRIPT, load: loaded, error: fail }));
  });
}

/**
 * @param {unknown} value
 * @returns {value is Turnstile}
 */
function isTurnstile(value) {
  return typeof field(value, 'render') === 'function' && typeof field(value, 'remove') === 'function';
}
