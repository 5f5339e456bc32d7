// Stores a stream that was collected for the cache.

import type { Miss } from '../cache/lookup.ts';
import { LINGER_MS } from '../config/limits.ts';
import { GatewayError } from '../http/errors.ts';
import { stringifyJson } from '../lib/json.ts';
import { rewriteCompletion } from '../relay/rewrite-completion.ts';
import type { StreamRewriter } from '../relay/stream-rewriter.ts';
import type { ChatContext } from './chat-context.ts';
import { storedFormOptions } from './rewrite-options.ts';

/** A collected completion has no error object. */
const readError = () => new GatewayError('upstream_malformed');

/**
 * Stores the completion collected from a stream. The client's last bytes go first: putting the completion
 * together holds the thread, for 10 ms with 600 KB. Rejected: a microtask and `setTimeout(0)`;
 * both come too early, and the client waits those 10 ms for `[DONE]`.
 * @param rewriter - of a stream that has ended.
 */
export async function storeStream(
  found: Miss,
  rewriter: StreamRewriter,
  request: { readonly choices: number; readonly isCapped: boolean },
  { cache, config, startedAtMs, waitUntil }: ChatContext,
): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
  const collected = rewriter.collectedCompletion();
  const json = collected === null ? null : stringifyJson(collected);
  if (json === null) return;
  const options = storedFormOptions(config, { startedAtMs, choices: request.choices, readError });
  const completion = rewriteCompletion(new TextEncoder().encode(json), options);
  cache.storeStream(found, completion, request, waitUntil);
}
