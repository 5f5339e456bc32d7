// The relay's properties: it does what its reference says, whatever the input, and however the
// bytes are split. The unit tests check them with a fixed seed, `npm run fuzz` with fresh ones.

import * as fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../../../src/http/errors.ts';
import { rewriteCompletion } from '../../../src/relay/rewrite-completion.ts';
import type { RewriteOptions } from '../../../src/relay/options.ts';
import { StreamRewriter } from '../../../src/relay/stream-rewriter.ts';
import { completions, optionSets, streams } from './generate.ts';
import { expectedCompletion, expectedEvents } from './reference.ts';
import { bytes, eventsOf, text } from './support.ts';

type Options = Omit<RewriteOptions, 'readError'>;

const readError = () => new GatewayError('upstream_rejected');

/** Each id that the gateway makes is its own. */
const normalized = (json: string): string => json.replaceAll(/call_[0-9a-f]{32}/g, 'made');

/** @param cuts - where the bytes are split. */
function rewrite(stream: Uint8Array, options: Options, cuts: readonly number[] = []): string {
  const rewriter = new StreamRewriter({ ...options, readError });
  const edges = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
  let out = '';
  edges.slice(1).forEach((edge, i) => (out += text(rewriter.push(stream.subarray(edges[i], edge)))));
  return normalized(out + text(rewriter.end()));
}

function asExpected(events: readonly unknown[]): unknown[] {
  return events.map((each) => {
    const { error } = each as { error?: { code?: string } };
    return typeof error?.code === 'string' ? { failed: error.code } : each;
  });
}

function assertEqual(actual: unknown, expected: unknown): void {
  const plain = JSON.parse(JSON.stringify(expected)) as unknown;
  if (isDeepStrictEqual(actual, plain)) return;
  throw new Error(`actual:   ${JSON.stringify(actual)}\nexpected: ${JSON.stringify(plain)}`);
}

/** A stream comes out as the reference has it. */
export const sameStream = fc.property(streams, optionSets, (stream, options) => {
  const decoded = text(bytes(stream));
  assertEqual(asExpected(eventsOf(rewrite(bytes(stream), options))), expectedEvents(decoded, options));
});

/** However the bytes are split, what comes out is the same. */
export const anySplit = fc.property(
  streams,
  optionSets,
  fc.array(fc.nat(), { maxLength: 8 }),
  fc.constantFrom(0, 0, 1, 2, 7),
  (stream, options, numbers, step) => {
    const given = bytes(stream);
    const cuts =
      step === 0
        ? numbers.map((number) => number % (given.length + 1))
        : Array.from({ length: Math.floor(given.length / step) }, (_, i) => (i + 1) * step);
    // The line ends between events may differ: a CR at the end of a piece ends its line at once.
    assertEqual(eventsOf(rewrite(given, options, cuts)), eventsOf(rewrite(given, options)));
  },
);

/** A completion comes out as the reference has it. */
export const sameCompletion = fc.property(completions, optionSets, (completion, options) => {
  assertEqual(completionOf(completion, options), expectedCompletion(completion, options));
});

/** Rewritten for the cache and then for a client, a completion is as if rewritten for the client. */
export const rewrittenTwice = fc.property(completions, optionSets, (completion, options) => {
  const stored = completionOf(completion, { ...options, reasoning: 'general' });
  if ('failed' in stored) return;
  assertEqual(completionOf(stored, options), completionOf(completion, options));
});

function completionOf(completion: unknown, options: Options): object {
  try {
    const { bytes: out } = rewriteCompletion(bytes(JSON.stringify(completion)), { ...options, readError });
    return JSON.parse(normalized(text(out))) as object;
  } catch (thrown) {
    if (thrown instanceof GatewayError) return { failed: thrown.code };
    throw thrown;
  }
}
