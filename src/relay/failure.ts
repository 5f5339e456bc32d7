// What goes wrong after StepFun has said 200: its error objects read, and the one
// event that tells the client.

import { GatewayError, errorBody, type ErrorCode } from '../errors.ts';
import { redact } from '../redact.ts';
import { encode } from './ascii.ts';
import { field } from './json.ts';

/** @returns the event that ends a failed stream: `data: {"error":{…}}` and a blank line. */
export function errorEvent(error: GatewayError): Uint8Array {
  return encode(`data: ${JSON.stringify(errorBody(error))}\n\n`);
}

/** Failures that a client can do something about with StepFun's own words. */
const SHOWN: ReadonlySet<ErrorCode> = new Set([
  'upstream_rate_limited',
  'content_filter',
  'upstream_rejected',
]);

/** What the words in an error's `type` or `code` say, most telling first. */
const WORDS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/censor|content.?(filter|polic|risk|moderat)|sensitive|moderation/i, 'content_filter'],
  [/auth|api.?key|permission|forbidden|balance|billing|payment|quota/i, 'upstream_auth'],
  [/rate.?limit|too.?many|throttl/i, 'upstream_rate_limited'],
  [/unavailable|overload|internal|server|timeout|engine/i, 'upstream_unavailable'],
  [
    /invalid|bad.?request|param|unsupported|not.?found|too.?(long|large)|context.?length/i,
    'upstream_rejected',
  ],
];

/**
 * @param data - an event's data or a body that holds an error instead of an answer;
 *   any text will do.
 * @param secrets - what must not be shown wherever it stands.
 * @returns the failure that it tells of: `upstream_unavailable` unless a status, code
 *   or type in it says better. StepFun's words are shown where a client can act on
 *   them; all are redacted and capped.
 */
export function parseFailure(data: string, secrets: readonly string[] = []): GatewayError {
  const said = parse(data);
  const error = field(said, 'error') ?? said;
  const code = codeOf(error, said);
  const message = [field(error, 'message'), field(said, 'message'), error].find(
    (text) => typeof text === 'string' && text !== '',
  );
  const text = redact(typeof message === 'string' ? message : data, ...secrets);
  const shown = SHOWN.has(code) && typeof message === 'string' && text !== '' ? text : undefined;
  return new GatewayError(code, shown, { detail: `StepFun's answer held an error: ${text}` });
}

function codeOf(error: unknown, around: unknown): ErrorCode {
  const told = [error, around].flatMap((object) =>
    ['status', 'status_code', 'http_status', 'code', 'type'].map((name) => field(object, name)),
  );
  for (const value of told) {
    const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
    if (typeof status === 'number' && status >= 400 && status < 600) return codeOfStatus(status);
  }
  for (const [pattern, code] of WORDS) {
    if (told.some((value) => typeof value === 'string' && pattern.test(value))) return code;
  }
  return 'upstream_unavailable';
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 429) return 'upstream_rate_limited';
  if (status === 451) return 'content_filter';
  if (status === 401 || status === 402 || status === 403) return 'upstream_auth';
  return status < 500 ? 'upstream_rejected' : 'upstream_unavailable';
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}
