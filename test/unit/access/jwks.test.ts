import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findKeys } from '../../../src/access/jwks.ts';
import { startIssuer, type Issuer } from './issuer.ts';
import { captureLog, collector, json } from './support.ts';

const SECOND = 1_000;
const KEYS = [
  { kty: 'EC', kid: 'a' },
  { kty: 'EC', kid: 'b' },
];

let issuer: Issuer;
let lines: string[];

beforeEach(async () => {
  lines = captureLog();
  // The clock is ours; timers stay real, since the servers are.
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-22T12:00:00Z') });
  issuer = await startIssuer();
  issuer.answer = (response) => json(response, { keys: KEYS });
});
afterEach(async () => {
  await issuer[Symbol.asyncDispose]();
  await Promise.all(work.splice(0)); // what still hung has failed now
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const { waitUntil, work } = collector();
const find = (kid: string | null) => findKeys(kid, issuer.jwt.jwksUrl, waitUntil);
const wait = (seconds: number) => vi.setSystemTime(Date.now() + seconds * SECOND);
const down = (response: ServerResponse) => json(response, { error: 'down' }, 503);

describe('findKeys', () => {
  it('gives the keys of a name, from one fetch', async () => {
    expect(await find('a')).toEqual([KEYS[0]]);
    expect(await find('b')).toEqual([KEYS[1]]);
    expect(issuer.hits()).toBe(1);
    expect(lines).toEqual([]);
  });

  it('gives all keys of one name', async () => {
    const twins = [
      { kty: 'EC', kid: 'a' },
      { kty: 'RSA', kid: 'a' },
    ];
    issuer.answer = (response) => json(response, { keys: twins });
    expect(await find('a')).toEqual(twins);
  });

  it('asks once per 30 s, however many unknown names arrive', async () => {
    await find('a');
    wait(29.999);
    for (let index = 0; index < 100; index += 1) expect(await find(`unknown-${index}`)).toEqual([]);
    expect(issuer.hits()).toBe(1);
    wait(0.001);
    for (let index = 0; index < 100; index += 1) expect(await find(`unknown-${index}`)).toEqual([]);
    expect(issuer.hits()).toBe(2);
  });

  it('fetches once for concurrent requests, and all get the keys', async () => {
    issuer.answer = (response) => void setTimeout(() => json(response, { keys: KEYS }), 100);
    const found = await Promise.all(Array.from({ length: 50 }, () => find('a')));
    expect(found).toEqual(Array.from({ length: 50 }, () => [KEYS[0]]));
    expect(issuer.hits()).toBe(1);
  });

  it('finds a new key as soon as it may ask again', async () => {
    await find('a');
    issuer.answer = (response) => json(response, { keys: [{ kty: 'EC', kid: 'new' }] });
    expect(await find('new')).toEqual([]);
    wait(30);
    expect(await find('new')).toEqual([{ kty: 'EC', kid: 'new' }]);
  });

  it('does not fetch while the keys are fresh', async () => {
    await find('a');
    wait(599.999);
    await find('a');
    expect(issuer.hits()).toBe(1);
  });

  it('notices after ten minutes that a key was withdrawn', async () => {
    await find('a');
    issuer.answer = (response) => json(response, { keys: [KEYS[1]] });
    wait(600);
    expect(await find('a')).toEqual([]);
    expect(issuer.hits()).toBe(2);
  });

  it('keeps the keys in use while the issuer is down, and asks again every 30 s', async () => {
    await find('a');
    issuer.answer = down;
    wait(600);
    for (let round = 1; round <= 3; round += 1) {
      expect(await find('a')).toEqual([KEYS[0]]);
      expect(await find('a')).toEqual([KEYS[0]]);
      wait(29.999);
      expect(await find('a')).toEqual([KEYS[0]]);
      expect(issuer.hits()).toBe(1 + round);
      wait(0.001);
    }
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'warn',
      event: 'jwks_unavailable',
      detail: 'OutboundError: status 503',
    });
  });

  it('gives all keys for a token that names none', async () => {
    expect(await find(null)).toEqual(KEYS);
    expect(issuer.hits()).toBe(1);
  });

  it('asks again after 1, 2, 4 … 30 s while no keys are known', async () => {
    issuer.answer = down;
    expect(await find('a')).toBeNull();
    let hits = 1;
    for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
      wait(seconds - 0.001);
      expect(await find('a')).toBeNull();
      expect(issuer.hits()).toBe(hits);
      wait(0.001);
      expect(await find('a')).toBeNull();
      hits += 1;
      expect(issuer.hits()).toBe(hits);
    }
    issuer.answer = (response) => json(response, { keys: KEYS });
    wait(30);
    expect(await find('a')).toEqual([KEYS[0]]);
    wait(1);
    expect(await find('unknown')).toEqual([]);
    expect(issuer.hits()).toBe(hits + 1);
  });

  it.each([
    ['a list', KEYS],
    ['no keys', {}],
    ['keys that are no list', { keys: { a: KEYS[0] } }],
    ['null', null],
    ['a text', 'keys'],
  ])('treats %s as a failure', async (_, body) => {
    await find('a');
    issuer.answer = (response) => json(response, body);
    wait(30);
    await find('unknown');
    expect(issuer.hits()).toBe(2);
    expect(await find('a')).toEqual([KEYS[0]]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ detail: 'OutboundError: not a JWKS' });
  });

  it('accepts an empty set: the issuer has withdrawn all keys', async () => {
    await find('a');
    issuer.answer = (response) => json(response, { keys: [] });
    wait(600);
    expect(await find('a')).toEqual([]);
  });

  it('leaves out items that are not keys', async () => {
    issuer.answer = (response) => json(response, { keys: [null, 'a', 7, KEYS[0]] });
    expect(await find(null)).toEqual([KEYS[0]]);
  });

  it('asks for JSON', async () => {
    let accept: string | undefined;
    issuer.answer = (response) => {
      accept = response.req.headers.accept;
      json(response, { keys: KEYS });
    };
    await find('a');
    expect(accept).toBe('application/json');
  });
});

