// A request's body, from the wire to bytes: the right media type, not too large,
// in time. What the bytes say is the business of request.ts.

import { readAll } from '../../lib/bytes.ts';
import { GatewayError } from '../../http/errors.ts';
import { requireJson } from '../../http/media-type.ts';

/**
 * @param request - its body is read to the end; where it is refused, what is left of
 *   it is the caller's to drain.
 * @param maxBytes - counted while reading. A Content-Length beyond it is refused
 *   at once: HTTP's framing lets no body be shorter than it says.
 * @param timeoutMs - how long a step may take (see `readAll`).
 * @returns the body's bytes; none when there is no body.
 * @throws {GatewayError} `unsupported_media_type`, `request_too_large`,
 *   `request_timeout` (too slow, or the client broke off).
 */
export async function readBody(request: Request, maxBytes: number, timeoutMs: number): Promise<Uint8Array> {
  requireJson(request.headers);
  const expectedBytes = Number(request.headers.get('content-length') ?? NaN) || undefined;
  if (expectedBytes !== undefined && expectedBytes > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return new Uint8Array();
  const body = await readAll(request.body, { maxBytes, expectedBytes, timeoutMs }).catch((cause: unknown) => {
    // The stream failed: the client is gone, or its framing was broken.
    throw new GatewayError('request_timeout', 'The body broke off.', { cause });
  });
  if (body === 'too_large') throw tooLarge(maxBytes);
  if (body === 'too_slow') throw new GatewayError('request_timeout');
  return body;
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('request_too_large', `The body is larger than ${maxBytes} bytes.`);
}
