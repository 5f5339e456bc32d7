// What the runtime says of a body that broke, in the contract's words.

import { GatewayError } from '../http/errors.ts';

/**
 * @param thrown - what a read or a pipe rejected with. A reset and a chunk cut short
 *   look the same (`Network connection lost.`); only a broken encoding has a type.
 */
export function brokenBody(thrown: unknown): GatewayError {
  const code = thrown instanceof TypeError ? 'upstream_malformed' : 'upstream_reset';
  return new GatewayError(code, undefined, { detail: String(thrown), cause: thrown, transient: true });
}
