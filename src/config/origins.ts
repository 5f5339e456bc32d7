// Origins of pages as an operator writes them: exact ones of any scheme, patterns for
// the previews of a hosting service, or `*`.
//
// Pure. `ALLOWED_ORIGINS` and the `origins` of a client's entry share this file.

import * as z from 'zod/mini';

/** A list of allowed origins, ready to be compared. */
export interface OriginRules {
  /** `*` stands in the list. */
  readonly any: boolean;
  readonly exact: ReadonlySet<string>;
  readonly patterns: readonly OriginPattern[];
}

/** The parts of `https://*.app.pages.dev` before and after its star. */
interface OriginPattern {
  readonly prefix: string;
  readonly suffix: string;
}

/** A scheme (RFC 3986 §3.1), which browsers write in lower case, and a host. */
const CUSTOM_ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[\w.~-]+(?::\d{1,5})?$/;
const PATTERN = /^(https?:\/\/)\*(\.[^*]+)$/;
/** At least two labels after the star: `https://*.com` would allow every site. */
const FIXED_LABELS_MIN = 2;
const LABEL = /^[a-z0-9_-]+$/;

export const originSchema = z
  .string()
  .check(
    z.refine(
      (value) => value === '*' || isExactOrigin(value) || parsePattern(value) !== null,
      'origins such as https://app.example.com or capacitor://localhost (no path, no trailing slash), patterns such as https://*.app.pages.dev, or *',
    ),
  );

/** @param list - items that `originSchema` accepts. */
export function parseOriginRules(list: readonly string[]): OriginRules {
  const patterns = list.map(parsePattern).filter((pattern) => pattern !== null);
  return { any: list.includes('*'), exact: new Set(list.filter(isExactOrigin)), patterns };
}

/**
 * @param origin - the header `Origin`, as a browser wrote it.
 * @returns whether the list allows it. Exact origins are compared as strings, so a
 *   suffix, another port, http instead of https and `null` differ. A star takes
 *   exactly one label: `https://a.b.app.pages.dev` is refused.
 */
export function matchesOrigin({ any, exact, patterns }: OriginRules, origin: string): boolean {
  return (
    any ||
    exact.has(origin) ||
    patterns.some(
      ({ prefix, suffix }) =>
        origin.startsWith(prefix) &&
        origin.endsWith(suffix) &&
        LABEL.test(origin.slice(prefix.length, -suffix.length)),
    )
  );
}

function isExactOrigin(value: string): boolean {
  const url = URL.parse(value);
  if (url === null) return false;
  // The URL parser gives other schemes the origin `null` (WHATWG URL §4.7); browsers send them whole.
  return /^(?:https?|wss?|ftp|file):$/.test(url.protocol)
    ? /^https?:$/.test(url.protocol) && url.origin === value && !value.includes('*')
    : CUSTOM_ORIGIN.test(value);
}

function parsePattern(value: string): OriginPattern | null {
  const [, prefix, suffix] = PATTERN.exec(value) ?? [];
  if (prefix === undefined || suffix === undefined || !isExactOrigin(`${prefix}x${suffix}`)) return null;
  const labels = suffix.replace(/:\d+$/, '').split('.').slice(1);
  return labels.length >= FIXED_LABELS_MIN && labels.every((label) => LABEL.test(label))
    ? { prefix, suffix }
    : null;
}
