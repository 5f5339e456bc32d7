import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GatewayError } from '../../../src/http/errors.ts';
import { batches, type Batch } from '../../../src/relay/batches.ts';
import { StreamClocks } from '../../../src/relay/clocks.ts';
import { byteStream, createUpstream, fakeWorkerdStreams, settle, text } from './support.ts';

beforeAll(fakeWorkerdStreams);
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const CLOCKS = { keepAliveMs: 15_000, idleMs: 60_000, firstByteMs: 120_000, totalMs: 600_000 };

function start(
  body: ReadableStream<Uint8Array>,
  settings: Partial<typeof CLOCKS> & { windowMs?: number } = {},
) {
  const { windowMs = 32, firstByteMs, totalMs, ...rest } = { ...CLOCKS, ...settings };
  const clocks = new StreamClocks({
    ...rest,
    firstByteDeadlineMs: Date.now() + firstByteMs,
    totalDeadlineMs: Date.now() + totalMs,
  });
  const client = new AbortController();
  const told: string[] = [];
  const pending: Promise<unknown>[] = [];
  const stream = batches(body, {
    windowMs,
    clocks,
    signal: client.signal,
    onCancel: () => told.push('cancelled'),
    onFailure: (error: GatewayError) => told.push(error.code),
    waitUntil: (work) => pending.push(work),
  });
  return { stream, reader: stream.getReader(), client, told, pending, clocks };
}

/** @returns a batch as a text: its bytes, or its kind. */
function asText(batch: Batch | undefined): string {
  if (batch === undefined) return 'end';
  if (batch instanceof Uint8Array) return text(batch);
  return batch.kind === 'failure' ? batch.error.code : batch.kind;
}

async function readAll(reader: ReadableStreamDefaultReader<Batch>): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return all;
    all.push(asText(value));
  }
}

describe('a body', () => {
  it.each([0, 32])('is passed on as it comes, and ends (window of %i ms)', async (windowMs) => {
    const { reader, told } = start(byteStream(['a', 'b', 'c']), { windowMs });
    const reading = readAll(reader);
    await settle();
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await reading).join('')).toBe('abc');
    expect(told).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is read only when asked', async () => {
    let pulls = 0;
    const body = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        pulls++;
        controller.enqueue(new Uint8Array([120]));
      },
    });
    const { reader } = start(body, { windowMs: 0 });
    await settle();
    expect(pulls).toBe(0);
    await reader.read();
    await settle();
    expect(pulls).toBe(1);
  });
});

describe('the window', () => {
  it('holds back neither the first bytes nor those after a pause', async () => {
    const upstream = createUpstream();
    const { reader } = start(upstream.body);
    const first = reader.read();
    upstream.write('first');
    expect(asText((await first).value)).toBe('first');
    const second = reader.read();
    await settle();
    await vi.advanceTimersByTimeAsync(100);
    upstream.write('late');
    expect(asText((await second).value)).toBe('late');
    const third = reader.read();
    upstream.write('later');
    expect(asText((await third).value)).toBe('later');
  });

  it('holds back what follows bytes that came fast', async () => {
    const upstream = createUpstream();
    const { reader } = start(upstream.body);
    for (const piece of ['1', '2']) {
      const read = reader.read();
      upstream.write(piece);
      expect(asText((await read).value)).toBe(piece);
    }
    const third = vi.fn<(read: ReadableStreamReadResult<Batch>) => void>();
    void reader.read().then(third);
    upstream.write('3');
    await settle();
    expect(third).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(32);
    await settle();
    expect(third).toHaveBeenCalledOnce();
  });
});

