import { describe, expect, it, vi } from 'vitest';
import { readBytes } from '../../../src/lib/read-bytes.ts';

const chunks = (...lengths: number[]) => {
  const cancel = vi.fn<() => void>();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const length = lengths.shift();
      if (length === undefined) controller.close();
      else controller.enqueue(new Uint8Array(length).fill(length));
    },
    cancel,
  });
  return { body, cancel };
};

describe('readBytes', () => {
  it('joins all chunks in order', async () => {
    expect(await readBytes(chunks(2, 1, 3).body, 10)).toEqual(new Uint8Array([2, 2, 1, 3, 3, 3]));
  });

  it('reads no body as no bytes', async () => {
    expect(await readBytes(null, 10)).toEqual(new Uint8Array());
  });

  it('counts while it reads, and stops', async () => {
    const exact = chunks(5, 5);
    expect(await readBytes(exact.body, 10)).toHaveLength(10);
    const over = chunks(5, 6, 1);
    expect(await readBytes(over.body, 10)).toBeNull();
    expect(over.cancel).toHaveBeenCalledOnce();
  });
});
