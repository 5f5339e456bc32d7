// The one way to the log: a JSON line. JSON.stringify escapes CR, LF and ANSI escapes, so no
// logged text can forge a second line or drive a terminal; the cap keeps a hostile text from
// filling the log.

import { LOG_STRING_CHARS } from '../config/limits.ts';

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>> & {
  readonly level?: never;
  readonly event?: never;
};

/**
 * Writes one log line.
 * @param level - `error` for what an operator must act on.
 * @param event - what happened, in snake_case.
 * @param fields - plain values; strings are capped, `undefined` is left out.
 */
export function log(level: 'info' | 'warn' | 'error', event: string, fields: LogFields = {}): void {
  console[level](JSON.stringify({ level, event, ...fields }, cap));
}

function cap(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.slice(0, LOG_STRING_CHARS) : value;
}
