// StepFun's failures: a status and the envelope {"error":{"message","type"}}.
//
// Statuses are StepFun's (its page "Error codes"). It documents no types; those of
// 400, 401 and 451 are what the real API was seen to answer, the others are ours.

interface Failure {
  readonly type: string;
  readonly message: string;
}

const FAILURES: Readonly<Record<number, Failure>> = {
  400: { type: 'request_params_invalid', message: 'The request parameters are invalid.' },
  401: { type: 'invalid_api_key', message: 'Incorrect API key provided' },
  402: { type: 'insufficient_balance', message: 'The account balance is insufficient.' },
  403: { type: 'permission_denied', message: 'This key may not use this resource.' },
  404: { type: 'not_found', message: 'The request path is not correct.' },
  405: { type: 'method_not_allowed', message: 'This path does not take this method.' },
  429: { type: 'rate_limited', message: 'Requests are sent too fast. Try again after a short wait.' },
  451: {
    type: 'censorship_blocked',
    message: 'The content you provided or machine outputted is blocked.',
  },
  500: { type: 'server_error', message: 'The server had an error.' },
  503: { type: 'server_overloaded', message: 'The server is overloaded. Try again after a short wait.' },
};

const UNNAMED: Failure = { type: 'server_error', message: 'A simulated failure.' };

interface More {
  readonly type?: string;
  readonly sentStatus?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A failure that the simulator answers with; thrown wherever it is found. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly type: string;
  /** What the answer is sent with, where that is something else. */
  readonly sentStatus: number;
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param status - HTTP status, 400–599.
   * @param message - what the caller reads; the status' own text when left out.
   * @param more - the envelope's type and the status sent, where the status' own won't do; headers.
   */
  constructor(status: number, message?: string, more: More = {}) {
    const failure = FAILURES[status] ?? UNNAMED;
    super(message ?? failure.message);
    this.status = status;
    this.type = more.type ?? failure.type;
    this.sentStatus = more.sentStatus ?? status;
    this.headers = more.headers ?? {};
  }
}

/** @returns StepFun's envelope as JSON: the body of an answer, the data of an error event. */
export function envelope(error: ApiError): string {
  return JSON.stringify({ error: { message: error.message, type: error.type } });
}
