// Every way in which a request can fail, as data: its status, and OpenAI's error body.
//
// Pure: no I/O, no clock. The code that meets a failure throws a GatewayError; the router
// answers it (response.ts), or the relay sends it as an error event.

import { ConfigurationError } from '../config/configuration-error.ts';
import { ERROR_MESSAGE_CHARS } from '../config/limits.ts';

interface Wire {
  readonly status: number;
  readonly type: string;
  /** The default message. */
  readonly message: string;
  /**
   * Whether the same request may succeed later. Where it can't, `x-should-retry:
   * false` keeps OpenAI's SDKs, which retry every 408, 409, 429 and 5xx, from
   * asking again.
   */
  readonly retry: boolean;
}

/** The contract's table of errors, row by row. */
const WIRE = {
  invalid_json: wire(400, 'invalid_request_error', 'The body is not valid JSON.', false),
  invalid_value: wire(400, 'invalid_request_error', 'The request has a wrong value.', false),
  unknown_parameter: wire(400, 'invalid_request_error', 'The request has an unknown field.', false),
  model_not_found: wire(
    404,
    'invalid_request_error',
    'This model does not exist here: GET /v1/models lists the models.',
    false,
  ),
  not_found: wire(
    404,
    'invalid_request_error',
    'Not found. The API is under /v1, as POST /v1/chat/completions.',
    false,
  ),
  method_not_allowed: wire(405, 'invalid_request_error', 'Method not allowed.', false),
  request_too_large: wire(413, 'invalid_request_error', 'The body is too large.', false),
  unsupported_media_type: wire(
    415,
    'invalid_request_error',
    'The body must be JSON: send content-type: application/json.',
    false,
  ),
  request_timeout: wire(408, 'timeout_error', 'The body did not arrive in time.', true),
  invalid_api_key: wire(
    401,
    'authentication_error',
    'No valid credentials were given: send Authorization: Bearer and a key or token of this gateway.',
    false,
  ),
  origin_not_allowed: wire(
    403,
    'permission_error',
    'This origin may not call this gateway: its operator can add it to ALLOWED_ORIGINS.',
    false,
  ),
  rate_limit_exceeded: wire(429, 'rate_limit_error', 'Too many requests. Try again later.', true),
  insufficient_quota: wire(429, 'insufficient_quota', "Today's token budget is used up.", false),
  budget_reserved: wire(
    429,
    'rate_limit_error',
    'The rest of the token budget is reserved for requests under way. Try again in a few seconds.',
    true,
  ),
  queue_full: wire(
    429,
    'rate_limit_error',
    'Too many requests are waiting for StepFun. Try again after the time in Retry-After.',
    true,
  ),
  queue_timeout: wire(
    429,
    'rate_limit_error',
    'StepFun had no free slot for this request in time. Try again after the time in Retry-After.',
    true,
  ),
  upstream_rate_limited: wire(
    429,
    'rate_limit_error',
    'StepFun accepts no more requests at the moment. Try again after the time in Retry-After.',
    true,
  ),
  upstream_rejected: wire(400, 'invalid_request_error', 'StepFun rejected the request.', false),
  content_filter: wire(451, 'content_filter', "StepFun's content filter stopped this request.", false),
  upstream_auth: wire(502, 'upstream_error', 'The gateway is not able to use StepFun at the moment.', false),
  upstream_misconfigured: wire(
    502,
    'upstream_error',
    "The gateway's connection to StepFun is not configured correctly: its log says why.",
    false,
  ),
  upstream_unavailable: wire(502, 'upstream_error', 'StepFun is not available.', true),
  upstream_malformed: wire(502, 'upstream_error', 'StepFun returned an invalid response.', true),
  upstream_truncated: wire(502, 'upstream_error', "StepFun's answer ended before it was complete.", true),
  upstream_reset: wire(502, 'upstream_error', 'The connection to StepFun broke.', true),
  upstream_timeout: wire(504, 'timeout_error', 'StepFun did not answer in time.', true),
  cache_miss: wire(
    504,
    'invalid_request_error',
    'Nothing is cached for this request (only-if-cached).',
    false,
  ),
  access_not_configured: wire(
    503,
    'server_error',
    'This gateway has no way in configured yet: see "Who may call" in its README.',
    false,
  ),
  access_unavailable: wire(503, 'server_error', 'The gateway cannot check access at the moment.', true),
  invalid_configuration: wire(
    503,
    'server_error',
    'This gateway is not configured correctly: its log names the setting.',
    false,
  ),
  internal_error: wire(500, 'server_error', 'The gateway failed.', true),
} as const satisfies Record<string, Wire>;

