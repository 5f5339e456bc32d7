// `Retry-After` of an answer (RFC 9110 §10.2.3): seconds, or a date in one of the three
// forms of RFC 9110 §5.6.7. Rejected: `Date.parse` alone. It reads a date into `-1` and
// `1e9`, and its result for the two obsolete forms is up to the engine.

import { RETRY_AFTER_SECONDS_MAX } from '../config/limits.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const TIME = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`;

const DATE_FORMS: readonly RegExp[] = [
  // IMF-fixdate: Tue, 03 Nov 2026 10:00:30 GMT
  new RegExp(String.raw`^[A-Z][a-z]{2}, (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) ${TIME} GMT$`),
  // RFC 850: Tuesday, 03-Nov-26 10:00:30 GMT
  new RegExp(String.raw`^[A-Z][a-z]+day, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) ${TIME} GMT$`),
  // asctime: Tue Nov  3 10:00:30 2026
  new RegExp(String.raw`^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`),
];

/**
 * @param value - the header's value; null where there is none.
 * @param nowMs - ms since the epoch.
 * @returns seconds, 0 to RETRY_AFTER_SECONDS_MAX; null where the value is not valid.
 */
export function parseRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const dateMs = /^\d+$/.test(value) ? nowMs + Number(value) * 1_000 : parseHttpDate(value, nowMs);
  if (dateMs === null) return null;
  return Math.min(Math.max(Math.ceil((dateMs - nowMs) / 1_000), 0), RETRY_AFTER_SECONDS_MAX);
}

/** @returns ms since the epoch; null for a text that is no HTTP-date. */
function parseHttpDate(value: string, nowMs: number): number | null {
  for (const form of DATE_FORMS) {
    const parts = form.exec(value)?.groups;
    if (parts === undefined) continue;
    const month = MONTHS.indexOf(parts['month'] ?? '');
    if (month === -1) return null;
    const [day = 0, hour = 0, minute = 0, second = 0] = ['day', 'hour', 'minute', 'second'].map((name) =>
      Number(parts[name]),
    );
    return Date.UTC(fullYear(parts['year'] ?? '', nowMs), month, day, hour, minute, second);
  }
  return null;
}

/** RFC 9110 §5.6.7: a two-digit year that seems to be more than 50 years ahead is in the past. */
function fullYear(year: string, nowMs: number): number {
  if (year.length === 4) return Number(year);
  const currentYear = new Date(nowMs).getUTCFullYear();
  const sameCentury = Math.floor(currentYear / 100) * 100 + Number(year);
  return sameCentury > currentYear + 50 ? sameCentury - 100 : sameCentury;
}
