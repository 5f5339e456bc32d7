import { describe, expect, it } from 'vitest';
import { findSettingProblems, isAccessConfigured, readConfig } from '../../../src/config/config.ts';
import { settingsSchema } from '../../../src/config/settings.ts';
import { ConfigurationError } from '../../../src/config/configuration-error.ts';

const KEY = { STEP_API_KEY: 'sk-canary' };

function detailOf(env: object): string {
  try {
    readConfig(env);
  } catch (thrown) {
    if (thrown instanceof ConfigurationError) {
      return thrown.message;
    }
    throw thrown;
  }
  throw new Error('accepted');
}

describe('readConfig', () => {
  it('has the documented defaults', () => {
    expect(readConfig({ ...KEY })).toEqual({
      upstream: {
        baseUrl: 'https://api.stepfun.ai/v1',
        keySource: 'gateway',
        apiKey: 'sk-canary',
        limits: { concurrency: 0, rpm: 0, tpm: 0 },
        queue: { timeoutMs: 30_000, size: 1_000 },
      },
      access: {
        origins: { any: false, exact: new Set(), patterns: [] },
        anonymous: false,
        clientKeys: [],
        jwt: null,
        session: null,
        tokensPerDay: 0,
      },
      chat: {
        allowedModels: new Set(),
        maxOutputTokens: 0,
        maxChoices: 5,
        maxBodyBytes: 8 * 1024 * 1024,
        unknownParams: 'ignore',
        extraParams: new Set(),
        defaultReasoningFormat: 'general',
      },
      relay: { mode: 'rewrite', shape: 'openai', windowMs: 32 },
      cache: { ttlSeconds: 3600, scope: 'client', streams: 'read', staleSeconds: 0 },
      clocks: { firstByteMs: 120_000, idleMs: 60_000, totalMs: 600_000, keepAliveMs: 15_000 },
      playground: true,
    });
  });

  it('reads every setting', () => {
    const config = readConfig({
      STEP_API_KEY: 'sk-1',
      STEPFUN_BASE_URL: 'http://127.0.0.1:9/v1/',
      UPSTREAM_CONCURRENCY: '5',
      UPSTREAM_RPM: '100',
      UPSTREAM_TPM: '500000',
      QUEUE_TIMEOUT_MS: '1',
      QUEUE_SIZE: '0',
      ALLOWED_ORIGINS: 'https://a.example, http://localhost:5173, https://*.app.pages.dev',
      ANONYMOUS_ACCESS: 'true',
      CLIENT_KEYS: 'web:abc:defghijklmno,\n app:0123456789abcdef ',
      JWT_ISSUER: 'https://issuer.example',
      JWT_AUDIENCE: 'chat, admin',
      JWT_JWKS_URL: 'https://issuer.example/jwks',
      JWT_POLICY_CLAIM: 'https://app.example/plan',
      TURNSTILE_SECRET_KEY: 'ts',
      TURNSTILE_SITE_KEY: 'site',
      TURNSTILE_VERIFY_URL: 'http://localhost:1/verify',
      SESSION_SIGNING_KEY: 'x'.repeat(32),
      SESSION_TTL_SECONDS: '60',
      ALLOWED_MODELS: 'step-3.5-flash,step-3.7-flash',
      MAX_OUTPUT_TOKENS: '100',
      MAX_CHOICES: '2',
      MAX_BODY_BYTES: '2048',
      TOKENS_PER_DAY: '5000',
      UNKNOWN_PARAMS: 'refuse',
      EXTRA_PARAMS: 'top_k, min_p',
      DEFAULT_REASONING_FORMAT: 'hidden',
      STREAM_SHAPE: 'stepfun',
      RELAY: 'rewrite',
      RELAY_WINDOW_MS: '0',
      CACHE_TTL_SECONDS: '60',
      CACHE_SCOPE: 'shared',
      CACHE_STREAMS: 'write',
      CACHE_STALE_SECONDS: '30',
      PLAYGROUND: 'off',
      FIRST_BYTE_TIMEOUT_MS: '1',
      IDLE_TIMEOUT_MS: '2',
      TOTAL_TIMEOUT_MS: '3',
      KEEP_ALIVE_MS: '4',
      CACHE: {},
      CLIENTS: {},
      BUDGETS: {},
      GATE: {},
    });
    expect(config).toMatchObject({
      upstream: {
        baseUrl: 'http://127.0.0.1:9/v1',
        apiKey: 'sk-1',
        limits: { concurrency: 5, rpm: 100, tpm: 500_000 },
        queue: { timeoutMs: 1, size: 0 },
      },
      access: {
        origins: {
          any: false,
          exact: new Set(['https://a.example', 'http://localhost:5173']),
          patterns: [{ prefix: 'https://', suffix: '.app.pages.dev' }],
        },
        anonymous: true,
        clientKeys: [
          { name: 'web', key: 'abc:defghijklmno' },
          { name: 'app', key: '0123456789abcdef' },
        ],
        jwt: {
          issuer: 'https://issuer.example',
          audiences: ['chat', 'admin'],
          jwksUrl: 'https://issuer.example/jwks',
          policyClaim: 'https://app.example/plan',
        },
        session: {
          turnstileSecretKey: 'ts',
          turnstileSiteKey: 'site',
          turnstileVerifyUrl: 'http://localhost:1/verify',
          signingKey: 'x'.repeat(32),
          ttlSeconds: 60,
        },
        tokensPerDay: 5000,
      },
      chat: {
        allowedModels: new Set(['step-3.5-flash', 'step-3.7-flash']),
        maxOutputTokens: 100,
        maxChoices: 2,
        maxBodyBytes: 2048,
        unknownParams: 'refuse',
        extraParams: new Set(['top_k', 'min_p']),
        defaultReasoningFormat: 'hidden',
      },
      relay: { mode: 'rewrite', shape: 'stepfun', windowMs: 0 },
      cache: { ttlSeconds: 60, scope: 'shared', streams: 'write', staleSeconds: 30 },
      clocks: { firstByteMs: 1, idleMs: 2, totalMs: 3, keepAliveMs: 4 },
      playground: false,
    });
  });

  it('takes numbers and booleans as TOML writes them, and an empty text for nothing', () => {
    const config = readConfig({ ...KEY, ANONYMOUS_ACCESS: true, CACHE_TTL_SECONDS: 0, MAX_CHOICES: '' });
    expect(config.access.anonymous).toBe(true);
    expect(config.cache.ttlSeconds).toBe(0);
    expect(config.chat.maxChoices).toBe(5);
  });

  const WRONG: Record<string, unknown[]> = {
    STEP_API_KEY: ['has space', 'line\nfeed'],
    STEPFUN_BASE_URL: [
      'api.stepfun.ai',
      'http://api.stepfun.ai/v1',
      'https://x/?k=1',
      'https://u:p@x/',
      'ftp://x',
    ],
    UPSTREAM_KEY: ['both'],
    UPSTREAM_CONCURRENCY: ['-1', '1.5', '5'],
    UPSTREAM_RPM: ['-1', '100'],
    UPSTREAM_TPM: ['-1', '500000'],
    QUEUE_TIMEOUT_MS: ['0', '600001', '30s'],
    QUEUE_SIZE: ['-1', '100001'],
    ALLOWED_ORIGINS: [
      'https://a.example/',
      'a.example',
      'https://a.example/path',
      'null',
      'https://*.example',
    ],
    ANONYMOUS_ACCESS: ['yes', 'TRUE', '1'],
    CLIENT_KEYS: [
      'nokey-of-any-length',
      ':0123456789abcdef',
      'webby:',
      'webby:0123456789abcde',
      'a:0123456789abcdef,a:fedcba9876543210',
      'na me:0123456789abcdef',
    ],
    JWT_JWKS_URL: ['http://issuer.example/jwks'],
    JWT_ISSUER: [],
    JWT_POLICY_CLAIM: ['plan1'],
    TURNSTILE_SECRET_KEY: [],
    TURNSTILE_VERIFY_URL: ['http://evil.example'],
    SESSION_SIGNING_KEY: ['short'],
    SESSION_TTL_SECONDS: ['0', '29', '86401', '1.5', '-60'],
    ALLOWED_MODELS: ['a b'],
    MAX_OUTPUT_TOKENS: ['-1', 'many', '1e3'],
    MAX_CHOICES: ['0', '129'],
    MAX_BODY_BYTES: ['0', '1023', '999999999999'],
    TOKENS_PER_DAY: ['x', '5000'],
    UNKNOWN_PARAMS: ['drop', 'true'],
    EXTRA_PARAMS: ['a-b', '9a'],
    DEFAULT_REASONING_FORMAT: ['none', 'General'],
    STREAM_SHAPE: ['raw'],
    RELAY: ['fast'],
    RELAY_WINDOW_MS: ['1001', '-1'],
    CACHE_TTL_SECONDS: ['59', '2592001', '1h'],
    CACHE_SCOPE: ['all'],
    CACHE_STREAMS: ['on', 'write'],
    CACHE_STALE_SECONDS: ['-1', '30'],
    PLAYGROUND: ['false'],
    FIRST_BYTE_TIMEOUT_MS: ['0'],
    IDLE_TIMEOUT_MS: ['0'],
    TOTAL_TIMEOUT_MS: ['0'],
    KEEP_ALIVE_MS: ['0'],
    TURNSTILE_SITE_KEY: [],
    JWT_AUDIENCE: [],
  };

  it('has a wrong value for every setting', () => {
    expect(Object.keys(WRONG).toSorted()).toEqual(Object.keys(settingsSchema.shape).toSorted());
  });

  for (const [setting, values] of Object.entries(WRONG)) {
    it.each([...values, { nested: true }])(`refuses ${setting}=%s by name, without repeating it`, (value) => {
      const detail = detailOf({ ...KEY, [setting]: value });
      expect(detail).toContain(setting);
      expect(detail).toMatch(/expected /);
      if (typeof value === 'string' && value.length > 4) expect(detail).not.toContain(value);
    });
  }

  it('takes a token budget beside the native lane', () => {
    const both = { ...KEY, BUDGETS: {}, TOKENS_PER_DAY: '5000', RELAY: 'native' };
    expect(readConfig(both).access.tokensPerDay).toBe(5000);
  });

  it.each(['UPSTREAM_CONCURRENCY', 'UPSTREAM_RPM', 'UPSTREAM_TPM'])(
    'keeps %s with the binding GATE, and never with UPSTREAM_KEY=client',
    (setting) => {
      expect(detailOf({ ...KEY, [setting]: '5' })).toBe(`${setting}: expected the binding GATE`);
      expect(() => readConfig({ ...KEY, [setting]: '5', GATE: {} })).not.toThrow();
      expect(() => readConfig({ ...KEY, [setting]: '0', UPSTREAM_KEY: 'client' })).not.toThrow();
      expect(detailOf({ ...KEY, [setting]: '5', GATE: {}, UPSTREAM_KEY: 'client' })).toMatch(
        new RegExp(`^${setting}: expected 0 \\(off\\) with UPSTREAM_KEY=client`),
      );
    },
  );

  it.each([
    ['JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_JWKS_URL'],
    ['TURNSTILE_SECRET_KEY', 'TURNSTILE_SITE_KEY', 'SESSION_SIGNING_KEY'],
  ])('takes %s, %s and %s together or not at all', (...names) => {
    const values = Object.fromEntries(names.map((name) => [name, `https://x.example/${'x'.repeat(32)}`]));
    expect(() => readConfig({ ...KEY, ...values })).not.toThrow();
    for (const absent of names) {
      const problems = findSettingProblems({ ...KEY, ...values, [absent]: '' });
      expect(problems).toEqual([
        { kind: 'missing', setting: absent, expected: `all of ${names.join(', ')}, or none` },
      ]);
    }
    for (const alone of names) {
      const problems = findSettingProblems({ ...KEY, [alone]: values[alone] });
      expect(problems.map(({ setting }) => setting)).toEqual(names.filter((name) => name !== alone));
    }
  });

  it('takes JWT_POLICY_CLAIM beside JWT_ISSUER and the binding CLIENTS', () => {
    const jwt = {
      JWT_ISSUER: 'https://x.example',
      JWT_AUDIENCE: 'chat',
      JWT_JWKS_URL: 'https://x.example/jwks',
      JWT_POLICY_CLAIM: 'plan',
    };
    expect(readConfig({ ...KEY, ...jwt, CLIENTS: {} }).access.jwt?.policyClaim).toBe('plan');
    expect(readConfig({ ...KEY, ...jwt, JWT_POLICY_CLAIM: '' }).access.jwt?.policyClaim).toBeNull();
    expect(detailOf({ ...KEY, ...jwt })).toBe('JWT_POLICY_CLAIM: expected the binding CLIENTS');
    expect(detailOf({ ...KEY, JWT_POLICY_CLAIM: 'plan', CLIENTS: {} })).toBe(
      'JWT_POLICY_CLAIM: expected JWT_ISSUER beside it',
    );
  });

  it('needs an upstream key, or clients that bring theirs', () => {
    expect(detailOf({})).toContain('STEP_API_KEY');
    expect(readConfig({ UPSTREAM_KEY: 'client' }).upstream.apiKey).toBeUndefined();
  });

  it('names every wrong setting at once', () => {
    expect(detailOf({ RELAY: 'x', CACHE_SCOPE: 'y' })).toMatch(/RELAY: .*; CACHE_SCOPE: /);
  });

  it('reads an environment once, right or wrong', () => {
    const env: Record<string, unknown> = { ...KEY };
    expect(readConfig(env)).toBe(readConfig(env));
    env['RELAY'] = 'x';
    expect(readConfig(env).relay.mode).toBe('rewrite');
  });
});

