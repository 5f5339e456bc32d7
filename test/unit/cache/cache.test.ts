import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CacheOptions } from '../../../src/cache/cache.ts';
import { parseCacheControl } from '../../../src/cache/control.ts';
import type { Hit, Question } from '../../../src/cache/lookup.ts';
import type { Completion, Order } from '../../../src/cache/completion.ts';
import type { ErrorCode } from '../../../src/http/errors.ts';
import { fakeFlights, fakeKv, type FakeKv } from './fakes.ts';
import { answer, completed, decode, encode } from './samples.ts';

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
let asked: Order[];
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

async function complete(order: Order): Promise<Completion> {
  asked.push(order);
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
    waitUntil: (work) => pending.push(work),
    ...rest,
  });
}

const question = (text = 'Hello', rest: Partial<Question> = {}): Question => ({
  canonical: () => [text],
  stream: false,
  remoteMedia: false,
  ...rest,
});

const order = (rest: Partial<Order> = {}): Order => ({
  body: encode('{}'),
  upstreamKey: null,
  choices: 1,
  capped: false,
  ...rest,
});

const control = (headers: Record<string, string> = {}) => parseCacheControl(new Headers(headers));

interface Way {
  readonly options?: Parameters<typeof cacheWith>[0];
  readonly question?: Question;
  readonly client?: string;
  readonly headers?: Record<string, string>;
  readonly order?: Order;
}

