// The chat handler with a fake StepFun: answers from the cache and their refresh, whole answers,
// streams that fill the cache, and what each costs its client.

import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createCache } from '../../../src/cache/cache.ts';
import type { ChatContext } from '../../../src/chat/chat-context.ts';
import { createComplete } from '../../../src/chat/complete.ts';
import { chatResponse } from '../../../src/chat/completions.ts';
import { readConfig } from '../../../src/config/config.ts';
import { REFRESH_MS } from '../../../src/config/limits.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import { createRequestLog } from '../../../src/http/request-log.ts';
import type { Reservation } from '../../../src/http/reservation.ts';
import { createStepfun } from '../../../src/upstream/stepfun.ts';
import { fakeKv } from '../cache/fakes.ts';
import { FORMATS, answer } from '../cache/samples.ts';
import { fakeWorkerdStreams } from '../relay/support.ts';

beforeAll(fakeWorkerdStreams);

const STREAM = [
  { choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] },
  { choices: [{ index: 0, delta: { role: 'assistant', reasoning: 'Hm', reasoning_content: 'Hm' } }] },
  {
    choices: [{ index: 0, delta: { role: 'assistant', content: 'Hello!' }, finish_reason: 'stop' }],
    usage: { total_tokens: 9 },
  },
].map((chunk) => `data: ${JSON.stringify({ id: 'i', created: 5, model: 'm', ...chunk })}\n\n`);

/** A gateway of its own, whose StepFun answers so. */
function gateway(settings: object = {}, stream: readonly string[] = [...STREAM, 'data: [DONE]\n\n']) {
  const config = readConfig({ STEP_API_KEY: 'sk-1', CACHE_STALE_SECONDS: '600', CACHE: {}, ...settings });
  const asked: { stream?: boolean; max_tokens?: number }[] = [];
  const answers = { hang: false };
  const stepfun = createStepfun(config.upstream, {
    async fetch(_, { body, signal }) {
      const given = JSON.parse(new TextDecoder().decode(body as Uint8Array)) as { stream?: boolean };
      asked.push(given);
      if (answers.hang) {
        const aborted = Promise.withResolvers<never>();
        signal?.addEventListener('abort', () => aborted.reject(signal.reason));
        return aborted.promise;
      }
      const isStream = given.stream === true;
      const text = isStream
        ? stream.join('')
        : answer({ content: `Answer ${asked.length}`, reasoning: 'Hm' });
      const type = isStream ? 'text/event-stream' : 'application/json';
      return new Response(new Blob([text]).stream(), { headers: { 'content-type': type } });
    },
  });
  const kv = fakeKv();
  const complete = createComplete(stepfun, config, null);
  const cache = createCache({
    kv: kv.namespace,
    flights: undefined,
    settings: config.cache,
    upstream: config.upstream,
    shape: config.relay.shape,
    complete,
    flightMs: 1_000,
  });
  const pending: Promise<unknown>[] = [];
  // Hot entries outlive a test.
  const clientId = crypto.randomUUID();

  async function ask(fields: object = {}, reserve: ChatContext['reserve'] = null) {
    const log = createRequestLog();
    const body = JSON.stringify({
      model: 'step-3.5-flash',
      messages: [{ role: 'user', content: 'Hello' }],
      ...fields,
    });
    const init: object = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([body]).stream(),
      duplex: 'half',
    };
    const response = await chatResponse(new Request('https://gateway.example/', init), {
      id: 'id',
      startedAtMs: Date.now(),
      config,
      log,
      clientId,
      upstreamKey: null,
      stepfun,
      reserve,
      cache,
      gate: null,
      chat: config.chat,
      waitUntil: (work) => void pending.push(work),
    });
    return { response, text: await response.text(), log, status: response.headers.get('cache-status') };
  }

  async function settle(): Promise<void> {
    while (pending.length > 0) await Promise.all(pending.splice(0));
  }
  return { ask, asked, answers, kv, settle };
}

