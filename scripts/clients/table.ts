// Clients and policies as tables for people, with local times.

import type { ClientEntry, PolicyEntry } from '../../src/access/client-entry.ts';
import type { Stored } from './commands.ts';

/** The part of a key in KV that names an invalid entry. */
const KEY_CHARS = 16;

/** @param nowMs - since the epoch: keys that end before it have expired. */
export function clientTable(clients: readonly Stored<ClientEntry>[], nowMs: number): string {
  if (clients.length === 0) return 'There is no client yet: npm run clients -- add NAME';
  return table([
    ['NAME', 'LIMITS', 'CREATED', 'EXPIRES', 'STATE'],
    ...clients.map(({ key, entry }) =>
      entry === null
        ? [`${key.slice(0, KEY_CHARS)}…`, '', '', '', 'invalid']
        : [entry.name, limitsOf(entry), localDate(entry.created_at), expiryOf(entry), stateOf(entry, nowMs)],
    ),
  ]);
}

export function policyTable(policies: readonly Stored<PolicyEntry>[]): string {
  if (policies.length === 0) return 'There is no policy yet: npm run clients -- policy set NAME';
  return table([
    ['POLICY', 'LIMITS', 'CREATED', 'STATE'],
    ...policies.map(({ key, entry }) => {
      const name = key.replace(/^policy:/, '');
      return entry === null
        ? [name, '', '', 'invalid']
        : [name, limitsOf(entry), localDate(entry.created_at), 'active'];
    }),
  ]);
}

/** @returns the limits of an entry in one line. */
export function limitsOf(entry: PolicyEntry & Pick<ClientEntry, 'origins'>): string {
  const count = (value: number | undefined, unit: string) =>
    value === undefined ? [] : [`${value === 0 ? 'unlimited' : value} ${unit}`];
  const limits = [
    ...count(entry.tokens_per_day, 'tokens/day'),
    ...count(entry.requests_per_minute, 'requests/min'),
    ...count(entry.max_output_tokens, 'output tokens'),
    ...(entry.models === undefined ? [] : [`models ${entry.models.join(',')}`]),
    ...(entry.origins === undefined ? [] : [`origins ${entry.origins.join(',')}`]),
  ];
  return limits.length === 0 ? "the deployment's" : limits.join('; ');
}

/** The last day of a key; with the time if it doesn't end at midnight. */
function expiryOf({ expires_at }: ClientEntry): string {
  if (expires_at === undefined) return 'never';
  const at = new Date(expires_at * 1_000);
  const isMidnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0;
  if (isMidnight) return localDate(expires_at - 1);
  return `${localDate(expires_at)} ${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

function stateOf({ disabled, expires_at }: ClientEntry, nowMs: number): string {
  if (disabled === true) return 'disabled';
  return expires_at !== undefined && expires_at * 1_000 <= nowMs ? 'expired' : 'active';
}

function localDate(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
