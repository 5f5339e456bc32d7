// Where all chance comes from: the request itself. The same question gets the same
// answer, word for word and under the same id, streamed or not.

/** What only changes how an answer is sent. */
const PRESENTATION = ['stream', 'stream_options', 'reasoning_format'];
/** What only cuts or repeats it: a shorter answer begins like the whole one. */
const EXTENT = ['max_tokens', 'stop', 'n'];

export interface Seed {
  /** SHA-256 of the request, in hex. */
  readonly hash: string;
  /** The completion's id, in the form of StepFun's page: 8-4-4-4-12. */
  readonly id: string;
  /** What is picked from, where there is a choice of words. */
  readonly number: number;
}

/** Picks one of several: the same one for the same request and choice. */
export type Pick = <T>(from: readonly [T, ...T[]]) => T;

/** @param body - the request's JSON, parsed. */
export async function seedOf(body: object): Promise<Seed> {
  const hash = await digest(body, PRESENTATION);
  const id = hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
  const words = await digest(body, [...PRESENTATION, ...EXTENT]);
  return { hash, id, number: Number.parseInt(words.slice(0, 8), 16) };
}

async function digest(body: object, without: readonly string[]): Promise<string> {
  const said = Object.entries(body).filter(([name]) => !without.includes(name));
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(said)));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @param choice - the choice's index: neighbours never pick the same where there is
 *   more than one thing to pick, so that `n` > 1 is worth its price.
 */
export function pickFor(seed: Seed, choice: number): Pick {
  return (from) => from[(seed.number + choice) % from.length] ?? from[0];
}
