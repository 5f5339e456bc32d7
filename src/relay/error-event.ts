// The event that tells a client what went wrong after its stream had begun.

import { errorBody, type GatewayError } from '../http/errors.ts';

/** @returns `data: {"error":{…}}` and a blank line: the last event of a failed stream. */
export function errorEvent(error: GatewayError): string {
  return `data: ${JSON.stringify(errorBody(error))}\n\n`;
}
