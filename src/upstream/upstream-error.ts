// StepFun's failures as errors of this gateway, in whatever form they come: an answer
// with a status, a 200 whose body holds an error object, or an event of a stream. One
// table for all three forms.
//
// StepFun's words go to the client for 400 and 451 alone (and for 429 with the client's
// own key), redacted and capped: for everything else they are about the operator's
// account. The log's `detail` has status, type, code and trace id, never the words: a
// message may quote the prompt.

import type { Config } from '../config/config.ts';
import {
  UPSTREAM_ERROR_BODY_BYTES,
  UPSTREAM_ERROR_BODY_MS,
  UPSTREAM_TRACE_ID_CHARS,
} from '../config/limits.ts';
import { GatewayError, type ErrorCode } from '../http/errors.ts';
import { readAll } from '../lib/bytes.ts';
import { namesMissingModel, parseErrorObject, parseRateLimit, type ErrorObject } from './error-object.ts';
import { redact } from './redact.ts';
import { parseRetryAfter } from './retry-after.ts';

type KeySource = Config['upstream']['keySource'];

export interface UpstreamErrorContext {
  /** `client`: the account is the client's own, and so is trouble with it. */
  readonly keySource?: KeySource;
  /** Removed from every text, wherever they stand. */
  readonly secrets?: readonly string[];
  /** For the log: StepFun has two platforms, and keys of one are not valid on the other. */
  readonly baseUrl?: string;
  /** StepFun's id of this call, as `readTraceId` reads it. */
  readonly traceId?: string | null;
}

/** The facts of an HTTP answer beside its body. */
interface AnswerHead {
  /** Left out for an error object in a stream or a 200: then the object states its status. */
  readonly status?: number;
  readonly retryAfterSeconds?: number | null;
}

/** Statuses that may be gone a moment later. 520 to 524 are Cloudflare's, 529 is "overloaded" in some APIs. */
const TRANSIENT: ReadonlySet<number> = new Set([500, 502, 503, 504, 520, 521, 522, 523, 524, 529]);

const PLATFORM_HINT = 'Keys of api.stepfun.ai and api.stepfun.com are not interchangeable.';

/** Messages for a client that uses its own StepFun key. */
const OWN_ACCOUNT_MESSAGES: Partial<Record<ErrorCode, string>> = {
  invalid_api_key: `StepFun does not accept this API key. ${PLATFORM_HINT}`,
  insufficient_quota: 'This StepFun account has no quota left: check its plan and billing.',
};

/** @returns a function that makes errors of the error objects in one answer of StepFun, be it a stream or a 200 body. */
export function createUpstreamErrorReader(context: UpstreamErrorContext): (text: string) => GatewayError {
  return (text) => readUpstreamError(text, context);
}

/**
 * @param text - a body or an event's data, any text; null: there was none.
 * @returns the failure that it states. Where it states none: `upstream_unavailable`.
 */
export function readUpstreamError(
  text: string | null,
  context: UpstreamErrorContext = {},
  { status, retryAfterSeconds = null }: AnswerHead = {},
): GatewayError {
  const object = parseErrorObject(text);
  const meant = status ?? object.status;
  const { keySource = 'gateway', traceId = null } = context;
  const code = meant === null ? 'upstream_unavailable' : codeOf(meant, object, keySource);
  const limited = code === 'upstream_rate_limited' ? parseRateLimit(object.message) : null;
  // A 429 with a Retry-After of StepFun's own ends when that says.
  const isTransient =
    (meant !== null && TRANSIENT.has(meant)) || (limited !== null && retryAfterSeconds !== null);
  const waitSeconds =
    limited !== null
      ? (retryAfterSeconds ?? ownRetryAfter(limited.kind))
      : isTransient
        ? retryAfterSeconds
        : null;

  return new GatewayError(code, messageFor(code, meant, object, context), {
    detail: detailOf(status, object, context),
    transient: isTransient,
    ...(code === 'model_not_found' && { param: 'model' }),
    ...(limited !== null && { rateLimit: { kind: limited.kind, limit: limited.limit } }),
    ...(waitSeconds !== null && { retryAfterSeconds: waitSeconds }),
    ...(traceId !== null && { upstreamRequestId: traceId }),
  });
}

/**
 * @param response - an answer that is not the one asked for. Its body is read, up to
 *   UPSTREAM_ERROR_BODY_BYTES and UPSTREAM_ERROR_BODY_MS, and released.
 * @param key - the StepFun key that was used.
 */
