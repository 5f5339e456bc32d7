import { describe, expect, it, test } from 'vitest';
import { UPSTREAM_MESSAGE_CHARS } from '../../../src/config/limits.ts';
import { holdsError, readUpstreamError } from '../../../src/upstream/upstream-error.ts';

const readObject = (said: unknown, circumstances = {}) =>
  readUpstreamError(JSON.stringify(said), circumstances);

describe('a status', () => {
  test.each([
    [302, 'upstream_malformed', false],
    [400, 'upstream_rejected', false],
    [401, 'upstream_auth', false],
    [402, 'upstream_auth', false],
    [403, 'upstream_auth', false],
    [404, 'model_not_found', false],
    [408, 'upstream_unavailable', false],
    [413, 'upstream_rejected', false],
    [422, 'upstream_rejected', false],
    [429, 'upstream_rate_limited', false],
    [451, 'content_filter', false],
    [500, 'upstream_unavailable', true],
    [501, 'upstream_unavailable', false],
    [502, 'upstream_unavailable', true],
    [503, 'upstream_unavailable', true],
    [504, 'upstream_unavailable', true],
    [529, 'upstream_unavailable', true],
  ])('of %i is %s', (status, code, transient) => {
    expect(readObject({ error: { message: 'm' } }, { status })).toMatchObject({
      code,
      details: { transient },
    });
    // As StepFun's object tells, so would its status.
    if (status >= 400) {
      expect(readObject({ error: { code: status } })).toMatchObject({ code, details: { transient } });
    }
  });

  it('says more than the object that comes with it', () => {
    expect(readObject({ error: { code: 451, type: 'rate_limit' } }, { status: 400 }).code).toBe(
      'upstream_rejected',
    );
  });

  test.each([
    [401, 'invalid_api_key'],
    [402, 'insufficient_quota'],
    [403, 'invalid_api_key'],
  ])('of %i tells a client of trouble with their own key: %s', (status, code) => {
    expect(readUpstreamError(null, { status, keySource: 'client' }).code).toBe(code);
    expect(readObject({ error: { status } }, { keySource: 'client' }).code).toBe(code);
  });
});

describe('an error object', () => {
  test.each([
    // A status says most, wherever and however it is written.
    [{ error: { status: 429, type: 'invalid_request' } }, 'upstream_rate_limited'],
    [{ error: { code: '451' } }, 'content_filter'],
    [{ error: { status_code: 400 } }, 'upstream_rejected'],
    [{ error: { message: 'm' }, http_status: 422 }, 'upstream_rejected'],
    [{ code: 503, message: 'm' }, 'upstream_unavailable'],
    // Numbers that are no status say nothing.
    [{ error: { code: 7, type: 'rate_limited' } }, 'upstream_rate_limited'],
    [{ error: { code: 4290 } }, 'upstream_unavailable'],
    [{ error: { code: 200 } }, 'upstream_unavailable'],
    [{ error: { code: 600 } }, 'upstream_unavailable'],
    // Words.
    [{ error: { type: 'rate_limit_error' } }, 'upstream_rate_limited'],
    [{ error: { type: 'too_many_requests' } }, 'upstream_rate_limited'],
    [{ error: { type: 'throttled' } }, 'upstream_rate_limited'],
    [{ error: { type: 'censorship_blocked' } }, 'content_filter'],
    [{ error: { code: 'content_filter' } }, 'content_filter'],
    [{ error: { code: 'sensitive_words' } }, 'content_filter'],
    [{ error: { type: 'request_params_invalid' } }, 'upstream_rejected'],
    [{ error: { type: 'invalid_request_error' } }, 'upstream_rejected'],
    [{ error: { code: 'context_length_exceeded' } }, 'upstream_rejected'],
    [{ error: { type: 'authentication_error' } }, 'upstream_auth'],
    [{ error: { type: 'insufficient_balance' } }, 'upstream_auth'],
    [{ error: { type: 'insufficient_quota' } }, 'upstream_auth'],
    [{ error: { type: 'invalid_api_key' } }, 'upstream_auth'],
    [{ error: { type: 'permission_denied' } }, 'upstream_auth'],
    [{ error: { type: 'invalid_request_error', code: 'model_not_found' } }, 'model_not_found'],
    [{ error: { type: 'engine_overloaded' } }, 'upstream_unavailable'],
    [{ error: { type: 'internal_server_error' } }, 'upstream_unavailable'],
    // Nothing.
    [{ error: { type: 'rhubarb' } }, 'upstream_unavailable'],
    [{ error: 'rate limit' }, 'upstream_unavailable'],
    [{ error: {} }, 'upstream_unavailable'],
    [[], 'upstream_unavailable'],
    [null, 'upstream_unavailable'],
  ])('%j is %s', (said, code) => {
    expect(readObject(said).code).toBe(code);
  });

  test.each([
    [{ type: 'insufficient_balance' }, 'insufficient_quota'],
    [{ type: 'invalid_api_key' }, 'invalid_api_key'],
  ])('%j, of a client with their own key, is %s', (error, code) => {
    expect(readObject({ error }, { keySource: 'client' }).code).toBe(code);
  });

  it('is worth another try when it says that it is over soon, and only then', () => {
    expect(readObject({ error: { type: 'engine_overloaded' } }).details.transient).toBe(true);
    expect(readObject({ error: { type: 'rhubarb' } }).details.transient).toBe(false);
    expect(readUpstreamError('<html>').details.transient).toBe(false);
  });
});

