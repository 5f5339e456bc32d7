// All variation comes from the request itself: the same request gets the same answer, word for word and under
// the same id, streamed or not.

/** Fields that only change how an answer is sent. */
const PRESENTATION_FIELDS = ['stream', 'stream_options', 'reasoning_format'];
/** Fields that only cut or repeat it: a shorter answer begins like the whole one. */
const EXTENT_FIELDS = ['max_tokens', 'stop', 'n'];

export interface Seed {
  /** SHA-256 of the request, in hex. */
  readonly hash: string;
  /** The completion's id: two halves of 32 hex digits and a dot. */
  readonly id: string;
  /** The id of 2024: 8-4-4-4-12. */
  readonly id2024: string;
  /** Chooses among several texts. */
  readonly number: number;
}

/** Picks one of several: always the same one for the same request and choice. */
export type Pick = <T>(from: readonly [T, ...T[]]) => T;

/** @param body - the request's JSON, parsed. */
export async function seedOf(body: object): Promise<Seed> {
  const hash = await digest(body, PRESENTATION_FIELDS);
  const text = await digest(body, [...PRESENTATION_FIELDS, ...EXTENT_FIELDS]);
  return {
    hash,
    id: `${hash.slice(0, 32)}.${hash.slice(32)}`,
    id2024: hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5'),
    number: Number.parseInt(text.slice(0, 8), 16),
  };
}

async function digest(body: object, without: readonly string[]): Promise<string> {
  const fields = Object.entries(body).filter(([name]) => !without.includes(name));
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(fields)));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @param choice - the choice's index: neighbours pick different texts where there are several, so that
 *   `n` > 1 gets different answers.
 */
export function pickFor(seed: Seed, choice: number): Pick {
  return (from) => from[(seed.number + choice) % from.length] ?? from[0];
}
