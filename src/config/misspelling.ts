// Detects unknown variables whose names look like a setting.

import { editDistance } from '../lib/edit-distance.ts';

/** All settings have shorter names; the distance costs length × length. */
const NAME_CHARS_MAX = 64;

/**
 * An operator who writes `TOKEN_PER_DAY` expects a budget. So a similar name is an error,
 * not a variable of another program.
 * @param name - of a variable that is no setting.
 * @param known - the names of all settings.
 * @returns the setting that was probably meant; undefined for a name that resembles none.
 */
export function findMisspelled(name: string, known: readonly string[]): string | undefined {
  if (name.length > NAME_CHARS_MAX) return undefined;
  const letters = normalize(name);
  // A quarter of the letters may differ. Rejected: a third, which takes CACHE_SIZE for CACHE_SCOPE.
  const distanceMax = Math.floor(letters.length / 4);
  const nearest = known
    .map((setting) => ({ setting, distance: editDistance(letters, normalize(setting)) }))
    .toSorted((a, b) => a.distance - b.distance)
    .find(({ distance }) => distance <= distanceMax);
  return nearest?.setting ?? known.find((setting) => isWithoutLastWord(name, setting));
}

/** `max-tokens` and `MaxTokens` are `MAX_TOKENS`. */
function normalize(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
}

/** `CACHE_TTL` for `CACHE_TTL_SECONDS`; a single word such as `CACHE` means something else. */
function isWithoutLastWord(name: string, setting: string): boolean {
  return name.includes('_') && setting.replace(/_[^_]+$/, '') === name.toUpperCase();
}
