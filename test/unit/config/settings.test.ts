import { describe, expect, it } from 'vitest';
import { settingsSchema, type Settings } from '../../../src/config/settings.ts';

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;
const DAYS_30_SECONDS = 2_592_000;

type Name = keyof Settings;

/** The bounds of the settings that are whole numbers. */
const BOUNDS: Partial<Record<Name, readonly [min: number, max: number]>> = {
  UPSTREAM_CONCURRENCY: [0, 1_000_000],
  UPSTREAM_RPM: [0, 100_000_000],
  UPSTREAM_TPM: [0, 999_999_999_999],
  QUEUE_TIMEOUT_MS: [1, 600_000],
  QUEUE_SIZE: [0, 100_000],
  SESSION_TTL_SECONDS: [30, 86_400],
  MAX_OUTPUT_TOKENS: [0, 1_000_000],
  MAX_CHOICES: [1, 128],
  MAX_BODY_BYTES: [1024, 96 * MIB],
  TOKENS_PER_DAY: [0, 999_999_999_999],
  RELAY_WINDOW_MS: [0, 1_000],
  CACHE_TTL_SECONDS: [0, DAYS_30_SECONDS],
  CACHE_STALE_SECONDS: [0, DAYS_30_SECONDS],
  FIRST_BYTE_TIMEOUT_MS: [1, DAY_MS],
  IDLE_TIMEOUT_MS: [1, DAY_MS],
  TOTAL_TIMEOUT_MS: [1, DAY_MS],
  KEEP_ALIVE_MS: [1, DAY_MS],
};

/** Right and wrong values of the others. */
const VALUES: Partial<
  Record<Name, { readonly right: readonly string[]; readonly wrong: readonly string[] }>
> = {
  STEP_API_KEY: { right: ['sk-1', '!~'], wrong: ['has space', 'line\nfeed', 'schlüssel'] },
  STEPFUN_BASE_URL: { right: ['http://127.0.0.1:9/v1/'], wrong: ['http://api.stepfun.ai/v1'] },
  UPSTREAM_KEY: { right: ['gateway', 'client'], wrong: ['both'] },
  ALLOWED_ORIGINS: {
    right: ['*', 'https://a.example, app://obsidian.md', 'https://*.app.pages.dev'],
    wrong: ['https://a.example/', 'a.example', 'https://a.example/path', 'null', 'https://*.example'],
  },
  ANONYMOUS_ACCESS: { right: ['true', 'false'], wrong: ['yes', 'TRUE', '1'] },
  CLIENT_KEYS: {
    right: ['a:0123456789abcdef\nb.B-_9:0123456789:bcdef,'],
    wrong: [
      'nokey-of-any-length',
      ':0123456789abcdef',
      'webby:',
      'webby:0123456789abcde',
      'webby:0123456789 abcdef',
      'na me:0123456789abcdef',
      `${'a'.repeat(65)}:0123456789abcdef`,
    ],
  },
  JWT_ISSUER: { right: ['any text'], wrong: [] },
  JWT_AUDIENCE: { right: ['chat, admin'], wrong: [] },
  JWT_JWKS_URL: { right: ['https://issuer.example/jwks'], wrong: ['http://issuer.example/jwks'] },
  JWT_POLICY_CLAIM: { right: ['https://app.example/plan'], wrong: [] },
  TURNSTILE_SECRET_KEY: { right: ['any text'], wrong: [] },
  TURNSTILE_SITE_KEY: { right: ['any text'], wrong: [] },
  TURNSTILE_VERIFY_URL: { right: ['http://localhost:1/verify'], wrong: ['http://evil.example'] },
  SESSION_SIGNING_KEY: { right: ['x'.repeat(32)], wrong: ['x'.repeat(31)] },
  ALLOWED_MODELS: {
    right: ['step-3.5-flash, org/model:free_1', 'x'.repeat(128)],
    wrong: ['a b', 'x'.repeat(129)],
  },
  UNKNOWN_PARAMS: { right: ['ignore', 'refuse'], wrong: ['drop', 'true'] },
  EXTRA_PARAMS: { right: ['top_k, min_p', 'x'.repeat(64)], wrong: ['a-b', '9a', '_a', 'x'.repeat(65)] },
  DEFAULT_REASONING_FORMAT: {
    right: ['general', 'deepseek-style', 'hidden'],
    wrong: ['none', 'General'],
  },
  STREAM_SHAPE: { right: ['openai', 'stepfun'], wrong: ['raw'] },
  RELAY: { right: ['rewrite', 'native'], wrong: ['fast'] },
  CACHE_SCOPE: { right: ['client', 'shared'], wrong: ['all'] },
  CACHE_STREAMS: { right: ['off', 'read', 'write'], wrong: ['on'] },
  PLAYGROUND: { right: ['on', 'off'], wrong: ['false'] },
};

it('each setting has its values here', () => {
  const names = [...Object.keys(BOUNDS), ...Object.keys(VALUES)];
  expect(names.toSorted()).toEqual(Object.keys(settingsSchema.shape).toSorted());
});

describe('a setting takes', () => {
  const values = Object.entries(VALUES).flatMap(([name, { right }]) => right.map((value) => [name, value]));
  const bounds = Object.entries(BOUNDS).flatMap(([name, ends]) => ends.map((end) => [name, String(end)]));

  it.each([...values, ...bounds])('%s=%s', (name = '', value = '') => {
    expect(settingsSchema.safeParse({ [name]: value }).error).toBeUndefined();
  });
});

describe('a setting refuses, without repeating it,', () => {
  const values = Object.entries(VALUES).flatMap(([name, { wrong }]) =>
    [...wrong, { nested: true }].map((value) => [name, value] as const),
  );
  const bounds = Object.entries(BOUNDS).flatMap(([name, [min, max]]) =>
    [String(min - 1), String(max + 1), { nested: true }].map((value) => [name, value] as const),
  );

  it.each([...values, ...bounds])('%s=%s', (name, value) => {
    const issues = settingsSchema.safeParse({ [name]: value }).error?.issues ?? [];
    expect(issues.map(({ path }) => path[0])).toEqual([name]);
    if (typeof value === 'string' && value.length > 4) expect(issues[0]?.message).not.toContain(value);
  });
});
