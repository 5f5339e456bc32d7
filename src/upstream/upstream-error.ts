// What StepFun's failures mean to a client of the gateway, however they come: with a
// status of their own, as a 200 that holds an error object, or as an event of a
// stream. One table for all of them, so that a failure is the same in every form.
//
// Its text is shown only where the client can act on it, then capped and redacted;
// what concerns the operator's account goes to the log.

import type { Config } from '../config/config.ts';
import { GatewayError, type ErrorCode } from '../http/errors.ts';
import { field } from '../lib/field.ts';
import { redact } from './redact.ts';

export interface Circumstances {
  /** Of the HTTP answer; left out where it was 200: then the error object alone tells. */
  readonly status?: number;
  /** With the client's own key, trouble with the key is the client's to know. */
  readonly keySource?: Config['upstream']['keySource'];
  /** What must not be shown wherever it stands. */
  readonly secrets?: readonly string[];
  /** What `Retry-After` said. */
  readonly retryAfterSeconds?: number;
}

/**
 * @param text - the body or the event's data; any text will do, null is none.
 * @returns the failure that it tells of. StepFun's words are its message where a client
 *   can act on them; the log gets them always. Redacted and capped are both.
 */
export function readUpstreamError(text: string | null, circumstances: Circumstances = {}): GatewayError {
  const { status, keySource = 'gateway', secrets = [], retryAfterSeconds } = circumstances;
  const said = text === null ? null : parse(text);
  const meant = status ?? statusIn(said);
  const code = meant === null ? 'upstream_unavailable' : codeOf(meant, keySource);
  const words = redact(messageIn(said) ?? '', ...secrets);
  const came = status === undefined ? "StepFun's answer held an error" : `StepFun answered ${status}`;
  return new GatewayError(code, SHOWN.has(code) && words !== '' ? words : undefined, {
    detail: `${came}: ${words === '' ? 'no message' : words}`,
    transient: meant !== null && TRANSIENT.has(meant),
    ...(code === 'upstream_rate_limited' && retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

/** @returns whether a text is a JSON object with something in its `error`. */
export function holdsError(text: string): boolean {
  const error = field(parse(text), 'error') ?? '';
  return error !== '';
}

/** Failures that a client can mend with StepFun's own words. */
const SHOWN: ReadonlySet<ErrorCode> = new Set([
  'upstream_rejected',
  'content_filter',
  'model_not_found',
  'upstream_rate_limited',
]);

/** Statuses that may be gone a moment later. 529 is what some APIs call "overloaded". */
const TRANSIENT: ReadonlySet<number> = new Set([500, 502, 503, 504, 529]);

/** The contract's rows for upstream statuses. */
function codeOf(status: number, keySource: Config['upstream']['keySource']): ErrorCode {
  switch (status) {
    case 401:
    case 403:
      return keySource === 'client' ? 'invalid_api_key' : 'upstream_auth';
    case 402:
      return keySource === 'client' ? 'insufficient_quota' : 'upstream_auth';
    case 404:
      return 'model_not_found';
    case 429:
      return 'upstream_rate_limited';
    case 451:
      return 'content_filter';
    default:
      // 408: StepFun did not get our request in time, which is no fault of the client's.
      if (status >= 500 || status === 408) return 'upstream_unavailable';
      return status >= 400 ? 'upstream_rejected' : 'upstream_malformed';
  }
}

/** What the words in an error's `type` or `code` say, as a status; the most telling first. */
const WORDS: readonly (readonly [RegExp, number])[] = [
  [/censor|content.?(filter|polic|risk|moderat)|sensitive|moderation/i, 451],
  [/balance|billing|payment|quota/i, 402],
  [/auth|api.?key|permission|forbidden/i, 401],
  [/rate.?limit|too.?many|throttl/i, 429],
  [/unavailable|overload|internal|server|timeout|engine/i, 503],
  [/not.?found/i, 404],
  [/invalid|bad.?request|param|unsupported|too.?(long|large)|context.?length/i, 400],
];

/** @returns the status that an error object stands for, or null where it doesn't tell. */
function statusIn(said: unknown): number | null {
  const told = [field(said, 'error') ?? said, said].flatMap((object) =>
    ['status', 'status_code', 'http_status', 'code', 'type'].map((name) => field(object, name)),
  );
  for (const value of told) {
    const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
    if (typeof status === 'number' && status >= 400 && status < 600) return status;
  }
  for (const [pattern, status] of WORDS) {
    if (told.some((value) => typeof value === 'string' && pattern.test(value))) return status;
  }
  return null;
}

/** @returns StepFun's words, wherever its envelope has them; a text that is no JSON has none. */
function messageIn(said: unknown): string | null {
  const error = field(said, 'error');
  const words = [field(error, 'message'), error, field(said, 'message')];
  return words.find((value): value is string => typeof value === 'string' && value !== '') ?? null;
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return null;
  }
}
