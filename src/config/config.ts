// Every setting, read from the environment once per isolate: typed, with its
// default, and with an error that names the setting when its value is wrong.
//
// Pure, apart from the cache of what was read.

import * as z from 'zod/mini';
import { ConfigurationError } from './configuration-error.ts';
import { address, flag, integer, listOf, matching, oneOf, origin, text } from './setting-types.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const DAY_MS = 86_400_000;

/** What an entry's time to live may be: KV takes no expiration below 60 s; 30 days is our ceiling. */
export const CACHE_TTL_SECONDS = { min: 60, max: 2_592_000 } as const;

const clientKey = matching(
  /^[A-Za-z0-9._-]{1,64}:[\x21-\x7e]+$/,
  'name:key pairs, separated by commas or newlines',
);

/** The contract's table of settings. Its keys are the names in `[vars]` and secrets. */
export const settingsSchema = z.object({
  STEP_API_KEY: z.optional(matching(/^[\x21-\x7e]+$/, 'a key of visible ASCII characters')),
  STEPFUN_BASE_URL: z._default(address, 'https://api.stepfun.ai/v1'),
  UPSTREAM_KEY: oneOf(['gateway', 'client'], 'gateway'),
  UPSTREAM_CONCURRENCY: integer(0, 1_000_000, 0),
  UPSTREAM_RPM: integer(0, 1_000_000, 0),
  UPSTREAM_TPM: integer(0, 999_999_999_999, 0),
  QUEUE_TIMEOUT_MS: integer(1, DAY_MS, 30_000),
  QUEUE_SIZE: integer(0, 100_000, 1_000),

  ALLOWED_ORIGINS: listOf(origin),
  ANONYMOUS_ACCESS: flag,
  CLIENT_KEYS: listOf(clientKey, /[,\n]/),
  JWT_ISSUER: text,
  JWT_AUDIENCE: text,
  JWT_JWKS_URL: z.optional(address),
  TURNSTILE_SECRET_KEY: text,
  TURNSTILE_SITE_KEY: text,
  TURNSTILE_VERIFY_URL: z._default(address, 'https://challenges.cloudflare.com/turnstile/v0/siteverify'),
  SESSION_SIGNING_KEY: z.optional(z.string().check(z.minLength(32, 'at least 32 characters'))),
  SESSION_TTL_SECONDS: integer(30, 86_400, 600),

  ALLOWED_MODELS: listOf(matching(/^[\w.:/-]{1,128}$/, 'model names, separated by commas')),
  MAX_OUTPUT_TOKENS: integer(0, 1_000_000, 0),
  MAX_CHOICES: integer(1, 128, 5),
  MAX_BODY_BYTES: integer(1 * KIB, 96 * MIB, 8 * MIB),
  TOKENS_PER_DAY: integer(0, 999_999_999_999, 0),
  UNKNOWN_PARAMS: oneOf(['ignore', 'refuse'], 'ignore'),
  EXTRA_PARAMS: listOf(matching(/^[A-Za-z]\w{0,63}$/, 'field names, separated by commas')),

  DEFAULT_REASONING_FORMAT: oneOf(['general', 'deepseek-style', 'hidden'], 'general'),
  STREAM_SHAPE: oneOf(['openai', 'stepfun'], 'openai'),
  RELAY: oneOf(['rewrite', 'native'], 'rewrite'),
  RELAY_WINDOW_MS: integer(0, 1_000, 32),

  CACHE_TTL_SECONDS: integer(0, CACHE_TTL_SECONDS.max, 3_600),
  CACHE_SCOPE: oneOf(['client', 'shared'], 'client'),
  CACHE_STREAMS: oneOf(['off', 'read', 'write'], 'read'),
  CACHE_STALE_SECONDS: integer(0, CACHE_TTL_SECONDS.max, 0),

  PLAYGROUND: oneOf(['on', 'off'], 'on'),
  FIRST_BYTE_TIMEOUT_MS: integer(1, DAY_MS, 120_000),
  IDLE_TIMEOUT_MS: integer(1, DAY_MS, 60_000),
  TOTAL_TIMEOUT_MS: integer(1, DAY_MS, 600_000),
  KEEP_ALIVE_MS: integer(1, DAY_MS, 15_000),
});

