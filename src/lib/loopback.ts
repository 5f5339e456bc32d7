// Host names that always mean this machine.

const LOOPBACK = /^(?:localhost|(?:[a-z0-9-]+\.)+localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * @param hostname - as the URL parser writes it: lower case, an IPv6 address in brackets.
 * @returns whether no other machine can have this name: RFC 6761 §6.3 reserves
 *   `localhost` and the names below it, RFC 1122 §3.2.1.3 the network 127.0.0.0/8.
 */
export function isLoopbackHost(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}