/** A reservation of these tokens, and what it was settled with. */
function reservation(maxTokens = 9, isLowered = false) {
  const settled = vi.fn<(tokens: number) => void>();
  const reserved: Reservation = {
    ref: {
      client: { id: 'key:app', name: 'app' },
      day: 1,
      call: { id: 'call', lapsesAtMs: 1 },
      limit: 100,
      promptTokens: 5,
    },
    maxTokens,
    isLowered,
    promptTokens: 5,
    headers: { 'x-ratelimit-remaining-tokens': '1' },
    settle: async (tokens) => {
      settled(tokens);
      return { 'x-ratelimit-remaining-tokens': '0' };
    },
  };
  return { reserve: async () => reserved, settled };
}

const messageOf = (text: string) =>
  (JSON.parse(text) as { choices: { message: Record<string, unknown> }[] }).choices[0]?.message;

describe('a request without max_tokens', () => {
  it.each([true, false])('is sent without, as long as its budget has room (stream: %s)', async (stream) => {
    const { ask, asked } = gateway();
    const { response } = await ask({ stream }, reservation(32_768).reserve);
    expect(asked[0]).not.toHaveProperty('max_tokens');
    expect(response.headers.has('x-adjusted-params')).toBe(false);
  });
});

describe('a whole answer', () => {
  it('comes from StepFun, then from the cache, with the same body', async () => {
    const { ask, asked, settle } = gateway();
    const miss = await ask();
    await settle();
    const hit = await ask();
    expect(miss).toMatchObject({
      status: 'stepfun-edge; fwd=miss; stored',
      log: { cache: 'miss', attempts: 1 },
    });
    expect(hit).toMatchObject({
      status: expect.stringContaining('; hit;'),
      log: { cache: 'hit', attempts: 0 },
    });
    expect(hit.text).toBe(miss.text);
    expect(hit.response.headers.get('age')).toBe('0');
    expect(hit.log.usage).toEqual(miss.log.usage);
    expect(asked).toHaveLength(1);
  });

  it.each(FORMATS)('has its reasoning as %s, be it from StepFun or from the cache', async (format) => {
    const { ask } = gateway();
    const names = { general: ['reasoning'], 'deepseek-style': ['reasoning_content'], hidden: [] }[format];
    for (let i = 0; i < 2; i++) {
      const message = messageOf((await ask({ reasoning_format: format })).text) ?? {};
      expect(Object.keys(message).filter((name) => name.startsWith('reasoning'))).toEqual(names);
    }
  });

  it('from the cache is not parsed as general', async () => {
    const { ask } = gateway();
    await ask();
    const parse = vi.spyOn(JSON, 'parse');
    await ask();
    expect(parse.mock.calls.filter(([json]) => json.includes('Answer 1'))).toEqual([]);
    parse.mockRestore();
  });

  it('costs its client what StepFun counted; one from the cache nothing', async () => {
    const { ask, asked } = gateway();
    const { reserve, settled } = reservation(9, true);
    const { response } = await ask({}, reserve);
    expect(asked).toMatchObject([{ max_tokens: 9 }]);
    expect(settled).toHaveBeenCalledExactlyOnceWith(259);
    expect(response.headers.get('x-ratelimit-remaining-tokens')).toBe('0');
    await ask({}, () => Promise.reject(new Error('not asked')));
  });
});

describe('a stream from the cache', () => {
  it.each(FORMATS)('is replayed in the format %s', async (format) => {
    const { ask, asked } = gateway();
    await ask();
    const { text, response, log } = await ask({ stream: true, reasoning_format: format });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(text.includes('"reasoning"')).toBe(format === 'general');
    expect(text.includes('"reasoning_content"')).toBe(format === 'deepseek-style');
    expect(log).toMatchObject({ cache: 'hit', bytes: new TextEncoder().encode(text).length });
    expect(asked).toHaveLength(1);
  });
});

