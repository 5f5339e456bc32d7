// The one event that tells a client what went wrong after the stream had begun.

import { errorBody, type GatewayError } from '../http/errors.ts';
import { encode } from './ascii.ts';

/** @returns the event that ends a failed stream: `data: {"error":{…}}` and a blank line. */
export function errorEvent(error: GatewayError): Uint8Array {
  return encode(`data: ${JSON.stringify(errorBody(error))}\n\n`);
}
