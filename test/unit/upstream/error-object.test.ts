import { describe, expect, it } from 'vitest';
import { namesMissingModel, parseErrorObject, parseRateLimit } from '../../../src/upstream/error-object.ts';

const objectOf = (value: unknown) => parseErrorObject(JSON.stringify(value));

describe('parseErrorObject', () => {
  it.each([
    [{ error: {} }, true],
    [{ error: 'no' }, true],
    [{ error: { message: 'no' }, choices: [] }, true],
    [{ error: null }, false],
    [{ error: '' }, false],
    [{ choices: [] }, false],
  ])('finds an error in %j: %s', (value, hasError) => {
    expect(objectOf(value)).toMatchObject({ isJson: true, hasError });
  });

  it.each(['<html>error</html>', '{"error":', '', '[]', '"error"', 'null', null])(
    'takes %s for no object',
    (text) => {
      expect(parseErrorObject(text)).toMatchObject({ isJson: false, hasError: false, status: null });
    },
  );

  it.each([
    // A number says most, in any field.
    [{ error: { status: 429, type: 'invalid_request' } }, 429],
    [{ error: { code: '451' } }, 451],
    [{ error: { status_code: 400 } }, 400],
    [{ error: { message: 'm' }, http_status: 422 }, 422],
    [{ code: 503, message: 'm' }, 503],
    // Numbers that are not an error's status say nothing.
    [{ error: { code: 7, type: 'rate_limited' } }, 429],
    [{ error: { code: 4290 } }, null],
    [{ error: { code: 200 } }, null],
    [{ error: { code: 600 } }, null],
    // Words.
    [{ error: { type: 'rate_limit_error' } }, 429],
    [{ error: { type: 'too_many_requests' } }, 429],
    [{ error: { type: 'throttled' } }, 429],
    [{ error: { type: 'censorship_blocked' } }, 451],
    [{ error: { code: 'content_filter' } }, 451],
    [{ error: { code: 'sensitive_words' } }, 451],
    [{ error: { type: 'request_params_invalid' } }, 400],
    [{ error: { type: 'unsupported_content_type' } }, 400],
    [{ error: { type: 'invalid_request_error' } }, 400],
    [{ error: { code: 'context_length_exceeded' } }, 400],
    [{ error: { type: 'authentication_error' } }, 401],
    [{ error: { type: 'invalid_api_key' } }, 401],
    [{ error: { type: 'permission_denied' } }, 401],
    [{ error: { type: 'quota_exceeded' } }, 402],
    [{ error: { type: 'insufficient_balance' } }, 402],
    [{ error: { type: 'invalid_request_error', code: 'model_not_found' } }, 404],
    [{ error: { type: 'engine_overloaded' } }, 503],
    [{ error: { type: 'internal_server_error' } }, 503],
    // Nothing.
    [{ error: { type: 'unknown' } }, null],
    [{ error: 'rate limit' }, null],
    [{ error: {} }, null],
  ])('reads the status of %j as %s', (value, status) => {
    expect(objectOf(value).status).toBe(status);
  });

  it.each([
    [{ error: { message: 'inside' }, message: 'beside' }, 'inside'],
    [{ error: 'plain' }, 'plain'],
    [{ error: { code: 400 }, message: 'beside' }, 'beside'],
    [{ error: { message: { deep: 1 } } }, ''],
    [{ error: { message: '' } }, ''],
  ])('finds the message of %j', (value, message) => {
    expect(objectOf(value).message).toBe(message);
  });

  it('keeps types and codes that are identifiers, and nothing that could quote a prompt', () => {
    expect(objectOf({ error: { type: 'rate_limited', code: 4290 } })).toMatchObject({
      type: 'rate_limited',
      code: '4290',
    });
    expect(objectOf({ error: { type: 'Invalid content: my secret', code: 'x'.repeat(65) } })).toMatchObject({
      type: null,
      code: null,
    });
  });
});

describe('namesMissingModel', () => {
  it.each([
    'model step-99 not found',
    'model "step-99" does not exist',
    'The model `step-99` does not exist or you do not have access to it.',
    'The requested model step-99 was not found.',
    'Model step-99 is not available for your account',
    'model: step-99 is not supported',
    'Model step-1-8k is no longer available.',
    'model not exist',
    'The model step-99 is not allowed.',
    'unknown model: step-99',
    'Invalid model',
    'invalid model name: step-99',
    'You do not have access to the model step-99.',
    '模型 step-99 不存在',
  ])('is true for: %s', (message) => {
    expect(namesMissingModel(objectOf({ error: { message } }))).toBe(true);
  });

  // Where it is quadratic, this takes minutes, and the test's time is over.
  it.each(['model', 'model x', 'the model is not', '模型'])('is linear in the spaces behind: %s', (start) => {
    expect(namesMissingModel(objectOf({ error: { message: start + ' '.repeat(500_000) } }))).toBe(false);
  });

  it.each(['model_not_found', 'model_not_exist', 'invalid_model', 'model_not_allowed'])(
    'is true for the type %s',
    (type) => {
      expect(namesMissingModel(objectOf({ error: { message: 'no', type } }))).toBe(true);
      expect(namesMissingModel(objectOf({ error: { message: 'no', code: type } }))).toBe(true);
    },
  );

  it.each([
    'reasoning_effort is not supported by model step-3.5-flash',
    'model step-3.5-flash does not support images',
    'The model step-3.5-flash is not supported with tools',
    "This model's maximum context length is 256000 tokens",
    'The file you referred to does not exist',
    'model is required',
    'invalid model parameter',
    'the image could not be found',
    'tool get_weather does not exist',
    '',
  ])('is false for: %s', (message) => {
    expect(namesMissingModel(objectOf({ error: { message } }))).toBe(false);
  });
});

describe('parseRateLimit', () => {
  it.each([
    ['concurrency reached, current: 11, limit: 10', 'concurrency', 11, 10],
    [
      'request limited concurrency reached, current: 16, limit: 15. Please top up at https://x',
      'concurrency',
      16,
      15,
    ],
    ['request limited RPM reached, current: 11, limit: 10', 'rpm', 11, 10],
    ['request limited TPM reached, current: 559755, limit: 500000', 'tpm', 559_755, 500_000],
    ['request limited RPM reached', 'rpm', null, null],
    ['Too many requests, limit: 3', 'unknown', null, 3],
    ['slow down', 'unknown', null, null],
    ['', 'unknown', null, null],
  ])('reads: %s', (message, kind, current, limit) => {
    expect(parseRateLimit(message)).toEqual({ kind, current, limit });
  });
});
