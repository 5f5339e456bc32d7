import { describe, expect, it } from 'vitest';
import { nearestName, normalizeName } from '../../../../src/chat/request/did-you-mean.ts';

describe('nearestName', () => {
  const known = ['temperature', 'top_p', 'max_tokens', 'stop', 'n'];
  it.each([
    ['temprature', 'temperature'],
    ['tmeperature', 'temperature'],
    ['maxTokens', 'max_tokens'],
    ['stops', 'stop'],
    ['topp', 'top_p'],
  ])('of %s is %s', (name, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });
  it.each(['', 'weather', 'tokens_of_love', 'm', 'temperature'.repeat(10)])('of %s is none', (name) => {
    expect(nearestName(name, known)).toBeUndefined();
  });
});

describe('normalizeName', () => {
  it('is the same for all ways to join words', () => {
    expect(new Set(['max_tokens', 'maxTokens', 'max-tokens', 'MAX_TOKENS'].map(normalizeName))).toEqual(
      new Set(['maxtokens']),
    );
  });
});
