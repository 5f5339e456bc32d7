import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/http/errors.ts';
import { explain, Failure } from '../../../src/playground/playground/failure.js';

const VISITOR = { credential: 'none', siteKey: false } as const;

/** Every code of the gateway: whether this page may meet it, and so has words for it. */
const MET: Record<ErrorCode, boolean> = {
  invalid_json: false,
  invalid_value: true,
  unknown_parameter: false,
  model_not_found: true,
  not_found: false,
  method_not_allowed: false,
  request_timeout: true,
  request_too_large: true,
  unsupported_media_type: false,
  invalid_api_key: true,
  origin_not_allowed: true,
  rate_limit_exceeded: true,
  insufficient_quota: true,
  budget_reserved: true,
  upstream_rate_limited: true,
  upstream_rejected: true,
  content_filter: true,
  upstream_auth: true,
  upstream_misconfigured: false,
  upstream_unavailable: true,
  upstream_malformed: true,
  upstream_truncated: true,
  upstream_reset: true,
  upstream_timeout: true,
  cache_miss: false,
  access_not_configured: true,
  access_unavailable: true,
  invalid_configuration: true,
  internal_error: true,
};

const html = (status: number) => explain(new Failure('unreadable', '', { status }), VISITOR).title;

describe('explain', () => {
  it.each(Object.entries(MET))('has words for %s: %s', (code, isMet) => {
    const { title, advice } = explain(new Failure(code, ''), VISITOR);
    expect(title !== 'The request failed').toBe(isMet);
    expect(advice).not.toBe('');
  });

  it.each(['network', 'interrupted', 'unreadable', 'browser_check'])(
    'has words for %s of its own',
    (code) => {
      expect(explain(new Failure(code, ''), VISITOR).title).not.toBe('The request failed');
    },
  );

  it('names every way in to an operator who has configured none', () => {
    const { advice } = explain(new Failure('access_not_configured', ''), VISITOR);
    for (const setting of ['CLIENT_KEYS', 'Turnstile', 'JWT_ISSUER', 'ANONYMOUS_ACCESS']) {
      expect(advice).toContain(setting);
    }
  });

  it('asks for a key, doubts the key, or renews the session, as the request was let in', () => {
    const refused = new Failure('invalid_api_key', '', { status: 401 });
    expect(explain(refused, VISITOR)).toMatchObject({ title: 'A key is needed', remedies: ['key', 'retry'] });
    expect(explain(refused, { credential: 'key', siteKey: false }).title).toBe('This key was not accepted');
    expect(explain(refused, { credential: 'key', siteKey: true }).advice).toContain('browser check');
    expect(explain(refused, { credential: 'session', siteKey: true }).remedies[0]).toBe('retry');
  });

  it('goes by the status where something before the gateway answered', () => {
    expect(html(429)).toBe('Too many requests');
    expect(html(413)).toBe('The conversation is too large');
    expect(html(401)).toBe('A key is needed');
    expect(html(520)).toBe('This is not an answer of the gateway');
  });

  it('says how long to wait', () => {
    expect(
      explain(new Failure('rate_limit_exceeded', '', { retryAfterSeconds: 12 }), VISITOR).waitSeconds,
    ).toBe(12);
    expect(explain(new Failure('rate_limit_exceeded', ''), VISITOR).waitSeconds).toBe(0);
  });

  it('takes an unknown code, even one that objects inherit, for unknown', () => {
    for (const code of ['constructor', '__proto__', 'something_new']) {
      expect(explain(new Failure(code, ''), VISITOR).title).toBe('The request failed');
    }
  });
});
