// The reader with a fake of workerd's IdentityTransformStream; test/faults runs it in workerd.

import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { READ_AHEAD_BYTES } from '../../../src/config/limits.ts';
import { GatheringReader } from '../../../src/relay/gathering-reader.ts';
import { byteStream, createUpstream, fakeWorkerdStreams, settle, text } from './support.ts';

beforeAll(fakeWorkerdStreams);
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** @returns everything that can still be read, each read's text apart. */
async function readAll(reader: GatheringReader): Promise<string[]> {
  const reads: string[] = [];
  for (;;) {
    const bytes = await reader.read();
    if (bytes === null) return reads;
    reads.push(text(bytes));
  }
}

describe('read', () => {
  it('gives what comes, then null', async () => {
    expect(await readAll(new GatheringReader(byteStream(['a', 'b']), 32))).toEqual(['a', 'b']);
  });

  it('gives what came before a break, then fails', async () => {
    const reader = new GatheringReader(byteStream(['a', new Error('reset')]), 32);
    expect(text((await reader.read())!)).toBe('a');
    await expect(reader.read()).rejects.toMatchObject({ code: 'upstream_reset' });
  });

  it('takes more at once when much is there', async () => {
    const large = 'x'.repeat(10 * READ_AHEAD_BYTES);
    const upstream = createUpstream();
    upstream.write(large);
    const reader = new GatheringReader(upstream.body, 32);
    expect(await reader.read()).toHaveLength(READ_AHEAD_BYTES);
    expect(await reader.read()).toHaveLength(9 * READ_AHEAD_BYTES);
  });
});

describe('gather', () => {
  it('waits for the window, and the next read has what came in it', async () => {
    const upstream = createUpstream();
    const reader = new GatheringReader(upstream.body, 32);
    upstream.write('first');
    expect(text((await reader.read())!)).toBe('first');
    const gathered = vi.fn<() => void>();
    void reader.gather().then(gathered);
    for (const piece of ['a', 'b', 'c']) {
      upstream.write(piece);
      await settle();
    }
    await vi.advanceTimersByTimeAsync(31);
    expect(gathered).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(gathered).toHaveBeenCalledOnce();
    let rest = text((await reader.read())!);
    // Node's tee gives chunk by chunk; workerd's gives what is there.
    while (rest.length < 3) rest += text((await reader.read())!);
    expect(rest).toBe('abc');
  });

  it('ends at once when the body ends', async () => {
    const upstream = createUpstream();
    const reader = new GatheringReader(upstream.body, 1_000_000);
    const gathering = reader.gather();
    upstream.write('a');
    upstream.end();
    await gathering;
    expect(await readAll(reader)).toEqual(['a']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends when the body breaks, and the read tells it', async () => {
    const upstream = createUpstream();
    const reader = new GatheringReader(upstream.body, 1_000_000);
    const gathering = reader.gather();
    upstream.break(new Error('reset'));
    await gathering;
    await expect(reader.read()).rejects.toMatchObject({ code: 'upstream_reset' });
  });

  it('ends when the buffer is full, and reads no further ahead until that is taken', async () => {
    const upstream = createUpstream();
    const reader = new GatheringReader(upstream.body, 1_000_000);
    const gathering = reader.gather();
    upstream.write('x'.repeat(READ_AHEAD_BYTES));
    await gathering;
    await reader.gather();
    expect(vi.getTimerCount()).toBe(0);
    expect(await reader.read()).toHaveLength(READ_AHEAD_BYTES);
    const next = reader.read();
    upstream.write('y');
    expect(text((await next)!)).toBe('y');
  });

  it('ends when the body is cancelled', async () => {
    const upstream = createUpstream();
    const reader = new GatheringReader(upstream.body, 1_000_000);
    const gathering = reader.gather();
    reader.cancel(new Error('gone'));
    await gathering;
    await settle();
    expect(upstream.cancelled.isSo).toBe(true);
  });
});

describe('the end', () => {
  it('cancel ends a pending read and the body', async () => {
    const upstream = createUpstream();
    const reader = new GatheringReader(upstream.body, 32);
    const reading = reader.read().catch(() => null);
    reader.cancel('gone');
    expect(await reading).toBeNull();
    expect(upstream.cancelled).toEqual({ isSo: true, reason: 'gone' });
  });

  it('close reads a body to its end that ends by itself', async () => {
    const upstream = createUpstream();
    const reader = new GatheringReader(upstream.body, 32);
    const closing = reader.close();
    upstream.write('rest');
    upstream.end();
    await closing;
    expect(upstream.cancelled.isSo).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('close cancels a body after 50 ms that does not', async () => {
    const upstream = createUpstream();
    const closing = new GatheringReader(upstream.body, 32).close();
    await vi.advanceTimersByTimeAsync(49);
    expect(upstream.cancelled.isSo).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await closing;
    expect(upstream.cancelled.isSo).toBe(true);
  });

  it('close takes no notice of a break', async () => {
    await new GatheringReader(byteStream([new Error('reset')]), 32).close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
