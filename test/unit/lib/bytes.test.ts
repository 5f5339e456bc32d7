import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteLength, contentLength, drain, join, joinText, readAll } from '../../../src/lib/bytes.ts';

const KIB = 1024;

interface Source {
  readonly stream: ReadableStream<Uint8Array>;
  readonly cancelled: () => boolean;
}

/** A byte stream that gives these chunks, then ends, hangs or fails. */
function source(chunks: readonly Uint8Array[], end: 'end' | 'hang' | 'fail' = 'end', everyMs = 0): Source {
  let next = 0;
  let cancelled = false;
  const stream = new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      if (everyMs > 0) await sleep(everyMs);
      const chunk = chunks[next++];
      if (chunk !== undefined) controller.enqueue(Uint8Array.from(chunk));
      else if (end === 'fail') controller.error(new Error('reset'));
      else if (end === 'hang') await new Promise(() => {});
      else {
        controller.close();
        controller.byobRequest?.respond(0);
      }
    },
    cancel() {
      cancelled = true;
    },
  });
  return { stream, cancelled: () => cancelled };
}

const filled = (length: number, byte = 1) => new Uint8Array(length).fill(byte);

describe('readAll', () => {
  it('reads any body in any pieces, whatever is expected of it', async () => {
    const chunk = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 50 }),
      fc
        .tuple(fc.integer({ min: 1, max: 200 * KIB }), fc.nat(255))
        .map(([length, byte]) => filled(length, byte)),
    );
    const expected = fc.option(fc.oneof(fc.nat(1_000), fc.nat(500 * KIB)), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 6 }), expected, async (chunks, expectedBytes) => {
        const whole = join(chunks);
        for (const clock of [{}, { timeoutMs: 5_000 }]) {
          const bounds = { maxBytes: 2_000 * KIB, expectedBytes, ...clock };
          const read = await readAll(source(chunks).stream, bounds);
          expect(read instanceof Uint8Array && Buffer.compare(read, whole)).toBe(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [0, undefined],
    [1, 1],
    [64 * KIB - 1, 64 * KIB - 1],
    [64 * KIB, 64 * KIB],
    [64 * KIB + 1, 64 * KIB + 1],
    [64 * KIB, undefined],
    [300 * KIB, 10],
    [10, 300 * KIB],
  ])('reads %i bytes where %s are expected', async (length, expectedBytes) => {
    const read = await readAll(source(length > 0 ? [filled(length)] : []).stream, {
      maxBytes: 300 * KIB,
      expectedBytes,
    });
    expect(read).toEqual(filled(length));
  });

  it('needs one read for a body that fits one step', async () => {
    let reads = 0;
    const { stream } = source([filled(500), filled(500)]);
    const counted = new Proxy(stream, {
      get(target, name) {
        const reader = target.getReader({ mode: 'byob' });
        if (name !== 'getReader') return undefined;
        return () => ({
          read: (...args: Parameters<typeof reader.read>) => {
            reads++;
            return reader.read(...args);
          },
        });
      },
    });
    await readAll(counted, { maxBytes: 2_000 });
    expect(reads).toBe(1);
  });

  it('fails as a small stream of known length fails', async () => {
    const failing = source([filled(10)], 'fail').stream;
    await expect(readAll(failing, { maxBytes: 100, expectedBytes: 20 })).rejects.toThrow('reset');
  });

  it.each([
    [100, 100, undefined],
    [64 * KIB, 64 * KIB, undefined],
    [200 * KIB, 200 * KIB, 200 * KIB],
  ])('takes %i bytes with a cap of %i, and not one more', async (length, maxBytes, expectedBytes) => {
    expect(await readAll(source([filled(length)]).stream, { maxBytes, expectedBytes })).toEqual(
      filled(length),
    );
    const over = source([filled(length), filled(1)], 'hang');
    expect(await readAll(over.stream, { maxBytes, expectedBytes })).toBe('too_large');
    expect(over.stream.locked).toBe(false); // the rest is the caller's
  });

  it('stops a body without end at its cap', async () => {
    let given = 0;
    const stream = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        given += KIB;
        controller.enqueue(filled(KIB));
      },
    });
    expect(await readAll(stream, { maxBytes: 100 * KIB })).toBe('too_large');
    expect(given).toBeLessThan(110 * KIB);
  });

  it('gives a large buffer to nobody who has not sent a step', async () => {
    const sizes: number[] = [];
    const { stream } = source([filled(64 * KIB), filled(10)]);
    const reader = stream.getReader({ mode: 'byob' });
    const spied = {
      read(view: Uint8Array, options: { min: number }) {
        sizes.push(view.buffer.byteLength);
        return (reader.read as (v: Uint8Array, o: object) => ReturnType<typeof reader.read>)(view, options);
      },
    };
    const fake = { getReader: () => spied } as unknown as ReadableStream<Uint8Array>;
    await readAll(fake, { maxBytes: 8_000 * KIB, expectedBytes: 8_000 * KIB });
    expect(sizes).toEqual([64 * KIB, 8_000 * KIB + 1]);
  });

  it('tells it from a body that broke where cancelling fails the read, as in workerd', async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    const reader = { read: () => promise, cancel: async () => reject(new Error('Stream was cancelled.')) };
    const stream = { getReader: () => reader } as unknown as ReadableStream<Uint8Array>;
    expect(await readAll(stream, { maxBytes: 100, timeoutMs: 20 })).toBe('too_slow');
  });

  it.each([undefined, 500])(
    'gives up on a body that hangs or arrives slowly, %s bytes expected',
    async (expectedBytes) => {
      for (const slow of [
        source([filled(10)], 'hang'),
        source(
          Array.from({ length: 100 }, () => filled(1)),
          'end',
          20,
        ),
      ]) {
        const started = performance.now();
        expect(await readAll(slow.stream, { maxBytes: 1_000, expectedBytes, timeoutMs: 50 })).toBe(
          'too_slow',
        );
        expect(performance.now() - started).toBeLessThan(1_000);
        expect(slow.cancelled()).toBe(expectedBytes === undefined);
      }
    },
  );

  it('gives time for what is large: 64 KiB/s are enough', async () => {
    const chunks = Array.from({ length: 6 }, () => filled(16 * KIB));
    const read = await readAll(source(chunks, 'end', 50).stream, {
      maxBytes: 100 * KIB,
      expectedBytes: 96 * KIB,
      timeoutMs: 50,
    });
    expect(read).toHaveLength(96 * KIB);
  });

  it('fails as the stream fails', async () => {
    await expect(readAll(source([filled(10)], 'fail').stream, { maxBytes: 100 })).rejects.toThrow('reset');
  });
});

