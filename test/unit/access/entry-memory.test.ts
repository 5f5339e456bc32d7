import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EntryMemory } from '../../../src/access/entry-memory.ts';
import { testKv, type TestKv } from './kv.ts';
import { captureLog } from './support.ts';

const NOON = Date.parse('2026-11-22T12:00:00Z');
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

interface Entry {
  readonly text: string;
}

let lines: string[];
let store: TestKv;
let memory: EntryMemory<Entry>;

/** Takes every text but `invalid`, which stands in the store as JSON. */
const parse = (text: string) => (text === '"invalid"' ? null : { text });
const remember = (entries: Record<string, unknown>, logsAbsence = false) => {
  store = testKv(entries);
  memory = new EntryMemory(store.kv, parse, { logsAbsence });
};

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
  lines = captureLog();
  remember({ web: 1 });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const WEB: Entry = { text: '1' };
const find = (key = 'web') => memory.find(key);
const down = () => Promise.reject(new Error('KV is down'));
const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the memory of an isolate', () => {
  it('reads a known key once a minute', async () => {
    for (let round = 0; round < 100; round += 1) expect(await find()).toEqual(WEB);
    vi.setSystemTime(NOON + MINUTE - 1);
    await find();
    expect(store.reads).toEqual(['web']);
    vi.setSystemTime(NOON + MINUTE);
    await find();
    await find();
    expect(store.reads).toHaveLength(2);
    expect(lines).toEqual([]);
  });

  it('reads an unknown key once a minute, too', async () => {
    for (let round = 0; round < 100; round += 1) expect(await find('made-up')).toBe('none');
    vi.setSystemTime(NOON + MINUTE - 1);
    await find('made-up');
    expect(store.reads).toHaveLength(1);
    vi.setSystemTime(NOON + MINUTE);
    await find('made-up');
    expect(store.reads).toHaveLength(2);
    expect(lines).toEqual([]);
  });

  it('knows a new key within a minute, and a revoked one no longer', async () => {
    expect(await find('new')).toBe('none');
    store.data.set('new', '2');
    expect(await find('new')).toBe('none');
    vi.setSystemTime(NOON + MINUTE);
    expect(await find('new')).toEqual({ text: '2' });
    expect(await find('new')).toEqual({ text: '2' });
    store.data.delete('new');
    expect(await find('new')).toEqual({ text: '2' });
    vi.setSystemTime(NOON + 2 * MINUTE);
    expect(await find('new')).toBe('none');
    expect(await find('new')).toBe('none');
    expect(store.reads).toHaveLength(3);
  });

  it('knows a changed entry within a minute', async () => {
    await find();
    store.data.set('web', '2');
    expect(await find()).toEqual(WEB);
    vi.setSystemTime(NOON + MINUTE);
    expect(await find()).toEqual({ text: '2' });
  });

  it('lets one request read a known key again, while the others use what is known', async () => {
    await find();
    vi.setSystemTime(NOON + MINUTE);
    const read = Promise.withResolvers<void>();
    store.trouble = () => read.promise;
    const first = find();
    for (let round = 0; round < 10; round += 1) expect(await find()).toEqual(WEB);
    expect(store.reads).toHaveLength(2);
    read.resolve();
    expect(await first).toEqual(WEB);
  });

  it('lets no request use a key that was revoked more than two minutes ago', async () => {
    await find();
    store.data.delete('web');
    vi.setSystemTime(NOON + 2 * MINUTE);
    const read = Promise.withResolvers<void>();
    store.trouble = () => read.promise;
    const together = [find(), find(), find()];
    read.resolve();
    expect(await Promise.all(together)).toEqual(['none', 'none', 'none']);
  });

  it('evicts no known key for invented keys, of which it remembers 1,000', async () => {
    await find();
    for (let index = 0; index < 1_001; index += 1) await find(`made-up-${index}`);
    expect(store.reads).toHaveLength(1_002);
    await find();
    await find('made-up-1');
    expect(store.reads).toHaveLength(1_002);
    await find('made-up-0');
    expect(store.reads).toHaveLength(1_003);
  });

  it('remembers 1,000 known keys', async () => {
    const keys = Array.from({ length: 1_001 }, (_, index) => `key-${index}`);
    remember(Object.fromEntries(keys.map((key) => [key, 1])));
    for (const key of keys) await find(key);
    await find('key-1');
    expect(store.reads).toHaveLength(1_001);
    await find('key-0');
    expect(store.reads).toHaveLength(1_002);
  });
});

