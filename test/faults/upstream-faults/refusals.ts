// StepFun refuses: by a status, by an error object in a 200, or by a rate limit. The client
// reads its words for 400 and 451 alone.

import { head, refuse, reply, wantsStream } from '../replies.ts';
import type { Call } from '../upstream.ts';
import { MESSAGE, REDACTED_MESSAGE, cut, type Fault } from './fault.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

export const STATUSES: readonly Fault[] = [
  ...(
    [
      [400, '400 upstream_rejected', true],
      [404, '404 model_not_found', false],
      [413, '400 upstream_rejected', false],
      [422, '400 upstream_rejected', false],
      [429, '429 upstream_rate_limited', false],
      [451, '451 content_filter', true],
    ] as const
  ).map(([status, expected, isShown]) => ({
    name: `${status}`,
    play: (call: Call) => refuse(call, status, { message: MESSAGE, type: 'some_error' }),
    expected,
    message: isShown ? REDACTED_MESSAGE : undefined,
  })),
  {
    name: '400 that names the model as missing',
    play: (call) =>
      refuse(call, 400, { message: 'model acme-9 does not exist', type: 'request_params_invalid' }),
    expected: '404 model_not_found',
  },
  ...['text/plain', 'text/html'].map((type) => ({
    name: `404 as ${type}`,
    play: (call: Call) => reply(call, 404, '404 page not found', { 'content-type': type }),
    expected: '502 upstream_misconfigured',
  })),
  ...[401, 402, 403].map((status) => ({
    name: `${status} that names the key`,
    play: (call: Call) => refuse(call, status, { message: MESSAGE, type: 'invalid_api_key' }),
    expected: '502 upstream_auth',
  })),
  ...[408, 500, 501, 502, 503, 504, 520, 524, 529].map((status) => ({
    name: `${status}`,
    play: (call: Call) => refuse(call, status, { message: MESSAGE, type: 'server_error' }),
    expected: '502 upstream_unavailable',
  })),
  {
    name: '400 whose body stalls',
    play: (call) => void call.raw(head(400, { ...JSON_TYPE, 'content-length': '999' })).raw('{"error":'),
    expected: '400 upstream_rejected',
  },
  {
    name: '400 whose body never ends',
    play: (call) => {
      call.raw(head(400, { ...JSON_TYPE, 'transfer-encoding': 'chunked' }));
      call.sendMany(2 ** 30, Buffer.alloc(2 ** 14, ' '));
    },
    expected: '400 upstream_rejected',
  },
  {
    name: '451 whose body breaks',
    play: (call) => cut(call, `${head(451, { ...JSON_TYPE, 'content-length': '999' })}{"error":`),
    expected: '451 content_filter',
  },
];

/** The same refusals as a 200 with an error object. */
export const ERROR_OBJECTS: readonly Fault[] = (
  [
    [{ code: 429 }, '429 upstream_rate_limited', false],
    [{ code: '451' }, '451 content_filter', true],
    [{ type: 'censorship_blocked' }, '451 content_filter', true],
    [{ type: 'request_params_invalid' }, '400 upstream_rejected', true],
    [{ type: 'model_not_found' }, '404 model_not_found', false],
    [{ type: 'invalid_api_key' }, '502 upstream_auth', false],
    [{ type: 'insufficient_balance' }, '502 upstream_auth', false],
    [{ type: 'engine_overloaded' }, '502 upstream_unavailable', false],
    [{ type: 'unknown' }, '502 upstream_unavailable', false],
  ] as const
).flatMap(([fields, expected, isShown]) => {
  const error = { message: MESSAGE, ...fields };
  const common = { expected, ...(isShown && { message: REDACTED_MESSAGE }) };
  const name = `200 with an error of ${JSON.stringify(fields)}`;
  return [
    { ...common, name, play: (call: Call) => refuse(call, 200, error) },
    {
      ...common,
      name: `${name}, as what was asked for`,
      play: (call: Call) => {
        if (!wantsStream(call)) refuse(call, 200, error);
        else
          call
            .open()
            .chunk(`data: ${JSON.stringify({ error })}\n\n`)
            .end();
      },
    },
  ];
});

/** The gateway's own `Retry-After` where StepFun has none that is valid. */
const OWN_SECONDS = /^[1-5]$/;

export const RATE_LIMITS: readonly Fault[] = [
  ...(
    [
      ['7', '7'],
      ['600', '600'],
      ['1000000000', '600'],
      ['1e9', OWN_SECONDS],
      ['-1', OWN_SECONDS],
      ['soon', OWN_SECONDS],
      ['Tue, 03 Nov 2020 10:00:00 GMT', '0'],
      ['Tue, 03 Nov 2099 10:00:00 GMT', '600'],
      ['Tuesday, 03-Nov-20 10:00:00 GMT', '0'],
      ['Tue Nov  3 10:00:00 2020', '0'],
      ['2099-11-03', OWN_SECONDS],
      ['7, 8', OWN_SECONDS],
    ] as const
  ).map(([value, passedOn]) => ({
    name: `429 with Retry-After: ${value}`,
    play: (call: Call) => refuse(call, 429, { message: MESSAGE }, { 'retry-after': value }),
    expected: '429 upstream_rate_limited',
    headers: { 'retry-after': passedOn },
  })),
  ...['RPM', 'TPM'].map((limit) => ({
    name: `429 for ${limit}`,
    play: (call: Call) =>
      refuse(call, 429, { message: `request limited ${limit} reached, current: 11, limit: 10. ${MESSAGE}` }),
    expected: '429 upstream_rate_limited',
    headers: { 'retry-after': /^(?:[1-9]|[1-5]\d|60)$/ },
  })),
  {
    name: '503 with Retry-After: 33',
    play: (call) => refuse(call, 503, { message: MESSAGE }, { 'retry-after': '33' }),
    expected: '502 upstream_unavailable',
    headers: { 'retry-after': '33' },
  },
];
