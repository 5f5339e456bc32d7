import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findKeyHolder, findPolicy, hasWayIn, type KeyHolder } from '../../../src/access/client-store.ts';
import { matchesOrigin } from '../../../src/config/origins.ts';
import type { GatewayError } from '../../../src/http/errors.ts';
import { keyEntry, sha256, testKv, type TestKv } from './kv.ts';
import { admitted, captureLog, failure, refused, settings } from './support.ts';

const NOON = Date.parse('2026-11-22T12:00:00Z');
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const KEY = 'sfe-web-0123456789abcdefghijklmnopqrstuv';

let lines: string[];
let store: TestKv;

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
  lines = captureLog();
  store = testKv(keyEntry(KEY));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const find = (key = KEY) => findKeyHolder(sha256(key), store.kv);
const holder = async (entry: Record<string, unknown>): Promise<KeyHolder | GatewayError> => {
  store = testKv(keyEntry(KEY, entry));
  return find();
};
const down = () => Promise.reject(new Error('KV is down'));
const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a client key', () => {
  it('is found by its digest, with its limits', async () => {
    const limits = {
      models: ['step-3.7-flash'],
      tokens_per_day: 5,
      requests_per_minute: 6,
      max_output_tokens: 7,
    };
    const found = admitted(await holder({ name: 'shop', ...limits }));
    expect(found).toMatchObject({ name: 'shop', limits, origins: null });
    expect(store.reads).toEqual([`key:${sha256(KEY)}`]);
    expect(lines).toEqual([]);
  });

  it('may be bound to origins', async () => {
    const { origins } = admitted(
      await holder({ origins: ['https://app.example', 'https://*.app.pages.dev'] }),
    );
    if (origins === null) throw new Error('no origins');
    expect(matchesOrigin(origins, 'https://app.example')).toBe(true);
    expect(matchesOrigin(origins, 'https://x.app.pages.dev')).toBe(true);
    expect(matchesOrigin(origins, 'https://evil.example')).toBe(false);
  });

  it('without an entry is unknown', async () => {
    const error = refused(await find('sfe-made-up'));
    expect(error.code).toBe('invalid_api_key');
    expect(error.details.detail).toBe('unknown bearer');
    expect(lines).toEqual([]);
  });

  it('is refused while it is disabled', async () => {
    expect(refused(await holder({ disabled: true })).details.detail).toBe('client key web: disabled');
    expect(admitted(await holder({ disabled: false })).name).toBe('web');
  });

  it('is refused from the second in which it expires', async () => {
    const expiresAt = NOON / SECOND + 10;
    expect(admitted(await holder({ expires_at: expiresAt })).name).toBe('web');
    vi.setSystemTime(NOON + 10 * SECOND - 1);
    expect(admitted(await find()).name).toBe('web');
    vi.setSystemTime(NOON + 10 * SECOND);
    expect(refused(await find()).details.detail).toBe('client key web: expired');
    expect(store.reads).toHaveLength(1);
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '"web"'],
    ['null', 'null'],
    ['without a name', '{"created_at":1}'],
    ['without its time', '{"name":"web"}'],
    ['with an empty name', '{"name":"","created_at":1}'],
    ['with a name of other characters', '{"name":"a b","created_at":1}'],
    ['with a name of 65 characters', `{"name":"${'a'.repeat(65)}","created_at":1}`],
    ['with a misspelled limit', '{"name":"web","created_at":1,"token_per_day":5}'],
    ['with a limit that is a text', '{"name":"web","created_at":1,"tokens_per_day":"5"}'],
    ['with a negative limit', '{"name":"web","created_at":1,"tokens_per_day":-1}'],
    ['with a fraction', '{"name":"web","created_at":1,"requests_per_minute":1.5}'],
    ['with a limit beyond all sense', '{"name":"web","created_at":1,"max_output_tokens":1000000000000}'],
    ['with no models', '{"name":"web","created_at":1,"models":[]}'],
    ['with a model of other characters', '{"name":"web","created_at":1,"models":["a b"]}'],
    ['with no origins', '{"name":"web","created_at":1,"origins":[]}'],
    ['with a wrong origin', '{"name":"web","created_at":1,"origins":["https://app.example/"]}'],
    ['that expires at a text', '{"name":"web","created_at":1,"expires_at":"2027-01-31"}'],
    ['that is disabled by a text', '{"name":"web","created_at":1,"disabled":"no"}'],
  ])('with an entry that is %s is refused, with one log line a minute', async (_, text) => {
    store.data.set(`key:${sha256(KEY)}`, text);
    for (let round = 0; round < 3; round += 1) {
      expect(refused(await find()).details.detail).toBe('client key: its entry is invalid');
    }
    const entry = `key:${sha256(KEY)}`.slice(0, 32);
    expect(logged()).toEqual([{ level: 'error', event: 'client_entry_invalid', entry }]);
    vi.setSystemTime(NOON + MINUTE);
    await find();
    expect(lines).toHaveLength(2);
  });
});

