import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/config/configuration-error.ts';
import { errorBody, GatewayError, isErrorCode, toGatewayError } from '../../../src/http/errors.ts';
import { ERROR_MESSAGE_CHARS } from '../../../src/config/limits.ts';

describe('GatewayError', () => {
  it('caps what a client reads', () => {
    const { message } = errorBody(new GatewayError('invalid_value', 'x'.repeat(1_000_000))).error;
    expect(message.length).toBe(ERROR_MESSAGE_CHARS + 1);
  });
});

describe('toGatewayError', () => {
  it('returns a GatewayError as it is', () => {
    const error = new GatewayError('invalid_json');
    expect(toGatewayError(error)).toBe(error);
  });

  it.each([new TypeError('sk-secret was undefined'), 'sk-secret', undefined, { toString: null }])(
    'tells the client nothing of %o',
    (thrown) => {
      const error = toGatewayError(thrown);
      expect(error.code).toBe('internal_error');
      expect(JSON.stringify(errorBody(error))).not.toContain('sk-secret');
    },
  );

  it('makes a wrong setting invalid_configuration, whose text is for the log', () => {
    const error = toGatewayError(new ConfigurationError('CACHE_TTL_SECONDS: expected a number'));
    expect(error).toMatchObject({ code: 'invalid_configuration', status: 503 });
    expect(error.details.detail).toContain('CACHE_TTL_SECONDS');
    expect(JSON.stringify(errorBody(error))).not.toContain('CACHE_TTL_SECONDS');
  });

  it('keeps the text for the log', () => {
    expect(toGatewayError(new TypeError('boom')).details.detail).toContain('boom');
  });
});

it.each([
  ['upstream_reset', true],
  ['client_gone', false],
  ['completed', false],
  ['toString', false],
])('isErrorCode %s: %s', (text, expected) => {
  expect(isErrorCode(text)).toBe(expected);
});
