// The failure of a body that breaks while it is read.

import { GatewayError } from '../http/errors.ts';

/**
 * @param thrown - the reason with which a read or a pipe of the upstream's body was rejected.
 * @returns `upstream_malformed` for a broken encoding, which has a type of its own, else
 *   `upstream_reset`: workerd reports a reset and a chunk cut short alike.
 */
export function brokenBodyError(thrown: unknown): GatewayError {
  const code = thrown instanceof TypeError ? 'upstream_malformed' : 'upstream_reset';
  return new GatewayError(code, undefined, { detail: String(thrown), cause: thrown, transient: true });
}
