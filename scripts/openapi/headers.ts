// The headers that a request may have and an answer may carry, beside HTTP's own.

import { CACHE_TTL_SECONDS } from '../../src/config/limits.ts';
import { RETRY_AFTER_SECONDS_MAX } from '../../src/config/limits.ts';
import { type Json, ref } from './json-values.ts';

const count = { type: 'integer', minimum: 0 };
const text = { type: 'string' };

/** Components for request headers, by name. */
export const PARAMETERS = {
  'X-Request-Id': parameter(
    'X-Request-Id',
    "The request's name in logs, and the answer's `X-Request-Id`. What is not well-formed is replaced.",
    { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$', examples: ['checkout-42'] },
  ),
  'X-Reasoning-Format': parameter(
    'X-Reasoning-Format',
    'The same as `reasoning_format`, for clients that are not able to add fields. A field in the body wins.',
    { enum: ['general', 'deepseek-style', 'hidden'] },
  ),
  'X-Cache-TTL': parameter(
    'X-Cache-TTL',
    'How many seconds this answer is to be kept. Requests with images or videos by URL are kept only with it.',
    { type: 'integer', minimum: CACHE_TTL_SECONDS.min, maximum: CACHE_TTL_SECONDS.max },
  ),
  'Cache-Control': parameter(
    'Cache-Control',
    `What is asked of the gateway's cache (RFC 9111 §5.2.1): \`no-cache\` asks StepFun anew and keeps the answer; \`no-store\`
neither looks nor keeps; \`max-age=N\` takes nothing older than N seconds; \`only-if-cached\` takes a 504 rather than ask StepFun.`,
    { type: 'string', examples: ['no-cache', 'max-age=60'] },
  ),
  'If-None-Match': parameter('If-None-Match', 'The `ETag` of what the client has.', text),
} as const satisfies Record<string, Json>;

/** Components for the headers of answers, by name. */
export const HEADERS = {
  'X-Request-Id': header("The request's id: the client's own, if it was well-formed.", text),
  'Cache-Control': header('Answers are kept by the gateway, not by browsers and proxies.', {
    ...text,
    examples: ['private, no-store'],
  }),
  'Cache-Status': header("What the gateway's cache did (RFC 9211).", {
    ...text,
    examples: [
      'stepfun-edge; hit; ttl=3540',
      'stepfun-edge; fwd=miss; stored',
      'stepfun-edge; fwd=miss; collapsed',
      'stepfun-edge; fwd=bypass',
    ],
  }),
  Age: header('How many seconds ago the answer was made; only on hits.', count),
  'X-Ignored-Params': header(
    'Fields of the request that were left out, at any depth, each once. Absent if there were none.',
    { ...text, examples: ['user, messages[].cache_control'] },
  ),
  'X-Adjusted-Params': header(
    'Fields of the request that were changed: values of other services, and limits that were lowered. Absent if there were none.',
    { ...text, examples: ['reasoning_effort=high, max_tokens=1604'] },
  ),
  'X-Queue-Ms': header('How many milliseconds the request waited for a slot of the StepFun account.', count),
  'X-Upstream-Attempts': header('How often StepFun was asked, if it was.', count),
  'Server-Timing': header('Where the time went, in milliseconds.', { ...text, examples: ['total;dur=14'] }),
  'X-Accel-Buffering': header('Always `no`: proxies are not to gather the stream.', { const: 'no' }),
  'Content-Security-Policy': header('What a browser may do with the page: nothing but what it needs.', text),
  ETag: header('To ask with `If-None-Match` whether it has changed.', text),
  'X-RateLimit-Limit-Tokens': header("The client's tokens a day; where the operator set a budget.", count),
  'X-RateLimit-Remaining-Tokens': header('How many of them are left.', count),
  'X-RateLimit-Reset-Tokens': header('When there are new ones.', { ...text, examples: ['3600s'] }),
  'Retry-After': header(
    `So many seconds later asking again makes sense; what StepFun says is passed on up to ${RETRY_AFTER_SECONDS_MAX}.`,
    count,
  ),
  'X-Should-Retry': header(
    "`false` where asking again can't help; OpenAI's SDKs heed it. Absent otherwise.",
    {
      const: 'false',
    },
  ),
  'WWW-Authenticate': header('The scheme of credentials that is understood.', { const: 'Bearer' }),
} as const satisfies Record<string, Json>;

/** What every answer carries. */
export const EVERY_ANSWER = ['X-Request-Id', 'Cache-Control', 'Server-Timing'];

/** Of a token budget (`TOKENS_PER_DAY`). */
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