describe('a name that is a near miss', () => {
  it.each([
    ['TOKEN_PER_DAY', 'TOKENS_PER_DAY'],
    ['tokens_per_day', 'TOKENS_PER_DAY'],
    ['CLIENT_KEY', 'CLIENT_KEYS'],
    ['ALLOWED_ORIGIN', 'ALLOWED_ORIGINS'],
    ['STEPFUN_API_KEY', 'STEP_API_KEY'],
    ['ANONYMOUS_ACESS', 'ANONYMOUS_ACCESS'],
    ['CACHE_TTL', 'CACHE_TTL_SECONDS'],
    ['TURNSTILE_SECRET', 'TURNSTILE_SECRET_KEY'],
    ['IDLE_TIMEOUT', 'IDLE_TIMEOUT_MS'],
  ])('of a setting is wrong: %s', (name, meant) => {
    expect(findSettingProblems({ ...KEY, [name]: 'sk-value' })).toEqual([
      { kind: 'wrong', setting: name, expected: `the name ${meant}: there is no setting of this name` },
    ]);
    expect(detailOf({ ...KEY, [name]: 'sk-value' })).not.toContain('sk-value');
  });

  it.each([
    'NODE_ENV',
    'LOG_LEVEL',
    'SENTRY_DSN',
    'CACHE_SIZE',
    'STREAM',
    'ENVIRONMENT',
    'X',
    'A'.repeat(65),
  ])('of no setting is ignored: %s', (name) => {
    expect(findSettingProblems({ ...KEY, [name]: 'x' })).toEqual([]);
  });

  it('may be the name of a binding, or be empty', () => {
    expect(findSettingProblems({ ...KEY, CLIENT_KEY: {}, TOKEN_PER_DAY: '' })).toEqual([]);
  });
});

describe('findSettingProblems', () => {
  it('finds nothing wrong with valid settings', () => {
    expect(findSettingProblems({ ...KEY })).toEqual([]);
  });

  it('distinguishes missing settings from wrong ones', () => {
    expect(findSettingProblems({ TOKENS_PER_DAY: '5', TOKEN_PER_DAY: '5' })).toEqual([
      { kind: 'missing', setting: 'STEP_API_KEY', expected: 'a StepFun key, or UPSTREAM_KEY=client' },
      { kind: 'wrong', setting: 'TOKENS_PER_DAY', expected: 'the binding BUDGETS' },
      { kind: 'wrong', setting: 'TOKEN_PER_DAY', expected: expect.stringContaining('TOKENS_PER_DAY') },
    ]);
  });
});

describe('isAccessConfigured', () => {
  it('is false for a new deployment', () => {
    expect(isAccessConfigured(readConfig({ ...KEY }))).toBe(false);
  });
});
