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
    ['no entry of a client', '{"name":"web","created_at":1,"token_per_day":5}'],
  ])('with an entry that is %s is refused, with a log line', async (_, text) => {
    store.data.set(`key:${sha256(KEY)}`, text);
    expect(refused(await find()).details.detail).toBe('client key: its entry is invalid');
    expect(logged()).toMatchObject([{ event: 'client_entry_invalid' }]);
  });

  it('is unavailable while KV fails', async () => {
    store.trouble = down;
    const error = refused(await find());
    expect(error.code).toBe('access_unavailable');
    expect(error.details.detail).toBe('the binding CLIENTS failed');
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

  it('without an entry is one log line, and the deployment’s settings hold', async () => {
    for (let round = 0; round < 3; round += 1) expect(await findPolicy('gold', store.kv)).toBeNull();
    expect(logged()).toEqual([{ level: 'warn', event: 'client_entry_missing', entry: 'policy:gold' }]);
  });

  it('is never found for a claim that is no name', async () => {
    expect(await findPolicy(['pro'], store.kv)).toBeNull();
    expect(store.reads).toEqual(['policy:(malformed)']);
  });

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
    const error = refused(await findPolicy('pro', store.kv));
    expect(error.code).toBe('access_unavailable');
    expect(error.details.detail).toBe('the binding CLIENTS failed');
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
