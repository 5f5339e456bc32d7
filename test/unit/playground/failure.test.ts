import { describe, expect, it } from 'vitest';
import { errorCodes, GatewayError, isErrorCode } from '../../../src/http/errors.ts';
import { explain, Failure } from '../../../src/playground/playground/failure.js';

const VISITOR = { credential: 'none', siteKey: false } as const;

/** The gateway's codes that this page can't meet: it sends valid JSON to known paths, and no only-if-cached. */
const UNMET = new Set([
  'invalid_json',
  'not_found',
  'method_not_allowed',
  'unsupported_media_type',
  'cache_miss',
]);

const title = (code: string, details = {}) => explain(new Failure(code, '', details), VISITOR).title;

describe('explain', () => {
  it.each(errorCodes.filter((code) => !UNMET.has(code)))('has words for %s', (code) => {
    expect(title(code)).not.toBe('The request failed');
    expect(explain(new Failure(code, ''), VISITOR).advice).not.toBe('');
  });

  it.each([
    'network',
    'interrupted',
    'unreadable',
    'browser_check',
    'queue_timeout',
    'queue_full',
    'budget_reserved',
    'upstream_misconfigured',
  ])('has words for %s', (code) => {
    expect(title(code)).not.toBe('The request failed');
  });

  it.each(errorCodes.filter((code) => !UNMET.has(code)))(
    'offers another try after %s only if the gateway lets clients retry',
    (code) => {
      const { remedy } = explain(new Failure(code, ''), VISITOR);
      const mayRetry = isErrorCode(code) && new GatewayError(code).retry;
      expect(remedy === 'retry').toBe(mayRetry);
    },
  );

  it('names every way in to an operator who has configured none', () => {
    const { advice } = explain(new Failure('access_not_configured', ''), VISITOR);
    for (const setting of ['CLIENT_KEYS', 'Turnstile', 'JWT_ISSUER', 'ANONYMOUS_ACCESS']) {
      expect(advice).toContain(setting);
    }
  });

  it('tells a missing key from a wrong one and from a refused session', () => {
    const refused = new Failure('invalid_api_key', '', { status: 401 });
    expect(explain(refused, VISITOR)).toMatchObject({ title: 'A key is needed', remedy: 'key' });
    expect(explain(refused, { credential: 'key', siteKey: false }).title).toBe('This key was not accepted');
    expect(explain(refused, { credential: 'key', siteKey: true }).advice).toContain('browser check');
    expect(explain(refused, { credential: 'session', siteKey: true }).remedy).toBe('retry');
  });

  it('repeats the gateway’s own words only where they name the field', () => {
    const message = 'temperature: expected 0 to 2';
    expect(explain(new Failure('invalid_value', message), VISITOR).advice).toBe(message);
    expect(explain(new Failure('something_new', message), VISITOR).advice).toBe(message);
    expect(explain(new Failure('rate_limit_exceeded', message), VISITOR).advice).not.toContain(message);
  });

  it('uses the status where a proxy before the gateway answered', () => {
    expect(title('unreadable', { status: 429 })).toBe('Too many requests');
    expect(title('unreadable', { status: 413 })).toBe('The conversation is too large');
    expect(title('unreadable', { status: 401 })).toBe('A key is needed');
    expect(title('unreadable', { status: 520 })).toBe('This is not an answer of the gateway');
  });

  it('has the time to wait', () => {
    const failure = new Failure('rate_limit_exceeded', '', { retryAfterSeconds: 12 });
    expect(explain(failure, VISITOR).waitSeconds).toBe(12);
    expect(explain(new Failure('rate_limit_exceeded', ''), VISITOR).waitSeconds).toBe(0);
  });

  it('treats a code that objects inherit as unknown', () => {
    for (const code of ['constructor', '__proto__', 'something_new']) {
      expect(title(code)).toBe('The request failed');
    }
  });
});