/** The handler's way, without the handler. */
async function ask(way: Way = {}): Promise<{ status: string; body: string; age: number | null }> {
  const cache = cacheWith(way.options);
  const found = await cache.lookup(way.question ?? question(), way.client ?? 'key:app', control(way.headers));
  if (found.kind === 'hit') {
    expect(found.isHot).toBe(found.cacheStatus.endsWith('; detail=memory'));
    if (found.refresh !== null) cache.refresh(found.refresh, (make) => make(way.order ?? order()));
    return { status: found.cacheStatus, body: decode(found.entry.completion), age: found.age };
  }
  const made = await cache.make(found, way.order ?? order(), new AbortController().signal);
  return { status: made.cacheStatus, body: decode(made.entry.completion), age: null };
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
  test('the first is stored, the second has the same body, its age and what is left', async () => {
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

  test('KV deletes the entry when it may serve nobody any more', async () => {
    await ask({ options: { staleSeconds: 600 } });
    await ask({ options: { staleSeconds: 600 }, question: question('b'), headers: { 'x-cache-ttl': '60' } });
    await settle();
    expect([...kv.entries.values()].map(({ expirationTtl }) => expirationTtl)).toEqual([4_200, 660]);
    expect([...kv.entries.keys()].every((key) => encode(key).length <= 512)).toBe(true);
  });

  test.each([
    ['a question', 'Hello'],
    ['a conversation', 'Hello '.repeat(5_000)],
  ])('a hot entry costs no KV read, and says so: %s', async (_, text) => {
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

  test('memory keeps nothing beyond its TTL', async () => {
    await ask({ headers: { 'x-cache-ttl': '60' } });
    await settle();
    vi.advanceTimersByTime(59_000);
    expect((await ask()).status).toBe('stepfun-edge; hit; ttl=1');
    vi.advanceTimersByTime(1_000);
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
  });

  test('a clock behind that of the machine that stored it makes nothing older or younger', async () => {
    await ask();
    await settle();
    isolate = await newIsolate();
    vi.setSystemTime(START_MS - 5_000);
    expect(await ask()).toMatchObject({ status: 'stepfun-edge; hit; ttl=3600', age: 0 });
  });

  test('X-Cache-TTL sets how long this answer is kept', async () => {
    await ask({ headers: { 'x-cache-ttl': '120' } });
    expect((await ask()).status).toBe('stepfun-edge; hit; ttl=120; detail=memory');
  });
});

describe('what is not stored', () => {
  test.each<[string, string, Partial<Order>]>([
    ['a filtered answer', answer({}, { finish_reason: 'content_filter' }), {}],
    ['an answer that does not say how it ended', answer({}, { finish_reason: null }), {}],
    ['an end that nobody knows', answer({}, { finish_reason: 'tired' }), {}],
    ['fewer choices than were asked for', answer(), { choices: 2 }],
    ["one that the client's own budget cut short", answer({}, { finish_reason: 'length' }), { capped: true }],
  ])('%s', async (_, body, rest) => {
    answers = [() => completed(body)];
    expect((await ask({ order: order(rest) })).status).toBe('stepfun-edge; fwd=miss');
    await settle();
    expect(kv.entries.size).toBe(0);
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
    expect(asked).toHaveLength(2);
  });

  test.each(['stop', 'length', 'tool_calls'])('but %s is', async (reason) => {
    answers = [() => completed(answer({}, { finish_reason: reason }))];
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
  });

  test('what a budget capped and did not cut short is', async () => {
    expect((await ask({ order: order({ capped: true }) })).status).toBe('stepfun-edge; fwd=miss; stored');
  });

  test('a failure', async () => {
    answers = [failure('upstream_unavailable')];
    await expect(ask()).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(pending).toEqual([]);
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
  });

  test('more than KV takes', async () => {
    answers = [() => completed(answer({ content: 'x'.repeat(25 * 1024 * 1024) }))];
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss');
    expect(pending).toEqual([]);
  });
});

describe('who passes by', () => {
  test.each<[string, Way]>([
    ['everybody, without KV', { options: { kv: undefined } }],
    ['everybody, with a TTL of 0', { options: { ttlSeconds: 0 } }],
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

  test('remote media do not, when the client says how long they are good for', async () => {
    const way = { question: question('Hello', { remoteMedia: true }), headers: { 'x-cache-ttl': '60' } };
    expect((await ask(way)).status).toBe('stepfun-edge; fwd=miss; stored');
    expect((await ask(way)).status).toBe('stepfun-edge; hit; ttl=60; detail=memory');
  });

  test('its canonical form is not even made', async () => {
    const canonical = vi.fn<Question['canonical']>(() => ['x']);
    await ask({ question: { ...question(), canonical }, headers: { 'cache-control': 'no-store' } });
    expect(canonical).not.toHaveBeenCalled();
  });
});

describe('what the client asks for', () => {
  test('no-cache: a new answer, which is stored', async () => {
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

  test.each([true, false])('max-age=N: nothing older, from memory (%s) or KV', async (hot) => {
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

  test.each<[string, Way]>([
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

  test('only-if-cached: the answer when there is one', async () => {
    await ask();
    expect((await ask({ headers: { 'cache-control': 'only-if-cached' } })).status).toMatch(
      'stepfun-edge; hit',
    );
  });
});

describe('past its TTL', () => {
  const stale: Way = { options: { staleSeconds: 600 } };
  test('without CACHE_STALE_SECONDS an entry serves no more', async () => {
    await ask(stale);
    await age(3_600);
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
  });

  test('it still serves, while one new answer is fetched behind it', async () => {
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

  test('it goes on serving while StepFun is down or rate-limits us, and asks again now and then', async () => {
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

  test('what memory still holds then is stale too, and refreshed', async () => {
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

  test('not for longer than it may', async () => {
    await ask(stale);
    await age(4_199);
    expect((await ask(stale)).status).toBe('stepfun-edge; hit; ttl=-599');
    isolate = await newIsolate();
    await age(1);
    answers = [() => completed(answer({ content: 'later' }))];
    // The refresh above has renewed it; an entry of its own age is as good as gone.
    for (const entry of kv.entries.values())
      new DataView(entry.value.buffer).setUint32(4, START_MS / 1_000, true);
    expect((await ask(stale)).status).toBe('stepfun-edge; fwd=miss; stored');
  });

  test('not for a client that names an age (RFC 9111 §5.2.1.1)', async () => {
    await ask(stale);
    await age(3_605);
    expect((await ask({ ...stale, headers: { 'cache-control': 'max-age=9999' } })).status).toBe(
      'stepfun-edge; fwd=miss; stored',
    );
  });

  test('only-if-cached gets it, and nobody is asked', async () => {
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
  const rubbish: [string, unknown][] = [
    ['text', 'rubbish'],
    ['an object', {}],
    ['nothing at all', undefined],
    ['no entry', new ArrayBuffer(100)],
    ['another layout', encode('SFE\u0009'.padEnd(100, '\0')).slice().buffer],
  ];

  test.each(rubbish)('%s is a miss and one log line', async (_, value) => {
    kv.get = async () => value;
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
    expect(logged.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', event: 'cache_read_failed' },
    ]);
  });

  test.each<[string, FakeKv['get']]>([
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

  test('a read that hangs is waited for 500 ms', async () => {
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

  test('a read that breaks after it was given up breaks nothing', async () => {
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

  test('a read in time leaves no timer behind', async () => {
    await ask();
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each<[string, FakeKv['put']]>([
    ['rejects', () => Promise.reject(new Error('KV PUT failed: 429 Too Many Requests'))],
    [
      'throws',
      () => {
        throw new TypeError('gone');
      },
    ],
  ])('a write that %s costs nobody anything but a log line', async (_, put) => {
    kv.put = put;
    const first = await ask();
    await settle();
    expect(logged.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', event: 'cache_write_failed' },
    ]);
    isolate = await newIsolate();
    expect((await ask()).body).not.toBe(first.body);
  });

  test('a write that hangs keeps nobody waiting', async () => {
    kv.put = () => never;
    expect((await ask()).status).toBe('stepfun-edge; fwd=miss; stored');
    expect(pending).toHaveLength(1);
  });
});

describe('privacy', () => {
  const cases: [string, Way, Way][] = [
    ['two clients', { client: 'key:one' }, { client: 'key:two' }],
    ['a client and one whose name goes on', { client: 'key:one' }, { client: 'key:one1' }],
    [
      'two clients who bring their own keys, although everything is shared',
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
      'a client alone and everybody',
      { client: 'key:one' },
      { client: 'key:one', options: { scope: 'shared' } },
    ],
    [
      'a client called like what all share',
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
  test.each(cases)('%s never share an entry, hot or cold', async (_, one, other) => {
    const first = await ask(one);
    expect((await ask(other)).body).not.toBe(first.body);
    await settle();
    isolate = await newIsolate();
    expect((await ask(one)).body).toBe(first.body);
    expect((await ask(other)).body).not.toBe(first.body);
    expect(asked).toHaveLength(2);
  });

  test('under CACHE_SCOPE=shared all do', async () => {
    const shared = { options: { scope: 'shared' } };
    const first = await ask({ ...shared, client: 'key:one' });
    expect(await ask({ ...shared, client: 'key:two' })).toMatchObject({ body: first.body, age: 0 });
  });

  test('no key and nothing of the client stands in KV', async () => {
    await ask({
      client: 'key:canary-client',
      order: order({ upstreamKey: 'sk-canary' }),
    });
    await settle();
    const stored = [...kv.entries].map(([key, { value }]) => key + decode(value.subarray(56))).join();
    expect(stored).not.toContain('canary');
    expect(stored).toContain('Answer 1');
  });
});

describe('with flights', () => {
  test('misses go by one, bypasses do not', async () => {
    const both = Promise.withResolvers<void>();
    const flights = fakeFlights({
      kv: kv.namespace,
      staleSeconds: 0,
      complete: async (order) => {
        await both.promise;
        return complete(order);
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

  test('no-cache is not answered by what has just landed', async () => {
    const flights = fakeFlights({ kv: kv.namespace, staleSeconds: 0, complete });
    const way = { question: question('anew'), options: { flights: flights.namespace } };
    await ask(way);
    const anew = await ask({ ...way, headers: { 'cache-control': 'no-cache' } });
    expect(anew.status).toBe('stepfun-edge; fwd=miss; stored');
    expect(asked).toHaveLength(2);
  });

  test.each<[string, () => Promise<Response>]>([
    ['is out of reach', () => Promise.reject(new Error('Durable Object reset because its code was updated'))],
    ['answers rubbish', async () => new Response('rubbish', { headers: { 'x-landed': '{}' } })],
    ['answers nothing', async () => new Response(null)],
    ['always says "again"', async () => new Response(null, { status: 425 })],
  ])('an object that %s: StepFun is asked without it', async (_, fetch) => {
    const flights = {
      idFromName: (name: string) => name,
      get: () => ({ fetch }),
    } as unknown as DurableObjectNamespace;
    expect((await ask({ options: { flights } })).status).toBe('stepfun-edge; fwd=miss; stored');
    expect(asked).toHaveLength(1);
  });

  test("a client's leaving is no trouble of the object: nobody is asked again", async () => {
    const flights = {
      idFromName: (name: string) => name,
      get: () => ({ fetch: () => Promise.reject(new Error('aborted')) }),
    } as unknown as DurableObjectNamespace;
    const cache = cacheWith({ flights });
    const found = await cache.lookup(question(), 'key:app', control());
    if (found.kind === 'hit') throw new Error('a hit');
    await expect(cache.make(found, order(), AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
    expect(asked).toEqual([]);
    expect(logged).toEqual([]);
  });

  test('a refresh goes by one too, and goes on without the client', async () => {
    const flights = fakeFlights({ kv: kv.namespace, staleSeconds: 600, complete });
    const way = { question: question('refresh'), options: { flights: flights.namespace, staleSeconds: 600 } };
    await ask(way);
    await Promise.all(flights.pending);
    vi.advanceTimersByTime(3_605_000);
    expect((await ask(way)).status).toBe('stepfun-edge; hit; ttl=-5');
    await settle();
    expect(asked).toHaveLength(2);
    expect(JSON.parse(flights.requests[1]!.headers.get('x-ticket')!)).toMatchObject({ detached: true });
    expect((await ask(way)).status).toBe('stepfun-edge; hit; ttl=3600; detail=memory');
  });
});

test('a hit knows what the answer cost', async () => {
  await ask();
  const found = (await cacheWith().lookup(question(), 'key:app', control())) as Hit;
  expect(found.entry.usage).toEqual({
    promptTokens: 83,
    cachedTokens: 3,
    completionTokens: 176,
    totalTokens: 259,
  });
});
