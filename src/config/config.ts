// Every setting, read from the environment once per isolate: typed, with its default,
// and with an error that names the setting when its value is wrong.
//
// Pure, apart from the memory of what was read.

import { ConfigurationError } from './configuration-error.ts';
import { findMisspelled } from './misspelling.ts';
import { parseOriginRules } from './origins.ts';
import { REQUIREMENTS } from './requirements.ts';
import { settingsSchema, type Settings } from './settings.ts';

/** Every setting as the code uses it: grouped by the part that reads it, lists as sets. */
export type Config = ReturnType<typeof toConfig>;
export type ReasoningFormat = Settings['DEFAULT_REASONING_FORMAT'];
export type StreamShape = Settings['STREAM_SHAPE'];

/** The bindings that a setting may need. */
export type Bindings = Readonly<Record<'CACHE' | 'CLIENTS' | 'BUDGETS' | 'GATE', boolean>>;

/** One thing that is wrong with the settings. It holds no value of a setting, since that may be a secret. */
export interface SettingProblem {
  /** `missing`: the setting is needed and not there. Anybody may be told its name. */
  readonly kind: 'missing' | 'wrong';
  readonly setting: string;
  readonly expected: string;
}

interface SettingsState {
  readonly config: Config | null;
  /** Empty if, and only if, there is a config. */
  readonly problems: readonly SettingProblem[];
}

/** By environment: an isolate parses its settings once. */
const states = new WeakMap<object, SettingsState>();

/**
 * @param env - the Worker's environment: `[vars]`, secrets and bindings.
 * @returns every setting, typed; read once per isolate.
 * @throws {ConfigurationError} The message names every wrong or missing setting.
 */
export function readConfig(env: object): Config {
  const { config, problems } = readState(env);
  if (config !== null) return config;
  throw new ConfigurationError(
    problems.map(({ setting, expected }) => `${setting}: expected ${expected}`).join('; '),
  );
}

/**
 * @param env - as for `readConfig`.
 * @returns everything that is wrong with the settings, in the order of the table; empty if nothing is.
 */
export function findSettingProblems(env: object): readonly SettingProblem[] {
  return readState(env).problems;
}

/**
 * @param env - as for `readConfig`.
 * @returns whether the playground is served: also where settings are wrong, since it says so.
 */
export function isPlaygroundOn(env: object): boolean {
  return readState(env).config?.playground ?? Reflect.get(env, 'PLAYGROUND') !== 'off';
}

/**
 * @returns whether the settings alone let somebody in: a new deployment is closed, not
 *   open. Entries in the binding `CLIENTS` are a way in, too (access/client-store.ts).
 */
export function isAccessConfigured({ access, upstream }: Config): boolean {
  return (
    access.anonymous ||
    access.clientKeys.length > 0 ||
    access.jwt !== null ||
    access.session !== null ||
    upstream.keySource === 'client'
  );
}

function readState(env: object): SettingsState {
  const known = states.get(env);
  if (known !== undefined) return known;
  const state = parseSettings(env);
  states.set(env, state);
  return state;
}

function parseSettings(env: object): SettingsState {
  const names = Object.keys(settingsSchema.shape);
  const given: Record<string, string> = {};
  const problems: SettingProblem[] = [];
  for (const [name, value] of Object.entries(env)) {
    // TOML and JSON have numbers and booleans, too; an empty value counts as absent.
    const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (value === undefined || value === '') continue;
    const isSetting = names.includes(name);
    if (isSetting && isScalar) given[name] = String(value);
    else if (isSetting) problems.push(wrong(name, 'a text; in a list, commas separate the items'));
    else if (isScalar) problems.push(...misspelling(name, names));
  }

  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => wrong(String(path[0]), message));
    return { config: null, problems: [...issues, ...problems] };
  }
  const has = (binding: string) => Reflect.get(env, binding) !== undefined;
  const bindings: Bindings = {
    CACHE: has('CACHE'),
    CLIENTS: has('CLIENTS'),
    BUDGETS: has('BUDGETS'),
    GATE: has('GATE'),
  };
  const unmet = REQUIREMENTS.flatMap((requirement) => requirement(parsed.data, bindings));
  const all = [...unmet, ...problems];
  return { config: all.length === 0 ? toConfig(parsed.data) : null, problems: all };
}

function misspelling(name: string, names: readonly string[]): SettingProblem[] {
  const meant = findMisspelled(name, names);
  return meant === undefined ? [] : [wrong(name, `the name ${meant}: there is no setting of this name`)];
}

function wrong(setting: string, expected: string): SettingProblem {
  return { kind: 'wrong', setting, expected };
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
      origins: parseOriginRules(s.ALLOWED_ORIGINS),
      anonymous: s.ANONYMOUS_ACCESS,
      clientKeys: s.CLIENT_KEYS.map((pair) => {
        const colon = pair.indexOf(':');
        return { name: pair.slice(0, colon), key: pair.slice(colon + 1) };
      }),
      jwt:
        s.JWT_ISSUER !== undefined && s.JWT_JWKS_URL !== undefined
          ? {
              issuer: s.JWT_ISSUER,
              audiences: s.JWT_AUDIENCE,
              jwksUrl: s.JWT_JWKS_URL,
              /** The claim that names a policy in the binding `CLIENTS`. */
              policyClaim: s.JWT_POLICY_CLAIM ?? null,
            }
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
      /** 0: no budget. */
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
