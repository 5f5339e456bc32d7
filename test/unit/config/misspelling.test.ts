import { describe, expect, it } from 'vitest';
import { findMisspelled } from '../../../src/config/misspelling.ts';
import { settingsSchema } from '../../../src/config/settings.ts';

const SETTINGS = Object.keys(settingsSchema.shape);

describe('findMisspelled', () => {
  it.each([
    ['TOKEN_PER_DAY', 'TOKENS_PER_DAY'],
    ['tokens_per_day', 'TOKENS_PER_DAY'],
    ['MaxChoise', 'MAX_CHOICES'],
    ['max-choise', 'MAX_CHOICES'],
    ['CLIENT_KEY', 'CLIENT_KEYS'],
    ['ALLOWED_ORIGIN', 'ALLOWED_ORIGINS'],
    ['STEPFUN_API_KEY', 'STEP_API_KEY'],
    ['ANONYMOUS_ACESS', 'ANONYMOUS_ACCESS'],
    ['CACHE_TTL', 'CACHE_TTL_SECONDS'],
    ['cache_ttl', 'CACHE_TTL_SECONDS'],
    ['TURNSTILE_SECRET', 'TURNSTILE_SECRET_KEY'],
    ['IDLE_TIMEOUT', 'IDLE_TIMEOUT_MS'],
  ])('takes %s for %s', (name, meant) => {
    expect(findMisspelled(name, SETTINGS)).toBe(meant);
  });

  it.each(['NODE_ENV', 'LOG_LEVEL', 'SENTRY_DSN', 'CACHE_SIZE', 'STREAM', 'ENVIRONMENT', 'QUEUE', 'X', ''])(
    'takes %s for no setting',
    (name) => {
      expect(findMisspelled(name, SETTINGS)).toBeUndefined();
    },
  );

  it('chooses the nearest of several', () => {
    expect(findMisspelled('UPSTREAM_RPN', ['UPSTREAM_TPM', 'UPSTREAM_RPM'])).toBe('UPSTREAM_RPM');
  });

  it('compares names of up to 64 characters', () => {
    const long = 'A'.repeat(64);
    expect(findMisspelled(`${long.slice(1)}B`, [long])).toBe(long);
    expect(findMisspelled(`${long}B`, [long])).toBeUndefined();
  });
});
