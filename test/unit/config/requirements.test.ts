import { describe, expect, it } from 'vitest';
import type { Bindings, SettingProblem } from '../../../src/config/config.ts';
import { REQUIREMENTS } from '../../../src/config/requirements.ts';
import { settingsSchema } from '../../../src/config/settings.ts';

const NONE: Bindings = { CACHE: false, CLIENTS: false, BUDGETS: false, GATE: false };

/** The problems of these settings, beside a StepFun key. */
function find(vars: Record<string, string>, bindings: Partial<Bindings> = {}): SettingProblem[] {
  const settings = settingsSchema.parse({ STEP_API_KEY: 'sk-1', ...vars });
  return REQUIREMENTS.flatMap((requirement) => requirement(settings, { ...NONE, ...bindings }));
}

const wrong = (setting: string, expected: string) => [{ kind: 'wrong', setting, expected }];

describe('the requirements', () => {
  it('are met by the defaults, without any binding', () => {
    expect(find({})).toEqual([]);
  });

  it('ask for an upstream key, or clients that bring theirs', () => {
    const settings = settingsSchema.parse({});
    expect(REQUIREMENTS.flatMap((requirement) => requirement(settings, NONE))).toEqual([
      { kind: 'missing', setting: 'STEP_API_KEY', expected: 'a StepFun key, or UPSTREAM_KEY=client' },
    ]);
    const own = settingsSchema.parse({ UPSTREAM_KEY: 'client' });
    expect(REQUIREMENTS.flatMap((requirement) => requirement(own, NONE))).toEqual([]);
  });

  it.each(['UPSTREAM_CONCURRENCY', 'UPSTREAM_RPM', 'UPSTREAM_TPM'])(
    'let %s be kept with the binding GATE, and never with UPSTREAM_KEY=client',
    (setting) => {
      expect(find({ [setting]: '5' })).toEqual(wrong(setting, 'the binding GATE'));
      expect(find({ [setting]: '5' }, { GATE: true })).toEqual([]);
      expect(find({ [setting]: '0', UPSTREAM_KEY: 'client' })).toEqual([]);
      expect(find({ [setting]: '5', UPSTREAM_KEY: 'client' }, { GATE: true })).toEqual(
        wrong(setting, '0 (off) with UPSTREAM_KEY=client, where each client has an account of its own'),
      );
    },
  );

  it('let each client key have a name of its own', () => {
    expect(find({ CLIENT_KEYS: 'a:0123456789abcdef,b:0123456789abcdef' })).toEqual([]);
    expect(find({ CLIENT_KEYS: 'a:0123456789abcdef,a:fedcba9876543210' })).toEqual(
      wrong('CLIENT_KEYS', 'each name once'),
    );
  });

  it.each([
    ['JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_JWKS_URL'],
    ['TURNSTILE_SECRET_KEY', 'TURNSTILE_SITE_KEY', 'SESSION_SIGNING_KEY'],
  ])('take %s, %s and %s together or not at all', (...names) => {
    const values = Object.fromEntries(names.map((name) => [name, `https://x.example/${'x'.repeat(32)}`]));
    const missing = (absent: string[]) =>
      absent.map((setting) => ({
        kind: 'missing',
        setting,
        expected: `all of ${names.join(', ')}, or none`,
      }));
    expect(find(values)).toEqual([]);
    for (const name of names) {
      const { [name]: value = '', ...others } = values;
      expect(find(others)).toEqual(missing([name]));
      expect(find({ [name]: value })).toEqual(missing(names.filter((other) => other !== name)));
    }
  });

  it('take JWT_POLICY_CLAIM beside JWT_ISSUER and the binding CLIENTS', () => {
    const jwt = {
      JWT_ISSUER: 'https://x.example',
      JWT_AUDIENCE: 'chat',
      JWT_JWKS_URL: 'https://x.example/jwks',
      JWT_POLICY_CLAIM: 'plan',
    };
    expect(find(jwt, { CLIENTS: true })).toEqual([]);
    expect(find(jwt)).toEqual(wrong('JWT_POLICY_CLAIM', 'the binding CLIENTS'));
    expect(find({ JWT_POLICY_CLAIM: 'plan' }, { CLIENTS: true })).toEqual(
      wrong('JWT_POLICY_CLAIM', 'JWT_ISSUER beside it'),
    );
  });

  it.each([
    [{ TOKENS_PER_DAY: '5' }, 'BUDGETS', 'the binding BUDGETS'],
    // Also in the native lane.
    [{ TOKENS_PER_DAY: '5', RELAY: 'native' }, 'BUDGETS', 'the binding BUDGETS'],
    [{ CACHE_STREAMS: 'write' }, 'CACHE', 'the binding CACHE, which streams fill'],
    [{ CACHE_STALE_SECONDS: '30' }, 'CACHE', 'the binding CACHE'],
  ])('let %o need the binding %s', (vars, binding, expected) => {
    expect(find(vars)).toEqual(wrong(Object.keys(vars)[0] ?? '', expected));
    expect(find(vars, { [binding]: true })).toEqual([]);
  });

  it('let an entry of the cache live for 60 s at least, or not at all', () => {
    expect(find({ CACHE_TTL_SECONDS: '0' })).toEqual([]);
    expect(find({ CACHE_TTL_SECONDS: '60' })).toEqual([]);
    for (const seconds of ['1', '59']) {
      expect(find({ CACHE_TTL_SECONDS: seconds })).toEqual(
        wrong('CACHE_TTL_SECONDS', '0 (off) or 60 to 2592000'),
      );
    }
  });

  it('are checked all: each problem is named', () => {
    expect(find({ CACHE_TTL_SECONDS: '1', TOKENS_PER_DAY: '5' }).map(({ setting }) => setting)).toEqual([
      'TOKENS_PER_DAY',
      'CACHE_TTL_SECONDS',
    ]);
  });
});
