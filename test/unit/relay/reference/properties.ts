// What must hold for every document, stream and chunking: checked by the tests for a
// fixed number of runs and by `npm run fuzz` for as long as it is told.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { GatewayError } from '../../../../src/http/errors.ts';
import { errorEvent, rewriteCompletion } from '../../../../src/relay/rewriter.ts';
import { Path, Tape, scan } from '../../../../src/relay/scan.ts';
import { pushPieces, randomCuts, randomNumbers } from './chunking.ts';
import { brokenDocument, bytesOf, document, options, shortStream, stream, textOf } from './generate.ts';
import { newState, rewriteDocument } from './rules.ts';
import { rewriteStream } from './stream.ts';

/** How many chunkings one run of `anyChunking` tries on its stream. */
export const CHUNKINGS = 500;

const root = Path.object(0, '');
const tape = new Tape();

export const sameJson = fc.property(fc.oneof(document, brokenDocument), (text) => {
  assert.equal(scan(bytesOf(text), 0, text.length, root, tape), isJson(text));
});

export const sameStream = fc.property(stream, options, (text, given) => {
  const expected = rewriteStream(text, given);
  const { bytes, rewriter } = pushPieces(bytesOf(text), [], given);
  const event = rewriter.failure === null ? '' : textOf(errorEvent(rewriter.failure));
  assert.equal(textOf(bytes), expected.text + event);
  assert.equal(rewriter.failure?.code ?? null, expected.code);
  assert.equal(rewriter.done, true);
});

export const anyChunking = fc.property(shortStream, options, fc.nat(), (text, given, seed) => {
  const bytes = bytesOf(text);
  const whole = pushPieces(bytes, [], given);
  const random = randomNumbers(seed);
  for (let i = 0; i < CHUNKINGS; i++) {
    const cuts = randomCuts(bytes.length, random);
    const pieces = pushPieces(bytes, cuts, given);
    if (pieces.bytes.equals(whole.bytes) && pieces.rewriter.begun === whole.rewriter.begun) continue;
    assert.equal(textOf(pieces.bytes), textOf(whole.bytes), `cut at ${cuts.join()}`);
    assert.equal(pieces.rewriter.begun, whole.rewriter.begun, `cut at ${cuts.join()}`);
  }
});

export const sameCompletion = fc.property(document, options, (text, given) => {
  const expected = rewriteDocument(text, 'completion', given, newState(given.choices));
  if (expected === 'malformed') {
    assert.throws(() => rewriteCompletion(bytesOf(text), given), GatewayError);
    return;
  }
  const actual = rewriteCompletion(bytesOf(text), given);
  if (expected === 'error') assert.equal(actual.kind, 'error');
  else assert.equal(actual.kind === 'completion' && textOf(actual.bytes), expected.text);
});

/** A completion from the cache is rewritten again, maybe for another reasoning format. */
export const rewrittenTwice = fc.property(document, options, options, (text, first, second) => {
  fc.pre(rewriteDocument(text, 'completion', first, newState(1)) !== 'malformed');
  const given = { ...second, shape: first.shape };
  const once = rewriteCompletion(bytesOf(text), first);
  const direct = rewriteCompletion(bytesOf(text), given);
  if (once.kind === 'error' || direct.kind === 'error') return;
  const twice = rewriteCompletion(once.bytes, given);
  assert.equal(twice.kind, 'completion');
  if (twice.kind !== 'completion' || first.reasoning === 'hidden') return;
  // What they say is the same; an escaped key that was renamed on the way may be spelled anew.
  assert.deepEqual(JSON.parse(textOf(twice.bytes)), JSON.parse(textOf(direct.bytes)));
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
