import { afterEach, describe, expect, it, vi } from 'vitest';
import { toResponse } from '../../../src/http/response.ts';
import { createCache, type Cache, type Made } from '../../../src/cache/cache.ts';
import { createEntry } from '../../../src/cache/entry.ts';
import type { Hit, Miss } from '../../../src/cache/lookup.ts';
import { readReplayable } from '../../../src/cache/replayable.ts';
import { chatAnswer } from '../../../src/chat/completions.ts';
import type { ChatExchange } from '../../../src/chat/chat-context.ts';
import { createHotRequests, type HotRequests } from '../../../src/chat/hot-requests.ts';
import { readConfig } from '../../../src/config/config.ts';
import type { Order } from '../../../src/cache/completion.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import { createRecord } from '../../../src/http/request-log.ts';
import { fakeKv } from '../cache/fakes.ts';
import { answer, completed, FORMATS } from '../cache/samples.ts';

const COMPLETION = JSON.stringify({
  id: '1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'step-3.5-flash',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
});

const MISS: Miss = {
  kind: 'miss',
  key: 'k',
  ttl: 60,
  maxAge: null,
  cacheStatus: 'stepfun-edge; fwd=miss',
};

function hitOf(isHot: boolean, stream = false): Hit {
  const bytes = new TextEncoder().encode(COMPLETION);
  const entry = createEntry({ bytes, usage: null, finishReasons: ['stop'], attempts: 1 }, 60, 0);
  return {
    kind: 'hit',
    entry,
    replayable: stream ? readReplayable(entry) : null,
    age: 70,
    cacheStatus: 'stepfun-edge; hit; ttl=-10',
    isHot,
    refresh: isHot ? null : MISS,
  };
}

/** What a call of StepFun's brought, or another's call. */
function made(collapsed: boolean): Made {
  const bytes = new TextEncoder().encode(COMPLETION);
  const usage = { promptTokens: 5, completionTokens: 7, totalTokens: 12, cachedTokens: 0 };
  const entry = createEntry({ bytes, usage, finishReasons: ['stop'], attempts: 1 }, 60, 0);
  return { entry, cacheStatus: MISS.cacheStatus, collapsed, attempts: 1 };
}

const CONFIG = readConfig({ STEP_API_KEY: 'sk-1' });

function requestOf(fields: object): Request {
  const body = JSON.stringify({
    model: 'step-3.5-flash',
    messages: [{ role: 'user', content: 'Hello' }],
    ...fields,
  });
  return new Request('https://x/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: new Blob([body]).stream(),
    duplex: 'half',
  } as RequestInit);
}

/** What a request that is found in the cache needs; StepFun is not in it. */
function exchangeOf(cache: Cache, requests: HotRequests, reserve: ChatExchange['reserve'] = null) {
  const exchange: Partial<ChatExchange> = {
    id: 'id',
    startedAtMs: 0,
    config: CONFIG,
    record: createRecord(),
    clientId: 'key:a',
    upstreamKey: null,
    requests,
    reserve,
    cache,
  };
  return exchange as ChatExchange;
}

/** @returns the answer to the client of a hit, and what the gateway's parts were told of it. */
async function answerHit(hit: Hit, reserve: ChatExchange['reserve'], stream = false) {
  const refresh = vi.fn<Cache['refresh']>();
  const requests = createHotRequests(CONFIG.chat);
  const keep = vi.spyOn(requests, 'keep');
  const cache = { lookup: async () => hit, refresh } as Partial<Cache> as Cache;
  const exchange = exchangeOf(cache, requests, reserve);
  const response = toResponse(await chatAnswer(requestOf({ stream }), exchange));
  return { response, refresh, keep };
}

/** @returns the answer to a stale hit's client, and how its refresh was ordered. */
async function answerStale(reserve: ChatExchange['reserve'], stream = false) {
  const { response, refresh, keep } = await answerHit(hitOf(false, stream), reserve, stream);
  expect(keep).not.toHaveBeenCalled();
  const [found, ask] = refresh.mock.calls[0] ?? [];
  if (ask === undefined) throw new Error('not refreshed');
  return { response, found, ask };
}

