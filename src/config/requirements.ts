// Requirements between settings, and between settings and bindings. They are checked once
// each value by itself is valid.

import { CACHE_TTL_RANGE_SECONDS } from './limits.ts';
import type { Settings } from './settings.ts';
import type { Bindings, SettingProblem } from './config.ts';

/** @returns the problems that this requirement finds; empty if it is met. */
type Requirement = (settings: Settings, has: Bindings) => readonly SettingProblem[];

const JWT = ['JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_JWKS_URL'] as const;
const SESSION = ['TURNSTILE_SECRET_KEY', 'TURNSTILE_SITE_KEY', 'SESSION_SIGNING_KEY'] as const;
const UPSTREAM_LIMITS = ['UPSTREAM_CONCURRENCY', 'UPSTREAM_RPM', 'UPSTREAM_TPM'] as const;

export const REQUIREMENTS: readonly Requirement[] = [
  (s) =>
    s.UPSTREAM_KEY === 'client' || s.STEP_API_KEY !== undefined
      ? []
      : [missing('STEP_API_KEY', 'a StepFun key, or UPSTREAM_KEY=client')],
  (s, has) => UPSTREAM_LIMITS.flatMap((name) => check(name, s[name] === 0 || has.GATE, 'the binding GATE')),
  (s) =>
    UPSTREAM_LIMITS.flatMap((name) =>
      check(
        name,
        s[name] === 0 || s.UPSTREAM_KEY === 'gateway',
        '0 (off) with UPSTREAM_KEY=client, where each client has an account of its own',
      ),
    ),
  (s) => {
    const names = s.CLIENT_KEYS.map((pair) => pair.split(':', 1)[0]);
    return check('CLIENT_KEYS', new Set(names).size === names.length, 'each name once');
  },
  (s) => allOrNone(s, JWT),
  (s) =>
    check(
      'JWT_POLICY_CLAIM',
      s.JWT_POLICY_CLAIM === undefined || isSet(s.JWT_ISSUER),
      'JWT_ISSUER beside it',
    ),
  (s, has) =>
    check('JWT_POLICY_CLAIM', s.JWT_POLICY_CLAIM === undefined || has.CLIENTS, 'the binding CLIENTS'),
  (s) => allOrNone(s, SESSION),
  (s, has) => check('TOKENS_PER_DAY', s.TOKENS_PER_DAY === 0 || has.BUDGETS, 'the binding BUDGETS'),
  (s) => {
    // The range has a gap, which the schema of a whole number can't express.
    const { min, max } = CACHE_TTL_RANGE_SECONDS;
    const isRight = s.CACHE_TTL_SECONDS === 0 || s.CACHE_TTL_SECONDS >= min;
    return check('CACHE_TTL_SECONDS', isRight, `0 (off) or ${min} to ${max}`);
  },
  (s, has) =>
    check('CACHE_STREAMS', s.CACHE_STREAMS !== 'write' || has.CACHE, 'the binding CACHE, which streams fill'),
  (s, has) => check('CACHE_STALE_SECONDS', s.CACHE_STALE_SECONDS === 0 || has.CACHE, 'the binding CACHE'),
];

/** The missing members of a group that works only as a whole. */
function allOrNone(settings: Settings, names: readonly (keyof Settings)[]): SettingProblem[] {
  const absent = names.filter((name) => !isSet(settings[name]));
  if (absent.length === 0 || absent.length === names.length) return [];
  return absent.map((name) => missing(name, `all of ${names.join(', ')}, or none`));
}

function isSet(value: Settings[keyof Settings]): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

function check(setting: string, isMet: boolean, expected: string): SettingProblem[] {
  return isMet ? [] : [{ kind: 'wrong', setting, expected }];
}

function missing(setting: string, expected: string): SettingProblem {
  return { kind: 'missing', setting, expected };
}
