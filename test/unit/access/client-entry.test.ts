import { describe, expect, it } from 'vitest';
import {
  clientEntryKey,
  clientEntrySchema,
  policyEntryKey,
  policyEntrySchema,
} from '../../../src/access/client-entry.ts';

const POLICY = { created_at: 1 };
const CLIENT = { name: 'web', ...POLICY };
const COUNT_MAX = 999_999_999_999;

const isClient = (fields: object) => clientEntrySchema.safeParse({ ...CLIENT, ...fields }).success;
const isPolicy = (fields: object) => policyEntrySchema.safeParse({ ...POLICY, ...fields }).success;

describe('an entry of a client', () => {
  it.each<object>([
    {},
    { name: 'A-b_c.9' },
    { name: 'a'.repeat(64) },
    { origins: ['https://app.example', 'https://*.app.pages.dev', 'app://obsidian.md'] },
    { expires_at: 0 },
    { disabled: false },
  ])('may have %o', (fields) => {
    expect(isClient(fields)).toBe(true);
  });

  it.each<object>([
    { name: undefined },
    { created_at: undefined },
    { name: '' },
    { name: 'a b' },
    { name: 'a'.repeat(65) },
    { origins: [] },
    { origins: ['https://app.example/'] },
    { expires_at: '2027-01-31' },
    { expires_at: -1 },
    { expires_at: 1.5 },
    { disabled: 'no' },
  ])('may not have %o', (fields) => {
    expect(isClient(fields)).toBe(false);
  });

  it.each([null, 'web', []])('is no %o', (value) => {
    expect(clientEntrySchema.safeParse(value).success).toBe(false);
  });
});

describe('the limits of a client or a policy', () => {
  it.each<object>([
    { models: ['step-3.7-flash', 'org/model:free_1', '*'] },
    { models: ['x'.repeat(128)] },
    { tokens_per_day: 0 },
    { requests_per_minute: COUNT_MAX },
    { max_output_tokens: 7 },
  ])('may be %o', (limits) => {
    expect([isClient(limits), isPolicy(limits)]).toEqual([true, true]);
  });

  it.each<object>([
    { token_per_day: 5 },
    { tokens_per_day: '5' },
    { tokens_per_day: -1 },
    { requests_per_minute: 1.5 },
    { max_output_tokens: COUNT_MAX + 1 },
    { models: [] },
    { models: ['a b'] },
    { models: ['step-*'] },
    { models: ['x'.repeat(129)] },
    { models: 'step-3.7-flash' },
    { created_at: null },
  ])('may not be %o', (limits) => {
    expect([isClient(limits), isPolicy(limits)]).toEqual([false, false]);
  });
});

it('a policy has neither name nor origins, nor an end', () => {
  const others = [
    { name: 'pro' },
    { origins: ['https://app.example'] },
    { expires_at: 1 },
    { disabled: true },
  ];
  expect(others.map(isPolicy)).toEqual([false, false, false, false]);
});

it('a client’s entry has the key of its digest', () => {
  expect(clientEntryKey('0af9')).toBe('key:0af9');
});

describe('policyEntryKey', () => {
  it.each(['pro', 'A-b_c.9', 'a'.repeat(64)])('of "%s" names its entry', (value) => {
    expect(policyEntryKey(value)).toBe(`policy:${value}`);
  });

  it.each([7, true, null, {}, ['pro'], '', 'a b', 'key:x', 'a'.repeat(65)])(
    'of %o is one that no entry has',
    (value) => {
      expect(policyEntryKey(value)).toBe('policy:(malformed)');
    },
  );
});
