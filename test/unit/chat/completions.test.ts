import { describe, expect, it, vi } from 'vitest';
import { toResponse } from '../../../src/answer.ts';
import type { Cache, Made } from '../../../src/cache/cache.ts';
import { createEntry } from '../../../src/cache/entry.ts';
import type { Hit, Miss } from '../../../src/cache/lookup.ts';
import { readReplayable } from '../../../src/cache/replayable.ts';
import { chatAnswer } from '../../../src/chat/completions.ts';
import type { ChatExchange } from '../../../src/chat/exchange.ts';
import { createHotRequests } from '../../../src/chat/hot-requests.ts';
import { readConfig } from '../../../src/config.ts';
import type { Order } from '../../../src/cache/order.ts';
import { GatewayError } from '../../../src/errors.ts';
import { createRecord } from '../../../src/record.ts';

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

/** @returns the answer to the client of a hit, and what the gateway's parts were told of it. */
async function answerHit(hit: Hit, reserve: ChatExchange['reserve'], stream = false) {
  const refresh = vi.fn<Cache['refresh']>();
  const requests = createHotRequests(readConfig({ STEP_API_KEY: 'sk-1' }).chat);
  const keep = vi.spyOn(requests, 'keep');
  const exchange: Partial<ChatExchange> = {
    id: 'id',
    startedAtMs: 0,
    config: readConfig({ STEP_API_KEY: 'sk-1' }),
    record: createRecord(),
    clientId: 'key:a',
    upstreamKey: null,
    requests,
    reserve,
    cache: { lookup: async () => hit, refresh } as Partial<Cache> as Cache,
  };
  const body = JSON.stringify({
    model: 'step-3.5-flash',
    messages: [{ role: 'user', content: 'Hello' }],
    stream,
  });
  const request = new Request('https://x/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: new Blob([body]).stream(),
    duplex: 'half',
  } as RequestInit);
  const response = toResponse(await chatAnswer(request, exchange as ChatExchange));
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
    const { ask } = await answerStale(async () => ({ maxTokens: 9, headers: {}, settle }));
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
