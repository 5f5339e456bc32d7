// Reads a request's body as bytes: of the right media type, not too large, in time.
// chat-request.ts parses the bytes.

import { contentLength, readAll } from '../../lib/bytes.ts';
import { GatewayError } from '../../http/errors.ts';
import { requireJson } from '../../http/media-type.ts';

/**
 * @param request - its body is read to the end; if it is refused, the caller has to drain
 *   what is left of it.
 * @param maxBytes - counted while reading. A larger Content-Length is refused at once: HTTP
 *   does not let a body be shorter than that.
 * @param timeoutMs - how long a step may take (see `readAll`).
 * @returns the body's bytes; none when there is no body.
 * @throws {GatewayError} `unsupported_media_type`, `request_too_large`,
 *   `request_timeout` (too slow, or the client broke off).
 */
export async function readBody(request: Request, maxBytes: number, timeoutMs: number): Promise<Uint8Array> {
  requireJson(request.headers);
  const expectedBytes = contentLength(request.headers);
  if (expectedBytes !== undefined && expectedBytes > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return new Uint8Array();
  const body = await readAll(request.body, { maxBytes, expectedBytes, timeoutMs }).catch((cause: unknown) => {
    // The stream failed: the client has left, or its HTTP framing is broken.
    throw new GatewayError('request_timeout', 'The body ended before it was complete.', { cause });
  });
  if (body === 'too_large') throw tooLarge(maxBytes);
  if (body === 'too_slow') throw new GatewayError('request_timeout');
  return body;
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('request_too_large', `The body is larger than ${maxBytes} bytes.`);
}
