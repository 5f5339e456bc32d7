// Completions as StepFun makes them; shared by the cache's tests.

import type { Completion, UpstreamRequest } from '../../../src/cache/upstream-call.ts';
import { parseCacheControl, type CacheControl } from '../../../src/cache/control.ts';
import type { CacheableRequest } from '../../../src/cache/lookup.ts';
import type { ReasoningFormat, StreamShape } from '../../../src/config/config.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import { rewriteCompletion } from '../../../src/relay/rewrite-completion.ts';
import type { RewriteOptions } from '../../../src/relay/options.ts';

export const FORMATS: readonly ReasoningFormat[] = ['general', 'deepseek-style', 'hidden'];
export const SHAPES: readonly StreamShape[] = ['openai', 'stepfun'];

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decode = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);

/** StepFun's answer with one choice. */
export function answer(message: object = {}, choice: object = {}, top: object = {}): string {
  return JSON.stringify({
    id: 'b7b56af0-52a6-483f-a589-948182676a1b',
    object: 'chat.completion',
    created: 1_709_893_411,
    model: 'step-3.5-flash',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello!', ...message },
        finish_reason: 'stop',
        ...choice,
      },
    ],
    usage: { prompt_tokens: 83, cached_tokens: 3, completion_tokens: 176, total_tokens: 259 },
    ...top,
  });
}

export function rewriteOptions(options: Partial<RewriteOptions> = {}): RewriteOptions {
  return {
    reasoning: 'general',
    shape: 'openai',
    created: 1_700_000_000,
    choices: 1,
    includeUsage: false,
    readError: () => new GatewayError('upstream_rejected'),
    ...options,
  };
}

/** StepFun's bytes, as the handler's `complete` returns them. */
export function completed(body: string, options: Partial<RewriteOptions> = {}): Completion {
  return {
    ...rewriteCompletion(encode(body), rewriteOptions(options)),
    attempts: 1,
    upstreamRequestId: 'trace-1',
    queueMs: null,
  };
}

export function upstreamRequest(rest: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    body: encode('{}'),
    upstreamKey: null,
    clientId: 'key:app',
    reservation: null,
    isBackground: false,
    choices: 1,
    isCapped: false,
    ...rest,
  };
}

export function cacheableRequest(text = 'Hello', rest: Partial<CacheableRequest> = {}): CacheableRequest {
  return { canonical: () => [text], stream: false, remoteMedia: false, ...rest };
}

export function cacheControl(headers: Record<string, string> = {}): CacheControl {
  return parseCacheControl(new Headers(headers));
}

/** Completions that the relay takes, and that can't be sent in pieces. */
export const NOT_REPLAYABLE: [string, string][] = [
  ['a message that is null', answer({}, { message: null })],
  ['no message', answer({}, { message: undefined })],
  ['a delta instead', answer({}, { message: undefined, delta: { content: 'Hello' } })],
  ['a content in parts', answer({ content: [{ type: 'text', text: 'Hello' }] })],
  ['a content that is an object', answer({ content: { text: 'Hello' } })],
  ['reasoning in parts', answer({ reasoning: ['Hm'] })],
  ['tool calls that are no list', answer({ tool_calls: {} })],
  ['a tool call that is null', answer({ tool_calls: [null] })],
  ['a function that is a list', answer({ tool_calls: [{ id: 'c', function: [] }] })],
  ['arguments in parts', calling(['{}'])],
  ['arguments that are an object', calling({ at: 'here' })],
  ['two tool calls with one id', answer({ tool_calls: [callOf('{}'), callOf('{}')] })],
  [
    'log probabilities beyond the cap of an event',
    answer({}, { logprobs: { content: ['x'.repeat(1_048_576)] } }),
  ],
  ['audio beyond the cap of an event', answer({ audio: { data: 'x'.repeat(1_048_576) } })],
  ['a member beyond the cap of an event', answer({}, {}, { extra: 'x'.repeat(1_048_576) })],
  [
    'the name of a function beyond the cap of an event',
    answer({ tool_calls: [{ id: 'a', function: { name: 'x'.repeat(1_048_576) } }] }),
  ],
  [
    'a nesting beyond what can be written',
    answer().replace('"Hello!"', `"c","x":${'['.repeat(100_000)}${']'.repeat(100_000)}`),
  ],
];

export const REPLAYABLE: [string, string][] = [
  ['a text', answer()],
  ['no content', answer({ content: undefined })],
  ['nulls', answer({ content: null, reasoning: null, tool_calls: null })],
  ['tool calls', calling('{}')],
  ['a tool call without a function', answer({ tool_calls: [{ id: 'c', type: 'x', function: null }] })],
  ['members that nobody here knows', answer({ audio: [1] }, { logprobs: {} }, { extra: {} })],
  ['long texts', answer({ content: 'x'.repeat(600_000), reasoning: 'y'.repeat(600_000) })],
];

function callOf(args: unknown): object {
  return { id: 'c', type: 'function', function: { name: 'f', arguments: args } };
}

function calling(args: unknown): string {
  return answer({ tool_calls: [callOf(args)] });
}
