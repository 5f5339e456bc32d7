// Streams that fill the cache.

import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Cache } from '../../../src/cache/cache.ts';
import type { Miss } from '../../../src/cache/lookup.ts';
import type { ChatContext } from '../../../src/chat/chat-context.ts';
import { storeStream } from '../../../src/chat/store-stream.ts';
import { readConfig } from '../../../src/config/config.ts';
import { LINGER_MS } from '../../../src/config/limits.ts';
import { CHUNK, DONE, event, fakeWorkerdStreams, finish, PLAIN, push } from '../relay/support.ts';
import { gateway, messageOf, STREAM } from './support.ts';

beforeAll(fakeWorkerdStreams);

describe('a stream from StepFun', () => {
  it.each([true, false])('fills the cache under CACHE_STREAMS=write alone (%s)', async (writes) => {
    const { ask, asked, kv, settle } = gateway({ CACHE_STREAMS: writes ? 'write' : 'read' });
    const { text } = await ask({ stream: true, reasoning_format: 'hidden' });
    expect(text).not.toContain('reasoning');
    await settle();
    expect(kv.entries.size).toBe(writes ? 1 : 0);
    if (!writes) return;
    expect(messageOf((await ask()).text)).toMatchObject({ content: 'Hello!', reasoning: 'Hm' });
    expect(asked).toHaveLength(1);
  });

  it('without its sentinel is whole, and stored', async () => {
    const { ask, kv, settle } = gateway({ CACHE_STREAMS: 'write' }, STREAM);
    expect((await ask({ stream: true })).text).toMatch(/data: \[DONE\]\n\n$/);
    await settle();
    expect(kv.entries.size).toBe(1);
  });
});

describe('storeStream', () => {
  const found = { kind: 'miss' } as Miss;
  const request = { choices: 1, isCapped: true };

  /** @returns what is stored of a stream of this text after LINGER_MS, and checks that nothing is before. */
  async function storing(text: string) {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const store = vi.fn<Cache['storeStream']>();
    const cache: Partial<Cache> = { storeStream: store };
    const config = readConfig({ STEP_API_KEY: 'sk-1' });
    const waitUntil = () => {};
    const context: Partial<ChatContext> = { cache: cache as Cache, config, startedAtMs: 0, waitUntil };
    const { rewriter } = push(text, { ...PLAIN, reasoning: 'hidden', isCollected: true });
    const work = storeStream(found, rewriter, request, context as ChatContext);
    await vi.advanceTimersByTimeAsync(LINGER_MS - 1);
    expect(store).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await work;
    vi.useRealTimers();
    return { store, waitUntil };
  }

  it("stores the completion in the cache's form, after the client's last bytes", async () => {
    const thought = event({ choices: [{ index: 0, delta: { reasoning_content: 'Hm' } }] });
    const { store, waitUntil } = await storing(thought + event(CHUNK) + event(finish()) + DONE);
    const completion = expect.objectContaining({
      json: expect.objectContaining({
        system_fingerprint: null,
        choices: [
          expect.objectContaining({ message: expect.objectContaining({ content: 'c', reasoning: 'Hm' }) }),
        ],
      }),
    });
    expect(store).toHaveBeenCalledExactlyOnceWith(found, completion, request, waitUntil);
  });

  it.each([
    ['cannot be put together', event({ choices: [{ index: 0, delta: { x: 1 } }] }) + event(finish()) + DONE],
    [
      'cannot be written as JSON',
      event(`{"x":${'['.repeat(100_000)}${']'.repeat(100_000)},"choices":[]}`) + event(finish()) + DONE,
    ],
  ])('stores nothing of a stream that %s', async (_, text) => {
    expect((await storing(text)).store).not.toHaveBeenCalled();
  });
});
