// The gateway's API as this page uses it: one question, answered piece by piece
// whether it streams or not, and the list of models.
//
// Throws a Failure (failure.js), or the AbortError of the caller's own signal.

import { Failure } from './failure.js';
import { field, list, parseJson, text } from './json.js';
import { readEvents } from './sse.js';

/** @import { FailureDetails, Update } from '../types.ts' */

/**
 * @typedef {object} Call
 * @property {string | null} token - sent as Bearer.
 * @property {AbortSignal} signal
 * @property {boolean} [refresh] - ask past the gateway's cache.
 */

/** The signal of what nobody stops. */
export const NEVER = new AbortController().signal;

/**
 * @param {object} request - the body of POST /v1/chat/completions.
 * @param {Call} call
 * @returns {AsyncGenerator<Update, void, undefined>} ends when the answer is whole.
 */
export async function* complete(request, { token, signal, refresh = false }) {
  const response = await send('/v1/chat/completions', signal, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...bearer(token),
      // Asked again, the same question wants another answer (RFC 9111 §5.2.1.4).
      ...(refresh ? { 'cache-control': 'no-cache' } : {}),
    },
    body: JSON.stringify(request),
  });
  const requestId = response.headers.get('x-request-id');
  yield { type: 'open', cacheStatus: response.headers.get('cache-status'), requestId };

  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  yield* isStream && response.body !== null
    ? readChunks(response.body, signal, requestId)
    : readCompletion(response, signal);
}

/**
 * @param {string | null} token
 * @returns {Promise<unknown>} GET /v1/models.
 */
export async function fetchModels(token) {
  const response = await send('/v1/models', NEVER, { headers: bearer(token) });
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
 * @param {ReadableStream<Uint8Array>} body
 * @param {AbortSignal} signal
 * @param {string | null} requestId
 * @returns {AsyncGenerator<Update, void, undefined>}
 */
async function* readChunks(body, signal, requestId) {
  const details = requestId === null ? {} : { requestId };
  try {
    for await (const data of readEvents(body)) {
      if (data === '[DONE]') return;
      const chunk = parseJson(data);
      if (chunk === undefined) throw new Failure('unreadable', '', details);
      const error = field(chunk, 'error');
      if (error !== undefined) throw toFailure(error, details);
      yield* updatesOf(chunk, 'delta');
    }
  } catch (cause) {
    if (cause instanceof Failure || signal.aborted) throw cause;
    throw new Failure('interrupted', '', { ...details, cause });
  }
  // The gateway ends an answer with `[DONE]`; an end without it is no end.
  throw new Failure('interrupted', '', details);
}

/**
 * @param {Response} response
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<Update, void, undefined>}
 */
async function* readCompletion(response, signal) {
  const body = await response.text().catch((/** @type {unknown} */ cause) => {
    signal.throwIfAborted();
    throw new Failure('interrupted', '', { cause });
  });
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
  const choice = list(field(answer, 'choices'))[0];
  const delta = field(choice, part);
  // `general` names it reasoning, `deepseek-style` reasoning_content.
  const reasoning = text(field(delta, 'reasoning')) || text(field(delta, 'reasoning_content'));
  if (reasoning !== '') yield { type: 'reasoning', text: reasoning };
  const content = text(field(delta, 'content'));
  if (content !== '') yield { type: 'content', text: content };
  const reason = text(field(choice, 'finish_reason'));
  if (reason !== '') yield { type: 'finish', reason };
  const usage = field(answer, 'usage');
  if (typeof usage === 'object' && usage !== null) yield { type: 'usage', usage: readUsage(usage) };
}

/** @param {object} usage */
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
 */
async function send(path, signal, init) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, { ...init, signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new Failure('network', '', { cause });
  }
  if (response.ok) return response;
  const requestId = response.headers.get('x-request-id');
  const retryAfter = parseRetryAfter(response.headers.get('retry-after'));
  throw toFailure(field(parseJson(await response.text().catch(() => '')), 'error'), {
    status: response.status,
    ...(requestId === null ? {} : { requestId }),
    ...(retryAfter === null ? {} : { retryAfterSeconds: retryAfter }),
  });
}

/**
 * @param {unknown} error - OpenAI's error object, if it is one.
 * @param {FailureDetails} details
 */
function toFailure(error, details) {
  const code = text(field(error, 'code')) || text(field(error, 'type'));
  return new Failure(code === '' ? 'unreadable' : code, text(field(error, 'message')), details);
}

/** @param {string | null} token */
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