describe('the memory of an isolate', () => {
  it('reads a known key once a minute', async () => {
    for (let round = 0; round < 100; round += 1) await find();
    vi.setSystemTime(NOON + MINUTE - 1);
    await find();
    expect(store.reads).toHaveLength(1);
    vi.setSystemTime(NOON + MINUTE);
    await find();
    await find();
    expect(store.reads).toHaveLength(2);
  });

  it('reads an unknown key once a minute, too', async () => {
    for (let round = 0; round < 100; round += 1) await find('sfe-made-up');
    vi.setSystemTime(NOON + MINUTE - 1);
    await find('sfe-made-up');
    expect(store.reads).toHaveLength(1);
    vi.setSystemTime(NOON + MINUTE);
    await find('sfe-made-up');
    expect(store.reads).toHaveLength(2);
  });

  it('knows a new key within a minute, and a revoked one no longer', async () => {
    refused(await find('sfe-new'));
    store.data.set(`key:${sha256('sfe-new')}`, JSON.stringify({ name: 'new', created_at: 1 }));
    refused(await find('sfe-new'));
    vi.setSystemTime(NOON + MINUTE);
    expect(admitted(await find('sfe-new')).name).toBe('new');
    expect(admitted(await find('sfe-new')).name).toBe('new');
    store.data.delete(`key:${sha256('sfe-new')}`);
    expect(admitted(await find('sfe-new')).name).toBe('new');
    vi.setSystemTime(NOON + 2 * MINUTE);
    refused(await find('sfe-new'));
    refused(await find('sfe-new'));
    expect(store.reads).toHaveLength(3);
  });

  it('knows a changed limit within a minute', async () => {
    await holder({ tokens_per_day: 5 });
    for (const [key, value] of Object.entries(keyEntry(KEY, { tokens_per_day: 6 }))) {
      store.data.set(key, JSON.stringify(value));
    }
    expect(admitted(await find()).limits.tokens_per_day).toBe(5);
    vi.setSystemTime(NOON + MINUTE);
    expect(admitted(await find()).limits.tokens_per_day).toBe(6);
  });

  it('lets one request read a known key again, while the others use what is known', async () => {
    await find();
    vi.setSystemTime(NOON + MINUTE);
    const read = Promise.withResolvers<void>();
    store.trouble = () => read.promise;
    const first = find();
    for (let round = 0; round < 10; round += 1) admitted(await find());
    expect(store.reads).toHaveLength(2);
    read.resolve();
    admitted(await first);
  });

  it('evicts no known key for invented keys, of which it remembers 1,000', async () => {
    await find();
    for (let index = 0; index < 1_001; index += 1) await find(`sfe-made-up-${index}`);
    expect(store.reads).toHaveLength(1_002);
    await find();
    await find('sfe-made-up-1');
    expect(store.reads).toHaveLength(1_002);
    await find('sfe-made-up-0');
    expect(store.reads).toHaveLength(1_003);
  });

  it('remembers 1,000 known keys', async () => {
    const keys = Array.from({ length: 1_001 }, (_, index) => `sfe-${index}`);
    store = testKv(Object.assign({}, ...keys.map((key) => keyEntry(key))));
    for (const key of keys) await find(key);
    await find('sfe-1');
    expect(store.reads).toHaveLength(1_001);
    await find('sfe-0');
    expect(store.reads).toHaveLength(1_002);
  });
});

describe('while KV fails', () => {
  it('serves keys that were read within 10 minutes, and asks KV every 5 s', async () => {
    await find();
    store.trouble = down;
    vi.setSystemTime(NOON + MINUTE);
    admitted(await find());
    admitted(await find());
    expect(store.reads).toHaveLength(2);
    expect(logged()).toEqual([{ level: 'error', event: 'clients_unavailable', detail: 'Error: KV is down' }]);
    vi.setSystemTime(NOON + MINUTE + 5 * SECOND - 1);
    admitted(await find());
    expect(store.reads).toHaveLength(2);
    vi.setSystemTime(NOON + MINUTE + 5 * SECOND);
    admitted(await find());
    expect(store.reads).toHaveLength(3);
    vi.setSystemTime(NOON + 10 * MINUTE - 1);
    admitted(await find());
    vi.setSystemTime(NOON + 20 * MINUTE);
    expect(refused(await find()).code).toBe('access_unavailable');
  });

  it('refuses a key from the tenth minute on, each time', async () => {
    await find();
    store.trouble = down;
    vi.setSystemTime(NOON + 10 * MINUTE);
    for (let round = 0; round < 3; round += 1) {
      expect(refused(await find()).code).toBe('access_unavailable');
    }
  });

  it('refuses an old key also while another request reads it', async () => {
    await find();
    vi.setSystemTime(NOON + 60 * MINUTE);
    store.trouble = () => new Promise(() => {});
    const requests = [find(), find()];
    await vi.advanceTimersByTimeAsync(3_000);
    for (const request of requests) expect(refused(await request).code).toBe('access_unavailable');
  });

  it('refuses other keys, and does not remember that', async () => {
    store.trouble = down;
    const error = refused(await find());
    expect(error.code).toBe('access_unavailable');
    expect(error.details.detail).toBe('the binding CLIENTS failed');
    store.trouble = async () => {};
    expect(admitted(await find()).name).toBe('web');
  });

  it('stops a read that hangs after 3 s', async () => {
    store.trouble = () => new Promise(() => {});
    const ended = vi.fn<(error: GatewayError) => void>();
    void find().then((found) => ended(refused(found)));
    await vi.advanceTimersByTimeAsync(2_999);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(ended.mock.calls[0]?.[0].code).toBe('access_unavailable');
  });
});

