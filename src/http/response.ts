// Responses in JSON. What every answer carries beside (request id, CORS, timing) is the
// router's to add.

import { errorBody, type GatewayError } from './errors.ts';

export type ResponseHeaders = Readonly<Record<string, string>>;

/** @returns a response with this value as JSON. */
export function jsonResponse(value: unknown, headers: ResponseHeaders, status = 200): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** @returns the response for a failure, as docs/errors.md lists it. */
export function errorResponse(error: GatewayError): Response {
  const { allow, headers, retryAfterSeconds, attempts } = error.details;
  return jsonResponse(
    errorBody(error),
    {
      ...headers,
      'cache-control': 'no-store',
      ...(!error.retry && { 'x-should-retry': 'false' }),
      ...(allow !== undefined && { allow }),
      ...(attempts !== undefined && { 'x-upstream-attempts': String(attempts) }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      ...(error.status === 401 && { 'www-authenticate': 'Bearer' }),
    },
    error.status,
  );
}
