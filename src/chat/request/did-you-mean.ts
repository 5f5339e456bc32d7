// "Did you mean temperature?"

import { ECHO_CHARS } from '../../config/limits.ts';

/**
 * @param name - a field that nobody knows, of any length.
 * @param known - the fields that stand there.
 * @returns what to tell the client about it.
 */
export function unknownField(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return `unknown field${nearest === undefined ? '' : ` (did you mean ${nearest}?)`}`;
}

function nearestName(name: string, known: readonly string[]): string | undefined {
  // Nobody's typing error is that long, and the distance costs length times length.
  if (name.length > ECHO_CHARS) return undefined;
  const letters = normal(name);
  let nearest: string | undefined;
  // A third of the letters may be wrong, or it is another word.
  let least = Math.floor(letters.length / 3) + 1;
  for (const candidate of known) {
    const distance = editDistance(letters, normal(candidate));
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/** `maxTokens` and `max-tokens` are `max_tokens` in other tongues. */
function normal(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
}

/** Levenshtein's distance: how many letters must be put in, left out or changed. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
