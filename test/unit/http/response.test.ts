import { describe, expect, it } from 'vitest';
import { errorResponse, jsonResponse } from '../../../src/http/response.ts';
import { GatewayError, type ErrorCode } from '../../../src/http/errors.ts';

/** The documented table of errors: code → status, type, whether a retry may help. */
const CONTRACT: Record<ErrorCode, [status: number, type: string, retry: boolean]> = {
  invalid_json: [400, 'invalid_request_error', false],
  invalid_value: [400, 'invalid_request_error', false],
  unknown_parameter: [400, 'invalid_request_error', false],
  model_not_found: [404, 'invalid_request_error', false],
  not_found: [404, 'invalid_request_error', false],
  method_not_allowed: [405, 'invalid_request_error', false],
  request_timeout: [408, 'timeout_error', true],
  request_too_large: [413, 'invalid_request_error', false],
  unsupported_media_type: [415, 'invalid_request_error', false],
  invalid_api_key: [401, 'authentication_error', false],
  origin_not_allowed: [403, 'permission_error', false],
  rate_limit_exceeded: [429, 'rate_limit_error', true],
  insufficient_quota: [429, 'insufficient_quota', false],
  budget_reserved: [429, 'rate_limit_error', true],
  queue_full: [429, 'rate_limit_error', true],
  queue_timeout: [429, 'rate_limit_error', true],
  upstream_rate_limited: [429, 'rate_limit_error', true],
  upstream_rejected: [400, 'invalid_request_error', false],
  content_filter: [451, 'content_filter', false],
  upstream_auth: [502, 'upstream_error', false],
  upstream_misconfigured: [502, 'upstream_error', false],
  upstream_unavailable: [502, 'upstream_error', true],
  upstream_malformed: [502, 'upstream_error', true],
  upstream_truncated: [502, 'upstream_error', true],
  upstream_reset: [502, 'upstream_error', true],
  upstream_timeout: [504, 'timeout_error', true],
  cache_miss: [504, 'invalid_request_error', false],
  access_not_configured: [503, 'server_error', false],
  access_unavailable: [503, 'server_error', true],
  invalid_configuration: [503, 'server_error', false],
  internal_error: [500, 'server_error', true],
};

describe('errorResponse', () => {
  for (const [code, [status, type, retry]] of Object.entries(CONTRACT)) {
    it(`puts ${code} on the wire as ${status} ${type}`, async () => {
      const response = errorResponse(new GatewayError(code as ErrorCode));
      expect(response.status).toBe(status);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(response.headers.get('x-should-retry')).toBe(retry ? null : 'false');
      expect(await response.json()).toEqual({
        error: { message: expect.stringMatching(/\w/), type, param: null, code },
      });
    });
  }

  it('has the field, when to retry, the methods, the attempts and more headers', async () => {
    const error = new GatewayError('invalid_value', 'n: too large', {
      param: 'n',
      retryAfterSeconds: 7,
      allow: 'POST',
      attempts: 3,
      headers: { 'x-ratelimit-remaining-tokens': '0' },
    });
    const response = errorResponse(error);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(response.headers.get('allow')).toBe('POST');
    expect(response.headers.get('x-upstream-attempts')).toBe('3');
    expect(response.headers.get('x-ratelimit-remaining-tokens')).toBe('0');
    expect(await response.json()).toMatchObject({ error: { message: 'n: too large', param: 'n' } });
  });

  it('names the scheme on a 401 (RFC 9110 §15.5.2)', () => {
    const { headers } = errorResponse(new GatewayError('invalid_api_key'));
    expect(headers.get('www-authenticate')).toBe('Bearer');
  });
});

it('jsonResponse has a value as JSON, its status and headers', async () => {
  const response = jsonResponse({ a: 'ü' }, { 'x-a': 'b' }, 418);
  expect(response.status).toBe(418);
  expect(Object.fromEntries(response.headers)).toEqual({ 'content-type': 'application/json', 'x-a': 'b' });
  expect(await response.text()).toBe('{"a":"ü"}');
  expect(jsonResponse(null, {}).status).toBe(200);
});
