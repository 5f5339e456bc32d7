// The kinds of values that settings have. Each is a schema that takes text, and says
// what it expected where that is something else.

import * as z from 'zod/mini';

/** Any text, or none. */
export const text = z.optional(z.string());

/** A whole number within bounds, written in plain decimal digits. */
export function integer(min: number, max: number, byDefault: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return z._default(
    z.pipe(
      z.string().check(z.regex(/^\d{1,12}$/, { error: expected, abort: true })),
      z.pipe(z.transform(Number), z.number().check(z.minimum(min, expected), z.maximum(max, expected))),
    ),
    byDefault,
  );
}

/** One of some words. */
export function oneOf<const T extends readonly [string, ...string[]]>(values: T, byDefault: T[number]) {
  return z._default(z.enum(values, { error: `one of ${values.join(', ')}` }), byDefault);
}

/** `true` or `false`, which it is where it is not given. */
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

/** @param expected - tells people what the pattern takes. */
export function matching(pattern: RegExp, expected: string) {
  return z.string().check(z.regex(pattern, expected));
}

/** A page's origin as browsers write it (`Origin`), or any. */
export const origin = z
  .string()
  .check(
    z.refine(
      (value) => value === '*' || isOrigin(value),
      'exact origins such as https://app.example.com (no path, no trailing slash), or *',
    ),
  );

/** An address that a secret or an answer travels to: https, or this very machine. */
export const address = z
  .string()
  .check(z.refine(isSafeAddress, 'an https address without query or credentials (http only for localhost)'));

function isOrigin(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value && !value.includes('*');
}

function isSafeAddress(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return false;
  return (
    url.protocol === 'https:' ||
    (url.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname))
  );
}
