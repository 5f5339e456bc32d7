import { describe, expect, test, vi } from 'vitest';
import { Gatherer } from '../../../src/cache/gather.ts';
import { createStreamRewriter } from '../../../src/relay/rewriter.ts';
import { encode, rewriteOptions } from './samples.ts';

const MIB = 1024 * 1024;
const CHUNK = { id: 'x', choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }] };

/** A stream of exactly so many bytes: a comment, then all that is said. */
function streamOf(bytes: number): Uint8Array {
  const said = `data: ${JSON.stringify(CHUNK)}\n\ndata: [DONE]\n\n`;
  return encode(`:${'x'.repeat(bytes - said.length - 3)}\n\n${said}`);
}

/** @returns how many completions come of a stream of so many bytes, relayed in reads of 64 KiB. */
async function keptOf(bytes: number): Promise<number> {
  const keep = vi.fn<() => void>();
  const pending: Promise<unknown>[] = [];
  const waitUntil = (work: Promise<unknown>) => pending.push(work);
  const gatherer = new Gatherer({ shape: 'openai', choices: 1, keep, waitUntil });
  const rewriter = gatherer.beside(createStreamRewriter(rewriteOptions()));
  const stream = streamOf(bytes);
  expect(stream).toHaveLength(bytes);
  for (let at = 0; at < bytes; at += 65_536) rewriter.push(stream.subarray(at, at + 65_536));
  rewriter.end();
  gatherer.store();
  await Promise.all(pending);
  return keep.mock.calls.length;
}

// In figures of its own, so that the bound in src/limits.ts doesn't change unnoticed.
describe('a stream is gathered up to 1 MiB', () => {
  test('this size included', async () => {
    expect(await keptOf(MIB)).toBe(1);
  });

  test('and not a byte more', async () => {
    expect(await keptOf(MIB + 1)).toBe(0);
  });
});
