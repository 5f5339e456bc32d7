// The kinds of values that settings have. Each is a schema for text; its error message
// names what was expected.

import * as z from 'zod/mini';
import { isLoopbackHost } from '../lib/loopback.ts';

/** Any text, or none. */
export const text = z.optional(z.string());

/** A whole number within bounds, written in plain decimal digits. */
export function integer(min: number, max: number, byDefault: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return z._default(
    z.pipe(
      matching(/^\d{1,12}$/, expected),
      z.pipe(z.transform(Number), z.number().check(z.minimum(min, expected), z.maximum(max, expected))),
    ),
    byDefault,
  );
}

/** One of several words. */
export function oneOf<const T extends readonly [string, ...string[]]>(values: T, byDefault: T[number]) {
  return z._default(z.enum(values, { error: `one of ${values.join(', ')}` }), byDefault);
}

/** `true` or `false`; `false` by default. */
export const flag = z._default(
  z.pipe(
    z.enum(['true', 'false'], { error: 'true or false' }),
    z.transform((value) => value === 'true'),
  ),
  false,
);

/** A list: its items trimmed, empty ones dropped. */
export function listOf(item: z.ZodMiniType<string, string>, separator = /,/) {
  const split = (value: string) =>
    value
      .split(separator)
      .map((word) => word.trim())
      .filter((word) => word !== '');
  return z._default(z.pipe(z.pipe(z.string(), z.transform(split)), z.array(item)), []);
}

/** @param expected - the pattern in words, for the error message. */
export function matching(pattern: RegExp, expected: string) {
  return z.string().check(z.regex(pattern, expected));
}

/** A URL to which secrets are sent: https, or http on this machine. */
export const address = z
  .string()
  .check(
    z.trim(),
    z.refine(isSafeAddress, 'an https address without query or credentials (http only for localhost)'),
  );

function isSafeAddress(value: string): boolean {
  const url = URL.parse(value);
  // The text is searched, not the parsed URL: a bare `?` or `#` leaves no trace there.
  if (url === null || url.username !== '' || url.password !== '' || /[?#]/.test(value)) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}
