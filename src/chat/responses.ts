// The two kinds of answers. `private, no-store`: answers are stored here alone, under the
// client's own scope, not in browsers or on the way. `no-transform` and `x-accel-buffering`
// keep proxies from gathering a stream.

import type { Reservation } from '../http/reservation.ts';
import type { ResponseHeaders } from '../http/response.ts';
import type { ChatRequest } from './request/chat-request.ts';

/**
 * @param reservation - of the client's budget; null: there is none, or nothing was asked.
 * @param body - a completion's JSON.
 * @param headers - of this answer beside those of its kind.
 */
export function completionResponse(
  asked: ChatRequest,
  reservation: Reservation | null,
  body: Uint8Array,
  headers: ResponseHeaders,
): Response {
  return chatResponse(asked, reservation, body, {
    'content-type': 'application/json',
    'cache-control': 'private, no-store',
    ...headers,
  });
}

/**
 * @param reservation - as above.
 * @param body - an event stream, or all of it in one piece.
 * @param headers - of this answer beside those of its kind.
 */
export function streamResponse(
  asked: ChatRequest,
  reservation: Reservation | null,
  body: ReadableStream<Uint8Array> | Uint8Array,
  headers: ResponseHeaders,
): Response {
  return chatResponse(asked, reservation, body, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'private, no-store, no-transform',
    'x-accel-buffering': 'no',
    ...headers,
  });
}

function chatResponse(
  asked: ChatRequest,
  reservation: Reservation | null,
  body: BodyInit,
  headers: ResponseHeaders,
): Response {
  const { ignoredParams } = asked;
  const adjusted = adjustedParams(asked, reservation);
  return new Response(body, {
    headers: {
      ...headers,
      ...(ignoredParams.length > 0 && { 'x-ignored-params': ignoredParams.join(', ') }),
      ...(adjusted.length > 0 && { 'x-adjusted-params': adjusted.join(', ') }),
    },
  });
}

/** A budget lowers `max_tokens` further than a ceiling has. */
function adjustedParams({ adjustedParams: params }: ChatRequest, reservation: Reservation | null) {
  if (reservation?.isLowered !== true) return params;
  const others = params.filter((param) => !param.startsWith('max_tokens='));
  return [...others, `max_tokens=${reservation.maxTokens}`];
}
