import { describe, expect, it } from 'vitest';
import {
  findSettingProblems,
  isAccessConfigured,
  isPlaygroundOn,
  readConfig,
} from '../../../src/config/config.ts';
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

  it.each(['ALLOWED_ORIGINS', 'STEP_API_KEY', 'TOKENS_PER_DAY'])(
    'says that %s is no list or table',
    (setting) => {
      for (const value of [['https://a.example'], { a: 1 }]) {
        const problems = findSettingProblems({ STEP_API_KEY: 'sk-1', [setting]: value });
        const expected = 'a text; in a list, commas separate the items';
        expect(problems).toContainEqual({ kind: 'wrong', setting, expected });
      }
    },
  );

  it('takes numbers and booleans as TOML writes them, and an empty text for nothing', () => {
    const config = readConfig({ ...KEY, ANONYMOUS_ACCESS: true, CACHE_TTL_SECONDS: 0, MAX_CHOICES: '' });
    expect(config.access.anonymous).toBe(true);
    expect(config.cache.ttlSeconds).toBe(0);
    expect(config.chat.maxChoices).toBe(5);
  });

  it('has no policy claim where there is none', () => {
    const jwt = { JWT_ISSUER: 'i', JWT_AUDIENCE: 'a', JWT_JWKS_URL: 'https://x.example/jwks' };
    expect(readConfig({ ...KEY, ...jwt }).access.jwt?.policyClaim).toBeNull();
  });

  it('names every wrong setting at once', () => {
    expect(detailOf({ ...KEY, RELAY: 'x', CACHE_SCOPE: 'y' })).toBe(
      'RELAY: expected one of rewrite, native; CACHE_SCOPE: expected one of client, shared',
    );
  });

  it('reads an environment once, right or wrong', () => {
    const env: Record<string, unknown> = { ...KEY };
    expect(readConfig(env)).toBe(readConfig(env));
    env['RELAY'] = 'x';
    expect(readConfig(env).relay.mode).toBe('rewrite');
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
      {
        kind: 'wrong',
        setting: 'TOKEN_PER_DAY',
        expected: 'the name TOKENS_PER_DAY: there is no setting of this name',
      },
    ]);
  });

  it('takes bindings and empty values for no misspelled settings', () => {
    expect(findSettingProblems({ ...KEY, CLIENT_KEY: {}, TOKEN_PER_DAY: '' })).toEqual([]);
  });

  it.each(['CACHE', 'CLIENTS', 'BUDGETS', 'GATE'])('sees whether the binding %s is there', (binding) => {
    const vars = {
      CACHE_STREAMS: 'write',
      JWT_ISSUER: 'https://x.example',
      JWT_AUDIENCE: 'chat',
      JWT_JWKS_URL: 'https://x.example/jwks',
      JWT_POLICY_CLAIM: 'plan',
      TOKENS_PER_DAY: '5',
      UPSTREAM_RPM: '5',
    };
    const bindings = { CACHE: {}, CLIENTS: {}, BUDGETS: {}, GATE: {} };
    expect(findSettingProblems({ ...KEY, ...vars, ...bindings })).toEqual([]);
    const [problem, ...others] = findSettingProblems({ ...KEY, ...vars, ...bindings, [binding]: undefined });
    expect(problem?.expected).toMatch(`the binding ${binding}`);
    expect(others).toEqual([]);
  });
});

describe('isPlaygroundOn', () => {
  it('follows PLAYGROUND, also beside wrong settings', () => {
    for (const env of [{ ...KEY }, {}, { ...KEY, RELAY: 'x' }]) {
      expect(isPlaygroundOn({ ...env })).toBe(true);
      expect(isPlaygroundOn({ ...env, PLAYGROUND: 'off' })).toBe(false);
    }
  });
});

describe('isAccessConfigured', () => {
  it('is false for a new deployment', () => {
    expect(isAccessConfigured(readConfig({ ...KEY }))).toBe(false);
  });

  it.each<Record<string, string>>([
    { ANONYMOUS_ACCESS: 'true' },
    { CLIENT_KEYS: 'web:0123456789abcdef' },
    { JWT_ISSUER: 'i', JWT_AUDIENCE: 'a', JWT_JWKS_URL: 'https://x.example/jwks' },
    { TURNSTILE_SECRET_KEY: 's', TURNSTILE_SITE_KEY: 's', SESSION_SIGNING_KEY: 'x'.repeat(32) },
    { UPSTREAM_KEY: 'client' },
  ])('is true with %o', (vars) => {
    expect(isAccessConfigured(readConfig({ ...KEY, ...vars }))).toBe(true);
  });
});
