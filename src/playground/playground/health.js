// The state of the deployment (GET /healthz) in words.
//
// Pure.

import { field, list, text } from './json.js';

/** @import { Health } from '../types.ts' */

/**
 * @param {unknown} answer - GET /healthz: `{ status, configuration, access, missing?, wrong? }`.
 * @returns {Health | null} null where it is no such document.
 */
export function parseHealth(answer) {
  const status = text(field(answer, 'status'));
  if (status === '') return null;
  const access = field(answer, 'access');
  const configuration = field(answer, 'configuration');
  return {
    isServing: status === 'ok',
    access: access === 'configured' || access === 'not_configured' ? access : 'unknown',
    configuration: configuration === 'valid' || configuration === 'invalid' ? configuration : 'unknown',
    missing: list(field(answer, 'missing')).map(settingOf).filter(Boolean),
    wrong: list(field(answer, 'wrong')).map(problemOf),
  };
}

/**
 * @param {unknown} problem - `{ setting, expected }`.
 * @returns {string}
 */
function settingOf(problem) {
  return text(field(problem, 'setting'));
}

/**
 * @param {unknown} problem - as above.
 * @returns {string} words for it.
 */
function problemOf(problem) {
  return `${settingOf(problem)}: expected ${text(field(problem, 'expected'))}.`;
}

/**
 * @param {Health} health
 * @returns {{ title: string, problems: readonly string[] } | null} what the operator has to do, each with
 *   backticks around code; null where there is nothing.
 */
export function setupProblems(health) {
  const { isServing, access, configuration, missing, wrong } = health;
  if (isServing && missing.length === 0) return null;
  const problems = missing.map((name) => `\`${name}\` is not set. ${MISSING.get(name) ?? setVariable(name)}`);
  if (access === 'not_configured') problems.push(NO_ACCESS);
  if (configuration === 'invalid') {
    problems.push(...wrong);
    if (wrong.length > 0) problems.push('Correct it, then reload this page.');
    // Wrong settings are named to the operator's own machine alone.
    else if (missing.length === 0) {
      problems.push('A setting is wrong. The Worker’s log names it: `npx wrangler tail`.');
    }
  }
  return { title: isServing ? 'A setting is missing' : 'This gateway is not ready yet', problems };
}

const NO_ACCESS =
  'No caller is allowed yet. Set one way in: `npx wrangler secret put CLIENT_KEYS` with `name:key`, the Turnstile keys, `JWT_ISSUER`, `JWT_AUDIENCE` and `JWT_JWKS_URL`, or `ANONYMOUS_ACCESS = "true"` in wrangler.toml.';

/** @type {ReadonlyMap<string, string>} */
const MISSING = new Map([
  ['STEP_API_KEY', 'Run `npx wrangler secret put STEP_API_KEY` and paste the key of your StepFun account.'],
  ['TURNSTILE_SECRET_KEY', 'Run `npx wrangler secret put TURNSTILE_SECRET_KEY`.'],
  [
    'SESSION_SIGNING_KEY',
    'Run `npx wrangler secret put SESSION_SIGNING_KEY` with 32 random characters or more.',
  ],
]);

/** @param {string} name */
function setVariable(name) {
  return `Set it under \`[vars]\` in wrangler.toml, or with \`npx wrangler secret put ${name}\` if it is a secret.`;
}
