import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CacheOptions } from '../../../src/cache/cache.ts';
import type { CallContext, Completion, UpstreamRequest } from '../../../src/cache/upstream-call.ts';
import type { CacheableRequest } from '../../../src/cache/lookup.ts';
import type { ErrorCode } from '../../../src/http/errors.ts';
import { fakeFlights, fakeKv, type FakeKv } from './fakes.ts';
import {
  NOT_REPLAYABLE,
  REPLAYABLE,
  answer,
  cacheControl as control,
  cacheableRequest as question,
  completed,
  decode,
  encode,
  upstreamRequest as order,
} from './samples.ts';

const START_MS = 1_800_000_000_000;
const BASE_URL = 'https://api.stepfun.ai/v1';

/** A fresh isolate: nothing in memory. */
async function newIsolate() {
  vi.resetModules();
  const { createCache } = await import('../../../src/cache/cache.ts');
  const { GatewayError } = await import('../../../src/http/errors.ts');
  return { createCache, GatewayError };
}

let isolate: Awaited<ReturnType<typeof newIsolate>>;
let kv: FakeKv;
let pending: Promise<unknown>[];
let asked: UpstreamRequest[];
let answers: (() => Completion)[];
let logged: string[];

beforeEach(async () => {
  vi.useFakeTimers({ now: START_MS, toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  isolate = await newIsolate();
  kv = fakeKv();
  pending = [];
  asked = [];
  answers = [];
  logged = [];
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line: string) => void logged.push(line));
  }
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** As `complete` fails. */
function failure(code: ErrorCode): () => never {
  return () => {
    throw new isolate.GatewayError(code);
  };
}

const waitUntil = (work: Promise<unknown>) => void pending.push(work);

async function complete(request: UpstreamRequest): Promise<Completion> {
  asked.push(request);
  const next = answers.shift();
  return next === undefined
    ? completed(answer({ content: `Answer ${asked.length}`, reasoning: 'Hm' }))
    : next();
}

function cacheWith(
  options: Partial<CacheOptions> & { [setting in keyof CacheOptions['settings']]?: unknown } = {},
) {
  const { ttlSeconds = 3_600, scope = 'client', streams = 'read', staleSeconds = 0, ...rest } = options;
  return isolate.createCache({
    kv: kv.namespace,
    flights: undefined,
    settings: { ttlSeconds, scope, streams, staleSeconds } as CacheOptions['settings'],
    upstream: { baseUrl: BASE_URL, keySource: 'gateway' },
    shape: 'openai',
    complete,
    flightMs: 600_000,
    ...rest,
  });
}

interface Way {
  readonly options?: Parameters<typeof cacheWith>[0];
  readonly question?: CacheableRequest;
  readonly client?: string;
  readonly headers?: Record<string, string>;
  readonly order?: UpstreamRequest;
}

/** The handler's way, without the handler. */
async function ask(way: Way = {}): Promise<{ status: string; body: string; age: number | null }> {
  const cache = cacheWith(way.options);
  const found = await cache.lookup(way.question ?? question(), way.client ?? 'key:app', control(way.headers));
  if (found.kind === 'hit') {
    const { refresh } = found;
    if (refresh !== null) {
      const { signal } = new AbortController();
      const work = () =>
        cache.complete(refresh, { ...(way.order ?? order()), isBackground: true }, call(signal));
      cache.refresh(refresh, work, waitUntil);
    }
    return { status: found.cacheStatus, body: decode(found.entry.completion), age: found.age };
  }
  const { signal } = new AbortController();
  const completion = await cache.complete(found, way.order ?? order(), call(signal));
  return { status: completion.cacheStatus, body: decode(completion.entry.completion), age: null };
}

function call(signal: AbortSignal): CallContext {
  return { signal, waitUntil, onAttempt: () => {} };
}

async function settle(): Promise<void> {
  while (pending.length > 0) await Promise.all(pending.splice(0));
}

/** Lets time pass once everything is stored. */
async function age(seconds: number): Promise<void> {
  await settle();
  vi.advanceTimersByTime(seconds * 1_000);
}

describe('a miss and a hit', () => {
  it('the first is stored, the second has the same body, its age and its TTL', async () => {
    const first = await ask();
    expect(first.status).toBe('stepfun-edge; fwd=miss; stored');
    await settle();
    isolate = await newIsolate();
    vi.advanceTimersByTime(10_000);
    const second = await ask();
    expect(second).toEqual({ status: 'stepfun-edge; hit; ttl=3590', body: first.body, age: 10 });
    expect(asked).toHaveLength(1);
    expect(logged).toEqual([]);
  });

  it('KV deletes an entry when it can serve no more', async () => {
    await ask({ options: { staleSeconds: 600 } });
    await ask({ options: { staleSeconds: 600 }, question: question('b'), headers: { 'x-cache-ttl': '60' } });
    await settle();
    expect([...kv.entries.values()].map(({ expirationTtl }) => expirationTtl)).toEqual([4_200, 660]);
    expect([...kv.entries.keys()].every((key) => encode(key).length <= 512)).toBe(true);
  });

  it.each([
    ['a question', 'Hello'],
    ['a conversation', 'Hello '.repeat(5_000)],
  ])('a hot entry costs no KV read, and the status tells it: %s', async (_, text) => {
    const way = { question: question(text) };
    const first = await ask(way);
    const second = await ask(way);
    expect(second).toEqual({
      status: 'stepfun-edge; hit; ttl=3600; detail=memory',
      body: first.body,
      age: 0,
    });
    expect(kv.reads).toHaveLength(1);
    await settle();
    vi.advanceTimersByTime(30_000);
    expect((await ask(way)).status).toBe('stepfun-edge; hit; ttl=3570');
    expect((await ask(way)).status).toBe('stepfun-edge; hit; ttl=3570; detail=memory');
    expect(kv.reads).toHaveLength(2);
  });

  it('a hot entry does not serve beyond its TTL', async () => {
    await ask({ headers: { 'x-cache-ttl': '60' } });
    await settle();
    vi.advanceTimersByTime(59_000);
    expect((await ask()).status).toBe('stepfun-edge; hit; ttl=1');
    vi.advanceTimersByTime(1_000);
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
  });

  it('a clock behind the one of the machine that stored an entry changes nothing', async () => {
    await ask();
    await settle();
    isolate = await newIsolate();
    vi.setSystemTime(START_MS - 5_000);
    expect(await ask()).toMatchObject({ status: 'stepfun-edge; hit; ttl=3600', age: 0 });
  });

  it('X-Cache-TTL sets the TTL of this answer', async () => {
    await ask({ headers: { 'x-cache-ttl': '120' } });
    expect((await ask()).status).toBe('stepfun-edge; hit; ttl=120; detail=memory');
  });
});

describe('an answer is not stored', () => {
  it.each<[string, string, Partial<UpstreamRequest>]>([
    ['a filtered answer', answer({}, { finish_reason: 'content_filter' }), {}],
    ['an answer without a finish_reason', answer({}, { finish_reason: null }), {}],
    ['an unknown finish_reason', answer({}, { finish_reason: 'tired' }), {}],
    ['fewer choices than were asked for', answer(), { choices: 2 }],
    [
      "one that the client's own budget cut short",
      answer({}, { finish_reason: 'length' }),
      { isCapped: true },
    ],
  ])('%s', async (_, body, rest) => {
    answers = [() => completed(body)];
    expect((await ask({ order: order(rest) })).status).toBe('stepfun-edge; fwd=miss');
    await settle();
    expect(kv.entries.size).toBe(0);
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
    expect(asked).toHaveLength(2);
  });

  it.each(['stop', 'length', 'tool_calls'])('but one that ended with %s is', async (reason) => {
    answers = [() => completed(answer({}, { finish_reason: reason }))];
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
  });

  it('but one that a budget capped and did not cut short is', async () => {
    expect((await ask({ order: order({ isCapped: true }) })).status).toBe('stepfun-edge; fwd=miss; stored');
  });

  it('a failure', async () => {
    answers = [failure('upstream_unavailable')];
    await expect(ask()).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(pending).toEqual([]);
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
  });
});

describe('a bypass', () => {
  it.each<[string, Way]>([
    ['without KV', { options: { kv: undefined } }],
    ['with a TTL of 0', { options: { ttlSeconds: 0 } }],
    [
      'X-Cache-TTL does not switch on what is off',
      { options: { ttlSeconds: 0 }, headers: { 'x-cache-ttl': '60' } },
    ],
    ['no-store', { headers: { 'cache-control': 'no-store' } }],
    [
      'no-store, whatever else',
      { headers: { 'cache-control': 'max-age=60, no-store', 'x-cache-ttl': '60' } },
    ],
    ['remote media', { question: question('Hello', { remoteMedia: true }) }],
    [
      'a stream, under CACHE_STREAMS=off',
      { options: { streams: 'off' }, question: question('Hello', { stream: true }) },
    ],
  ])('%s', async (_, way) => {
    await ask();
    await settle();
    expect((await ask(way)).status).toBe('stepfun-edge; fwd=bypass');
    expect(pending).toEqual([]);
    expect(kv.reads).toHaveLength(1);
    expect(asked).toHaveLength(2);
  });

  it('remote media are cached when the client sets a TTL', async () => {
    const way = { question: question('Hello', { remoteMedia: true }), headers: { 'x-cache-ttl': '60' } };
    expect((await ask(way)).status).toBe('stepfun-edge; fwd=miss; stored');
    expect((await ask(way)).status).toBe('stepfun-edge; hit; ttl=60; detail=memory');
  });

  it('makes no canonical form', async () => {
    const canonical = vi.fn<CacheableRequest['canonical']>(() => ['x']);
    await ask({ question: { ...question(), canonical }, headers: { 'cache-control': 'no-store' } });
    expect(canonical).not.toHaveBeenCalled();
  });
});

describe('request directives', () => {
  it('no-cache: a new answer, which is stored', async () => {
    await ask();
    const anew = await ask({ headers: { 'cache-control': 'no-cache' } });
    expect(anew.status).toBe('stepfun-edge; fwd=miss; stored');
    expect(kv.reads).toHaveLength(1);
    await settle();
    expect((await ask()).body).toBe(anew.body);
    isolate = await newIsolate();
    expect((await ask()).body).toBe(anew.body);
    expect(asked).toHaveLength(2);
  });

  it.each([true, false])('max-age=N: nothing older, from memory (%s) or KV', async (hot) => {
    await ask();
    await settle();
    vi.advanceTimersByTime(10_000);
    if (!hot) isolate = await newIsolate();
    expect((await ask({ headers: { 'cache-control': 'max-age=10' } })).status).toMatch(
      /^stepfun-edge; hit; ttl=3590/,
    );
    if (!hot) isolate = await newIsolate();
    const anew = await ask({ headers: { 'cache-control': 'max-age=9' } });
    expect(anew.status).toBe('stepfun-edge; fwd=miss; stored');
    expect((await ask()).body).toBe(anew.body);
  });

  it.each<[string, Way]>([
    ['there is nothing', {}],
    ['the cache is off', { options: { ttlSeconds: 0 } }],
    ['it may not be read', { headers: { 'cache-control': 'only-if-cached, no-cache' } }],
    ['nor written', { headers: { 'cache-control': 'only-if-cached, no-store' } }],
  ])('only-if-cached: 504 when %s', async (_, way) => {
    await expect(ask({ headers: { 'cache-control': 'only-if-cached' }, ...way })).rejects.toMatchObject({
      code: 'cache_miss',
      status: 504,
      retry: false,
    });
    expect(asked).toEqual([]);
  });

  it('only-if-cached: the answer when there is one', async () => {
    await ask();
    expect((await ask({ headers: { 'cache-control': 'only-if-cached' } })).status).toMatch(
      'stepfun-edge; hit',
    );
  });
});

describe('past its TTL', () => {
  const stale: Way = { options: { staleSeconds: 600 } };
  it('without CACHE_STALE_SECONDS an entry serves no more', async () => {
    await ask(stale);
    await age(3_600);
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
  });

  it('an entry still serves, while one new answer is fetched in the background', async () => {
    const first = await ask(stale);
    await age(3_605);
    const second = await ask(stale);
    expect(second).toEqual({ status: 'stepfun-edge; hit; ttl=-5', body: first.body, age: 3_605 });
    expect((await ask(stale)).status).toMatch('stepfun-edge; hit');
    await settle();
    expect(asked).toHaveLength(2);
    const third = await ask(stale);
    expect(third.status).toBe('stepfun-edge; hit; ttl=3600; detail=memory');
    expect(third.body).not.toBe(first.body);
  });

  it('an entry serves while StepFun fails, which is asked again after HOT_ENTRY_MS', async () => {
    const first = await ask(stale);
    await age(3_605);
    answers = [failure('upstream_rate_limited')];
    for (let i = 0; i < 5; i++) expect((await ask(stale)).body).toBe(first.body);
    await settle();
    expect(asked).toHaveLength(2);
    expect(logged.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'cache_refresh_failed', code: 'upstream_rate_limited' },
    ]);
    await age(30);
    expect((await ask(stale)).status).toBe('stepfun-edge; hit; ttl=-35');
    expect(asked).toHaveLength(3);
  });

  it('a hot entry is stale, too, and refreshed', async () => {
    const way: Way = { ...stale, headers: { 'x-cache-ttl': '60' } };
    const first = await ask(way);
    await age(40);
    isolate = await newIsolate();
    // From here on it is in memory, for 30 s …
    expect((await ask(way)).status).toBe('stepfun-edge; hit; ttl=20');
    await age(19);
    expect((await ask(way)).status).toBe('stepfun-edge; hit; ttl=1; detail=memory');
    // … which are more than it is fresh for.
    await age(2);
    expect(await ask(way)).toEqual({ status: 'stepfun-edge; hit; ttl=-1', body: first.body, age: 61 });
    await settle();
    expect(asked).toHaveLength(2);
    const renewed = await ask(way);
    expect(renewed.status).toBe('stepfun-edge; hit; ttl=60; detail=memory');
    expect(renewed.body).not.toBe(first.body);
  });

  it('an entry serves no longer than CACHE_STALE_SECONDS', async () => {
    await ask(stale);
    await age(4_199);
    expect((await ask(stale)).status).toBe('stepfun-edge; hit; ttl=-599');
    isolate = await newIsolate();
    await age(1);
    answers = [() => completed(answer({ content: 'later' }))];
    // The refresh above has renewed it; an entry of its own age is as good as gone.
    for (const entry of kv.entries.values()) {
      const [head = '', ...completion] = decode(entry.value).split('\n');
      const old = { ...JSON.parse(head), storedAtSeconds: START_MS / 1_000 };
      entry.value = encode([JSON.stringify(old), ...completion].join('\n'));
    }
    expect((await ask(stale)).status).toBe('stepfun-edge; fwd=miss; stored');
  });

  it('an entry does not serve a client that sends max-age (RFC 9111 §5.2.1.1)', async () => {
    await ask(stale);
    await age(3_605);
    expect((await ask({ ...stale, headers: { 'cache-control': 'max-age=9999' } })).status).toBe(
      'stepfun-edge; fwd=miss; stored',
    );
  });

  it('only-if-cached gets it, and StepFun is not asked', async () => {
    await ask(stale);
    await age(3_605);
    expect((await ask({ ...stale, headers: { 'cache-control': 'only-if-cached' } })).status).toBe(
      'stepfun-edge; hit; ttl=-5',
    );
    await settle();
    expect(asked).toHaveLength(1);
  });
});

