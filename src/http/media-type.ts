// The media type of a request's body, checked before a byte of it is read.

import { GatewayError } from './errors.ts';

/**
 * JSON is UTF-8 (RFC 8259 §8.1); a charset, though meaningless there, must at least not say otherwise.
 * @throws {GatewayError} `unsupported_media_type`.
 */
export function requireJson(headers: Headers): void {
  const type = headers.get('content-type') ?? '';
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type)?.[1];
  if (!/^application\/json\s*(?:;|$)/i.test(type) || (charset !== undefined && !/^utf-?8$/i.test(charset))) {
    throw new GatewayError('unsupported_media_type');
  }
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') {
    // RFC 9110 §15.5.16. Unpacked bodies would need a cap of their own (zip bombs).
    throw new GatewayError('unsupported_media_type', 'The body must not be compressed.');
  }
}
