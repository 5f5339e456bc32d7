// `POST /v1/chat/completions`, as the request's path: read, checked, looked up, paid for,
// asked, and on its way back.

import { parseCacheControl } from '../cache/control.ts';
import type { Entry } from '../cache/entry.ts';
import type { Bypass, Hit, Miss } from '../cache/lookup.ts';
import { replayStream } from '../cache/replay.ts';
import { REFRESH_MS, REQUEST_BODY_MS } from '../config/limits.ts';
import { costOfAnswer } from '../http/call-cost.ts';
import type { Reservation } from '../http/reservation.ts';
import { rewriteCompletion } from '../relay/rewrite-completion.ts';
import type { ChatContext } from './chat-context.ts';
import { readBody } from './request/body.ts';
import { parseChatRequest, type ChatRequest } from './request/chat-request.ts';
import { completionResponse, streamResponse } from './responses.ts';
import { rewriteOptions } from './rewrite-options.ts';
import { openStream } from './stream.ts';
import { createUpstreamRequest } from './upstream-request.ts';
import { withBudget } from './with-budget.ts';

/**
 * @param request - of a client that was let in; its body is unread.
 * @returns the completion, or the stream from its first event on.
 * @throws {GatewayError} for every failure before that; the reason of `request.signal` when
 *   the client has left.
 */
export async function chatResponse(request: Request, context: ChatContext): Promise<Response> {
  const { cache, config, clientId, log } = context;
  const control = parseCacheControl(request.headers);
  const body = await readBody(request, config.chat.maxBodyBytes, REQUEST_BODY_MS);
  const asked = parseChatRequest(body, {
    reasoningHeader: request.headers.get('x-reasoning-format'),
    chat: context.chat,
  });
  log.model = asked.model;
  log.isStreaming = asked.stream;

  const found = await cache.lookup(asked, clientId, control);
  log.cache = found.kind;
  if (found.kind === 'hit') return answerFromCache(found, asked, context);

  const answer = asked.stream ? answerStream : answerWhole;
  const { signal } = request;
  return withBudget(asked, context, signal, (reservation) =>
    answer(found, asked, reservation, signal, context),
  );
}

/** From the cache: as it was stored, in the form that this client asks for. */
function answerFromCache(hit: Hit, asked: ChatRequest, context: ChatContext): Response {
  const { log } = context;
  log.usage = hit.entry.usage;
  if (hit.refresh !== null) refresh(hit.refresh, asked, context);
  const headers = { 'cache-status': hit.cacheStatus, age: String(hit.age) };
  if (hit.replayable === null) {
    const body = formatCompletion(hit.entry, asked, context);
    log.bytes = body.length;
    return completionResponse(asked, null, body, headers);
  }
  const body = replayStream(hit.replayable, rewriteOptions(asked, context));
  log.bytes = body.length;
  return streamResponse(asked, null, body, headers);
}

/** Asks StepFun anew for an entry past its TTL; the client that asked pays, and has its answer already. */
function refresh(found: Miss, asked: ChatRequest, context: ChatContext): void {
  const { cache, waitUntil } = context;
  // A signal of its own, since the client has its answer and may leave.
  const signal = AbortSignal.timeout(REFRESH_MS);
  // Attempts of its own: the log line is that of the hit, which asks nobody.
  const log = { attempts: 0 };
  const work = () =>
    withBudget(asked, { ...context, log }, signal, async (reservation) => {
      const overrides = { stream: false, isBackground: true } as const;
      const request = createUpstreamRequest(asked, reservation, context, overrides);
      const call = { signal, waitUntil, onAttempt: () => void (log.attempts += 1) };
      const { entry, isCollapsed } = await cache.complete(found, request, call);
      await settle(reservation, entry, isCollapsed);
    });
  cache.refresh(found, work, waitUntil);
}

/** From StepFun, whole, and stored from now on. */
async function answerWhole(
  found: Miss | Bypass,
  asked: ChatRequest,
  reservation: Reservation | null,
  signal: AbortSignal,
  context: ChatContext,
): Promise<Response> {
  const { cache, log, waitUntil } = context;
  const request = createUpstreamRequest(asked, reservation, context);
  const onAttempt = () => void (log.attempts += 1);
  const completed = await cache.complete(found, request, { signal, waitUntil, onAttempt });
  const { entry, attempts, isCollapsed } = completed;
  const body = formatCompletion(entry, asked, context);
  log.attempts = attempts;
  log.upstreamRequestId = completed.upstreamRequestId;
  log.queueMs = completed.queueMs;
  log.finishReasons = completed.finishReasons;
  log.usage = entry.usage;
  log.bytes = body.length;
  if (isCollapsed) log.cache = 'collapsed';
  return completionResponse(asked, reservation, body, {
    'cache-status': completed.cacheStatus,
    'x-upstream-attempts': String(attempts),
    ...(await settle(reservation, entry, isCollapsed)),
  });
}

/** From StepFun, as it comes. */
async function answerStream(
  found: Miss | Bypass,
  asked: ChatRequest,
  reservation: Reservation | null,
  signal: AbortSignal,
  context: ChatContext,
): Promise<Response> {
  const { value, attempts, queueMs } = await openStream(found, asked, reservation, signal, context);
  context.log.attempts = attempts;
  context.log.queueMs = queueMs;
  return streamResponse(asked, reservation, value, {
    'cache-status': found.cacheStatus,
    'x-upstream-attempts': String(attempts),
    ...reservation?.headers,
  });
}

/** Another client's call costs nothing. */
function settle(reservation: Reservation | null, { usage }: Entry, isCollapsed: boolean) {
  return reservation?.settle(isCollapsed ? 0 : costOfAnswer(usage, true, reservation.promptTokens));
}

/** @returns a stored completion with its reasoning under the name that this client reads. */
function formatCompletion({ completion }: Entry, asked: ChatRequest, context: ChatContext): Uint8Array {
  if (asked.reasoningFormat === 'general') return completion;
  return rewriteCompletion(completion, rewriteOptions(asked, context)).bytes;
}