type Settings = z.infer<typeof settingsSchema>;

/** Every setting as the code uses it: grouped by the part that asks, lists as sets. */
export type Config = ReturnType<typeof toConfig>;
export type ReasoningFormat = Settings['DEFAULT_REASONING_FORMAT'];
export type StreamShape = Settings['STREAM_SHAPE'];

/** What each setting needs beside itself; checked when all values are right. */
const REQUIREMENTS: readonly {
  setting: string;
  expected: string;
  met: (settings: Settings, bindings: Bindings) => boolean;
}[] = [
  {
    setting: 'STEP_API_KEY',
    expected: 'set, or UPSTREAM_KEY=client',
    met: (s) => s.UPSTREAM_KEY === 'client' || s.STEP_API_KEY !== undefined,
  },
  {
    setting: 'CLIENT_KEYS',
    expected: 'each name once',
    met: (s) => new Set(s.CLIENT_KEYS.map((pair) => pair.split(':', 1)[0])).size === s.CLIENT_KEYS.length,
  },
  {
    setting: 'CACHE_TTL_SECONDS',
    expected: `0 (off) or ${CACHE_TTL_SECONDS.min} to ${CACHE_TTL_SECONDS.max}`,
    met: (s) => s.CACHE_TTL_SECONDS === 0 || s.CACHE_TTL_SECONDS >= CACHE_TTL_SECONDS.min,
  },
  {
    setting: 'CACHE_STALE_SECONDS',
    expected: 'the binding CACHE',
    met: (s, has) => s.CACHE_STALE_SECONDS === 0 || has.CACHE,
  },
  {
    setting: 'CACHE_STREAMS',
    expected: 'the binding CACHE, to be filled by streams',
    met: (s, has) => s.CACHE_STREAMS !== 'write' || has.CACHE,
  },
  {
    setting: 'TOKENS_PER_DAY',
    expected: 'the binding BUDGETS',
    met: (s, has) => s.TOKENS_PER_DAY === 0 || has.BUDGETS,
  },
  {
    // The lane sees no usage: its streams would cost a budget nothing.
    setting: 'TOKENS_PER_DAY',
    expected: '0 (off) with RELAY=native, which counts no tokens',
    met: (s) => s.TOKENS_PER_DAY === 0 || s.RELAY !== 'native',
  },
  {
    setting: 'JWT_ISSUER, JWT_AUDIENCE, JWT_JWKS_URL',
    expected: 'all three or none',
    met: (s) => allOrNone(s.JWT_ISSUER, s.JWT_AUDIENCE, s.JWT_JWKS_URL),
  },
  {
    setting: 'TURNSTILE_SECRET_KEY, TURNSTILE_SITE_KEY, SESSION_SIGNING_KEY',
    expected: 'all three or none',
    met: (s) => allOrNone(s.TURNSTILE_SECRET_KEY, s.TURNSTILE_SITE_KEY, s.SESSION_SIGNING_KEY),
  },
];

interface Bindings {
  readonly CACHE: boolean;
  readonly BUDGETS: boolean;
}

/** By environment: an isolate parses its settings once. */
const parsedConfigs = new WeakMap<object, Config | ConfigurationError>();

/**
 * @param env - the Worker's environment: `[vars]`, secrets and bindings.
 * @returns every setting, typed; read once per isolate.
 * @throws {ConfigurationError}
 */
export function readConfig(env: object): Config {
  let config = parsedConfigs.get(env);
  if (config === undefined) {
    config = parseConfig(env);
    parsedConfigs.set(env, config);
  }
  if (config instanceof ConfigurationError) throw config;
  return config;
}

/** @returns whether there is a way in: a new deployment is closed, not open. */
export function isAccessConfigured({ access, upstream }: Config): boolean {
  return (
    access.anonymous ||
    access.clientKeys.length > 0 ||
    access.jwt !== null ||
    access.session !== null ||
    upstream.keySource === 'client'
  );
}

