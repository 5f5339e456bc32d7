import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { UPSTREAM_MESSAGE_CHARS } from '../../../src/limits.ts';
import { errorEvent, parseFailure } from '../../../src/relay/failure.ts';
import { text } from './rewrite.ts';

describe('parseFailure', () => {
  it.each([
    // A status says most, wherever and however it is written.
    [{ error: { status: 429, type: 'invalid_request' } }, 'upstream_rate_limited'],
    [{ error: { code: '451' } }, 'content_filter'],
    [{ error: { status_code: 400 } }, 'upstream_rejected'],
    [{ error: { message: 'm' }, http_status: 422 }, 'upstream_rejected'],
    [{ error: { code: 404 } }, 'upstream_rejected'],
    [{ error: { code: 401 } }, 'upstream_auth'],
    [{ error: { code: 402 } }, 'upstream_auth'],
    [{ error: { code: 403 } }, 'upstream_auth'],
    [{ error: { code: 500 } }, 'upstream_unavailable'],
    [{ code: 503, message: 'm' }, 'upstream_unavailable'],
    // Numbers that are no status say nothing.
    [{ error: { code: 7, type: 'rate_limited' } }, 'upstream_rate_limited'],
    [{ error: { code: 4290 } }, 'upstream_unavailable'],
    [{ error: { code: 200 } }, 'upstream_unavailable'],
    // Words.
    [{ error: { type: 'rate_limit_error' } }, 'upstream_rate_limited'],
    [{ error: { type: 'too_many_requests' } }, 'upstream_rate_limited'],
    [{ error: { type: 'censorship_blocked' } }, 'content_filter'],
    [{ error: { code: 'content_filter' } }, 'content_filter'],
    [{ error: { type: 'invalid_request_error' } }, 'upstream_rejected'],
    [{ error: { code: 'context_length_exceeded' } }, 'upstream_rejected'],
    [{ error: { type: 'authentication_error' } }, 'upstream_auth'],
    [{ error: { type: 'insufficient_balance' } }, 'upstream_auth'],
    [{ error: { type: 'invalid_api_key' } }, 'upstream_auth'],
    [{ error: { type: 'engine_overloaded' } }, 'upstream_unavailable'],
    [{ error: { type: 'internal_server_error' } }, 'upstream_unavailable'],
    // Nothing.
    [{ error: { type: 'rhubarb' } }, 'upstream_unavailable'],
    [{ error: 'rate limit' }, 'upstream_unavailable'],
    [{ error: {} }, 'upstream_unavailable'],
    [[], 'upstream_unavailable'],
    [null, 'upstream_unavailable'],
  ])('%j is %s', (said, code) => {
    expect(parseFailure(JSON.stringify(said)).code).toBe(code);
  });

  it.each([
    ['upstream_rejected', 400],
    ['content_filter', 451],
    ['upstream_rate_limited', 429],
  ])('shows the words of %s', (code, status) => {
    expect(parseFailure(JSON.stringify({ error: { status, message: 'why' } }))).toMatchObject({
      code,
      message: 'why',
    });
  });

  it.each([401, 500])('keeps the words of %i for the log', (status) => {
    const error = parseFailure(JSON.stringify({ error: { status, message: 'acme owes 7' } }));
    expect(error.message).not.toContain('acme');
    expect(error.details.detail).toContain('acme owes 7');
  });

  it('finds the words where they are', () => {
    const shown = (said: unknown): string => parseFailure(JSON.stringify(said)).message;
    expect(shown({ error: 'plain', status: 400 })).toBe('plain');
    expect(shown({ message: 'around', status: 400 })).toBe('around');
    expect(shown({ error: { code: 400 }, message: 'beside' })).toBe('beside');
    expect(shown({ error: { code: 400, message: { deep: 1 } } })).toBe('StepFun rejected the request.');
  });

  it('redacts and caps, for the client and for the log', () => {
    const message = `canary sk-abcdef1234 ${'no way. '.repeat(1_000)}`;
    const error = parseFailure(JSON.stringify({ error: { status: 400, message } }), ['canary']);
    expect(error.message).toMatch(/^\[redacted\] \[redacted\] no way/);
    expect(error.message.length).toBe(UPSTREAM_MESSAGE_CHARS + 1);
    expect(error.details.detail).not.toMatch(/canary|sk-/);
  });

  it('makes do with any text', () => {
    expect(parseFailure('<html>')).toMatchObject({ code: 'upstream_unavailable' });
    expect(parseFailure('')).toMatchObject({ code: 'upstream_unavailable' });
  });
});

it('errorEvent is one line of data and a blank one', () => {
  expect(text(errorEvent(new GatewayError('upstream_reset', 'a\nb\r\u2028')))).toBe(
    'data: {"error":{"message":"a\\nb\\r\u2028","type":"upstream_error","param":null,"code":"upstream_reset"}}\n\n',
  );
});