describe('a failure is the last item', () => {
  it.each<[string, Error, string]>([
    ['a reset', new Error('Network connection lost.'), 'upstream_reset'],
    ['a broken encoding', new TypeError('bad gzip'), 'upstream_malformed'],
  ])('%s', async (_, error, code) => {
    const { reader, told } = start(byteStream(['a', error]), { windowMs: 0 });
    expect(await readAll(reader)).toEqual(['a', code]);
    expect(told).toEqual([code]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a deadline', async () => {
    const upstream = createUpstream();
    const { reader, told } = start(upstream.body, { keepAliveMs: 1_000_000 });
    const reading = readAll(reader);
    await settle();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(await reading).toEqual(['upstream_timeout']);
    expect(told).toEqual(['upstream_timeout']);
    expect(upstream.cancelled.isSo).toBe(true);
  });

  it('is told at once, also while nobody reads', async () => {
    const upstream = createUpstream();
    const { told, reader } = start(upstream.body);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(told).toEqual(['upstream_timeout']);
    expect(await readAll(reader)).toEqual(['upstream_timeout']);
  });
});

describe('silence', () => {
  it('is an item each time that the client has heard nothing for keepAliveMs', async () => {
    const upstream = createUpstream();
    const { reader } = start(upstream.body);
    const reading = readAll(reader);
    await settle();
    await vi.advanceTimersByTimeAsync(15_000);
    await vi.advanceTimersByTimeAsync(15_000);
    upstream.write('a');
    upstream.end();
    await settle();
    expect(await reading).toEqual(['silence', 'silence', 'a']);
  });

  it('is none while nobody reads', async () => {
    const upstream = createUpstream();
    const { reader } = start(upstream.body);
    await vi.advanceTimersByTimeAsync(40_000);
    upstream.write('a');
    upstream.end();
    expect(await readAll(reader)).toEqual(['a']);
  });
});

describe('a client that leaves', () => {
  it('ends the reading at once, and cancels the body', async () => {
    const upstream = createUpstream();
    const { reader, client, told } = start(upstream.body);
    const reading = reader.read();
    const gone = new Error('gone');
    client.abort(gone);
    await expect(reading).rejects.toBe(gone);
    expect(upstream.cancelled).toEqual({ isSo: true, reason: gone });
    expect(told).toEqual(['cancelled']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has left before', async () => {
    const upstream = createUpstream();
    const clocks = new StreamClocks({ ...CLOCKS, firstByteDeadlineMs: 0, totalDeadlineMs: 0 });
    const told: string[] = [];
    const stream = batches(upstream.body, {
      windowMs: 32,
      clocks,
      signal: AbortSignal.abort('gone'),
      onCancel: () => told.push('cancelled'),
      onFailure: () => told.push('failed'),
      waitUntil: () => {},
    });
    await expect(stream.getReader().read()).rejects.toBe('gone');
    expect(told).toEqual(['cancelled']);
    expect(upstream.cancelled.isSo).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('while bytes gather', async () => {
    const upstream = createUpstream();
    const { reader, client, told } = start(upstream.body, { windowMs: 1_000 });
    for (const piece of ['1', '2']) {
      const read = reader.read();
      upstream.write(piece);
      await read;
    }
    const reading = reader.read();
    await settle();
    client.abort('gone');
    await expect(reading).rejects.toBe('gone');
    await settle();
    expect(upstream.cancelled.isSo).toBe(true);
    expect(told).toEqual(['cancelled']);
  });

  it('is told once, whatever comes later', async () => {
    const upstream = createUpstream();
    const { reader, client, told } = start(upstream.body);
    const reading = reader.read().catch(() => {});
    client.abort('gone');
    client.abort('again');
    await reading;
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(told).toEqual(['cancelled']);
  });
});

describe('a reader that needs no more', () => {
  it('lets a body end by itself for 50 ms, under waitUntil', async () => {
    const upstream = createUpstream();
    const { reader, told, pending } = start(upstream.body);
    const first = reader.read();
    upstream.write('a');
    await first;
    await reader.cancel();
    expect(told).toEqual(['cancelled']);
    expect(upstream.cancelled.isSo).toBe(false);
    await vi.advanceTimersByTimeAsync(50);
    await Promise.all(pending);
    expect(pending).toHaveLength(1);
    expect(upstream.cancelled.isSo).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
