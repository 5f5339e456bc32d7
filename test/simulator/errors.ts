// StepFun's errors: a status and the envelope {"error":{"message","type"}}, without `code` and `param`.
//
// Statuses, messages and types of 400, 401, 402, 429 and 451 are those of the live service. It documents no
// types for 403, 404, 500 and 503: those are chosen here.

interface KnownError {
  readonly type: string;
  readonly message: string;
}

const KNOWN_ERRORS: Readonly<Record<number, KnownError>> = {
  400: { type: 'request_params_invalid', message: 'The request parameters are invalid.' },
  401: { type: 'invalid_api_key', message: 'Incorrect API key provided' },
  402: {
    type: 'quota_exceeded',
    message: 'You exceeded your current quota, please check your plan and billing details',
  },
  403: { type: 'permission_denied', message: 'This key has no access to this resource.' },
  404: { type: 'not_found', message: 'The resource does not exist.' },
  429: { type: 'rate_limited', message: 'concurrency reached, current: 6, limit: 5' },
  451: {
    type: 'censorship_blocked',
    message: 'The content you provided or machine outputted is blocked.',
  },
  500: { type: 'server_error', message: 'The server had an error.' },
  503: { type: 'server_overloaded', message: 'The server is overloaded. Please retry after a moment.' },
};

const UNKNOWN_ERROR: KnownError = { type: 'server_error', message: 'A simulated error.' };

interface ErrorOptions {
  readonly type?: string;
  readonly sentStatus?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error answer of the simulated API. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly type: string;
  /** The HTTP status of the answer, where it differs from `status`. */
  readonly sentStatus: number;
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param status - HTTP status, 400–599.
   * @param message - default: StepFun's message for this status.
   * @param options - the type and the sent status, where they differ from the status' own; headers.
   */
  constructor(status: number, message?: string, options: ErrorOptions = {}) {
    const known = KNOWN_ERRORS[status] ?? UNKNOWN_ERROR;
    super(message ?? known.message);
    this.status = status;
    this.type = options.type ?? known.type;
    this.sentStatus = options.sentStatus ?? status;
    this.headers = options.headers ?? {};
  }
}

/** @returns StepFun's envelope as JSON: the body of an answer, or the data of an event. */
export function errorEnvelope(error: ApiError): string {
  return JSON.stringify({ error: { message: error.message, type: error.type } });
}

/** The account's three limits, as StepFun's messages name them. */
export const LIMIT_KINDS = ['concurrency', 'RPM', 'TPM'] as const;
export type LimitKind = (typeof LIMIT_KINDS)[number];

/**
 * @param isTrial - StepFun tells accounts of the lowest tier where to top up, in a second wording.
 * @returns the text of a 429, exactly as StepFun writes it.
 */
export function limitMessage(kind: LimitKind, current: number, limit: number, isTrial: boolean): string {
  const prefix = kind === 'concurrency' && !isTrial ? '' : 'request limited ';
  const suffix = isTrial ? '. Please top up at https://platform.stepfun.ai/account-info' : '';
  return `${prefix}${kind} reached, current: ${current}, limit: ${limit}${suffix}`;
}