describe('drain', () => {
  it('lets everything come', async () => {
    let given = 0;
    const stream = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        given += 100 * KIB;
        if (given < 2_000 * KIB) return controller.enqueue(filled(100 * KIB));
        controller.close();
        return controller.byobRequest?.respond(0);
      },
    });
    await drain(stream, 8_000 * KIB, 1_000);
    expect(given).toBe(2_000 * KIB);
  });

  it('up to a bound, then no more', async () => {
    const { stream, cancelled } = source(Array.from({ length: 100 }, () => filled(100 * KIB)));
    await drain(stream, 500 * KIB, 1_000);
    expect(cancelled()).toBe(true);
  });

  it('for as long as it may take', async () => {
    const { stream, cancelled } = source([filled(10)], 'hang');
    await drain(stream, 500 * KIB, 50);
    expect(cancelled()).toBe(true);
  });

  it('without complaint when its sender breaks off', async () => {
    await expect(drain(source([filled(10)], 'fail').stream, 500 * KIB, 1_000)).resolves.toBeUndefined();
  });
});

describe('contentLength', () => {
  it.each([
    ['17', 17],
    ['0', 0],
    ['none', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['', undefined],
  ])('%j is %s', (length, expected) => {
    expect(contentLength(new Headers({ 'content-length': length }))).toBe(expected);
  });

  it('is unknown for a compressed body, whose Content-Length is smaller than what is read', () => {
    expect(
      contentLength(new Headers({ 'content-length': '17', 'content-encoding': 'gzip' })),
    ).toBeUndefined();
    expect(contentLength(new Headers())).toBeUndefined();
  });
});

describe('join', () => {
  it('makes one of parts', () => {
    const parts = [filled(2, 1), filled(0), filled(3, 2)];
    expect(join(parts)).toEqual(Uint8Array.of(1, 1, 2, 2, 2));
    expect(byteLength(parts)).toBe(5);
    expect(join([])).toHaveLength(0);
  });
});

describe('joinText', () => {
  it.each<[string, (string | Uint8Array)[], string]>([
    ['nothing', [], ''],
    ['texts', ['阶', '', '跃'], '阶跃'],
    ['a pair of surrogates that was cut', ['a\ud83d', '\ude00b'], 'a😀b'],
    ['bytes between them', ['<', filled(2, 0x61), filled(0), filled(1, 0x62), '>'], '<aab>'],
  ])('joins %s', (_, parts, text) => {
    expect(new TextDecoder().decode(joinText(parts))).toBe(text);
  });
});