describe('a stream from StepFun', () => {
  it('is told to the log and the budget when it has ended', async () => {
    const { ask } = gateway();
    const { reserve, settled } = reservation();
    const { log, text, status } = await ask({ stream: true }, reserve);
    await log.streamEnd;
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(status).toBe('stepfun-edge; fwd=miss');
    expect(log).toMatchObject({ outcome: 'completed', finishReasons: ['stop'], usage: { totalTokens: 9 } });
    expect(settled).toHaveBeenCalledExactlyOnceWith(9);
  });

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

  it('that was cut is an error event, costs at least its prompt, and is not stored', async () => {
    const { ask, kv, settle } = gateway({ CACHE_STREAMS: 'write' }, STREAM.slice(0, 2));
    const { reserve, settled } = reservation();
    const { log, text } = await ask({ stream: true }, reserve);
    await log.streamEnd;
    await settle();
    expect(text).toContain('"code":"upstream_truncated"');
    expect(log).toMatchObject({ outcome: 'upstream_truncated', code: 'upstream_truncated' });
    expect(settled).toHaveBeenCalledExactlyOnceWith(5);
    expect(kv.entries.size).toBe(0);
  });

  it('without its sentinel is whole, and stored', async () => {
    const { ask, kv, settle } = gateway({ CACHE_STREAMS: 'write' }, STREAM);
    expect((await ask({ stream: true })).text).toMatch(/data: \[DONE\]\n\n$/);
    await settle();
    expect(kv.entries.size).toBe(1);
  });

  it('that fails before its first event is thrown, and costs its prompt', async () => {
    const { ask } = gateway({}, ['data: <html>\n\n']);
    const { reserve, settled } = reservation();
    await expect(ask({ stream: true }, reserve)).rejects.toMatchObject({ code: 'upstream_malformed' });
    expect(settled).toHaveBeenCalledExactlyOnceWith(5);
  });
});

describe('a stale entry', () => {
  async function stale() {
    const made = gateway();
    await made.ask();
    await made.settle();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_605_000 });
    return made;
  }

  it.each([true, false])('answers, and is refreshed as a whole answer (stream: %s)', async (stream) => {
    const { ask, asked, settle } = await stale();
    const { text, status } = await ask({ stream });
    expect(status).toMatch(/^stepfun-edge; hit; ttl=-[56]$/);
    expect(text).toContain('er 1');
    await settle();
    expect(asked).toHaveLength(2);
    expect(asked[1]).not.toHaveProperty('stream');
    expect((await ask()).text).toContain('Answer 2');
    vi.useRealTimers();
  });

  it('is refreshed at the cost of its client', async () => {
    const { ask, asked, settle } = await stale();
    const { reserve, settled } = reservation(9, true);
    await ask({}, reserve);
    await settle();
    expect(asked[1]).toMatchObject({ max_tokens: 9 });
    expect(settled).toHaveBeenCalledExactlyOnceWith(259);
    vi.useRealTimers();
  });

  it('costs its client the prompt when its refresh is ended, since StepFun was asked', async () => {
    const logged = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { ask, asked, answers, settle } = await stale();
    answers.hang = true;
    const ending = new AbortController();
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(ending.signal);
    const { reserve, settled } = reservation();
    const { log } = await ask({}, reserve);
    expect(timeout).toHaveBeenCalledExactlyOnceWith(REFRESH_MS);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    ending.abort(new DOMException('late', 'TimeoutError'));
    await settle();
    expect(settled).toHaveBeenCalledExactlyOnceWith(5);
    expect(log).toMatchObject({ cache: 'hit', attempts: 0 });
    timeout.mockRestore();
    logged.mockRestore();
    vi.useRealTimers();
  });

  it('is not refreshed for a client without budget, whom it still answers', async () => {
    const logged = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { ask, asked, settle } = await stale();
    const { response } = await ask({}, () => Promise.reject(new GatewayError('insufficient_quota')));
    expect(response.status).toBe(200);
    await settle();
    expect(asked).toHaveLength(1);
    expect(logged).toHaveBeenCalledOnce();
    logged.mockRestore();
    vi.useRealTimers();
  });
});
