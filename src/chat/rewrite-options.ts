// How an answer is rewritten: for the client that asked, or for the cache.

import type { Config } from '../config/config.ts';
import type { RewriteOptions } from '../relay/options.ts';
import { createUpstreamErrorReader } from '../upstream/upstream-error.ts';
import type { ChatContext } from './chat-context.ts';
import type { ChatRequest } from './request/chat-request.ts';

/**
 * @param traceId - StepFun's id of the answer; null for one from the cache.
 * @returns how this request's answer is rewritten, be it StepFun's or the cache's.
 */
export function rewriteOptions(
  asked: ChatRequest,
  { config, startedAtMs, upstreamKey }: Pick<ChatContext, 'config' | 'startedAtMs' | 'upstreamKey'>,
  traceId: string | null = null,
): RewriteOptions {
  const { keySource, apiKey, baseUrl } = config.upstream;
  const key = upstreamKey ?? apiKey ?? '';
  return {
    reasoning: asked.reasoningFormat,
    shape: config.relay.shape,
    created: Math.floor(startedAtMs / 1000),
    choices: asked.choices,
    includeUsage: asked.includeUsage,
    readError: createUpstreamErrorReader({ keySource, secrets: [key], baseUrl, traceId }),
  };
}

/** The form in which completions are stored: each client's own reasoning format is rendered from it. */
export function storedFormOptions(
  { relay }: Pick<Config, 'relay'>,
  {
    startedAtMs,
    choices,
    readError,
  }: { startedAtMs: number } & Pick<RewriteOptions, 'choices' | 'readError'>,
): RewriteOptions {
  return {
    reasoning: 'general',
    shape: relay.shape,
    created: Math.floor(startedAtMs / 1000),
    choices,
    includeUsage: false,
    readError,
  };
}