describe('KV in trouble', () => {
  const { promise: never } = Promise.withResolvers<never>();
  const garbage: [string, unknown][] = [
    ['text', 'garbage'],
    ['an object', {}],
    ['nothing at all', undefined],
    ['no entry', new ArrayBuffer(100)],
    ['a completion alone', encode(answer()).slice().buffer],
  ];

  it.each(garbage)('%s is a miss and one log line', async (_, value) => {
    kv.get = async () => value;
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
    expect(logged.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', event: 'cache_read_failed' },
    ]);
  });

  it.each<[string, FakeKv['get']]>([
    ['rejects', () => Promise.reject(new Error('KV GET failed: 500'))],
    [
      'throws',
      () => {
        throw new TypeError('gone');
      },
    ],
  ])('a read that %s is a miss and one log line', async (_, get) => {
    kv.get = get;
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
    expect(logged).toHaveLength(1);
  });

  it('a read that hangs is waited for 500 ms', async () => {
    const reading = Promise.withResolvers<void>();
    kv.get = () => {
      reading.resolve();
      return never;
    };
    const asking = ask();
    await reading.promise;
    await vi.advanceTimersByTimeAsync(499);
    expect(asked).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect((await asking).status).toBe('stepfun-edge; fwd=miss; stored');
    expect(logged).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a read that fails after its time is over changes nothing', async () => {
    const late = Promise.withResolvers<never>();
    const reading = Promise.withResolvers<void>();
    kv.get = () => {
      reading.resolve();
      return late.promise;
    };
    const asking = ask();
    await reading.promise;
    await vi.advanceTimersByTimeAsync(500);
    late.reject(new Error('late'));
    expect((await asking).status).toBe('stepfun-edge; fwd=miss; stored');
  });

  it('a read in time leaves no timer behind', async () => {
    await ask();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each<[string, FakeKv['put']]>([
    ['rejects', () => Promise.reject(new Error('KV PUT failed: 429 Too Many Requests'))],
    [
      'throws',
      () => {
        throw new TypeError('gone');
      },
    ],
  ])('a write that %s is one log line', async (_, put) => {
    kv.put = put;
    const first = await ask();
    await settle();
    expect(logged.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', event: 'cache_write_failed' },
    ]);
    isolate = await newIsolate();
    expect((await ask()).body).not.toBe(first.body);
  });

  it('a write that hangs delays no answer', async () => {
    kv.put = () => never;
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
    expect(pending).toHaveLength(1);
  });
});

