// Token usage: read for budgets and logs, and told under the names that OpenAI's
// and DeepSeek's clients know.

import { field } from '../lib/field.ts';
import { CLOSE_BRACE, OPEN_BRACE, decode, encode } from './ascii.ts';
import type { Edits } from './edits.ts';
import { isNull, isNumber, skipSpace } from './json.ts';
import { Path, Tape, scan, type Mark } from './scan.ts';
import type { Usage } from '../http/usage.ts';

const USAGE = 0;
const CACHED = 1;
const DETAILS = 2;
const DETAILS_CACHED = 3;
const CACHE_HIT = 4;

const USAGE_PATH = Path.object(USAGE, '', [
  Path.object(CACHED, 'cached_tokens'),
  Path.object(CACHE_HIT, 'prompt_cache_hit_tokens'),
  Path.object(DETAILS, 'prompt_tokens_details', [Path.object(DETAILS_CACHED, 'cached_tokens')]),
]);

const tape = new Tape();

/**
 * `cached_tokens` said again as `prompt_cache_hit_tokens` (DeepSeek's name) and as
 * `prompt_tokens_details.cached_tokens` (OpenAI's), each where it is absent or null.
 * @param start - a usage object's opening brace.
 * @param end - after its closing brace.
 */
export function mendUsage(bytes: Uint8Array, start: number, end: number, edits: Edits): void {
  scan(bytes, start, end, USAGE_PATH, tape);
  const cached = last(CACHED);
  if (cached === null || !isNumber(bytes, cached.start)) return;
  const tokens = decode(bytes, cached.start, cached.end);

  let added = '';
  const details = last(DETAILS);
  if (details === null) {
    added += `,"prompt_tokens_details":{"cached_tokens":${tokens}}`;
  } else if (isNull(bytes, details.start, details.end)) {
    edits.replace(details.start, details.end, encode(`{"cached_tokens":${tokens}}`));
  } else if (bytes[details.start] === OPEN_BRACE) {
    const inner = last(DETAILS_CACHED);
    if (inner !== null && inner.start > details.start) {
      if (isNull(bytes, inner.start, inner.end)) edits.replace(inner.start, inner.end, encode(tokens));
    } else {
      const comma = bytes[skipSpace(bytes, details.start + 1, end)] === CLOSE_BRACE ? '' : ',';
      edits.insert(details.start + 1, encode(`"cached_tokens":${tokens}${comma}`));
    }
  }

  const hit = last(CACHE_HIT);
  if (hit === null) added += `,"prompt_cache_hit_tokens":${tokens}`;
  else if (isNull(bytes, hit.start, hit.end)) edits.replace(hit.start, hit.end, encode(tokens));

  if (added !== '') edits.insert(end - 1, encode(added));
}

/** Of duplicate keys the last counts, as for JSON.parse. */
function last(kind: number): Mark | null {
  for (let i = tape.length - 1; i > 0; i--) if (tape.at(i).kind === kind) return tape.at(i);
  return null;
}

/**
 * @param bytes - a usage object from `start` to `end`.
 * @returns what it counts.
 */
export function readUsage(bytes: Uint8Array, start: number, end: number): Usage {
  const usage: unknown = JSON.parse(decode(bytes, start, end));
  const cached =
    field(usage, 'cached_tokens') ??
    field(field(usage, 'prompt_tokens_details'), 'cached_tokens') ??
    field(usage, 'prompt_cache_hit_tokens');
  return {
    promptTokens: count(field(usage, 'prompt_tokens')),
    completionTokens: count(field(usage, 'completion_tokens')),
    totalTokens: count(field(usage, 'total_tokens')),
    cachedTokens: count(cached),
  };
}

/** A token budget is settled with this: what is no honest count is none. */
function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
