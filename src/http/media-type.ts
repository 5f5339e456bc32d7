// Checks the declared type of a request's body, before the body is read.

import { GatewayError } from './errors.ts';

/**
 * JSON is UTF-8 (RFC 8259 §8.1). A charset has no meaning there, but another one than UTF-8 is refused.
 * @throws {GatewayError} `unsupported_media_type`.
 */
export function requireJson(headers: Headers): void {
  const type = headers.get('content-type') ?? '';
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type)?.[1];
  if (!/^application\/json\s*(?:;|$)/i.test(type) || (charset !== undefined && !/^utf-?8$/i.test(charset))) {
    throw new GatewayError('unsupported_media_type');
  }
  const encoding = (headers.get('content-encoding') ?? 'identity').toLowerCase();
  if (encoding !== 'identity') {
    // RFC 9110 §15.5.16. Unpacked bodies would need a cap of their own (zip bombs).
    throw new GatewayError('unsupported_media_type', 'The body must not be compressed.');
  }
}
