// The two kinds of answers, from bytes that are ready to leave. `private, no-store`:
// what is kept is kept here, under the client's own scope, not in browsers or on
// the way; `no-transform` and `x-accel-buffering` keep proxies from gathering a stream.

import type { ChatRequest } from './request.ts';

/** Headers of one answer beside those of its kind. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/** @param body - a completion's JSON. */
export function completionAnswer(asked: ChatRequest, body: Uint8Array, headers: AnswerHeaders): Response {
  return answer(asked, body, {
    'content-type': 'application/json',
    'cache-control': 'private, no-store',
    ...headers,
  });
}

/** @param body - an event stream, or all of it in one piece. */
export function streamAnswer(
  asked: ChatRequest,
  body: ReadableStream<Uint8Array> | Uint8Array,
  headers: AnswerHeaders,
): Response {
  return answer(asked, body, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'private, no-store, no-transform',
    'x-accel-buffering': 'no',
    ...headers,
  });
}

function answer(asked: ChatRequest, body: BodyInit, headers: AnswerHeaders): Response {
  const all: Record<string, string> = {};
  for (const name in headers) if (headers[name] !== undefined) all[name] = headers[name];
  if (asked.ignoredParams.length > 0) all['x-ignored-params'] = asked.ignoredParams.join(', ');
  return new Response(body, { headers: all });
}