describe('the log', () => {
  const LONG_KEY = 'policy:of-a-name-with-more-than-32-characters';

  it('has an invalid entry once a minute, by the first 32 characters of its key', async () => {
    remember({ [LONG_KEY]: 'invalid' });
    for (let round = 0; round < 3; round += 1) expect(await find(LONG_KEY)).toBe('invalid');
    const line = { level: 'error', event: 'client_entry_invalid', entry: 'policy:of-a-name-with-more-than-' };
    expect(logged()).toEqual([line]);
    vi.setSystemTime(NOON + MINUTE);
    await find(LONG_KEY);
    expect(lines).toHaveLength(2);
  });

  it('has an absent entry once a minute, where callers can’t invent keys', async () => {
    remember({}, true);
    for (let round = 0; round < 3; round += 1) expect(await find('policy:gold')).toBe('none');
    expect(logged()).toEqual([{ level: 'warn', event: 'client_entry_missing', entry: 'policy:gold' }]);
    vi.setSystemTime(NOON + MINUTE);
    await find('policy:gold');
    expect(lines).toHaveLength(2);
  });
});

describe('while KV fails', () => {
  it('serves keys that were read within 10 minutes, and asks KV every 5 s', async () => {
    await find();
    store.trouble = down;
    vi.setSystemTime(NOON + MINUTE);
    expect(await find()).toEqual(WEB);
    expect(await find()).toEqual(WEB);
    expect(store.reads).toHaveLength(2);
    expect(logged()).toEqual([{ level: 'error', event: 'clients_unavailable', detail: 'Error: KV is down' }]);
    vi.setSystemTime(NOON + MINUTE + 5 * SECOND - 1);
    expect(await find()).toEqual(WEB);
    expect(store.reads).toHaveLength(2);
    vi.setSystemTime(NOON + MINUTE + 5 * SECOND);
    expect(await find()).toEqual(WEB);
    expect(store.reads).toHaveLength(3);
    vi.setSystemTime(NOON + 10 * MINUTE - 1);
    expect(await find()).toEqual(WEB);
    vi.setSystemTime(NOON + 20 * MINUTE);
    expect(await find()).toBe('unavailable');
  });

  it('is unavailable for a key from the tenth minute on, each time', async () => {
    await find();
    store.trouble = down;
    vi.setSystemTime(NOON + 10 * MINUTE);
    for (let round = 0; round < 3; round += 1) expect(await find()).toBe('unavailable');
  });

  it('is unavailable for an old key also while another request reads it', async () => {
    await find();
    vi.setSystemTime(NOON + 60 * MINUTE);
    store.trouble = () => new Promise(() => {});
    const requests = [find(), find()];
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await Promise.all(requests)).toEqual(['unavailable', 'unavailable']);
  });

  it('is unavailable for other keys, and does not remember that', async () => {
    store.trouble = down;
    expect(await find()).toBe('unavailable');
    store.trouble = async () => {};
    expect(await find()).toEqual(WEB);
  });

  it('stops a read that hangs after 3 s', async () => {
    store.trouble = () => new Promise(() => {});
    const ended = vi.fn<(found: unknown) => void>();
    void find().then(ended);
    await vi.advanceTimersByTimeAsync(2_999);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toHaveBeenCalledWith('unavailable');
  });
});
