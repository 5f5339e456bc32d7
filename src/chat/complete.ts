// StepFun's whole answer to a request without `stream`: asked, read, rewritten.
// The cache calls this, in the Worker or, for many clients at once, in the Durable
// Object of a flight.

import { readAll } from '../lib/bytes.ts';
import type { Complete, Order } from '../cache/completion.ts';
import type { Config } from '../config/config.ts';
import { GatewayError } from '../http/errors.ts';
import { COMPLETION_BYTES } from '../config/limits.ts';
import { brokenBody } from '../relay/broken.ts';
import { rewriteCompletion } from '../relay/rewriter.ts';
import { answerDeadlineMs, createDeadlines } from '../upstream/deadlines.ts';
import { withRetries } from '../upstream/retry.ts';
import type { Stepfun } from '../upstream/stepfun.ts';

/** @returns how a completion is had from StepFun under these settings. */
export function createComplete(stepfun: Stepfun, config: Config): Complete {
  return async (order, client) => {
    const startedAtMs = Date.now();
    const attempt = () => completeOnce(order, client, startedAtMs);
    const { value, attempts } = await withRetries(attempt, {
      signal: client,
      deadlineMs: () => answerDeadlineMs(config.clocks, startedAtMs, 'whole'),
      slot: null,
    });
    return { ...value, attempts };
  };

  async function completeOnce(
    { body, upstreamKey, choices }: Order,
    client: AbortSignal,
    startedAtMs: number,
  ) {
    const lifeline = createDeadlines(client, config.clocks, startedAtMs, 'whole');
    try {
      const key = upstreamKey ?? config.upstream.apiKey ?? '';
      const response = await stepfun.chat({ body, key, stream: false, signal: lifeline.signal });
      const rewritten = rewriteCompletion(await readCompletion(response, config, lifeline.signal), {
        // As it is stored; each client's own format is rendered from that.
        reasoning: 'general',
        shape: config.relay.shape,
        created: Math.floor(startedAtMs / 1000),
        choices,
        includeUsage: false,
        keySource: config.upstream.keySource,
        secrets: [key],
      });
      if (rewritten.kind === 'error') throw rewritten.error;
      return rewritten;
    } catch (thrown) {
      // Whatever is left of the answer is not wanted.
      lifeline.abort(thrown);
      throw thrown;
    } finally {
      lifeline.release();
    }
  }
}

async function readCompletion(
  response: Response,
  { clocks }: Config,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (response.body === null) throw new GatewayError('upstream_malformed', undefined, { detail: 'no body' });
  const bounds = {
    maxBytes: COMPLETION_BYTES,
    expectedBytes: Number(response.headers.get('content-length') ?? NaN) || undefined,
    idleMs: clocks.idleMs,
  };
  const read = await readAll(response.body, bounds).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw brokenBody(cause);
  });
  if (read === 'too_slow') throw new GatewayError('upstream_timeout');
  if (read === 'too_large') {
    throw new GatewayError('upstream_malformed', undefined, {
      detail: `more than ${COMPLETION_BYTES} bytes`,
    });
  }
  return read;
}
