import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/http/errors.ts';
import { requireJson } from '../../../src/http/media-type.ts';

/** @returns the failure of a request with these headers; null for an accepted one. */
function failureOf(headers: Record<string, string>): GatewayError | null {
  try {
    requireJson(new Headers(headers));
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  return null;
}

describe('the type of a body', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json ;charset=utf-8',
    'application/json; charset="utf-8"',
    'application/json; charset=utf8',
    'application/json; charset = utf-8',
    'Application/JSON ; x=y',
  ])('may be %s', (type) => {
    expect(failureOf({ 'content-type': type })).toBeNull();
  });

  it.each([
    'text/plain',
    'text/json',
    'application/jsonp',
    'application/json-seq',
    'application/json+x',
    'application/x-ndjson',
    'x-application/json',
    'multipart/form-data; boundary=application/json',
    'application/json; charset=latin1',
    'application/json; charset=utf-16',
    'application/json; charset="utf-16"',
    'application/json; charset=utf-80',
    'x application/json',
    '',
  ])('may not be "%s"', (type) => {
    expect(failureOf({ 'content-type': type })?.code).toBe('unsupported_media_type');
  });

  it('may not be left out', () => {
    const error = failureOf({});
    expect(error?.code).toBe('unsupported_media_type');
    expect(error?.message).toContain('send content-type: application/json');
  });
});

describe('the encoding of a body', () => {
  it.each(['gzip', 'br', 'identity, gzip'])('may not be "%s"', (encoding) => {
    const error = failureOf({ 'content-type': 'application/json', 'content-encoding': encoding });
    expect(error?.code).toBe('unsupported_media_type');
    expect(error?.message).toBe('The body must not be compressed.');
  });

  it.each(['identity', 'Identity'])('may be %s', (encoding) => {
    expect(failureOf({ 'content-type': 'application/json', 'content-encoding': encoding })).toBeNull();
  });
});
