// Cases of a lookup that cache.test.ts lacks: completions to replay, and the key and TTL of a miss.

import { beforeEach, describe, expect, it } from 'vitest';
import { createEntry } from '../../../src/cache/entry.ts';
import { cacheKey } from '../../../src/cache/key.ts';
import { lookUp, type LookupOptions } from '../../../src/cache/lookup.ts';
import { readReplayable } from '../../../src/cache/replay.ts';
import { fakeKv, type FakeKv } from './fakes.ts';
import { NOT_REPLAYABLE, answer, cacheControl, cacheableRequest, completed } from './samples.ts';

const BASE_URL = 'https://api.stepfun.ai/v1';
let kv: FakeKv;

beforeEach(() => {
  kv = fakeKv();
});

function optionsWith(settings: Partial<LookupOptions['settings']> = {}): LookupOptions {
  return {
    kv: kv.namespace,
    settings: { ttlSeconds: 3_600, scope: 'client', streams: 'read', staleSeconds: 600, ...settings },
    upstream: { baseUrl: BASE_URL, keySource: 'gateway' },
    shape: 'openai',
  };
}

/** KV holds this completion under every key. */
function holds(body: string, ageSeconds = 0): void {
  const bytes = new TextEncoder().encode(body);
  const { value } = createEntry({ bytes, usage: null }, 3_600, Date.now() - ageSeconds * 1_000);
  kv.get = async () => value.slice().buffer;
}

const anyRequest = (stream: boolean) => cacheableRequest(crypto.randomUUID(), { stream });

describe('a miss', () => {
  it('has the key and the TTL to store under', async () => {
    const found = await lookUp(optionsWith(), cacheableRequest('Hello'), 'key:app', cacheControl());
    const parts = { shape: 'openai', baseUrl: BASE_URL, clientId: 'key:app', canonical: ['Hello'] } as const;
    expect(found).toEqual({
      kind: 'miss',
      key: await cacheKey(parts),
      ttl: 3_600,
      maxAge: null,
      cacheStatus: 'stepfun-edge; fwd=miss',
    });
  });

  it.each([
    ['client', '60', 60],
    ['client', '7200', 7_200],
    ['shared', '60', 60],
    // Others would be answered from it.
    ['shared', '7200', 3_600],
  ] as const)('CACHE_SCOPE=%s, X-Cache-TTL: %s: %i s', async (scope, header, ttl) => {
    const control = cacheControl({ 'x-cache-ttl': header });
    expect(await lookUp(optionsWith({ scope }), anyRequest(false), 'key:app', control)).toMatchObject({
      ttl,
    });
  });

  it.each([
    ['max-age=5', 5],
    ['no-cache', -1],
  ])('%s: the oldest answer that will do is %i s old', async (directives, maxAge) => {
    const control = cacheControl({ 'cache-control': directives });
    expect(await lookUp(optionsWith(), anyRequest(false), 'key:app', control)).toMatchObject({ maxAge });
  });
});

describe('a hit for a stream', () => {
  it('has the completion to replay', async () => {
    holds(answer());
    expect(await lookUp(optionsWith(), anyRequest(true), 'key:app', cacheControl())).toMatchObject({
      kind: 'hit',
      replayable: readReplayable(completed(answer(), { shape: 'stepfun' }).bytes),
    });
  });

  it.each(NOT_REPLAYABLE.slice(0, 12))('is none where that can’t be sent: %s', async (_, body) => {
    for (const ageSeconds of [0, 3_700]) {
      holds(body, ageSeconds);
      const request = anyRequest(true);
      for (const from of ['KV', 'memory']) {
        const found = await lookUp(optionsWith(), request, 'key:app', cacheControl());
        expect(found, from).toMatchObject({ kind: 'miss', cacheStatus: 'stepfun-edge; fwd=miss' });
      }
    }
  });

  it('is none where the entry is garbage behind a sound head', async () => {
    holds('garbage');
    expect(await lookUp(optionsWith(), anyRequest(true), 'key:app', cacheControl())).toMatchObject({
      kind: 'miss',
    });
  });
});

it('a hit for a whole answer is not parsed', async () => {
  holds('garbage');
  expect(await lookUp(optionsWith(), anyRequest(false), 'key:app', cacheControl())).toMatchObject({
    kind: 'hit',
    replayable: null,
    refresh: null,
  });
});
