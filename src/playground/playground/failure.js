// Failures of a request, and the words and the remedy for each.
//
// Pure. api.js and access.js throw a Failure; `explain` turns it into words.

/** @import { Caller, Explanation, FailureDetails, Remedy } from '../types.ts' */

/** @typedef {Omit<Explanation, 'waitSeconds'>} Words */

/** A request that failed. `code` is the gateway's own, or one of those below. */
export class Failure extends Error {
  /**
   * @param {string} code - the gateway's error code; or `network` (no response), `interrupted` (a
   *   stream without its end), `unreadable` (not what the API sends), `browser_check` (Turnstile).
   * @param {string} message - the gateway's own words; may be empty.
   * @param {FailureDetails} [details]
   */
  constructor(code, message, details = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.details = details;
  }
}

/**
 * @param {Failure} failure
 * @param {Caller} caller
 * @returns {Explanation}
 */
export function explain(failure, caller) {
  return { ...wordsFor(failure, caller), waitSeconds: failure.details.retryAfterSeconds ?? 0 };
}

/**
 * @param {Failure} failure
 * @param {Caller} caller
 * @returns {Words}
 */
function wordsFor(failure, caller) {
  // A proxy before the gateway (Cloudflare's, a company's) has a status, but no code.
  const status = failure.code === 'unreadable' ? failure.details.status : undefined;
  const code = CODE_OF_STATUS.get(status) ?? failure.code;
  if (code === 'invalid_api_key') return credentialWords(caller);
  const known = WORDS.get(code) ?? UNKNOWN;
  // These name the field and the reason, which no text here can know.
  const isExact = EXACT_MESSAGES.has(code) || known === UNKNOWN;
  return isExact && failure.message !== '' ? { ...known, advice: failure.message } : known;
}

/** @type {ReadonlyMap<number | undefined, string>} */
const CODE_OF_STATUS = new Map([
  [401, 'invalid_api_key'],
  [403, 'origin_not_allowed'],
  [413, 'request_too_large'],
  [429, 'rate_limit_exceeded'],
]);

const EXACT_MESSAGES = new Set([
  'invalid_value',
  'unknown_parameter',
  'model_not_found',
  'upstream_rejected',
]);

/** @param {Caller} caller */
function credentialWords({ credential, siteKey }) {
  if (credential === 'key') {
    const instead = siteKey ? ' Without a key, the browser check is used instead.' : '';
    return words(
      'This key was not accepted',
      `Look for a missing or extra character, or ask the gateway’s operator for a new key.${instead}`,
      'key',
    );
  }
  if (credential === 'session') {
    return words(
      'Your session was not accepted',
      'Try again, or enter a client key if you have one.',
      'retry',
    );
  }
  return words('A key is needed', 'This gateway answers callers that have a client key.', 'key');
}

/**
 * @param {string} title
 * @param {string} advice
 * @param {Remedy | null} remedy
 * @returns {Words}
 */
function words(title, advice, remedy) {
  return { title, advice, remedy };
}

const UNKNOWN = words(
  'The request failed',
  'The gateway’s log has the reason, under the request id below.',
  'retry',
);
const STEPFUN_DOWN = 'The problem is at StepFun. Try again in a moment.';

/**
 * "Try again" only where the same request may succeed later: the gateway sends `x-should-retry: false` with the others.
 * @type {ReadonlyMap<string, Words>}
 */
const WORDS = new Map(
  Object.entries({
    network: words(
      'The gateway can’t be reached',
      'Check your connection, and whether the gateway is running.',
      'retry',
    ),
    interrupted: words('The answer broke off', 'The connection ended before the answer did.', 'retry'),
    unreadable: words(
      'This is not an answer of the gateway',
      'Something between this page and the gateway (a proxy, a login page) answered instead.',
      'retry',
    ),
    browser_check: words(
      'The browser check failed',
      'Turnstile refused this browser. Allow challenges.cloudflare.com, or enter a client key.',
      'key',
    ),

    access_not_configured: words(
      'No way in is configured yet',
      'The gateway is deployed without a way in. Its operator sets one: `CLIENT_KEYS` (`npx wrangler secret put CLIENT_KEYS`, as `name:key`), the Turnstile keys, `JWT_ISSUER`, `JWT_AUDIENCE` and `JWT_JWKS_URL`, or `ANONYMOUS_ACCESS = "true"` in wrangler.toml.',
      null,
    ),
    invalid_configuration: words(
      'A setting of the gateway is wrong',
      'The Worker’s log names it (`npx wrangler tail`).',
      null,
    ),
    access_unavailable: words(
      'The gateway can’t check who is calling',
      'The service that it asks does not answer. Try again in a moment.',
      'retry',
    ),
    origin_not_allowed: words(
      'This page may not call the gateway',
      'Its operator can add the origin of this page to `ALLOWED_ORIGINS`, exactly as the address bar shows it.',
      null,
    ),

    rate_limit_exceeded: words('Too many requests', 'The limit counts requests a minute.', 'retry'),
    queue_timeout: words('The gateway is busy', 'No request slot became free in time.', 'retry'),
    queue_full: words('The gateway is busy', 'Too many requests are waiting already.', 'retry'),
    upstream_rate_limited: words('StepFun is busy', 'StepFun limits how much this gateway may ask.', 'retry'),
    budget_reserved: words(
      'Your token budget is in use',
      'Requests that are still running hold the rest of it. It becomes free when they end.',
      'retry',
    ),
    insufficient_quota: words(
      'Today’s tokens are used up',
      'The budget starts again at midnight UTC. Another client key has its own.',
      'key',
    ),

    invalid_value: words('A value is not valid', 'Change it in the settings.', 'settings'),
    unknown_parameter: words('A field is not known', 'Change it in the settings.', 'settings'),
    model_not_found: words('This model is not available here', 'Pick another one.', 'settings'),
    request_too_large: words(
      'The conversation is too large',
      'Its images are sent with each message. Start a new one, or remove some.',
      'new',
    ),
    request_timeout: words('Sending took too long', 'The upload was slow. Smaller images help.', 'retry'),
    upstream_rejected: words(
      'StepFun refused the request',
      'Change the settings or the message.',
      'settings',
    ),
    content_filter: words('StepFun’s content filter stopped this', 'Write it differently.', 'edit'),

    upstream_auth: words(
      'StepFun does not accept the gateway’s key',
      'Ask the operator to check `STEP_API_KEY`, `STEPFUN_BASE_URL` (keys of api.stepfun.ai and api.stepfun.com are not interchangeable) and the account’s balance.',
      null,
    ),
    upstream_misconfigured: words(
      'The gateway asks StepFun at a wrong address',
      'Ask the operator to check `STEPFUN_BASE_URL`. The Worker’s log names the address.',
      null,
    ),
    upstream_unavailable: words('StepFun is not available', STEPFUN_DOWN, 'retry'),
    upstream_malformed: words('StepFun sent a broken answer', STEPFUN_DOWN, 'retry'),
    upstream_timeout: words('StepFun took too long', STEPFUN_DOWN, 'retry'),
    upstream_truncated: words('The answer broke off', 'StepFun ended it before it was complete.', 'retry'),
    upstream_reset: words('The answer broke off', 'The connection to StepFun broke.', 'retry'),
    internal_error: words(
      'The gateway failed',
      'Its log has the reason, under the request id below.',
      'retry',
    ),
  }),
);
