// The gateway's API as this page uses it: a chat request, whose answer arrives as updates whether
// it streams or not, and the small documents beside it.
//
// Throws a Failure (failure.js), or the AbortError of the caller's own signal.

import { Failure } from './failure.js';
import { field, list, parseJson, text } from './json.js';
import { EventReader } from './sse.js';
import { recordBody, recordHead } from './trace.js';

/** @import { FailureDetails, Trace, Update, Usage } from '../types.ts' */

/**
 * @typedef {object} Call
 * @property {string | null} token - sent as Bearer.
 * @property {AbortSignal} signal
 * @property {Trace} trace - records the exchange.
 * @property {boolean} [refresh] - ask past the gateway's cache.
 */

/** A signal that never aborts. */
export const NEVER = new AbortController().signal;

/**
 * @param {object} request - the body of POST /v1/chat/completions.
 * @param {Call} call
 * @returns {AsyncGenerator<Update, void, undefined>} ends when the answer is complete.
 */
export async function* complete(request, { token, signal, trace, refresh = false }) {
  const headers = {
    'content-type': 'application/json',
    // The visitor asks the same question again and wants another answer (RFC 9111 §5.2.1.4).
    ...(refresh ? { 'cache-control': 'no-cache' } : {}),
  };
  trace.requestHeaders = Object.entries(headers);
  const init = { method: 'POST', headers: { ...headers, ...bearer(token) }, body: JSON.stringify(request) };
  const response = await send('/v1/chat/completions', signal, init, trace);

  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  yield* isStream && response.body !== null
    ? readChunks(response, response.body, signal, trace)
    : readCompletion(response, signal, trace);
}

/**
 * @param {'/v1/models' | '/v1/usage' | '/healthz'} path
 * @param {string | null} token
 * @returns {Promise<unknown>} the document.
 */
export async function fetchDocument(path, token) {
  const response = await send(path, NEVER, { headers: bearer(token) });
  return parseJson(await response.text());
}

/** @returns {Promise<unknown>} GET /healthz, which answers 503 with the same document where it cannot serve. */
export async function fetchHealth() {
  const response = await fetch('/healthz');
  return parseJson(await response.text());
}

/**
 * @param {string} turnstileToken
 * @returns {Promise<unknown>} POST /v1/session.
 */
export async function openSession(turnstileToken) {
  const response = await send('/v1/session', NEVER, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ turnstile_token: turnstileToken }),
  });
  return parseJson(await response.text());
}

/**
 * @param {Response} response
 * @param {ReadableStream<Uint8Array>} body
 * @param {AbortSignal} signal
 * @param {Trace} trace
 * @returns {AsyncGenerator<Update, void, undefined>}
 */
async function* readChunks(response, body, signal, trace) {
  const details = detailsOf(response);
  const events = new EventReader();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      // The gateway ends an answer with `[DONE]`: any other end is a broken connection.
      if (done) throw new Failure('interrupted', '', details);
      const piece = decoder.decode(value, { stream: true });
      recordBody(trace, piece, performance.now());
      for (const data of events.read(piece)) {
        if (data === '[DONE]') return;
        const chunk = parseJson(data);
        if (chunk === undefined) throw new Failure('unreadable', '', details);
        const error = field(chunk, 'error');
        if (error !== undefined) throw toFailure(error, details);
        yield* updatesOf(chunk, 'delta');
      }
    }
  } catch (cause) {
    if (cause instanceof Failure || signal.aborted) throw cause;
    throw new Failure('interrupted', '', { ...details, cause });
  } finally {
    // The visitor stops, or `[DONE]` came: the request ends with the reader.
    await reader.cancel().catch(() => {});
  }
}

/**
 * @param {Response} response
 * @param {AbortSignal} signal
 * @param {Trace} trace
 * @returns {AsyncGenerator<Update, void, undefined>}
 */
