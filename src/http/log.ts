// The one way to the log: a JSON line. JSON.stringify escapes CR, LF and ANSI
// escapes, so no logged text can forge a second line or drive a terminal; the
// cap keeps a hostile text from filling the log.

import { LOG_STRING_CHARS } from '../config/limits.ts';

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>> & {
  readonly level?: never;
  readonly event?: never;
};

/**
 * Writes one log line.
 * @param level - `error` for what an operator must act on.
 * @param event - what happened, in snake_case and so as it stands in JSON: the line's `event`.
 * @param fields - plain values; strings are capped, `undefined` is left out.
 */
export function log(level: 'info' | 'warn' | 'error', event: string, fields: LogFields = {}): void {
  const line = lineOf(level, event, fields);
  // In a short line no string is too long: most lines are not looked at twice.
  console[level](line.length <= LOG_STRING_CHARS ? line : lineOf(level, event, capped(fields)));
}

/** Joined as text: to copy all fields behind the first two takes as long as to write them. */
function lineOf(level: string, event: string, fields: LogFields): string {
  const rest = JSON.stringify(fields);
  return `{"level":"${level}","event":"${event}"${rest === '{}' ? '}' : `,${rest.slice(1)}`}`;
}

function capped(fields: LogFields): LogFields {
  const cap = (value: LogFields[string]) =>
    typeof value === 'string' ? value.slice(0, LOG_STRING_CHARS) : value;
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cap(value)]));
}