describe('a fetch that another request began', () => {
  it('outlives its client', async () => {
    const kept = collector();
    const found = findKeys('a', issuer.jwt.jwksUrl, kept.waitUntil);
    expect(kept.work).toHaveLength(1);
    await Promise.all([found, ...kept.work]);
    await findKeys('a', issuer.jwt.jwksUrl, kept.waitUntil);
    expect(kept.work).toHaveLength(1);
  });

  it('delays all requests once the keys are twenty minutes old: one may have been withdrawn', async () => {
    await find('a');
    issuer.answer = (response) => json(response, { keys: [KEYS[1]] });
    wait(20 * 60);
    expect(await Promise.all([find('a'), find('a'), find('a')])).toEqual([[], [], []]);
    expect(issuer.hits()).toBe(2);
  });

  it('does not delay requests that need no new key', async () => {
    await find('a');
    issuer.answer = () => {}; // hangs
    wait(600);
    void find('a');
    expect(await find('a')).toEqual([KEYS[0]]);
    expect(await find('b')).toEqual([KEYS[1]]);
    expect(lines).toEqual([]); // the fetch has not ended
  });

  it('and that never ends delays others no longer than the bound of a fetch', async () => {
    issuer.answer = () => {}; // hangs
    void find('a');
    wait(1);
    const found = vi.fn<(keys: unknown) => void>();
    const other = find('a').then(found);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(found).not.toHaveBeenCalled();
    wait(4);
    await other;
    expect(found).toHaveBeenCalledWith(null);
    expect(issuer.hits()).toBe(1);
    expect(lines).toEqual([]); // the fetch has not ended: its timeout runs on the real clock
  });
});
