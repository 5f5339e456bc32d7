// The chat handler with a fake StepFun: answers from the cache and their refresh, whole answers,
// and what each costs its client.

import { beforeAll, describe, expect, it, vi } from 'vitest';
import { REFRESH_MS } from '../../../src/config/limits.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import { FORMATS } from '../cache/samples.ts';
import { fakeWorkerdStreams } from '../relay/support.ts';
import { gateway, messageOf, reservation } from './support.ts';

beforeAll(fakeWorkerdStreams);

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
