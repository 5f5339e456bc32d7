// StepFun's whole answer to a request without `stream`: asked for, read and rewritten. The
// cache calls this, in the Worker or, for many clients at once, in the Durable Object of a
// flight.

import type { Complete, Completion, UpstreamRequest } from '../cache/upstream-call.ts';
import type { Config } from '../config/config.ts';
import { COMPLETION_BYTES } from '../config/limits.ts';
import { GatewayError } from '../http/errors.ts';
import { contentLength, readAll } from '../lib/bytes.ts';
import { rewriteCompletion } from '../relay/rewrite-completion.ts';
import { brokenBodyError } from '../relay/broken-body.ts';
import { createDeadlines } from '../upstream/deadlines.ts';
import type { Gate } from '../upstream/gate/gate.ts';
import type { Stepfun } from '../upstream/stepfun.ts';
import { createUpstreamErrorReader, readTraceId } from '../upstream/upstream-error.ts';
import { withSlot, type Attempt } from '../upstream/with-slot.ts';
import { storedFormOptions } from './rewrite-options.ts';

/**
 * @param gate - the gate of the gateway's own StepFun account; null: its limits are not kept.
 * @returns the way to a completion under these settings.
 */
export function createComplete(stepfun: Stepfun, config: Config, gate: Gate | null): Complete {
  const { clocks } = config;
  return async (request, { signal, waitUntil, onAttempt }) => {
    const { clientId: client, isBackground } = request;
    const { value, attempts, queueMs } = await withSlot(
      { gate, clocks, kind: 'whole', client, isBackground, signal, waitUntil },
      (attempt) => {
        onAttempt();
        return completeOnce(request, signal, attempt);
      },
    );
    return { ...value, attempts, queueMs };
  };

  async function completeOnce(
    { body, upstreamKey, choices }: UpstreamRequest,
    client: AbortSignal,
    { startedAtMs, end }: Attempt,
  ): Promise<Omit<Completion, 'attempts' | 'queueMs'>> {
    const { keySource, apiKey, baseUrl } = config.upstream;
    const deadlines = createDeadlines(client, clocks, startedAtMs, 'whole');
    try {
      const key = upstreamKey ?? apiKey ?? '';
      const response = await stepfun.chat({ body, key, stream: false, signal: deadlines.signal });
      deadlines.onHeaders();
      const traceId = readTraceId(response.headers);
      const readError = createUpstreamErrorReader({ keySource, secrets: [key], baseUrl, traceId });
      const options = storedFormOptions(config, { startedAtMs, choices, readError });
      const completion = rewriteCompletion(await readCompletion(response, deadlines.signal), options);
      end({ tokens: completion.usage?.totalTokens ?? null, isCut: false });
      return { ...completion, upstreamRequestId: traceId };
    } catch (thrown) {
      // The rest of the answer is not wanted.
      deadlines.abort(thrown);
      throw thrown;
    } finally {
      deadlines.release();
    }
  }
}

/** The total time is the only clock of a whole answer, and the signal keeps it. */
async function readCompletion(response: Response, signal: AbortSignal): Promise<Uint8Array> {
  if (response.body === null) throw new GatewayError('upstream_malformed', undefined, { detail: 'no body' });
  const bounds = { maxBytes: COMPLETION_BYTES, expectedBytes: contentLength(response.headers) };
  const read = await readAll(response.body, bounds).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw brokenBodyError(cause);
  });
  if (typeof read === 'string') {
    throw new GatewayError('upstream_malformed', undefined, {
      detail: `more than ${COMPLETION_BYTES} bytes`,
    });
  }
  return read;
}
