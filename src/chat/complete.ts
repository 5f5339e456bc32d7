// StepFun's whole answer to a request without `stream`: asked for, read and rewritten. The
// cache calls this, in the Worker or, for many clients at once, in the Durable Object of a
// flight.

import type { Complete, UpstreamRequest } from '../cache/completion.ts';
import type { Config } from '../config/config.ts';
import { COMPLETION_BYTES } from '../config/limits.ts';
import { GatewayError } from '../http/errors.ts';
import { readAll } from '../lib/bytes.ts';
import { rewriteCompletion } from '../relay/completion.ts';
import { brokenBodyError } from '../relay/gathering-reader.ts';
import { createDeadlines } from '../upstream/deadlines.ts';
import { withRetries } from '../upstream/retry.ts';
import type { Stepfun } from '../upstream/stepfun.ts';
import { readUpstreamError } from '../upstream/upstream-error.ts';

/** @returns the way to a completion under these settings. */
export function createComplete(stepfun: Stepfun, config: Config): Complete {
  return async (request, client) => {
    const startedAtMs = Date.now();
    const { value, attempts } = await withRetries(() => completeOnce(request, client, startedAtMs), client);
    return { ...value, attempts };
  };

  async function completeOnce(
    { body, upstreamKey, choices }: UpstreamRequest,
    client: AbortSignal,
    startedAtMs: number,
  ) {
    const { keySource, apiKey } = config.upstream;
    const deadlines = createDeadlines(client, config.clocks, startedAtMs);
    try {
      const key = upstreamKey ?? apiKey ?? '';
      const response = await stepfun.chat({ body, key, stream: false, signal: deadlines.signal });
      deadlines.begun(false);
      const upstreamRequestId = response.headers.get('x-trace-id');
      const completion = rewriteCompletion(await readCompletion(response, config, deadlines.signal), {
        // As it is stored; each client's own format is rendered from that.
        reasoning: 'general',
        shape: config.relay.shape,
        created: Math.floor(startedAtMs / 1000),
        choices,
        includeUsage: false,
        readError: (json) => readUpstreamError(json, { keySource, secrets: [key] }),
      });
      return { ...completion, upstreamRequestId };
    } catch (thrown) {
      // The rest of the answer is not wanted.
      deadlines.abort(thrown);
      throw thrown;
    } finally {
      deadlines.release();
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
    throw brokenBodyError(cause);
  });
  if (read === 'too_slow') throw new GatewayError('upstream_timeout');
  if (read === 'too_large') {
    throw new GatewayError('upstream_malformed', undefined, {
      detail: `more than ${COMPLETION_BYTES} bytes`,
    });
  }
  return read;
}
