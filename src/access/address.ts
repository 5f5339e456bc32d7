// The identity of an anonymous caller: the address that Cloudflare reports. Headers that
// the caller can write (X-Forwarded-For …) are ignored.

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const IPV6 = /^[\da-f:.]+$/i;
const MAPPED_PREFIX = '0:0:0:0:0:ffff';

/**
 * @param headers - `cf-connecting-ip` is set by Cloudflare and can't be forged through it.
 * @returns `ip:203.0.113.7`, or `ip:2001:db8:0:1::/64`: one household or server has a
 *   whole /64 (RFC 6177) and could otherwise change its address for every request.
 *   Without the header (local development) all share `ip:unknown`.
 */
export function addressId(headers: Headers): string {
  const address = headers.get('cf-connecting-ip') ?? '';
  if (IPV4.test(address)) return `ip:${address}`;
  const groups = parseIPv6(address);
  if (groups === null) return 'ip:unknown';
  if (groups.slice(0, 6).join(':') === MAPPED_PREFIX) return `ip:${toDottedAddress(groups.slice(6))}`;
  return `ip:${groups.slice(0, 4).join(':')}::/64`;
}

/** @returns the eight groups without leading zeros, or null. The URL parser reads every spelling (WHATWG URL §3.5). */
function parseIPv6(address: string): string[] | null {
  const url = IPV6.test(address) ? URL.parse(`http://[${address}]/`) : null;
  if (url === null) return null;
  const [head = '', tail] = url.hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before;
  const after = tail.split(':'); // an empty last group is a zero, which nothing reads
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
}

function toDottedAddress(groups: readonly string[]): string {
  return groups
    .map((group) => Number.parseInt(group, 16))
    .map((group) => `${group >> 8}.${group & 0xff}`)
    .join('.');
}
