// "Did you mean temperature?"

import { ECHO_CHARS } from '../../config/limits.ts';
import { editDistance } from '../../lib/edit-distance.ts';

/**
 * @param name - a field that is not known, of any length.
 * @param known - the fields that are known in its place.
 * @returns the known field whose name is nearest, if at most a third of the letters differ.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  // Typing errors are not that long, and the distance costs length times length.
  if (name.length > ECHO_CHARS) return undefined;
  const letters = normalizeName(name);
  let nearest: string | undefined;
  let least = Math.floor(letters.length / 3) + 1;
  for (const candidate of known) {
    const other = normalizeName(candidate);
    if (Math.abs(other.length - letters.length) >= least) continue;
    const distance = editDistance(letters, other);
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/** @returns one form of `max_tokens`, `maxTokens` and `max-tokens`. */
export function normalizeName(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
}
