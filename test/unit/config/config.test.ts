import { describe, expect, it } from 'vitest';
import { readConfig, settingsSchema } from '../../../src/config/config.ts';
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
  it('has the defaults of the contract', () => {
    expect(readConfig({ ...KEY })).toEqual({
      upstream: { baseUrl: 'https://api.stepfun.ai/v1', keySource: 'gateway', apiKey: 'sk-canary' },
      access: {
        origins: new Set(),
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
      relay: { mode: 'rewrite', shape: 'openai', windowMs: 16 },
      cache: { ttlSeconds: 3600, scope: 'client', streams: 'read', staleSeconds: 0 },
      clocks: { firstByteMs: 120_000, idleMs: 60_000, totalMs: 600_000, keepAliveMs: 15_000 },
      playground: true,
    });
  });

  it('reads every setting', () => {
    const config = readConfig({
      STEP_API_KEY: 'sk-1',
      STEPFUN_BASE_URL: 'http://127.0.0.1:9/v1/',
      ALLOWED_ORIGINS: 'https://a.example, http://localhost:5173',
      ANONYMOUS_ACCESS: 'true',
      CLIENT_KEYS: 'web:abc:def,\n app:xyz ',
      JWT_ISSUER: 'https://issuer.example',
      JWT_AUDIENCE: 'chat',
      JWT_JWKS_URL: 'https://issuer.example/jwks',
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
      BUDGETS: {},
    });
    expect(config).toMatchObject({
      upstream: { baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'sk-1' },
      access: {
        origins: new Set(['https://a.example', 'http://localhost:5173']),
        anonymous: true,
        clientKeys: [
          { name: 'web', key: 'abc:def' },
          { name: 'app', key: 'xyz' },
        ],
        jwt: { issuer: 'https://issuer.example', audience: 'chat', jwksUrl: 'https://issuer.example/jwks' },
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
    ALLOWED_ORIGINS: [
      'https://a.example/',
      'a.example',
      'https://a.example/path',
      'null',
      'https://*.example',
    ],
    ANONYMOUS_ACCESS: ['yes', 'TRUE', '1'],
    CLIENT_KEYS: ['nokey', ':key', 'webby:', 'a:1,a:2', 'na me:key'],
    JWT_JWKS_URL: ['http://issuer.example/jwks'],
    JWT_ISSUER: ['https://alone.example'],
    TURNSTILE_SECRET_KEY: ['alone'],
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
    TURNSTILE_SITE_KEY: ['alone'],
    JWT_AUDIENCE: ['alone'],
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

  it('counts no tokens in the native lane, so that no budget stands beside it', () => {
    const counted = { ...KEY, BUDGETS: {}, TOKENS_PER_DAY: '5000' };
    expect(detailOf({ ...counted, RELAY: 'native' })).toMatch(/^TOKENS_PER_DAY: .*RELAY=native/);
    expect(readConfig(counted).access.tokensPerDay).toBe(5000);
    expect(readConfig({ ...KEY, RELAY: 'native' }).relay.mode).toBe('native');
  });

  it('needs an upstream key, or clients who bring theirs', () => {
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
