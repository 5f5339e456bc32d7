import { describe, expect, it } from 'vitest';
import { errorBody, GatewayError, toGatewayError } from '../../../src/http/errors.ts';
import { ERROR_MESSAGE_CHARS } from '../../../src/config/limits.ts';

describe('GatewayError', () => {
  it('caps what a client reads', () => {
    const { message } = errorBody(new GatewayError('invalid_value', 'x'.repeat(1_000_000))).error;
    expect(message.length).toBe(ERROR_MESSAGE_CHARS + 1);
  });
});

describe('toGatewayError', () => {
  it('leaves ours alone', () => {
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

  it('keeps the text for the log', () => {
    expect(toGatewayError(new TypeError('boom')).details.detail).toContain('boom');
  });
});
