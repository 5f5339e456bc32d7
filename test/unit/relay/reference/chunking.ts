// Streams pushed in pieces. Cheap, since a million chunkings are tried: the cuts come
// from a small generator of random numbers with a seed, not from fast-check.

import {
  createStreamRewriter,
  type RewriteOptions,
  type StreamRewriter,
} from '../../../../src/relay/rewriter.ts';

export interface Pushed {
  readonly bytes: Buffer;
  readonly rewriter: StreamRewriter;
}

/** @param cuts - where the stream is cut, ascending; all in one piece when empty. */
export function pushPieces(stream: Uint8Array, cuts: readonly number[], options: RewriteOptions): Pushed {
  const rewriter = createStreamRewriter(options);
  // Kept, not copied: a view that a later push writes over would show.
  const out: Uint8Array[] = [];
  let from = 0;
  for (const cut of cuts) {
    out.push(rewriter.push(stream.subarray(from, cut)));
    from = cut;
  }
  out.push(rewriter.push(stream.subarray(from)), rewriter.end());
  return { bytes: Buffer.concat(out), rewriter };
}

/** Numbers from 0 to below `bound`, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

/** @returns a chunking: mostly a few cuts anywhere, else pieces of one size, from one byte up. */
export function randomCuts(length: number, random: (bound: number) => number): number[] {
  const style = random(64);
  const cuts: number[] = [];
  if (style < 2) {
    const size = style === 0 ? 1 : 1 + random(100);
    for (let at = size; at < length; at += size) cuts.push(at);
    return cuts;
  }
  for (let count = 1 + random(6); count > 0; count--) cuts.push(random(length + 1));
  return cuts.sort((a, b) => a - b);
}
