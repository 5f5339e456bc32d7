// A client's wishes for the cache: the request directives of `Cache-Control`
// (RFC 9111 §5.2.1) and `X-Cache-TTL`.
//
// Pure. Unknown directives are ignored (§5.2.3); one that is known
// but malformed or given twice is read in the most restrictive way that it allows,
// as §4.2.1 has it for answers: a client that meant to limit reuse gets no reuse.

import { CACHE_TTL_RANGE_SECONDS } from '../config/limits.ts';
import { GatewayError } from '../http/errors.ts';

export interface CacheControl {
  /** Read nothing from the cache, but store the new answer (§5.2.1.4). */
  readonly noCache: boolean;
  /** Neither read nor store (§5.2.1.5). */
  readonly noStore: boolean;
  /** Ask nobody but the cache: 504 when it has nothing (§5.2.1.7). */
  readonly onlyIfCached: boolean;
  /** The oldest answer that will do, in seconds (§5.2.1.1); null: any that is fresh. */
  readonly maxAge: number | null;
  /** `X-Cache-TTL`: how long this answer is to be kept, in seconds; null: as configured. */
  readonly ttl: number | null;
}

const NOTHING_ASKED: CacheControl = {
  noCache: false,
  noStore: false,
  onlyIfCached: false,
  maxAge: null,
  ttl: null,
};

/**
 * One `token [ "=" ( token / quoted-string ) ]` of the list; recipients take both
 * spellings of an argument (§5.2). A quoted string may hold commas.
 */
const DIRECTIVE = /([\w!#$%&'*+.^`|~-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g;

/** The value of a delta-seconds that is too large to hold (§1.2.2). */
const DELTA_SECONDS_MAX = 2 ** 31;

/**
 * @param headers - the request's.
 * @throws {GatewayError} `invalid_value` when `X-Cache-TTL` is no whole number of
 *   seconds within the bounds of CACHE_TTL_SECONDS.
 */
export function parseCacheControl(headers: Headers): CacheControl {
  const directives = headers.get('cache-control');
  const ttl = headers.get('x-cache-ttl');
  if (directives === null && ttl === null) return NOTHING_ASKED;
  return { ...parseDirectives(directives ?? ''), ttl: ttl === null ? null : parseTtl(ttl) };
}

function parseDirectives(text: string): Omit<CacheControl, 'ttl'> {
  let noCache = false;
  let noStore = false;
  let onlyIfCached = false;
  let maxAge: number | null = null;
  for (const [, name = '', quoted, token] of text.matchAll(DIRECTIVE)) {
    switch (name.toLowerCase()) {
      case 'no-cache':
        noCache = true;
        break;
      case 'no-store':
        noStore = true;
        break;
      case 'only-if-cached':
        onlyIfCached = true;
        break;
      case 'max-age':
        maxAge = Math.min(maxAge ?? DELTA_SECONDS_MAX, deltaSeconds(quoted ?? token ?? ''));
        break;
    }
  }
  return { noCache, noStore, onlyIfCached, maxAge };
}

/** An invalid value counts as 0, the most restrictive one. */
function deltaSeconds(text: string): number {
  return /^\d+$/.test(text) ? Math.min(Number(text), DELTA_SECONDS_MAX) : 0;
}

function parseTtl(text: string): number {
  const { min, max } = CACHE_TTL_RANGE_SECONDS;
  const seconds = /^\d{1,7}$/.test(text) ? Number(text) : NaN;
  if (seconds >= min && seconds <= max) return seconds;
  throw new GatewayError(
    'invalid_value',
    `X-Cache-TTL: expected a whole number from ${min} to ${max} (seconds).`,
    {
      param: 'X-Cache-TTL',
    },
  );
}
