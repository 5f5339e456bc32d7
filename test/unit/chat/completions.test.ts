import { describe, expect, it, vi } from 'vitest';
import type { Cache } from '../../../src/cache/cache.ts';
import { createEntry } from '../../../src/cache/entry.ts';
import type { Hit, Miss } from '../../../src/cache/lookup.ts';
import { completionResponse } from '../../../src/chat/completions.ts';
import type { ChatExchange } from '../../../src/chat/exchange.ts';
import { readConfig } from '../../../src/config.ts';
import { createRecord } from '../../../src/record.ts';

const COMPLETION = JSON.stringify({
  id: '1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'step-3.5-flash',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
});

const MISS: Miss = { kind: 'miss', key: 'k', ttl: 60, maxAge: null, cacheStatus: 'stepfun-edge; fwd=miss' };

function staleHit(): Hit {
  const bytes = new TextEncoder().encode(COMPLETION);
  const entry = createEntry({ bytes, usage: null, finishReasons: ['stop'], attempts: 1 }, 60, 0);
  return { kind: 'hit', entry, age: 70, cacheStatus: 'stepfun-edge; hit; ttl=-10', refresh: MISS };
}

describe('a stale hit', () => {
  it.each([true, false])('is refreshed whole, in the background (stream: %s)', async (stream) => {
    const refresh = vi.fn<Cache['refresh']>();
    const exchange: Partial<ChatExchange> = {
      id: 'id',
      startedAtMs: 0,
      config: readConfig({ STEP_API_KEY: 'sk-1' }),
      record: createRecord(),
      clientId: 'key:a',
      upstreamKey: null,
      reserve: null,
      cache: { lookup: async () => staleHit(), refresh } as Partial<Cache> as Cache,
    };
    const body = JSON.stringify({
      model: 'step-3.5-flash',
      messages: [{ role: 'user', content: 'Hello' }],
      stream,
    });
    const headers = { 'content-type': 'application/json' };
    const request = new Request('https://x/', {
      method: 'POST',
      headers,
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit);
    const response = await completionResponse(request, exchange as ChatExchange);
    expect(response.headers.get('age')).toBe('70');
    expect(await response.text()).toContain('Hi');

    const [found, order] = refresh.mock.calls[0] ?? [];
    expect(found).toBe(MISS);
    expect(JSON.parse(new TextDecoder().decode(order?.body))).toEqual({
      model: 'step-3.5-flash',
      messages: [{ role: 'user', content: 'Hello' }],
    });
  });
});