describe('privacy', () => {
  const cases: [string, Way, Way][] = [
    ['two clients', { client: 'key:one' }, { client: 'key:two' }],
    ['a client and one whose id begins with its id', { client: 'key:one' }, { client: 'key:one1' }],
    [
      'two clients with StepFun keys of their own, under CACHE_SCOPE=shared',
      {
        client: 'stepfun:1',
        options: { scope: 'shared', upstream: { baseUrl: BASE_URL, keySource: 'client' } },
      },
      {
        client: 'stepfun:2',
        options: { scope: 'shared', upstream: { baseUrl: BASE_URL, keySource: 'client' } },
      },
    ],
    [
      'a client alone and all clients',
      { client: 'key:one' },
      { client: 'key:one', options: { scope: 'shared' } },
    ],
    [
      'a client whose id is the name of the shared scope',
      { client: 'shared' },
      { client: 'key:two', options: { scope: 'shared' } },
    ],
    [
      'two upstreams',
      {},
      { options: { upstream: { baseUrl: 'https://b.example/v1', keySource: 'gateway' } } },
    ],
    ['two shapes', {}, { options: { shape: 'stepfun' } }],
    ['two questions', {}, { question: question('Hello?') }],
  ];
  it.each(cases)('%s never share an entry, hot or in KV', async (_, one, other) => {
    const first = await ask(one);
    expect((await ask(other)).body).not.toBe(first.body);
    await settle();
    isolate = await newIsolate();
    expect((await ask(one)).body).toBe(first.body);
    expect((await ask(other)).body).not.toBe(first.body);
    expect(asked).toHaveLength(2);
  });

  it('under CACHE_SCOPE=shared all clients share it', async () => {
    const shared = { options: { scope: 'shared' } };
    const first = await ask({ ...shared, client: 'key:one' });
    expect(await ask({ ...shared, client: 'key:two' })).toMatchObject({ body: first.body, age: 0 });
  });

  it('no key and nothing about the client is in KV', async () => {
    await ask({
      client: 'key:canary-client',
      order: order({ upstreamKey: 'sk-canary' }),
    });
    await settle();
    const stored = [...kv.entries].map(([key, { value }]) => key + decode(value)).join();
    expect(stored).not.toContain('canary');
    expect(stored).toContain('Answer 1');
  });
});

