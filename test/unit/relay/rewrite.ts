// What the relay's tests share: streams and completions in, text out.

import {
  createStreamRewriter,
  rewriteCompletion,
  type RewriteOptions,
  type StreamRewriter,
} from '../../../src/relay/rewriter.ts';

export const CREATED = 1_700_000_000;

/** StepFun's own shape and name for reasoning: a chunk passes as it is. */
export const PLAIN: RewriteOptions = {
  reasoning: 'general',
  shape: 'stepfun',
  created: CREATED,
  choices: 1,
  includeUsage: false,
};

export const OPENAI: RewriteOptions = { ...PLAIN, shape: 'openai' };

export const DONE = 'data: [DONE]\n\n';

/** @returns an event with this data. */
export function event(data: string): string {
  return `data: ${data}\n\n`;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

export function text(given: Uint8Array): string {
  return decoder.decode(given);
}

/** @returns what comes out of a push of all the text, and the rewriter after it. */
export function push(stream: string, options: RewriteOptions): { out: string; rewriter: StreamRewriter } {
  const rewriter = createStreamRewriter(options);
  return { out: text(rewriter.push(bytes(stream))), rewriter };
}

/** @returns what becomes of one chunk. */
export function chunk(data: string, options: RewriteOptions): string {
  const { out } = push(event(data), options);
  return out.slice('data: '.length, -2);
}

/** @returns what becomes of several chunks of one stream, and of its end. */
export function chunks(data: readonly string[], options: RewriteOptions): string[] {
  const { out } = push(data.map(event).join('') + DONE, options);
  return out
    .split('\n\n')
    .slice(0, -1)
    .map((line) => line.slice('data: '.length));
}

/** @returns what becomes of a completion. */
export function completion(body: string, options: RewriteOptions): string {
  const rewritten = rewriteCompletion(bytes(body), options);
  if (rewritten.kind === 'error') throw rewritten.error;
  return text(rewritten.bytes);
}
