import { expect, it } from 'vitest';
import { randomUuid } from '../../src/uuid.ts';

/** More than one pool holds. */
const MANY = 5_000;

it('each is a UUID of version 4, and like no other', () => {
  const all = Array.from({ length: MANY }, randomUuid);
  for (const uuid of all) {
    expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  }
  expect(new Set(all).size).toBe(MANY);
});

it('all other bits are random', () => {
  const seen = Array.from({ length: 32 }, () => new Set<string>());
  for (let i = 0; i < MANY; i++) {
    const digits = randomUuid().replaceAll('-', '');
    seen.forEach((at, place) => at.add(digits.charAt(place)));
  }
  const VERSION = 12;
  const VARIANT = 16;
  seen.forEach(({ size }, place) => {
    expect(size).toBe(place === VERSION ? 1 : place === VARIANT ? 4 : 16);
  });
});
