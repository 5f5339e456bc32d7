// The failures in the document: the codes of each operation, with their status and headers.
// src/http/errors.ts has the codes and their status.

import { type ErrorCode, errorBody, errorCodes, GatewayError } from '../../src/http/errors.ts';
import { BUDGET_HEADERS, EVERY_ANSWER, headers } from './headers.ts';
import { type Json, mapValues, ref } from './json-values.ts';

export type Operation = 'chat' | 'models' | 'model' | 'usage' | 'session' | 'openapi' | 'playground';

const ALL: readonly Operation[] = ['chat', 'models', 'model', 'usage', 'session', 'openapi', 'playground'];
const WITH_BODY: readonly Operation[] = ['chat', 'session'];
const ADMITTED: readonly Operation[] = ['chat', 'models', 'model', 'usage', 'session'];

/** The operations that may answer with each code. */
const OPERATIONS: Readonly<Record<string, readonly Operation[]>> = {
  invalid_json: WITH_BODY,
  invalid_value: WITH_BODY,
  unknown_parameter: WITH_BODY,
  model_not_found: ['chat', 'model'],
  not_found: ['session', 'openapi', 'playground'],
  method_not_allowed: [], // belongs to no operation: there is none for that method
  request_too_large: WITH_BODY,
  unsupported_media_type: WITH_BODY,
  request_timeout: WITH_BODY,
  invalid_api_key: ADMITTED,
  origin_not_allowed: ALL,
  rate_limit_exceeded: ADMITTED,
  insufficient_quota: ['chat'],
  budget_reserved: ['chat'],
  queue_timeout: ['chat'],
  queue_full: ['chat'],
  upstream_rate_limited: ['chat'],
  upstream_rejected: ['chat'],
  content_filter: ['chat'],
  upstream_auth: ['chat'],
  upstream_misconfigured: ['chat'],
  upstream_unavailable: ['chat'],
  upstream_malformed: ['chat'],
  upstream_truncated: ['chat'],
  upstream_reset: ['chat'],
  upstream_timeout: ['chat'],
  cache_miss: ['chat'],
  access_not_configured: ADMITTED,
  access_unavailable: ADMITTED,
  invalid_configuration: ALL,
  internal_error: ALL,
};

/** Examples that say more than the failure's general message. */
const MESSAGES: Partial<Record<ErrorCode, readonly [message: string, param?: string]>> = {
  invalid_value: [
    'temperature: expected a number from 0 to 2; messages: expected at least 1 item',
    'temperature',
  ],
  unknown_parameter: ['temprature: unknown field (did you mean temperature?)', 'temprature'],
  model_not_found: ['The model "step-9" does not exist here: GET /v1/models lists the models.', 'model'],
};

const CODES = errorCodes.filter(isCode);
const FAILURES = CODES.map((code) => new GatewayError(code, ...exampleOf(code)));

export const ERROR_SCHEMAS: Readonly<Record<string, Json>> = {
  Error: {
    description: "The body of every failure, and the data of a stream's last event if the stream failed.",
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        description: "OpenAI's error object.",
        type: 'object',
        required: ['message', 'type', 'param', 'code'],
        properties: {
          message: {
            type: 'string',
            description: 'For people. It lists everything that is wrong.',
          },
          type: { enum: [...new Set(FAILURES.map((failure) => errorBody(failure).error.type))] },
          param: {
            type: ['string', 'null'],
            description: 'The first field that is wrong, as `messages[2].content[0].image_url.url`.',
          },
          code: ref('schemas', 'ErrorCode'),
        },
      },
    },
  },
  ErrorCode: {
    description: [
      'Stable: programs can rely on it.',
      '',
      '| code | status | |',
      '| --- | --- | --- |',
      ...FAILURES.map(row),
    ].join('\n'),
    enum: CODES,
  },
};

export const ERROR_EXAMPLES: Readonly<Record<string, Json>> = Object.fromEntries(
  FAILURES.filter(({ code }) => operationsOf(code).length > 0).map((failure) => [
    failure.code,
    { summary: new GatewayError(failure.code).message, value: errorBody(failure) },
  ]),
);

/** @returns the responses for every failure of an operation, by status. */
export function errorResponses(operation: Operation): Record<string, Json> {
  const failures = FAILURES.filter(({ code }) => operationsOf(code).includes(operation));
  const byStatus = Object.groupBy(failures, ({ status }) => String(status));
  return mapValues({ ...byStatus }, (failures = []) => errorResponse(failures, operation));
}

function errorResponse(failures: readonly GatewayError[], operation: Operation): Json {
  const [{ status } = { status: 0 }] = failures;
  return {
    description: failures.map(({ code }) => `\`${code}\``).join(', '),
    headers: headers(
      ...EVERY_ANSWER,
      ...(failures.some(({ retry }) => !retry) ? ['X-Should-Retry'] : []),
      ...(status === 401 ? ['WWW-Authenticate'] : []),
      ...(failures.some(hasRetryAfter) ? ['Retry-After'] : []),
      ...(failures.some(({ code }) => code === 'insufficient_quota') ? BUDGET_HEADERS : []),
      ...(failures.some(({ code }) => mayFollowCall(code, operation))
        ? ['X-Upstream-Attempts', 'X-Queue-Ms']
        : []),
    ),
    content: {
      'application/json': {
        schema: ref('schemas', 'Error'),
        examples: Object.fromEntries(failures.map(({ code }) => [code, ref('examples', code)])),
      },
    },
  };
}

/** A 429 has one; a StepFun that is down may send one. */
function hasRetryAfter({ code, status }: GatewayError): boolean {
  return status === 429 || code === 'upstream_unavailable';
}

/** Whether a slot was taken and StepFun may have been called before the failure. */
function mayFollowCall(code: ErrorCode, operation: Operation): boolean {
  const isUpstream = code.startsWith('upstream_') || code === 'model_not_found' || code === 'content_filter';
  return operation === 'chat' && isUpstream;
}

function row({ code, status }: GatewayError): string {
  return `| \`${code}\` | ${status} | ${new GatewayError(code).message} |`;
}

function exampleOf(code: ErrorCode): [message?: string, details?: { param: string }] {
  const [message, param] = MESSAGES[code] ?? [];
  if (message === undefined) return [];
  return param === undefined ? [message] : [message, { param }];
}

function isCode(name: string): name is ErrorCode {
  return errorCodes.includes(name);
}

function operationsOf(code: ErrorCode): readonly Operation[] {
  const operations = OPERATIONS[code];
  if (operations === undefined) throw new Error(`No operation is named for the error code ${code}.`);
  return operations;
}
