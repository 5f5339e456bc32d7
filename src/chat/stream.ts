// A streamed answer: StepFun is asked, its stream opened, relayed and, where the settings say
// so, collected for the cache.

import type { Bypass, Miss } from '../cache/lookup.ts';
import { costOfAnswer } from '../http/call-cost.ts';
import { GatewayError } from '../http/errors.ts';
import { logStreamFailure } from '../http/request-log.ts';
import type { Reservation } from '../http/reservation.ts';
import { relayNative } from '../relay/native.ts';
import { relayStream, type RelaySummary } from '../relay/relay.ts';
import { StreamRewriter } from '../relay/stream-rewriter.ts';
import { createDeadlines, type Deadlines } from '../upstream/deadlines.ts';
import { readTraceId } from '../upstream/upstream-error.ts';
import { withSlot, type Attempt, type UpstreamResult } from '../upstream/with-slot.ts';
import type { ChatContext } from './chat-context.ts';
import type { ChatRequest } from './request/chat-request.ts';
import { rewriteOptions } from './rewrite-options.ts';
import { storeStream } from './store-stream.ts';
import { createUpstreamRequest } from './upstream-request.ts';

/**
 * @param signal - aborts when the client leaves.
 * @returns the event stream for the client, from its first event on, how often StepFun was
 *   asked for it, and how long it waited for a slot.
 * @throws {GatewayError} whatever failed before that.
 */
export function openStream(
  found: Miss | Bypass,
  asked: ChatRequest,
  reservation: Reservation | null,
  signal: AbortSignal,
  context: ChatContext,
): Promise<UpstreamResult<ReadableStream<Uint8Array>>> {
  const { config, stepfun, cache, gate, clientId, log, waitUntil } = context;
  const { clocks, relay } = config;
  const { reasoningFormat } = asked;
  // The native lane counts no tokens. StepFun names reasoning as the client wants it, but can't leave it out.
  const isCounted = reservation !== null || config.upstream.limits.tpm > 0;
  const isNative = relay.mode === 'native' && reasoningFormat !== 'hidden' && !isCounted;
  const stored = !isNative && cache.storesStream(found) ? found : null;
  const overrides = isNative ? { reasoningFormat } : {};
  const request = createUpstreamRequest(asked, reservation, context, overrides);
  const key = request.upstreamKey ?? config.upstream.apiKey ?? '';
  const call = { gate, clocks, kind: 'stream', client: clientId, signal, waitUntil } as const;
  return withSlot(call, openOnce);

  async function openOnce(attempt: Attempt): Promise<ReadableStream<Uint8Array>> {
    const deadlines = createDeadlines(signal, clocks, attempt.startedAtMs, 'stream');
    log.attempts += 1;
    try {
      const { body, headers } = await stepfun.chat({
        body: request.body,
        key,
        stream: true,
        signal: deadlines.signal,
      });
      const traceId = readTraceId(headers);
      log.upstreamRequestId = traceId;
      if (body === null) throw new GatewayError('upstream_malformed', undefined, { detail: 'no body' });
      const options = { ...rewriteOptions(asked, context, traceId), isCollected: stored !== null };
      const rewriter = new StreamRewriter(options);
      const ended = Promise.withResolvers<unknown>();

      function onEnd({ outcome, usage, bytes }: RelaySummary): void {
        const isWhole = outcome === 'completed';
        deadlines.release();
        if (!isWhole) deadlines.abort(new Error('The stream has ended before its answer.'));
        attempt.end({ tokens: usage?.totalTokens ?? null, isCut: !isWhole });
        if (isWhole && stored !== null) waitUntil(storeStream(stored, rewriter, request, context));
        if (outcome instanceof GatewayError) logStreamFailure(log, outcome);
        else log.outcome = outcome;
        log.usage = usage;
        log.bytes = bytes;
        log.finishReasons = rewriter.finishReasons;
        ended.resolve(reservation?.settle(costOfAnswer(usage, isWhole, reservation.promptTokens)));
      }

      const stream = isNative
        ? await relayNative(body, rewriter, {
            signal,
            callSignal: deadlines.signal,
            keepAliveMs: clocks.keepAliveMs,
            onFirstEvent: deadlines.onNativeStream,
            onEnd,
            waitUntil,
          })
        : await relayRewritten(body, rewriter, deadlines, onEnd);
      log.streamEnd = ended.promise;
      return stream;
    } catch (thrown) {
      deadlines.release();
      deadlines.abort(thrown);
      throw thrown;
    }
  }

  function relayRewritten(
    body: ReadableStream<Uint8Array>,
    rewriter: StreamRewriter,
    deadlines: Deadlines,
    onEnd: (summary: RelaySummary) => void,
  ): Promise<ReadableStream<Uint8Array>> {
    deadlines.onHeaders();
    const { firstByteDeadlineMs, totalDeadlineMs } = deadlines;
    const { windowMs } = relay;
    const options = { ...clocks, firstByteDeadlineMs, totalDeadlineMs, windowMs, signal, onEnd, waitUntil };
    return relayStream(body, rewriter, options);
  }
}
