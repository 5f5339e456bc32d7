// The command's options, and the changes to an entry that they stand for.

import type { ParseArgsConfig } from 'node:util';
import { ENTRY_MODEL, type ClientEntry } from '../../src/access/client-entry.ts';
import { originSchema } from '../../src/config/origins.ts';
import { CommandError } from './command-error.ts';

/** For `parseArgs`. */
export const OPTIONS = {
  models: { type: 'string' },
  'tokens-per-day': { type: 'string' },
  'requests-per-minute': { type: 'string' },
  'max-output-tokens': { type: 'string' },
  origins: { type: 'string' },
  expires: { type: 'string' },
  disabled: { type: 'boolean' },
  enabled: { type: 'boolean' },
  overlap: { type: 'string' },
  local: { type: 'boolean' },
  env: { type: 'string' },
  'namespace-id': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options'];

/** A value of each option, for the message of one without a value. An option without a value has none. */
export const EXAMPLES: Readonly<Record<keyof typeof OPTIONS, string>> = {
  models: 'step-3.7-flash,step-3.5-flash',
  'tokens-per-day': '200000',
  'requests-per-minute': '60',
  'max-output-tokens': '2000',
  origins: 'https://app.example',
  expires: '2027-01-31',
  disabled: '',
  enabled: '',
  overlap: '1h',
  local: '',
  env: 'staging',
  'namespace-id': '0123456789abcdef0123456789abcdef',
  json: '',
  help: '',
};

/** The values that `parseArgs` makes of them. */
export type OptionValues = {
  readonly [N in keyof typeof OPTIONS]?:
    | ((typeof OPTIONS)[N]['type'] extends 'string' ? string : boolean)
    | undefined;
};

export const LIMIT_OPTIONS = [
  'models',
  'tokens-per-day',
  'requests-per-minute',
  'max-output-tokens',
] as const;
export const CLIENT_OPTIONS = [...LIMIT_OPTIONS, 'origins', 'expires'] as const;
export const STORE_OPTIONS = ['local', 'env', 'namespace-id', 'json', 'help'] as const;

/** Removes a limit from an entry, so that the deployment's setting holds again. */
const DEFAULT = 'default';

/** New values of an entry's members; undefined removes the member. */
export type Changes = {
  readonly [N in keyof Omit<ClientEntry, 'name' | 'created_at'>]?: ClientEntry[N] | undefined;
};

/**
 * @param nowMs - since the epoch: an expiry lies after it.
 * @throws {CommandError} that names the option and its valid values.
 */
export function readChanges(values: OptionValues, nowMs: number): Changes {
  return {
    ...change(values, 'models', 'models', readModels),
    ...change(values, 'tokens-per-day', 'tokens_per_day', readCount),
    ...change(values, 'requests-per-minute', 'requests_per_minute', readCount),
    ...change(values, 'max-output-tokens', 'max_output_tokens', readCount),
    ...change(values, 'origins', 'origins', readOrigins),
    ...(values.expires !== undefined && { expires_at: readExpiry(values.expires, nowMs) }),
    ...(values.disabled === true && { disabled: true }),
    ...(values.enabled === true && { disabled: undefined }),
  };
}

/** @returns seconds. */
export function readOverlap(text: string): number {
  const [, number, unit] = /^(\d{1,6})([smhd]?)$/.exec(text) ?? [];
  if (number === undefined) throw wrong('overlap', text, 'a time such as 30m, 1h or 7d (0: none)');
  const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 };
  return Number(number) * seconds[(unit || 's') as keyof typeof seconds];
}

function change<N extends keyof Changes>(
  values: OptionValues,
  option: keyof OptionValues,
  name: N,
  read: (text: string, option: keyof OptionValues) => Changes[N],
): Changes {
  const text = values[option];
  if (typeof text !== 'string') return {};
  return { [name]: text === DEFAULT ? undefined : read(text, option) };
}

function readCount(text: string, option: keyof OptionValues): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  const digits = text.replaceAll(/[,_']/g, '');
  const example = /^\d{1,12}$/.test(digits) ? digits : EXAMPLES[option];
  throw wrong(option, text, `digits only, such as ${example} (0: no limit), or ${DEFAULT}`);
}

function readModels(text: string, option: keyof OptionValues): string[] {
  const models = readList(text);
  if (models.length > 0 && models.every((model) => ENTRY_MODEL.test(model))) return models;
  throw wrong(option, text, `model names, separated by commas; * for all; or ${DEFAULT}`);
}

function readOrigins(text: string, option: keyof OptionValues): string[] {
  const origins = readList(text);
  if (origins.length > 0 && origins.every(isOrigin)) return origins;
  const slashed = origins.find((origin) => origin.endsWith('/') && isOrigin(origin.slice(0, -1)));
  if (slashed !== undefined) {
    throw new CommandError(`--${option} ${slashed}: write it without the "/" at the end.`);
  }
  throw wrong(
    option,
    text,
    `origins such as https://app.example or https://*.app.pages.dev, separated by commas; or ${DEFAULT}`,
  );
}

function isOrigin(text: string): boolean {
  return originSchema.safeParse(text).success;
}

function readList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A date stands for the end of that day in local time; a time for that moment. */
function readExpiry(text: string, nowMs: number): number | undefined {
  if (text === 'never') return undefined;
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  const atMs = year === undefined ? timeOf(text) : dayAfter(Number(year), Number(month), Number(day));
  if (!Number.isFinite(atMs))
    throw wrong('expires', text, 'a date such as 2027-01-31, a time such as 2027-01-31T12:00:00Z, or never');
  if (atMs <= nowMs) throw new CommandError(`--expires ${text}: this is in the past.`);
  return Math.floor(atMs / 1_000);
}

function timeOf(text: string): number {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text) ? Date.parse(text) : NaN;
}

/** Local midnight after that day; NaN for a day that does not exist. */
function dayAfter(year: number, month: number, day: number): number {
  const that = new Date(year, month - 1, day);
  const exists = that.getMonth() === month - 1 && that.getDate() === day;
  return exists ? new Date(year, month - 1, day + 1).getTime() : NaN;
}

function wrong(option: keyof OptionValues, text: string, expected: string): CommandError {
  return new CommandError(`--${option} ${text}: expected ${expected}.`);
}