/** The stable code a client can switch on. */
export type ErrorCode = keyof typeof WIRE;

/** Whether a text is one of them. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(WIRE, text);
}

/** All of them, for the API's description. */
export const errorCodes: readonly string[] = Object.keys(WIRE);

/** A limit of the StepFun account, as the text of a 429 states it. */
export interface StatedLimit {
  /** Requests at a time, requests a minute, tokens a minute; `unknown`: the text states none of them. */
  readonly kind: 'concurrency' | 'rpm' | 'tpm' | 'unknown';
  /** The account's limit; null where the text has none. */
  readonly limit: number | null;
}

export interface ErrorDetails {
  /** The request field at fault, as `messages[2].content[0].image_url.url`. */
  readonly param?: string;
  /** Seconds until asking again makes sense: becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** Methods that the address takes: becomes `Allow` (RFC 9110 §10.2.1). */
  readonly allow?: string;
  /** Every field at fault, for the log. */
  readonly params?: readonly string[];
  /** Headers of the answer beside those, as `x-ratelimit-remaining-tokens`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Asking StepFun again at once may help; see upstream/retry.ts. */
  readonly transient?: boolean;
  /** The limit of the StepFun account that refused the call; only with `upstream_rate_limited`. */
  readonly rateLimit?: StatedLimit;
  /** StepFun's own id of the call (`X-Trace-Id`): its support asks for it. */
  readonly upstreamRequestId?: string;
  /** How many calls to StepFun were made before this failure. */
  readonly attempts?: number;
  /** How long the request waited for a slot at the gate, in ms. */
  readonly queueMs?: number;
  /** The failed call was another request's: this one costs nothing. */
  readonly isFree?: boolean;
  /** For the log alone, never for the client. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** A failure with its code, as the router and the relay send it to the client. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  /**
   * @param code - a row of the table above.
   * @param message - what the client reads; the row's own text when left out.
   * @param details - data for the headers and the log.
   */
  constructor(code: ErrorCode, message?: string, details: ErrorDetails = {}) {
    super(cap(message ?? WIRE[code].message), { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return WIRE[this.code].status;
  }

  get retry(): boolean {
    return WIRE[this.code].retry;
  }
}

export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: ErrorCode;
  };
}

/** @returns OpenAI's error object for a failure: the body of an answer, the data of an error event. */
export function errorBody(error: GatewayError): ErrorBody {
  return {
    error: {
      message: error.message,
      type: WIRE[error.code].type,
      param: error.details.param ?? null,
      code: error.code,
    },
  };
}

/**
 * @param thrown - whatever was caught.
 * @returns it, if it is ours; else an `internal_error` that tells the client
 *   nothing and keeps the text for the log.
 */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (thrown instanceof ConfigurationError) {
    return new GatewayError('invalid_configuration', undefined, { detail: thrown.message });
  }
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : `thrown: ${typeof thrown}`;
  return new GatewayError('internal_error', undefined, { detail, cause: thrown });
}

function wire(status: number, type: string, message: string, retry: boolean): Wire {
  return { status, type, message, retry };
}

function cap(message: string): string {
  return message.length <= ERROR_MESSAGE_CHARS ? message : `${message.slice(0, ERROR_MESSAGE_CHARS)}…`;
}