function parseConfig(env: object): Config | ConfigurationError {
  const present = new Map<string, unknown>(Object.entries(env));
  const given: Record<string, unknown> = {};
  for (const name of Object.keys(settingsSchema.shape)) {
    const value = present.get(name);
    // TOML and JSON have numbers and booleans too; an empty value is an absent one.
    const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (value !== undefined && value !== '') given[name] = isScalar ? String(value) : value;
  }
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success)
    return invalid(parsed.error.issues.map((issue) => [String(issue.path[0]), issue.message]));

  const bindings = { CACHE: present.has('CACHE'), BUDGETS: present.has('BUDGETS') };
  const unmet = REQUIREMENTS.filter(({ met }) => !met(parsed.data, bindings));
  if (unmet.length > 0) return invalid(unmet.map(({ setting, expected }) => [setting, expected]));
  return toConfig(parsed.data);
}

function invalid(problems: readonly (readonly [setting: string, expected: string])[]): ConfigurationError {
  return new ConfigurationError(
    problems.map(([setting, expected]) => `${setting}: expected ${expected}`).join('; '),
  );
}

function toConfig(s: Settings) {
  return {
    upstream: {
      baseUrl: s.STEPFUN_BASE_URL.replace(/\/+$/, ''),
      keySource: s.UPSTREAM_KEY,
      apiKey: s.STEP_API_KEY,
      /** The StepFun account's limits; 0: not kept. */
      limits: { concurrency: s.UPSTREAM_CONCURRENCY, rpm: s.UPSTREAM_RPM, tpm: s.UPSTREAM_TPM },
      queue: { timeoutMs: s.QUEUE_TIMEOUT_MS, size: s.QUEUE_SIZE },
    },
    access: {
      origins: new Set(s.ALLOWED_ORIGINS) as ReadonlySet<string>,
      anonymous: s.ANONYMOUS_ACCESS,
      clientKeys: s.CLIENT_KEYS.map((pair) => {
        const colon = pair.indexOf(':');
        return { name: pair.slice(0, colon), key: pair.slice(colon + 1) };
      }),
      jwt:
        s.JWT_ISSUER !== undefined && s.JWT_AUDIENCE !== undefined && s.JWT_JWKS_URL !== undefined
          ? { issuer: s.JWT_ISSUER, audience: s.JWT_AUDIENCE, jwksUrl: s.JWT_JWKS_URL }
          : null,
      session:
        s.TURNSTILE_SECRET_KEY !== undefined &&
        s.TURNSTILE_SITE_KEY !== undefined &&
        s.SESSION_SIGNING_KEY !== undefined
          ? {
              turnstileSecretKey: s.TURNSTILE_SECRET_KEY,
              turnstileSiteKey: s.TURNSTILE_SITE_KEY,
              turnstileVerifyUrl: s.TURNSTILE_VERIFY_URL,
              signingKey: s.SESSION_SIGNING_KEY,
              ttlSeconds: s.SESSION_TTL_SECONDS,
            }
          : null,
      tokensPerDay: s.TOKENS_PER_DAY,
    },
    chat: {
      /** Empty: every model. */
      allowedModels: new Set(s.ALLOWED_MODELS) as ReadonlySet<string>,
      /** 0: no ceiling. */
      maxOutputTokens: s.MAX_OUTPUT_TOKENS,
      maxChoices: s.MAX_CHOICES,
      maxBodyBytes: s.MAX_BODY_BYTES,
      unknownParams: s.UNKNOWN_PARAMS,
      extraParams: new Set(s.EXTRA_PARAMS) as ReadonlySet<string>,
      defaultReasoningFormat: s.DEFAULT_REASONING_FORMAT,
    },
    relay: {
      mode: s.RELAY,
      shape: s.STREAM_SHAPE,
      windowMs: s.RELAY_WINDOW_MS,
    },
    cache: {
      /** 0: no cache. */
      ttlSeconds: s.CACHE_TTL_SECONDS,
      scope: s.CACHE_SCOPE,
      streams: s.CACHE_STREAMS,
      staleSeconds: s.CACHE_STALE_SECONDS,
    },
    clocks: {
      firstByteMs: s.FIRST_BYTE_TIMEOUT_MS,
      idleMs: s.IDLE_TIMEOUT_MS,
      totalMs: s.TOTAL_TIMEOUT_MS,
      keepAliveMs: s.KEEP_ALIVE_MS,
    },
    playground: s.PLAYGROUND === 'on',
  };
}

function allOrNone(...values: (string | undefined)[]): boolean {
  return values.every((value) => value === undefined) || values.every((value) => value !== undefined);
}
