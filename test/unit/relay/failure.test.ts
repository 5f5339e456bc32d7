import { expect, it } from 'vitest';
import { GatewayError } from '../../../src/http/errors.ts';
import { errorEvent } from '../../../src/relay/failure.ts';
import { text } from './rewrite.ts';

it('errorEvent is one line of data and a blank one', () => {
  expect(text(errorEvent(new GatewayError('upstream_reset', 'a\nb\r\u2028')))).toBe(
    'data: {"error":{"message":"a\\nb\\r\u2028","type":"upstream_error","param":null,"code":"upstream_reset"}}\n\n',
  );
});