describe('a stale hit', () => {
  it.each([true, false])('is refreshed whole, in the background (stream: %s)', async (stream) => {
    const { response, found, ask } = await answerStale(null, stream);
    expect(response.headers.get('age')).toBe('70');
    expect(await response.text()).toContain('Hi');

    expect(found).toBe(MISS);
    const make = vi.fn<(order: Order) => Promise<Made>>(async () => made(false));
    await ask(make);
    expect(JSON.parse(new TextDecoder().decode(make.mock.calls[0]?.[0].body))).toEqual({
      model: 'step-3.5-flash',
      messages: [{ role: 'user', content: 'Hello' }],
    });
  });

  it('is refreshed at the cost of its client', async () => {
    const settle = vi.fn<() => Promise<Record<string, string>>>(async () => ({}));
    const { ask } = await answerStale(async () => ({
      maxTokens: 9,
      isLowered: true,
      promptTokens: 1,
      headers: {},
      settle,
    }));
    await ask(async ({ body, capped }) => {
      expect(new TextDecoder().decode(body)).toContain('"max_tokens":9');
      expect(capped).toBe(true);
      return made(false);
    });
    expect(settle).toHaveBeenLastCalledWith(12);
    await ask(async () => made(true));
    expect(settle).toHaveBeenLastCalledWith(0);
  });

  it('is not refreshed for whom nothing is left', async () => {
    const reserve = () => Promise.reject(new GatewayError('insufficient_quota'));
    const { response, ask } = await answerStale(reserve);
    expect(response.status).toBe(200);
    const make = vi.fn<(order: Order) => Promise<Made>>();
    await expect(ask(make)).rejects.toThrow(GatewayError);
    expect(make).not.toHaveBeenCalled();
  });
});

describe('a hot hit', () => {
  it('is the only question that is kept', async () => {
    const { response, refresh, keep } = await answerHit(hitOf(true), null);
    expect(response.status).toBe(200);
    expect(refresh).not.toHaveBeenCalled();
    expect(keep).toHaveBeenCalledOnce();
    expect(keep.mock.calls[0]?.[0]).toMatchObject({ model: 'step-3.5-flash' });
  });
});

describe('a hit that is not streamed', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it.each(FORMATS)('is answered without parsing what is stored (%s)', async (format) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const kv = fakeKv();
    const { chat, cache: settings, upstream, relay } = CONFIG;
    const pending: Promise<unknown>[] = [];
    const cache = createCache({
      kv: kv.namespace,
      flights: undefined,
      settings,
      upstream,
      shape: relay.shape,
      complete: async () => completed(answer({ content: 'A stored answer', reasoning: 'Hm' })),
      waitUntil: (work) => pending.push(work),
    });
    const requests = createHotRequests(chat);
    const parse = vi.spyOn(JSON, 'parse');
    /** @returns where the answer is from, what it says, and what was parsed for it. */
    const ask = async () => {
      parse.mockClear();
      const { headers, body } = await chatAnswer(requestOf({ reasoning_format: format }), {
        ...exchangeOf(cache, requests),
        clientId: `key:${format}`,
      });
      const text = await new Response(body).text();
      return {
        status: headers['cache-status'],
        text,
        parsed: parse.mock.calls.map(([json]) => json),
      };
    };

    const miss = await ask();
    await Promise.all(pending);
    // So long that memory has forgotten it.
    vi.setSystemTime(Date.now() + 30_000);
    const fromKv = await ask();
    const fromMemory = await ask();
    const known = await ask();

    expect([miss, fromKv, fromMemory, known].map(({ status }) => status)).toEqual([
      'stepfun-edge; fwd=miss; stored',
      'stepfun-edge; hit; ttl=3570',
      'stepfun-edge; hit; ttl=3570; detail=memory',
      'stepfun-edge; hit; ttl=3570; detail=memory',
    ]);
    for (const { text } of [fromKv, fromMemory, known]) expect(text).toBe(miss.text);
    expect(miss.text).toContain('A stored answer');
    // The request itself is, until it is known by heart.
    expect(fromKv.parsed.join()).toContain('step-3.5-flash');
    for (const { parsed } of [fromKv, fromMemory, known])
      expect(parsed.filter((json) => json.includes('A stored answer'))).toEqual([]);
  });
});