describe('a policy', () => {
  const PRO = { tokens_per_day: 500, created_at: 1 };

  beforeEach(() => {
    store = testKv({ 'policy:pro': PRO });
  });

  it('is found by the claim’s value', async () => {
    expect(await findPolicy('pro', store.kv)).toEqual(PRO);
    expect(await findPolicy('pro', store.kv)).toEqual(PRO);
    expect(store.reads).toEqual(['policy:pro']);
  });

  it('is null without a claim or without the binding', async () => {
    expect(await findPolicy(null, store.kv)).toBeNull();
    expect(await findPolicy('pro', undefined)).toBeNull();
    expect(store.reads).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('without an entry is one log line a minute, and the deployment’s settings hold', async () => {
    for (let round = 0; round < 3; round += 1) expect(await findPolicy('gold', store.kv)).toBeNull();
    expect(logged()).toEqual([{ level: 'warn', event: 'client_entry_missing', entry: 'policy:gold' }]);
    vi.setSystemTime(NOON + MINUTE);
    await findPolicy('gold', store.kv);
    expect(lines).toHaveLength(2);
  });

  it.each([7, true, {}, ['pro'], '', 'a b', 'key:x', 'a'.repeat(65)])(
    'is never found for %o, and one read answers for all such values',
    async (value) => {
      expect(await findPolicy(value, store.kv)).toBeNull();
      expect(store.reads).toEqual(['policy:(malformed)']);
    },
  );

  it('with an invalid entry is an error, with one log line', async () => {
    store.data.set('policy:pro', '{"created_at":1,"token_per_day":1000}');
    for (let round = 0; round < 2; round += 1) {
      const error = refused(await findPolicy('pro', store.kv));
      expect(error.code).toBe('access_unavailable');
      expect(error.details.detail).toBe('policy: its entry is invalid');
    }
    expect(logged()).toEqual([{ level: 'error', event: 'client_entry_invalid', entry: 'policy:pro' }]);
  });

  it('is an error while KV fails', async () => {
    store.trouble = down;
    expect(refused(await findPolicy('pro', store.kv)).code).toBe('access_unavailable');
  });
});

describe('hasWayIn', () => {
  const closed = settings();

  it('does not ask KV when the settings configure a way in', async () => {
    expect(await hasWayIn(settings({ ANONYMOUS_ACCESS: 'true' }), store.kv)).toBe(true);
    expect(await hasWayIn(closed, undefined)).toBe(false);
    expect(store.lists).toBe(0);
  });

  it('is true once there is a key, and false for policies alone', async () => {
    expect(await hasWayIn(closed, store.kv)).toBe(true);
    expect(await hasWayIn(closed, testKv().kv)).toBe(false);
    expect(await hasWayIn(closed, testKv({ 'policy:pro': {} }).kv)).toBe(false);
  });

  it('is remembered for 60 s', async () => {
    store = testKv();
    for (let round = 0; round < 10; round += 1) expect(await hasWayIn(closed, store.kv)).toBe(false);
    store.data.set('key:x', '');
    vi.setSystemTime(NOON + MINUTE - 1);
    expect(await hasWayIn(closed, store.kv)).toBe(false);
    expect(store.lists).toBe(1);
    vi.setSystemTime(NOON + MINUTE);
    expect(await hasWayIn(closed, store.kv)).toBe(true);
    expect(store.lists).toBe(2);
  });

  it('is not known while KV fails or hangs', async () => {
    store.trouble = down;
    const error = await failure(hasWayIn(closed, store.kv));
    expect(error.code).toBe('access_unavailable');
    expect(error.details.detail).toBe('CLIENTS: Error: KV is down');
    store.trouble = () => new Promise(() => {});
    const hanging = failure(hasWayIn(closed, store.kv));
    await vi.advanceTimersByTimeAsync(3_000);
    expect((await hanging).code).toBe('access_unavailable');
  });
});
