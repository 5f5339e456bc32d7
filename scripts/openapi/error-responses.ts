// The failures in the document: which codes an operation may answer with, and under
// which status and headers that is. Both are asked of src/http/errors.ts itself.

import { type ErrorCode, errorBody, GatewayError } from '../../src/http/errors.ts';
import { BUDGET_HEADERS, EVERY_ANSWER, headers } from './headers.ts';
import { type Json, mapValues, ref } from './json-values.ts';

export type Operation = 'chat' | 'models' | 'model' | 'usage' | 'session' | 'openapi' | 'playground';

const ALL: readonly Operation[] = ['chat', 'models', 'model', 'usage', 'session', 'openapi', 'playground'];
const WITH_BODY: readonly Operation[] = ['chat', 'session'];
const ADMITTED: readonly Operation[] = ['chat', 'models', 'model', 'usage', 'session'];

/** Where each failure may be met. */
const MET: Readonly<Record<ErrorCode, readonly Operation[]>> = {
  invalid_json: WITH_BODY,
  invalid_value: WITH_BODY,
  unknown_parameter: WITH_BODY,
  model_not_found: ['chat', 'model'],
  not_found: ['session', 'playground'],
  method_not_allowed: [], // belongs to no operation: it says that there is none
  request_too_large: WITH_BODY,
  unsupported_media_type: WITH_BODY,
  request_timeout: WITH_BODY,
  invalid_api_key: ADMITTED,
  origin_not_allowed: ALL,
  rate_limit_exceeded: ADMITTED,
  insufficient_quota: ['chat'],
  budget_reserved: ['chat'],
  upstream_rate_limited: ['chat'],
  upstream_rejected: ['chat'],
  content_filter: ['chat'],
  upstream_auth: ['chat'],
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

/** What is more telling than the failure's general message. */
const MESSAGES: Partial<Record<ErrorCode, readonly [message: string, param?: string]>> = {
  invalid_value: [
    'temperature: expected a number from 0 to 2; messages: expected at least 1 item',
    'temperature',
  ],
  unknown_parameter: ['temprature: unknown field (did you mean temperature?)', 'temprature'],
  model_not_found: ['The model "step-9" does not exist here.', 'model'],
};

const CODES = Object.keys(MET).filter(isCode);
const FAILURES = CODES.map((code) => new GatewayError(code, ...exampleOf(code)));

export const ERROR_SCHEMAS: Readonly<Record<string, Json>> = {
  Error: {
    description: "Every failure's body, and the data of a stream's last event if it failed on the way.",
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
            description: 'For a person to read. It lists everything that is wrong.',
          },
          type: { enum: [...new Set(FAILURES.map((failure) => errorBody(failure).error.type))] },
          param: {
            type: ['string', 'null'],
            description: 'The first field at fault, as `messages[2].content[0].image_url.url`.',
          },
          code: ref('schemas', 'ErrorCode'),
        },
      },
    },
  },
  ErrorCode: {
    description: [
      'Stable, to switch on.',
      '',
      '| code | status | |',
      '| --- | --- | --- |',
      ...FAILURES.map(row),
    ].join('\n'),
    enum: CODES,
  },
};

export const ERROR_EXAMPLES: Readonly<Record<string, Json>> = Object.fromEntries(
  FAILURES.filter(({ code }) => MET[code].length > 0).map((failure) => [
    failure.code,
    { summary: new GatewayError(failure.code).message, value: errorBody(failure) },
  ]),
);

/** @returns the responses for everything that may go wrong in an operation, by status. */
export function errorResponses(operation: Operation): Record<string, Json> {
  const met = FAILURES.filter(({ code }) => MET[code].includes(operation));
  const byStatus = Object.groupBy(met, ({ status }) => String(status));
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
      ...(status === 429 ? ['Retry-After'] : []),
      ...(failures.some(({ code }) => code === 'insufficient_quota') ? BUDGET_HEADERS : []),
      ...(failures.some(({ code }) => mayBeStepfuns(code, operation)) ? ['X-Upstream-Attempts'] : []),
    ),
    content: {
      'application/json': {
        schema: ref('schemas', 'Error'),
        examples: Object.fromEntries(failures.map(({ code }) => [code, ref('examples', code)])),
      },
    },
  };
}

/** Whether StepFun may have been asked before. */
function mayBeStepfuns(code: ErrorCode, operation: Operation): boolean {
  const isStepfuns = code.startsWith('upstream_') || code === 'model_not_found' || code === 'content_filter';
  return operation === 'chat' && isStepfuns;
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
  return Object.hasOwn(MET, name);
}
