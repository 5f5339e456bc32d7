// The table of settings: each with its kind, its bounds and its default.

import * as z from 'zod/mini';
import { CACHE_TTL_RANGE_SECONDS } from './limits.ts';
import { originSchema } from './origins.ts';
import { address, flag, integer, listOf, matching, oneOf, text } from './setting-types.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const DAY_MS = 86_400_000;

/** 16 characters of base64 are 96 random bits: nobody finds such a key by guessing. */
const clientKey = matching(
  /^[A-Za-z0-9._-]{1,64}:[\x21-\x7e]{16,}$/,
  'name:key pairs, separated by commas or newlines, each key of at least 16 characters',
);

/** Its keys are the names in `[vars]` and secrets. */
export const settingsSchema = z.object({
  STEP_API_KEY: z.optional(matching(/^[\x21-\x7e]+$/, 'a key of visible ASCII characters')),
  STEPFUN_BASE_URL: z._default(address, 'https://api.stepfun.ai/v1'),
  UPSTREAM_KEY: oneOf(['gateway', 'client'], 'gateway'),
  UPSTREAM_CONCURRENCY: integer(0, 1_000_000, 0),
  UPSTREAM_RPM: integer(0, 100_000_000, 0),
  UPSTREAM_TPM: integer(0, 999_999_999_999, 0),
  QUEUE_TIMEOUT_MS: integer(1, 600_000, 30_000),
  QUEUE_SIZE: integer(0, 100_000, 1_000),

  ALLOWED_ORIGINS: listOf(originSchema),
  ANONYMOUS_ACCESS: flag,
  CLIENT_KEYS: listOf(clientKey, /[,\n]/),
  JWT_ISSUER: text,
  JWT_AUDIENCE: listOf(z.string()),
  JWT_JWKS_URL: z.optional(address),
  JWT_POLICY_CLAIM: text,
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

  CACHE_TTL_SECONDS: integer(0, CACHE_TTL_RANGE_SECONDS.max, 3_600),
  CACHE_SCOPE: oneOf(['client', 'shared'], 'client'),
  CACHE_STREAMS: oneOf(['off', 'read', 'write'], 'read'),
  CACHE_STALE_SECONDS: integer(0, CACHE_TTL_RANGE_SECONDS.max, 0),

  PLAYGROUND: oneOf(['on', 'off'], 'on'),
  FIRST_BYTE_TIMEOUT_MS: integer(1, DAY_MS, 120_000),
  IDLE_TIMEOUT_MS: integer(1, DAY_MS, 60_000),
  TOTAL_TIMEOUT_MS: integer(1, DAY_MS, 600_000),
  KEEP_ALIVE_MS: integer(1, DAY_MS, 15_000),
});

export type Settings = z.infer<typeof settingsSchema>;
