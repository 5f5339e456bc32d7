// `POST /v1/chat/completions`, as the request's path: read, checked, looked up, paid
// for, asked, and on its way back.

import type { Answer } from '../http/response.ts';
import { parseCacheControl } from '../cache/control.ts';
import { type Entry, renderCompletion } from '../cache/entry.ts';
import type { Bypass, Hit, Miss } from '../cache/lookup.ts';
import { replayStream } from '../cache/replay.ts';
import { REQUEST_BODY_MS } from '../config/limits.ts';
import type { Reservation } from '../http/reservation.ts';
import { completionAnswer, streamAnswer } from './responses.ts';
import { readBody } from './request/body.ts';
import { paid } from './with-budget.ts';
import type { ChatExchange } from './chat-context.ts';
import { orderOf } from './order.ts';
import { parseChatRequest, type ChatRequest } from './request/chat-request.ts';
import { openStream, rewriteOptions } from './stream.ts';

/**
 * @param request - of a client that was let in; its body is unread.
 * @returns the completion, or the stream from its first event on.
 * @throws {GatewayError} for every failure before that; the reason of
 *   `request.signal` when the client has left.
 */
export async function chatAnswer(request: Request, exchange: ChatExchange): Promise<Answer> {
  const { cache, config, clientId } = exchange;
  const control = parseCacheControl(request.headers);
  const body = await readBody(request, config.chat.maxBodyBytes, REQUEST_BODY_MS);
  const reasoningHeader = request.headers.get('x-reasoning-format');
  const asked = parseChatRequest(body, { reasoningHeader, chat: config.chat });

  Object.assign(exchange.record, { model: asked.model, streaming: asked.stream });

  const found = await cache.lookup(asked, clientId, control);
  exchange.record.cache = found.kind;
  if (found.kind === 'hit') return kept(found, asked, exchange);

  const answer = asked.stream ? relayed : made;
  return paid(asked, exchange, (reservation) => answer(found, asked, reservation, request.signal, exchange));
}

/** From the cache: as it was made, in the form that this client asks for. */
function kept(hit: Hit, asked: ChatRequest, exchange: ChatExchange): Answer {
  exchange.record.usage = hit.entry.usage;
  if (hit.refresh !== null) {
    exchange.cache.refresh(hit.refresh, (make) =>
      paid(asked, exchange, async (reservation) => {
        const { entry, collapsed } = await make(orderOf(asked, reservation, exchange, { stream: false }));
        await reservation?.settle(costOf(entry, collapsed));
      }),
    );
  }
  const headers = { 'cache-status': hit.cacheStatus, age: String(hit.age) };
  const body =
    hit.replayable === null
      ? renderCompletion(hit.entry, asked.reasoningFormat)
      : replayStream(hit.replayable, rewriteOptions(asked, exchange));
  exchange.record.bytes = body.length;
  return (asked.stream ? streamAnswer : completionAnswer)(asked, body, headers);
}

/** From StepFun, whole, and kept from now on. */
async function made(
  found: Miss | Bypass,
  asked: ChatRequest,
  reservation: Reservation | null,
  signal: AbortSignal,
  exchange: ChatExchange,
): Promise<Answer> {
  const answer = await exchange.cache.make(found, orderOf(asked, reservation, exchange), signal);
  const { entry, attempts, collapsed } = answer;
  const body = renderCompletion(entry, asked.reasoningFormat);
  Object.assign(exchange.record, {
    attempts,
    usage: entry.usage,
    bytes: body.length,
    ...(collapsed && { cache: 'collapsed' }),
  });
  return completionAnswer(asked, body, {
    'cache-status': answer.cacheStatus,
    'x-upstream-attempts': String(attempts),
    ...(await reservation?.settle(costOf(entry, collapsed))),
  });
}

/** Another's call costs nothing; of a call whose usage is not known the prompt counts. */
function costOf({ usage }: Entry, collapsed: boolean): number | null {
  return collapsed ? 0 : (usage?.totalTokens ?? null);
}

/** From StepFun, as it comes. */
async function relayed(
  found: Miss | Bypass,
  asked: ChatRequest,
  reservation: Reservation | null,
  signal: AbortSignal,
  exchange: ChatExchange,
): Promise<Answer> {
  const { value, attempts } = await openStream(found, asked, reservation, signal, exchange);
  exchange.record.attempts = attempts;
  return streamAnswer(asked, value, {
    'cache-status': found.cacheStatus,
    'x-upstream-attempts': String(attempts),
    ...reservation?.headers,
  });
}
