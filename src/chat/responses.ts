// The two kinds of answers. `private, no-store`: answers are stored here alone, under the
// client's own scope, not in browsers or on the way. `no-transform` and `x-accel-buffering`
// keep proxies from gathering a stream.

import type { ResponseHeaders } from '../http/response.ts';
import type { ChatRequest } from './request/chat-request.ts';

/**
 * @param body - a completion's JSON.
 * @param headers - of this answer beside those of its kind.
 */
export function completionResponse(asked: ChatRequest, body: Uint8Array, headers: ResponseHeaders): Response {
  return chatResponse(asked, body, {
    'content-type': 'application/json',
    'cache-control': 'private, no-store',
    ...headers,
  });
}

/**
 * @param body - an event stream, or all of it in one piece.
 * @param headers - of this answer beside those of its kind.
 */
export function streamResponse(
  asked: ChatRequest,
  body: ReadableStream<Uint8Array> | Uint8Array,
  headers: ResponseHeaders,
): Response {
  return chatResponse(asked, body, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'private, no-store, no-transform',
    'x-accel-buffering': 'no',
    ...headers,
  });
}

function chatResponse(asked: ChatRequest, body: BodyInit, headers: ResponseHeaders): Response {
  const { ignoredParams, adjustedParams } = asked;
  return new Response(body, {
    headers: {
      ...headers,
      ...(ignoredParams.length > 0 && { 'x-ignored-params': ignoredParams.join(', ') }),
      ...(adjustedParams.length > 0 && { 'x-adjusted-params': adjustedParams.join(', ') }),
    },
  });
}
