import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressId } from '../../../src/access/address.ts';

const idOf = (address: string) => addressId(new Headers({ 'cf-connecting-ip': address }));

describe('addressId', () => {
  it.each(['203.0.113.7', '1.2.3.4', '255.255.255.255'])('takes IPv4 %s as it is', (address) => {
    expect(idOf(address)).toBe(`ip:${address}`);
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', 'ip:2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:0003:0004:0005:0006', 'ip:2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', 'ip:2001:db8:1:2::/64'],
    ['2001:db8::1', 'ip:2001:db8:0:0::/64'],
    ['2001:db8::', 'ip:2001:db8:0:0::/64'],
    ['2001::1:2:3:4:5', 'ip:2001:0:0:1::/64'],
    ['::1', 'ip:0:0:0:0::/64'],
    ['::', 'ip:0:0:0:0::/64'],
    ['::2:3:4:5:6:7', 'ip:0:0:2:3::/64'],
  ])('takes the /64 of %s', (address, id) => {
    expect(idOf(address)).toBe(id);
  });

  it.each([
    ['::ffff:203.0.113.7', 'ip:203.0.113.7'],
    ['::ffff:0102:0304', 'ip:1.2.3.4'],
  ])('sees the IPv4 address in %s', (address, id) => {
    expect(idOf(address)).toBe(id);
  });

  it('gives one id to a whole /64, and another to its neighbour', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
    const groups = (count: number) => fc.array(group, { minLength: count, maxLength: count });
    fc.assert(
      fc.property(groups(4), groups(4), groups(4), groups(4), (net, host, otherNet, otherHost) => {
        const id = idOf([...net, ...host].join(':'));
        expect(idOf([...net, ...otherHost].join(':'))).toBe(id);
        const same = net.join() === otherNet.join();
        expect(idOf([...otherNet, ...host].join(':')) === id).toBe(same);
      }),
    );
  });

  it.each([
    'localhost',
    'fe80::1%eth0',
    '1.2.3.4, 5.6.7.8',
    '1.2.3',
    'x1.2.3.4',
    '1.2.3.4x',
    '::1]:80/[::2',
    '',
    '/',
  ])('has one id for every value that is not an address: "%s"', (address) => {
    expect(idOf(address)).toBe('ip:unknown');
  });

  it('has the same id without the header, and ignores other headers', () => {
    expect(addressId(new Headers())).toBe('ip:unknown');
    expect(addressId(new Headers({ 'x-forwarded-for': '1.2.3.4', 'x-real-ip': '1.2.3.4' }))).toBe(
      'ip:unknown',
    );
  });
});
