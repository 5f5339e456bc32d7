import { expect, it, vi } from 'vitest';
import { createBody } from '../../simulator/body.ts';
import type { Outcome } from '../../simulator/body.ts';
import { withFault } from '../../simulator/faults.ts';
import type { Piece } from '../../simulator/faults.ts';

function* endless(written: { count: number }): Generator<Piece> {
  for (;;) {
    written.count += 1;
    yield { text: 'data: x\n\n', tokens: 1 };
  }
}

const present = new AbortController().signal;

const pieces = (...texts: string[]): Piece[] => texts.map((text) => ({ text, tokens: 1 }));

it('writes nothing that is not read', async () => {
  const written = { count: 0 };
  const reader = createBody(endless(written), 0, present, () => {}).getReader();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(written.count).toBe(0);
  await reader.read();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(written.count).toBeLessThanOrEqual(3);
});

it('stops at a cancel, and reports it once', async () => {
  const written = { count: 0 };
  const ends: Outcome[] = [];
  const gone = new AbortController();
  const reader = createBody(endless(written), 0, gone.signal, (outcome) => ends.push(outcome)).getReader();
  await reader.read();
  await reader.cancel();
  gone.abort();
  const { count } = written;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(written.count).toBe(count);
  expect(ends).toEqual(['aborted']);
});

it('ends a stall when the client leaves', async () => {
  const ended = vi.fn<(outcome: Outcome, tokens: number) => void>();
  const gone = new AbortController();
  const stalled = withFault(pieces('a', 'b'), 2, { kind: 'stall', after: 1, status: 500 });
  const reader = createBody(stalled, 0, gone.signal, ended).getReader();
  await reader.read();
  void reader.read();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(ended).not.toHaveBeenCalled();
  gone.abort();
  expect(ended).toHaveBeenCalledExactlyOnceWith('aborted', 1);
});

it('fails the reader at a reset, after the earlier bytes', async () => {
  const ended = vi.fn<(outcome: Outcome, tokens: number) => void>();
  const reader = createBody(
    withFault(pieces('a', 'b'), 2, { kind: 'reset', after: 1, status: 500 }),
    0,
    present,
    ended,
  ).getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('a');
  await expect(reader.read()).rejects.toThrow('simulated reset');
  expect(ended).toHaveBeenCalledExactlyOnceWith('reset', 1);
});

it('reports done, and the tokens sent, at the end of a whole body', async () => {
  const ended = vi.fn<(outcome: Outcome, tokens: number) => void>();
  expect(await new Response(createBody(withFault(pieces('a', 'b'), 2, null), 1, present, ended)).text()).toBe(
    'ab',
  );
  expect(ended).toHaveBeenCalledExactlyOnceWith('done', 2);
});

function broken(kind: 'truncated' | 'error'): string[] {
  return [...withFault(pieces('{"a"', ':1}'), 2, { kind, after: null, status: 500 })].map(({ text }) => text);
}

it('puts a fault into the middle of a completion', () => {
  expect(broken('truncated')).toEqual(['{"a"']);
  expect(broken('error')[1]).toContain('"error"');
});