describe('when to come back', () => {
  it('goes with a rate limit', () => {
    const { details } = readUpstreamError(null, { status: 429, retryAfterSeconds: 7 });
    expect(details.retryAfterSeconds).toBe(7);
    const { details: inside } = readObject({ error: { code: 429 } }, { retryAfterSeconds: 7 });
    expect(inside.retryAfterSeconds).toBe(7);
  });

  it('and with nothing else', () => {
    const { details } = readUpstreamError(null, { status: 500, retryAfterSeconds: 7 });
    expect(details.retryAfterSeconds).toBeUndefined();
  });
});

describe("StepFun's words", () => {
  test.each([
    ['upstream_rejected', 400],
    ['content_filter', 451],
    ['upstream_rate_limited', 429],
    ['model_not_found', 404],
  ])('are shown with %s', (code, status) => {
    const error = { message: 'why' };
    expect(readObject({ error: { ...error, status } })).toMatchObject({ code, message: 'why' });
    expect(readObject({ error }, { status })).toMatchObject({ code, message: 'why' });
  });

  test.each([302, 401, 402, 403, 500])('of a %i are kept for the log', (status) => {
    for (const error of [
      readObject({ error: { status, message: 'acme owes 7' } }),
      readObject({ error: { message: 'acme owes 7' } }, { status }),
    ]) {
      expect(error.message).not.toContain('acme');
      expect(error.details.detail).toContain('acme owes 7');
    }
  });

  it('are found where they are', () => {
    const shown = (said: unknown): string => readObject(said).message;
    expect(shown({ error: 'plain', status: 400 })).toBe('plain');
    expect(shown({ message: 'around', status: 400 })).toBe('around');
    expect(shown({ error: { code: 400 }, message: 'beside' })).toBe('beside');
    expect(shown({ error: { code: 400, message: { deep: 1 } } })).toBe('StepFun rejected the request.');
    expect(shown({ error: { code: 400, message: '' } })).toBe('StepFun rejected the request.');
  });

  it('are redacted and capped, for the client and for the log', () => {
    const message = `canary sk-abcdef1234 ${'no way. '.repeat(1_000)}`;
    const error = readObject({ error: { status: 400, message } }, { secrets: ['canary'] });
    expect(error.message).toMatch(/^\[redacted\] \[redacted\] no way/);
    expect(error.message.length).toBe(UPSTREAM_MESSAGE_CHARS + 1);
    expect(error.details.detail).not.toMatch(/canary|sk-/);
  });

  it('are not looked for in what is no JSON: it may be an answer', () => {
    for (const text of ['<html>Hello</html>', '{"error":', '', 'Hello']) {
      const error = readUpstreamError(text, { status: 400 });
      expect(error).toMatchObject({ code: 'upstream_rejected', message: 'StepFun rejected the request.' });
      expect(error.details.detail).toBe('StepFun answered 400: no message');
      expect(readUpstreamError(text)).toMatchObject({ code: 'upstream_unavailable' });
    }
  });
});

test.each([
  ['{"error":{}}', true],
  ['{"error":"no"}', true],
  ['{"error":{"message":"no"},"choices":[]}', true],
  ['{"error":null}', false],
  ['{"error":""}', false],
  ['{"choices":[]}', false],
  ['[]', false],
  ['"error"', false],
  ['<html>error</html>', false],
  ['', false],
])('%s holds an error: %s', (text, holds) => {
  expect(holdsError(text)).toBe(holds);
});
