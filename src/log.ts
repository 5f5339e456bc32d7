// The one way to the log: a JSON line. JSON.stringify escapes CR, LF and ANSI
// escapes, so no logged text can forge a second line or drive a terminal; the
// cap keeps a hostile text from filling the log.

import { LOG_STRING_CHARS } from './limits.ts';

export type LogFields = Record<string, string | number | boolean | null | undefined>;

/**
 * Writes one log line.
 * @param level - `error` for what an operator must act on.
 * @param event - what happened, in snake_case: the line's `event`.
 * @param fields - plain values; strings are capped, `undefined` is left out.
 */
export function log(level: 'info' | 'warn' | 'error', event: string, fields: LogFields = {}): void {
  const line = JSON.stringify({ level, event, ...fields });
  // In a short line no string is too long: most lines are not looked at twice.
  console[level](
    line.length <= LOG_STRING_CHARS ? line : JSON.stringify({ level, event, ...capped(fields) }),
  );
}

function capped(fields: LogFields): LogFields {
  const cap = (value: LogFields[string]) =>
    typeof value === 'string' ? value.slice(0, LOG_STRING_CHARS) : value;
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cap(value)]));
}
