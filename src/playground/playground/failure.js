// What went wrong, and what a person can do about it.
//
// Pure. A Failure is what api.js and access.js throw; `explain` turns it into words.

/** @import { Caller, Explanation, FailureDetails, Remedy, Words } from '../types.ts' */

/** A request that failed. `code` is the gateway's own, or one of the four below. */
export class Failure extends Error {
  /**
   * @param {string} code - the gateway's error code; `network` (no answer at all),
   *   `interrupted` (a stream that just ended), `unreadable` (not what an API answers),
   *   `browser_check` (Turnstile).
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
  return { ...words(failure, caller), waitSeconds: failure.details.retryAfterSeconds ?? 0 };
}

/**
 * @param {Failure} failure
 * @param {Caller} caller
 * @returns {Words}
 */
function words(failure, caller) {
  // What stands before the gateway (Cloudflare, a proxy) speaks in statuses alone.
  const status = failure.code === 'unreadable' ? failure.details.status : undefined;
  const code = BY_STATUS.get(status) ?? failure.code;
  if (code === 'invalid_api_key') return credentialWords(caller);
  return WORDS.get(code) ?? UNKNOWN;
}

/** @type {ReadonlyMap<number | undefined, string>} */
const BY_STATUS = new Map([
  [401, 'invalid_api_key'],
  [403, 'origin_not_allowed'],
  [413, 'request_too_large'],
  [429, 'rate_limit_exceeded'],
]);

/** @param {Caller} caller */
function credentialWords(caller) {
  if (caller.credential === 'key') {
    const instead = caller.siteKey ? ' Or clear it, to be let in by the browser check.' : '';
    return say(
      'This key was not accepted',
      `Look for a missing or extra character, or ask the gateway's operator for a new key.${instead}`,
      ['key', 'retry'],
    );
  }
  if (caller.credential === 'session') {
    return say('Your session was not accepted', 'Try again; a client key works too, if you have one.', [
      'retry',
      'key',
    ]);
  }
  return say(
    'A key is needed',
    'This gateway answers callers with a client key. Enter yours and try again.',
    ['key', 'retry'],
  );
}

/**
 * @param {string} title
 * @param {string} advice
 * @param {readonly Remedy[]} remedies
 * @returns {Words}
 */
function say(title, advice, remedies) {
  return { title, advice, remedies };
}

const ASK_OPERATOR = "Ask the gateway's operator. The request id below finds it in the log.";
const UNKNOWN = say('The request failed', `Try again. If it stays: ${ASK_OPERATOR}`, ['retry']);
const STEPFUN_DOWN = "The trouble is on StepFun's side. Try again in a moment.";
const KEPT = 'What had arrived is kept above, and may lack its end.';

/** @type {ReadonlyMap<string, Words>} */
const WORDS = new Map(
  Object.entries({
    network: say(
      "The gateway can't be reached",
      'Check your connection, and whether the gateway is running. Then try again.',
      ['retry'],
    ),
    interrupted: say('The answer broke off', `The connection ended before the answer did. ${KEPT}`, [
      'retry',
    ]),
    unreadable: say(
      'This is not an answer of the gateway',
      'Something between here and there (a proxy, a login page, a wrong deployment) answered instead.',
      ['retry'],
    ),
    browser_check: say(
      'The browser check failed',
      'Turnstile did not let this browser in. Switch off what blocks challenges.cloudflare.com and try again, or enter a client key.',
      ['retry', 'key'],
    ),

    access_not_configured: say(
      'Nobody is let in yet',
      'The gateway is deployed, but has no way in. Its operator sets one: `CLIENT_KEYS` (`npx wrangler secret put CLIENT_KEYS`, as `name:key`), the Turnstile keys, `JWT_ISSUER` and its companions, or `ANONYMOUS_ACCESS = "true"` in wrangler.toml.',
      ['retry'],
    ),
    invalid_configuration: say(
      'A setting of the gateway is wrong',
      "The Worker's log names it (`npx wrangler tail`). Nothing can be answered until it is right.",
      ['retry'],
    ),
    access_unavailable: say(
      'The gateway can’t tell who may call',
      'What it checks callers with does not answer. Try again in a moment.',
      ['retry'],
    ),
    origin_not_allowed: say(
      'This page may not call the gateway',
      "Its operator adds this page's origin to `ALLOWED_ORIGINS`, exactly as the address bar shows it.",
      [],
    ),

    rate_limit_exceeded: say('Too many requests', 'You may send the next one when the time is up.', [
      'retry',
    ]),
    upstream_rate_limited: say(
      'StepFun is busy',
      "StepFun limits how much this gateway's key may ask. Wait a little, then try again.",
      ['retry'],
    ),
    insufficient_quota: say(
      "Today's tokens are used up",
      'Your budget starts anew at midnight UTC. Another client key has its own.',
      ['key', 'retry'],
    ),
    budget_reserved: say(
      'The rest of the budget is reserved',
      'Other requests of yours are under way and have reserved it. Try again in a few seconds.',
      ['retry'],
    ),

    invalid_value: say('A value is not right', 'Change it in the settings, then try again.', [
      'settings',
      'retry',
    ]),
    model_not_found: say('This model is not available here', 'Pick another one, then try again.', [
      'settings',
      'retry',
    ]),
    request_too_large: say(
      'The conversation is too large',
      'Its images count each time. Remove some, or start a new conversation.',
      ['new'],
    ),
    request_timeout: say('Sending took too long', 'The upload was slow. Try again, with smaller images.', [
      'retry',
    ]),
    upstream_rejected: say(
      'StepFun refused the request',
      'Change the settings or the message, then try again.',
      ['settings', 'retry'],
    ),
    content_filter: say("StepFun's content filter stopped this", 'Say it in other words.', []),

    upstream_auth: say(
      'The gateway is not let in by StepFun',
      'Its operator checks `STEP_API_KEY` and the balance of the StepFun account. Nothing you can do here changes it.',
      ['retry'],
    ),
    upstream_unavailable: say('StepFun is not available', STEPFUN_DOWN, ['retry']),
    upstream_malformed: say('StepFun gave a broken answer', STEPFUN_DOWN, ['retry']),
    upstream_timeout: say('StepFun took too long', STEPFUN_DOWN, ['retry']),
    upstream_truncated: say('The answer broke off', `StepFun ended it before it was complete. ${KEPT}`, [
      'retry',
    ]),
    upstream_reset: say('The answer broke off', `The connection to StepFun broke. ${KEPT}`, ['retry']),
    internal_error: say('The gateway made a mistake', `Try again. If it stays: ${ASK_OPERATOR}`, ['retry']),
  }),
);
