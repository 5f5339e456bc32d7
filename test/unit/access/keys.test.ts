import { describe, expect, it, vi } from 'vitest';
import { matchClientKey } from '../../../src/access/keys.ts';
import { settings } from './support.ts';

const KEYS = settings({ CLIENT_KEYS: 'app:key-of-app-1,shop:key-of-shop:2\nlab:key-of-lab-3' }).access
  .clientKeys;

describe('matchClientKey', () => {
  it.each([
    ['key-of-app-1', 'app'],
    ['key-of-shop:2', 'shop'],
    ['key-of-lab-3', 'lab'],
  ])('knows %s as the key of %s', async (key, name) => {
    expect(await matchClientKey(key, KEYS)).toBe(name);
  });

  it.each([
    ['empty', ''],
    ['a name', 'app'],
    ['name and key', 'app:key-of-app-1'],
    ['a prefix', 'key-of-app-'],
    ['a longer one', 'key-of-app-1x'],
    ['capitals', 'KEY-OF-APP-1'],
    ['two keys', 'key-of-app-1key-of-lab-3'],
    ['a very long one', 'k'.repeat(100_000)],
  ])('does not know %s', async (_, key) => {
    expect(await matchClientKey(key, KEYS)).toBeNull();
  });

  it('knows nobody when there are no keys', async () => {
    expect(await matchClientKey('undefined', settings().access.clientKeys)).toBeNull();
  });

  it('makes the digests of the keys once, and one for each bearer', async () => {
    const { clientKeys } = settings({ CLIENT_KEYS: 'a:1,b:2,c:3' }).access;
    const digest = vi.spyOn(crypto.subtle, 'digest');
    await matchClientKey('1', clientKeys);
    await matchClientKey('2', clientKeys);
    await matchClientKey('x', clientKeys);
    expect(digest).toHaveBeenCalledTimes(3 + 3);
    digest.mockRestore();
  });
});
