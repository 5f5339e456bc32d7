import { expect, it } from 'vitest';
import { GatewayError } from '../../../src/http/errors.ts';
import { errorEvent } from '../../../src/relay/error-event.ts';

it('an error event is one data line with the body of an error answer, and a blank line', () => {
  const error = new GatewayError('upstream_rejected', 'two\nlines\r\n', {
    param: 'n',
    detail: 'for the log',
  });
  expect(errorEvent(error)).toBe(
    'data: {"error":{"message":"two\\nlines\\r\\n","type":"invalid_request_error","param":"n","code":"upstream_rejected"}}\n\n',
  );
});
