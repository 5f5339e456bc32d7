// How thorough the tests are: in CI the same cases each time, few enough for every change; in
// `npm run fuzz` fresh ones, and many.

/** The seed of every random choice in the tests. `npm run fuzz` sets another one for each of its rounds. */
export const SEED = Number(process.env['SEED'] ?? 20_261_128);

const isLongRun = process.env['LONG_RUN'] === '1';

/** @returns how many cases to try: in CI, or in a long run. */
export function runs(inCi: number, inLongRun: number): number {
  return isLongRun ? inLongRun : inCi;
}
