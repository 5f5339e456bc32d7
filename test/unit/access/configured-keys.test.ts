import { describe, expect, it, vi } from 'vitest';
import { matchClientKey } from '../../../src/access/configured-keys.ts';
import { sha256 } from '../../../src/lib/digest.ts';
import { settings } from './support.ts';

const match = async (bearer: string, keys: typeof KEYS) => matchClientKey(await sha256(bearer), keys);
const KEYS = settings({ CLIENT_KEYS: 'app:key-of-the-app-1,shop:key-of-the-shop:2\nlab:key-of-the-lab-3' })
  .access.clientKeys;

describe('matchClientKey', () => {
  it.each([
    ['key-of-the-app-1', 'app'],
    ['key-of-the-shop:2', 'shop'],
    ['key-of-the-lab-3', 'lab'],
  ])('knows %s as the key of %s', async (key, name) => {
    expect(await match(key, KEYS)).toBe(name);
  });

  it.each([
    ['empty', ''],
    ['a name', 'app'],
    ['name and key', 'app:key-of-the-app-1'],
    ['a prefix', 'key-of-the-app-'],
    ['a longer one', 'key-of-the-app-1x'],
    ['capitals', 'KEY-OF-THE-APP-1'],
    ['two keys', 'key-of-the-app-1key-of-the-lab-3'],
    ['a very long one', 'k'.repeat(100_000)],
  ])('does not know %s', async (_, key) => {
    expect(await match(key, KEYS)).toBeNull();
  });

  it('matches nothing when there are no keys', async () => {
    expect(await match('undefined', settings().access.clientKeys)).toBeNull();
  });

  it('computes the digests of the keys once', async () => {
    const { clientKeys } = settings({
      CLIENT_KEYS: 'a:0123456789abcde1,b:0123456789abcde2,c:0123456789abcde3',
    }).access;
    const digest = vi.spyOn(crypto.subtle, 'digest');
    await match('0123456789abcde1', clientKeys);
    await match('0123456789abcde2', clientKeys);
    await match('x', clientKeys);
    expect(digest).toHaveBeenCalledTimes(3 + 3);
    digest.mockRestore();
  });
});
