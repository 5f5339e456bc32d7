// An answer until it leaves: data, to which the router adds what every answer carries
// before it becomes a Response. Rejected: Responses whose headers are changed afterwards.
// Each header would be a call into the runtime, and each Headers an object to free.

import { errorBody, type GatewayError } from './errors.ts';

export type AnswerHeaders = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  /** By their names in lower case; those that every answer has (`vary` among them) are the router's. */
  readonly headers: AnswerHeaders;
  readonly body: BodyInit | null;
}

/** @returns an answer that says this in JSON. */
export function jsonAnswer(value: unknown, headers: AnswerHeaders, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** @returns the answer for a failure. CORS and `x-request-id` are the router's to add. */
export function errorAnswer(error: GatewayError): Answer {
  const { allow, attempts, headers, queueMs, retryAfterSeconds } = error.details;
  return jsonAnswer(
    errorBody(error),
    {
      ...headers,
      'cache-control': 'no-store',
      ...(!error.retry && { 'x-should-retry': 'false' }),
      ...(attempts !== undefined && { 'x-upstream-attempts': String(attempts) }),
      ...(queueMs !== undefined && { 'x-queue-ms': String(queueMs) }),
      ...(allow !== undefined && { allow }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      ...(error.status === 401 && { 'www-authenticate': 'Bearer' }),
    },
    error.status,
  );
}

/** @returns the answer as the platform sends it. */
export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers });
}
