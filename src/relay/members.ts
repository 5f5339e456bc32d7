// Changes to the members of parsed JSON. Each returns whether anything changed: an event in which
// nothing changes leaves as the bytes that came.

import type { JsonObject } from '../lib/json.ts';

/**
 * @param value - undefined removes the member: JSON.stringify leaves it out. `delete` would make V8 keep
 *   the object as a hash table.
 */
export function setMember(target: JsonObject, name: string, value: unknown): boolean {
  if (target[name] === value) return false;
  target[name] = value;
  return true;
}

/** Sets a member that is absent; also one that is null, if `value` is not. */
export function setIfMissing(target: JsonObject, name: string, value: unknown): boolean {
  if (target[name] !== undefined && (target[name] !== null || value === null)) return false;
  return setMember(target, name, value);
}
