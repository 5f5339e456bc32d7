import { expect, test, vi } from 'vitest';
import { createBody } from '../../simulator/body.ts';
import type { Outcome } from '../../simulator/body.ts';
import { breakUp } from '../../simulator/breaks.ts';
import type { Piece } from '../../simulator/breaks.ts';

function* endless(made: { count: number }): Generator<Piece> {
  for (;;) {
    made.count += 1;
    yield { text: 'data: x\n\n' };
  }
}

const quiet = new AbortController().signal;

test('nothing is written that nobody reads', async () => {
  const made = { count: 0 };
  const reader = createBody(endless(made), 0, quiet, () => {}).getReader();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(made.count).toBe(0);
  await reader.read();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(made.count).toBeLessThanOrEqual(3);
});

test('a cancel stops the work, and is told once', async () => {
  const made = { count: 0 };
  const ends: Outcome[] = [];
  const gone = new AbortController();
  const reader = createBody(endless(made), 0, gone.signal, (outcome) => ends.push(outcome)).getReader();
  await reader.read();
  await reader.cancel();
  gone.abort();
  const { count } = made;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(made.count).toBe(count);
  expect(ends).toEqual(['aborted']);
});

test('a client that leaves ends a stall', async () => {
  const ended = vi.fn<(outcome: Outcome) => void>();
  const gone = new AbortController();
  const stalled = breakUp(['a', 'b'], 2, { kind: 'stall', after: 1, status: 500 });
  const reader = createBody(stalled, 0, gone.signal, ended).getReader();
  await reader.read();
  void reader.read();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(ended).not.toHaveBeenCalled();
  gone.abort();
  expect(ended).toHaveBeenCalledExactlyOnceWith('aborted');
});

test('a reset fails the reader after what was said', async () => {
  const ended = vi.fn<(outcome: Outcome) => void>();
  const reader = createBody(
    breakUp(['a', 'b'], 2, { kind: 'reset', after: 1, status: 500 }),
    0,
    quiet,
    ended,
  ).getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('a');
  await expect(reader.read()).rejects.toThrow('simulated reset');
  expect(ended).toHaveBeenCalledExactlyOnceWith('reset');
});

test('a whole body ends with done', async () => {
  const ended = vi.fn<(outcome: Outcome) => void>();
  expect(await new Response(createBody(breakUp(['a', 'b'], 2, null), 1, quiet, ended)).text()).toBe('ab');
  expect(ended).toHaveBeenCalledExactlyOnceWith('done');
});

function broken(kind: 'truncated' | 'error'): string[] {
  return [...breakUp(['{"a"', ':1}'], 2, { kind, after: null, status: 500 })].map(({ text }) => text);
}

test('a completion breaks in its middle', () => {
  expect(broken('truncated')).toEqual(['{"a"']);
  expect(broken('error')[1]).toContain('"error"');
});
