import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCache, type Cache, type CacheOptions } from '../../../src/cache/cache.ts';
import { parseCacheControl } from '../../../src/cache/control.ts';
import { parseEntry } from '../../../src/cache/entry.ts';
import type { Order } from '../../../src/cache/completion.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import { LINGER_MS } from '../../../src/config/limits.ts';
import { createStreamRewriter } from '../../../src/relay/rewriter.ts';
import { fakeKv, type FakeKv } from './fakes.ts';
import { decode, encode, rewriteOptions } from './samples.ts';

let kv: FakeKv;
let pending: Promise<unknown>[];

beforeEach(() => {
  kv = fakeKv();
  pending = [];
});
afterEach(() => vi.restoreAllMocks());

function cacheWith(settings: Partial<CacheOptions['settings']> = {}): Cache {
  return createCache({
    kv: kv.namespace,
    flights: undefined,
    settings: { ttlSeconds: 3_600, scope: 'client', streams: 'write', staleSeconds: 0, ...settings },
    upstream: { baseUrl: 'https://api.stepfun.ai/v1', keySource: 'gateway' },
    shape: 'openai',
    complete: () => Promise.reject(new Error('nobody asks')),
    waitUntil: (work) => pending.push(work),
  });
}

async function gathererOf(
  cache: Cache,
  order: Partial<Pick<Order, 'choices' | 'capped'>> = {},
  headers = {},
) {
  const question = { canonical: () => [crypto.randomUUID()], stream: true, remoteMedia: false };
  const found = await cache.lookup(question, 'key:app', parseCacheControl(new Headers(headers)));
  if (found.kind === 'hit') throw new Error('a hit');
  return cache.gather(found, { choices: 1, capped: false, ...order });
}

const event = (delta: object, finish_reason: string) =>
  `data: ${JSON.stringify({ id: 'x', created: 5, model: 'm', choices: [{ index: 0, delta, finish_reason }], usage: { total_tokens: 9 } })}\n\n`;

function chunks(texts: string[], finish = 'stop'): string {
  return [
    event({ role: 'assistant', content: '' }, ''),
    event({ role: '', reasoning: 'Hm' }, ''),
    ...texts.map((content) => event({ role: '', content }, '')),
    event({ role: '', content: '' }, finish),
    'data: [DONE]\n\n',
  ].join('');
}

/** Relays a stream in pieces of `step` bytes, as the pump does. */
function relay(
  stream: string,
  gatherer: NonNullable<Awaited<ReturnType<typeof gathererOf>>>,
  options = {},
  step = 97,
): string {
  const rewriter = gatherer.beside(createStreamRewriter(rewriteOptions(options)));
  const bytes = encode(stream);
  let out = '';
  // Each read brings a view of a buffer that is used again for the next one.
  const buffer = new Uint8Array(step);
  for (let start = 0; start < bytes.length && !rewriter.done; start += step) {
    const piece = bytes.subarray(start, start + step);
    buffer.set(piece);
    out += decode(rewriter.push(buffer.slice(0, piece.length)));
    buffer.fill(0);
  }
  return out + decode(rewriter.end());
}

async function stored() {
  while (pending.length > 0) await Promise.all(pending.splice(0));
  return [...kv.entries.values()].map(({ value }) => parseEntry(value.slice().buffer));
}

describe('a stream gathered beside its relay', () => {
  test('is stored as the completion that it was', async () => {
    const gatherer = (await gathererOf(cacheWith(), {}, { 'x-cache-ttl': '90' }))!;
    relay(chunks(['Hello', ' world']), gatherer);
    gatherer.store();
    const [entry] = await stored();
    expect(entry).toMatchObject({ ttl: 90, usage: { totalTokens: 9 } });
    expect(JSON.parse(decode(entry!.completion))).toEqual({
      id: 'x',
      object: 'chat.completion',
      created: 5,
      model: 'm',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello world', reasoning: 'Hm' },
          finish_reason: 'stop',
        },
      ],
      usage: { total_tokens: 9 },
      system_fingerprint: null,
    });
  });

  test('with its reasoning, although this client sees none', async () => {
    const gatherer = (await gathererOf(cacheWith()))!;
    expect(relay(chunks(['a']), gatherer, { reasoning: 'hidden' })).not.toContain('Hm');
    gatherer.store();
    const [entry] = await stored();
    expect(decode(entry!.completion)).toContain('"reasoning":"Hm"');
  });

  test('goes to the client as without it', async () => {
    const gatherer = (await gathererOf(cacheWith()))!;
    const stream = chunks(['a', 'b']);
    const alone = createStreamRewriter(rewriteOptions());
    const out = decode(alone.push(encode(stream)));
    expect(relay(stream, gatherer)).toBe(out);
    const beside = gatherer.beside(alone);
    const { done, begun, failure, usage } = alone;
    expect(beside).toMatchObject({ done, begun, failure, usage });
    expect(decode(beside.fail(new GatewayError('upstream_reset')))).toBe('');
  });

  test('is stored only when told that it ended well', async () => {
    relay(chunks(['a']), (await gathererOf(cacheWith()))!);
    expect(await stored()).toEqual([]);
  });

  test.each<[string, string, object]>([
    ['a filtered one', chunks(['a'], 'content_filter'), {}],
    ['fewer choices than were asked for', chunks(['a']), { choices: 2 }],
    ["one that the client's budget cut short", chunks(['a'], 'length'), { capped: true }],
  ])('not stored: %s', async (_, stream, order) => {
    const gatherer = (await gathererOf(cacheWith(), order))!;
    relay(stream, gatherer, {}, 64 * 1024);
    gatherer.store();
    expect(await stored()).toEqual([]);
  });

  test('not stored: what is no stream of chunks we know, with one log line', async () => {
    const logged = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const gatherer = (await gathererOf(cacheWith()))!;
    relay(chunks(['a']).replace('"content":"a"', '"content":"a","audio":{}'), gatherer);
    gatherer.store();
    expect(await stored()).toEqual([]);
    expect(logged).toHaveBeenCalledOnce();
  });

  test("is put together only when the client's last bytes have had time to leave", async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const gatherer = (await gathererOf(cacheWith()))!;
      relay(chunks(['a']), gatherer);
      gatherer.store();
      expect(pending).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(LINGER_MS - 1);
      expect(kv.entries.size).toBe(0);
      await vi.advanceTimersByTimeAsync(1);
      expect(await stored()).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  // A figure of the test's own: the bound in src/config/limits.ts can't change unnoticed.
  test.each([
    [1_048_576, 1],
    [1_048_577, 0],
  ])('of %i bytes is stored %i times', async (bytes, times) => {
    const said = chunks(['a']);
    const stream = `:${'x'.repeat(bytes - said.length - 3)}\n\n${said}`;
    expect(encode(stream)).toHaveLength(bytes);
    const gatherer = (await gathererOf(cacheWith()))!;
    relay(stream, gatherer, {}, 64 * 1024);
    gatherer.store();
    expect(await stored()).toHaveLength(times);
  });
});

describe('who gathers', () => {
  test.each(['off', 'read'] as const)('nobody under CACHE_STREAMS=%s', async (streams) => {
    expect(await gathererOf(cacheWith({ streams }))).toBeNull();
  });

  test('nobody for no-store', async () => {
    expect(await gathererOf(cacheWith(), {}, { 'cache-control': 'no-store' })).toBeNull();
  });
});