describe('with flights', () => {
  it('misses are joined, bypasses are not', async () => {
    const both = Promise.withResolvers<void>();
    const flights = fakeFlights({
      kv: kv.namespace,
      staleSeconds: 0,
      settle: async () => {},
      complete: async (request) => {
        await both.promise;
        return complete(request);
      },
    });
    const options = { flights: flights.namespace };
    const asking = [ask({ options }), ask({ options })];
    await vi.waitUntil(() => flights.requests.length === 2);
    both.resolve();
    const two = await Promise.all(asking);
    expect(new Set(two.map(({ status }) => status))).toEqual(
      new Set(['stepfun-edge; fwd=miss; stored', 'stepfun-edge; fwd=miss; collapsed']),
    );
    expect(asked).toHaveLength(1);
    await ask({ options, headers: { 'cache-control': 'no-store' } });
    expect(asked).toHaveLength(2);
  });

  it('no-cache is not answered by a flight that has just ended', async () => {
    const flights = fakeFlights({ kv: kv.namespace, staleSeconds: 0, settle: async () => {}, complete });
    const way = { question: question('anew'), options: { flights: flights.namespace } };
    await ask(way);
    const anew = await ask({ ...way, headers: { 'cache-control': 'no-cache' } });
    expect(anew.status).toBe('stepfun-edge; fwd=miss; stored');
    expect(asked).toHaveLength(2);
  });

  it.each<[string, () => Promise<Response>]>([
    ['is out of reach', () => Promise.reject(new Error('Durable Object reset because its code was updated'))],
    ['answers garbage', async () => new Response('garbage', { headers: { 'x-flight-result': '{}' } })],
    ['answers nothing', async () => new Response(null)],
    ['always tells the caller to retry', async () => new Response(null, { status: 425 })],
  ])('an object that %s: StepFun is asked without it', async (_, fetch) => {
    const flights = {
      idFromName: (name: string) => name,
      get: () => ({ fetch }),
    } as unknown as DurableObjectNamespace;
    expect((await ask({ options: { flights } })).status).toBe('stepfun-edge; fwd=miss; stored');
    expect(asked).toHaveLength(1);
  });

  it('a client that leaves is no failure of the object: StepFun is not asked again', async () => {
    const flights = {
      idFromName: (name: string) => name,
      get: () => ({ fetch: () => Promise.reject(new Error('aborted')) }),
    } as unknown as DurableObjectNamespace;
    const cache = cacheWith({ flights });
    const found = await cache.lookup(question(), 'key:app', control());
    if (found.kind === 'hit') throw new Error('a hit');
    const left = AbortSignal.abort(new Error('left'));
    await expect(cache.complete(found, order(), call(left))).rejects.toThrow('left');
    expect(asked).toEqual([]);
    expect(logged).toEqual([]);
  });

  it('a refresh is joined, too, and goes on without the client', async () => {
    const flights = fakeFlights({ kv: kv.namespace, staleSeconds: 600, settle: async () => {}, complete });
    const way = { question: question('refresh'), options: { flights: flights.namespace, staleSeconds: 600 } };
    await ask(way);
    await Promise.all(flights.pending);
    vi.advanceTimersByTime(3_605_000);
    expect((await ask(way)).status).toBe('stepfun-edge; hit; ttl=-5');
    await settle();
    expect(asked).toHaveLength(2);
    expect(JSON.parse(flights.requests[1]!.headers.get('x-flight-request')!)).toMatchObject({
      isBackground: true,
    });
    expect((await ask(way)).status).toBe('stepfun-edge; hit; ttl=3600; detail=memory');
  });
});