async function* readCompletion(response, signal, trace) {
  const body = await response.text().catch((/** @type {unknown} */ cause) => {
    signal.throwIfAborted();
    throw new Failure('interrupted', '', { cause });
  });
  recordBody(trace, body, performance.now());
  const completion = parseJson(body);
  if (list(field(completion, 'choices')).length === 0) {
    throw new Failure('unreadable', '', { status: response.status });
  }
  yield* updatesOf(completion, 'message');
}

/**
 * @param {unknown} answer - a chunk or a completion.
 * @param {'delta' | 'message'} part
 * @returns {Generator<Update, void, undefined>}
 */
function* updatesOf(answer, part) {
  for (const [position, item] of list(field(answer, 'choices')).entries()) {
    const choice = Number(field(item, 'index') ?? position);
    const delta = field(item, part);
    // The name depends on the reasoning format: `general` or `deepseek-style`.
    const reasoning = text(field(delta, 'reasoning')) || text(field(delta, 'reasoning_content'));
    if (reasoning !== '') yield { type: 'reasoning', choice, text: reasoning };
    const content = text(field(delta, 'content'));
    if (content !== '') yield { type: 'content', choice, text: content };
    for (const [at, call] of list(field(delta, 'tool_calls')).entries()) {
      yield { type: 'tool_call', choice, position: Number(field(call, 'index') ?? at), call: readCall(call) };
    }
    const reason = text(field(item, 'finish_reason'));
    if (reason !== '') yield { type: 'finish', choice, reason };
  }
  const usage = field(answer, 'usage');
  if (typeof usage === 'object' && usage !== null) yield { type: 'usage', usage: readUsage(usage) };
}

/** @param {unknown} call - a tool call, or a piece of one. */
function readCall(call) {
  const called = field(call, 'function');
  return {
    id: text(field(call, 'id')),
    name: text(field(called, 'name')),
    arguments: text(field(called, 'arguments')),
  };
}

/**
 * @param {object} usage
 * @returns {Usage}
 */
function readUsage(usage) {
  const cached =
    field(usage, 'cached_tokens') ?? field(field(usage, 'prompt_tokens_details'), 'cached_tokens') ?? null;
  return {
    prompt: Number(field(usage, 'prompt_tokens') ?? 0),
    completion: Number(field(usage, 'completion_tokens') ?? 0),
    cached: cached === null ? null : Number(cached),
  };
}

/**
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {RequestInit} init
 * @param {Trace} [trace]
 * @returns {Promise<Response>} with a status of 200 to 299.
 */
async function send(path, signal, init, trace) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, { ...init, signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new Failure('network', '', { cause });
  }
  if (trace !== undefined) recordHead(trace, response, performance.now());
  if (response.ok) return response;
  const body = await response.text().catch(() => '');
  if (trace !== undefined) recordBody(trace, body, performance.now());
  const retryAfter = parseRetryAfter(response.headers.get('retry-after'));
  throw toFailure(field(parseJson(body), 'error'), {
    ...detailsOf(response),
    status: response.status,
    ...(retryAfter === null ? {} : { retryAfterSeconds: retryAfter }),
  });
}

/**
 * @param {Response} response
 * @returns {FailureDetails}
 */
function detailsOf(response) {
  const requestId = response.headers.get('x-request-id');
  return requestId === null ? {} : { requestId };
}

/**
 * @param {unknown} error - OpenAI's error object, if it is one.
 * @param {FailureDetails} details
 */
function toFailure(error, details) {
  const code = text(field(error, 'code')) || text(field(error, 'type'));
  return new Failure(code === '' ? 'unreadable' : code, text(field(error, 'message')), details);
}

/**
 * @param {string | null} token
 * @returns {Record<string, string>}
 */
function bearer(token) {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/**
 * @param {string | null} value - delay-seconds or an HTTP-date (RFC 9110 §10.2.3).
 * @returns {number | null} seconds from now.
 */
export function parseRetryAfter(value) {
  if (value === null || value.trim() === '') return null;
  const seconds = /^\s*\d+\s*$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}
