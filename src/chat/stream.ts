// A streamed answer: StepFun asked, its stream opened, relayed and, where the
// settings say so, gathered for the cache.

import type { Bypass, Miss } from '../cache/lookup.ts';
import { GatewayError } from '../http/errors.ts';
import { openNative } from '../relay/native.ts';
import type { RewriteOptions } from '../relay/options.ts';
import { openRelay, type RelayOptions } from '../relay/pump.ts';
import { createStreamRewriter } from '../relay/rewriter.ts';
import type { Reservation } from '../http/reservation.ts';
import { answerDeadlineMs, createDeadlines } from '../upstream/deadlines.ts';
import { withRetries, type Attempted } from '../upstream/retry.ts';
import type { ChatExchange } from './chat-context.ts';
import { orderOf } from './order.ts';
import type { ChatRequest } from './request/chat-request.ts';

/**
 * @param signal - aborts when the client leaves.
 * @returns the event stream for the client, from its first event on, and how often
 *   StepFun was asked for it.
 * @throws {GatewayError} whatever failed before that.
 */
export function openStream(
  found: Miss | Bypass,
  asked: ChatRequest,
  reservation: Reservation | null,
  signal: AbortSignal,
  exchange: ChatExchange,
): Promise<Attempted<ReadableStream<Uint8Array>>> {
  const { config, stepfun, cache, record, waitUntil } = exchange;
  const { reasoningFormat } = asked;
  // Upstream can name reasoning as the client wants it, but it can't leave it out.
  const native = config.relay.mode === 'native' && reasoningFormat !== 'hidden' ? { reasoningFormat } : null;
  const order = orderOf(asked, reservation, exchange, native ?? {});
  const key = order.upstreamKey ?? config.upstream.apiKey ?? '';
  const startedAtMs = Date.now();
  return withRetries(openOnce, {
    signal,
    deadlineMs: () => answerDeadlineMs(config.clocks, startedAtMs, 'stream'),
    slot: null,
  });

  async function openOnce(): Promise<ReadableStream<Uint8Array>> {
    const lifeline = createDeadlines(signal, config.clocks, startedAtMs, 'stream');
    const gatherer = native === null ? cache.gather(found, order) : null;
    const ended = Promise.withResolvers<unknown>();
    const options: RelayOptions = {
      windowMs: config.relay.windowMs,
      keepAliveMs: config.clocks.keepAliveMs,
      idleMs: config.clocks.idleMs,
      firstByteDeadlineMs: lifeline.firstByteDeadlineMs,
      totalDeadlineMs: lifeline.totalDeadlineMs,
      signal,
      abort: lifeline.abort,
      waitUntil,
      onEnd({ outcome, usage, bytes }) {
        lifeline.release();
        if (outcome === 'completed') gatherer?.store();
        Object.assign(record, { outcome, usage, bytes });
        ended.resolve(reservation?.settle(usage?.totalTokens ?? null));
      },
    };

    try {
      const { body } = await stepfun.chat({ body: order.body, key, stream: true, signal: lifeline.signal });
      if (body === null) throw new GatewayError('upstream_malformed', undefined, { detail: 'no body' });
      lifeline.onHeaders();
      const rewriter = createStreamRewriter(rewriteOptions(asked, exchange));
      const stream = await (native === null
        ? openRelay(body, gatherer?.beside(rewriter) ?? rewriter, options)
        : openNative(body, rewriter, options));
      record.ended = ended.promise;
      return stream;
    } catch (thrown) {
      lifeline.release();
      lifeline.abort(thrown);
      throw thrown;
    }
  }
}

/** @returns how this request's answer is rewritten, be it StepFun's or the cache's. */
export function rewriteOptions(
  asked: ChatRequest,
  { config, startedAtMs, upstreamKey }: ChatExchange,
): RewriteOptions {
  const key = upstreamKey ?? config.upstream.apiKey;
  return {
    reasoning: asked.reasoningFormat,
    shape: config.relay.shape,
    created: Math.floor(startedAtMs / 1000),
    choices: asked.choices,
    includeUsage: asked.includeUsage,
    keySource: config.upstream.keySource,
    ...(key !== undefined && { secrets: [key] }),
  };
}
