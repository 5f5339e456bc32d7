// The headers of requests and answers, besides HTTP's own.

import { CACHE_TTL_RANGE_SECONDS, RETRY_AFTER_SECONDS_MAX } from '../../src/config/limits.ts';
import { type Json, ref } from './json-values.ts';

const count = { type: 'integer', minimum: 0 };
const text = { type: 'string' };

/** Components for request headers, by name. */
export const PARAMETERS = {
  'X-Request-Id': parameter(
    'X-Request-Id',
    "The request's id in logs, and the answer's `X-Request-Id`. A malformed one is replaced.",
    { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$', examples: ['checkout-42'] },
  ),
  'X-Reasoning-Format': parameter(
    'X-Reasoning-Format',
    'The same as `reasoning_format`, for clients that cannot add fields. A field in the body takes precedence.',
    { enum: ['general', 'deepseek-style', 'hidden'] },
  ),
  'X-Cache-TTL': parameter(
    'X-Cache-TTL',
    'For how many seconds this answer is stored. Answers to requests with images or videos by URL are stored only with this header.',
    { type: 'integer', minimum: CACHE_TTL_RANGE_SECONDS.min, maximum: CACHE_TTL_RANGE_SECONDS.max },
  ),
  'Cache-Control': parameter(
    'Cache-Control',
    `Directives for the gateway's cache (RFC 9111 §5.2.1): \`no-cache\` calls StepFun and stores the answer; \`no-store\`
neither reads nor stores; \`max-age=N\` accepts nothing older than N seconds; \`only-if-cached\` answers 504 instead of calling StepFun.`,
    { type: 'string', examples: ['no-cache', 'max-age=60'] },
  ),
  'If-None-Match': parameter('If-None-Match', 'The `ETag` of the copy that the client has.', text),
} as const satisfies Record<string, Json>;

/** Components for the headers of answers, by name. */
export const HEADERS = {
  'X-Request-Id': header("The request's id: the client's own if it is well-formed.", text),
  'Cache-Control': header('The gateway stores answers; browsers and proxies do not.', {
    ...text,
    examples: ['private, no-store'],
  }),
  'Cache-Status': header("The result of the gateway's cache (RFC 9211).", {
    ...text,
    examples: [
      'stepfun-edge; hit; ttl=3540',
      'stepfun-edge; fwd=miss; stored',
      'stepfun-edge; fwd=miss; collapsed',
      'stepfun-edge; fwd=bypass',
    ],
  }),
  Age: header('The age of the answer in seconds; only on hits.', count),
  'X-Ignored-Params': header(
    'Fields of the request that were left out, at any depth, each once. Absent if there were none.',
    { ...text, examples: ['user, messages[].cache_control'] },
  ),
  'X-Adjusted-Params': header(
    'Fields of the request that were changed: values of other services, and limits that were lowered. Absent if there were none.',
    { ...text, examples: ['reasoning_effort=high, max_tokens=1604'] },
  ),
  'X-Queue-Ms': header('How many milliseconds the request waited for a slot of the StepFun account.', count),
  'X-Upstream-Attempts': header('The number of calls to StepFun, if there were any.', count),
  'Server-Timing': header('Time measurements in milliseconds.', { ...text, examples: ['total;dur=14'] }),
  'X-Accel-Buffering': header('Always `no`: proxies must not buffer the stream.', { const: 'no' }),
  'Content-Security-Policy': header('Allows the page only what it needs.', text),
  ETag: header('For `If-None-Match`.', text),
  'X-RateLimit-Limit-Tokens': header("The client's tokens a day, if the operator set a budget.", count),
  'X-RateLimit-Remaining-Tokens': header('The tokens that are left.', count),
  'X-RateLimit-Reset-Tokens': header('The time until the budget is reset.', { ...text, examples: ['3600s'] }),
  'Retry-After': header(
    `Retry after this number of seconds. A value from StepFun is limited to ${RETRY_AFTER_SECONDS_MAX}.`,
    count,
  ),
  'X-Should-Retry': header("`false` if a retry cannot succeed; OpenAI's SDKs obey it. Absent otherwise.", {
    const: 'false',
  }),
  'WWW-Authenticate': header('The scheme of the credentials.', { const: 'Bearer' }),
} as const satisfies Record<string, Json>;

/** The headers of every answer. */
export const EVERY_ANSWER = ['X-Request-Id', 'Cache-Control', 'Server-Timing'];

/** The headers of a token budget (`TOKENS_PER_DAY`). */
export const BUDGET_HEADERS = [
  'X-RateLimit-Limit-Tokens',
  'X-RateLimit-Remaining-Tokens',
  'X-RateLimit-Reset-Tokens',
];

export function parameters(...names: (keyof typeof PARAMETERS)[]): Json[] {
  return names.map((name) => ref('parameters', name));
}

/** @param names - of components in HEADERS. */
export function headers(...names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [name, ref('headers', name)]));
}

function parameter(name: string, description: string, schema: Json): Json {
  return { name, in: 'header', description, schema };
}

function header(description: string, schema: Json): Json {
  return { description, schema };
}