it('a hit has the usage of its answer', async () => {
  await ask();
  expect(await cacheWith().lookup(question(), 'key:app', control())).toMatchObject({
    entry: { usage: { promptTokens: 83, cachedTokens: 3, completionTokens: 176, totalTokens: 259 } },
  });
});

describe('streams', () => {
  const found = { kind: 'miss', key: 'k', ttl: 90, maxAge: null, cacheStatus: '' } as const;
  const bypass = { kind: 'bypass', cacheStatus: '' } as const;

  it.each(['off', 'read', 'write'])(
    'are stored under CACHE_STREAMS=%s or not, and never on a bypass',
    (streams) => {
      const cache = cacheWith({ streams });
      expect(cache.storesStream(found)).toBe(streams === 'write');
      expect(cache.storesStream(bypass)).toBe(false);
    },
  );

  it('are stored as the completion that they are', async () => {
    cacheWith({ staleSeconds: 10 }).storeStream(found, completed(answer()), order(), waitUntil);
    await settle();
    const [{ value, expirationTtl } = { value: encode(''), expirationTtl: 0 }] = kv.entries.values();
    expect(decode(value)).toContain('Hello!');
    expect(expirationTtl).toBe(100);
  });

  it.each<[string, string, Partial<UpstreamRequest>]>([
    ['a filtered one', answer({}, { finish_reason: 'content_filter' }), {}],
    ['fewer choices than were asked for', answer(), { choices: 2 }],
    ["one that the client's budget cut short", answer({}, { finish_reason: 'length' }), { isCapped: true }],
  ])('are not stored: %s', async (_, body, rest) => {
    cacheWith().storeStream(found, completed(body), order(rest), waitUntil);
    await settle();
    expect(kv.entries.size).toBe(0);
  });
});

describe.each([
  ['its Worker', false],
  ['a flight', true],
])('an answer that %s has got', (_, withFlights) => {
  async function askFor(body: string) {
    const options = {
      kv: kv.namespace,
      staleSeconds: 0,
      settle: async () => {},
      complete: async () => completed(body),
    };
    const flights = fakeFlights(options);
    const way: Way = {
      question: question(crypto.randomUUID()),
      options: { complete: options.complete, ...(withFlights && { flights: flights.namespace }) },
    };
    const asked = await ask(way);
    await Promise.all([...pending, ...flights.pending]);
    expect(asked.body).toBe(decode(completed(body).bytes));
    return asked.status;
  }

  it.each(NOT_REPLAYABLE.slice(0, -1))('goes to its client and is not stored: %s', async (_, body) => {
    expect(await askFor(body)).toBe('stepfun-edge; fwd=miss');
    expect(kv.entries.size).toBe(0);
  });

  it.each(REPLAYABLE)('is stored: %s', async (_, body) => {
    expect(await askFor(body)).toBe('stepfun-edge; fwd=miss; stored');
    expect(kv.entries.size).toBe(1);
  });
});