export async function readErrorResponse(
  response: Response,
  { keySource, baseUrl }: Pick<Config['upstream'], 'keySource' | 'baseUrl'>,
  key: string,
): Promise<GatewayError> {
  const { status, headers } = response;
  const text = await readText(response);
  const traceId = readTraceId(headers);
  if (status === 200 && !parseErrorObject(text).hasError) {
    const type = redact(headers.get('content-type') ?? '', key) || 'no content-type';
    return new GatewayError('upstream_malformed', undefined, {
      detail: `StepFun answered 200 as ${type}`,
      ...(traceId !== null && { upstreamRequestId: traceId }),
    });
  }
  const head = { retryAfterSeconds: parseRetryAfter(headers.get('retry-after'), Date.now()) };
  const context = { keySource, baseUrl, traceId, secrets: [key] };
  return readUpstreamError(text, context, status === 200 ? head : { ...head, status });
}

/** @returns StepFun's id of a call (`X-Trace-Id`); null where there is none, or none that may stand in a log. */
export function readTraceId(headers: Headers): string | null {
  const value = headers.get('x-trace-id') ?? '';
  return /^[\w.:-]+$/.test(value) && value.length <= UPSTREAM_TRACE_ID_CHARS ? value : null;
}

/** The contract's rows for StepFun's statuses. */
function codeOf(status: number, object: ErrorObject, keySource: KeySource): ErrorCode {
  switch (status) {
    case 400:
      return namesMissingModel(object) ? 'model_not_found' : 'upstream_rejected';
    case 401:
    case 403:
      return keySource === 'client' ? 'invalid_api_key' : 'upstream_auth';
    case 402:
      return keySource === 'client' ? 'insufficient_quota' : 'upstream_auth';
    case 404:
      // A wrong path answers with text or HTML.
      return object.isJson ? 'model_not_found' : 'upstream_misconfigured';
    case 405:
      return object.isJson ? 'upstream_rejected' : 'upstream_misconfigured';
    case 429:
      return 'upstream_rate_limited';
    case 451:
      return 'content_filter';
    default:
      // 408: StepFun did not get the request in time, which is not the client's fault.
      if (status >= 500 || status === 408) return 'upstream_unavailable';
      return status >= 400 ? 'upstream_rejected' : 'upstream_malformed';
  }
}

/** @returns the client's message; undefined: the text of the code's own row. */
function messageFor(
  code: ErrorCode,
  status: number | null,
  { message }: ErrorObject,
  { keySource, secrets = [] }: UpstreamErrorContext,
): string | undefined {
  const isShown =
    code === 'content_filter' ||
    (code === 'upstream_rejected' && status === 400) ||
    (code === 'upstream_rate_limited' && keySource === 'client');
  const shown = isShown ? redact(message, ...secrets) : '';
  if (shown !== '') return shown;
  return keySource === 'client' ? OWN_ACCOUNT_MESSAGES[code] : undefined;
}

/** @returns the log's text: identifiers and figures alone. */
function detailOf(
  status: number | undefined,
  object: ErrorObject,
  { baseUrl, traceId = null, secrets = [] }: UpstreamErrorContext,
): string {
  const meant = status ?? object.status;
  const limited = meant === 429 ? parseRateLimit(object.message) : null;
  const facts = {
    type: object.type,
    code: object.code,
    kind: limited?.kind,
    current: limited?.current,
    limit: limited?.limit,
    trace_id: traceId,
  };
  const pairs = Object.entries(facts).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [`${name}=${redact(String(value), ...secrets)}`],
  );
  if (baseUrl !== undefined) pairs.push(`base_url=${baseUrl}`);
  const came = status === undefined ? "StepFun's answer held an error" : `StepFun answered ${status}`;
  const text = pairs.length === 0 ? came : `${came}: ${pairs.join(' ')}`;
  return meant === 401 ? `${text}. ${PLATFORM_HINT}` : text;
}

/**
 * When to ask again after a 429 without `Retry-After`; StepFun sends none.
 * @returns seconds. A slot is free when any answer ends, within seconds: jittered, so that
 *   clients that were refused together do not come back together. Limits a minute: the
 *   seconds until the minute is over.
 */
function ownRetryAfter(kind: 'concurrency' | 'rpm' | 'tpm' | 'unknown'): number {
  if (kind === 'rpm' || kind === 'tpm') return 60 - (Math.floor(Date.now() / 1_000) % 60);
  return 1 + Math.floor(Math.random() * CONCURRENCY_RETRY_SECONDS);
}

/** The largest `Retry-After` after a refusal for concurrency. Answers take 2 to 30 s, and an account has several at a time. */
const CONCURRENCY_RETRY_SECONDS = 5;

/** @returns the body; null where it is too large, too slow or broken: then the status alone decides. */
async function readText(response: Response): Promise<string | null> {
  if (response.body === null) return null;
  try {
    const bounds = { maxBytes: UPSTREAM_ERROR_BODY_BYTES, timeoutMs: UPSTREAM_ERROR_BODY_MS };
    const bytes = await readAll(response.body, bounds);
    if (typeof bytes !== 'string') return new TextDecoder().decode(bytes);
    await response.body.cancel();
  } catch {
    // The connection broke.
  }
  return null;
}
