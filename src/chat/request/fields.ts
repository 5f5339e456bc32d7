// What a chat request may hold, field by field. Checks alone, no transforms: how a
// request is put to StepFun stands in request-upstream.ts.
//
// Source: StepFun's page for POST /v1/chat/completions, and for the rest DESIGN,
// "What a request may hold".

import * as z from 'zod/mini';
import { messageSchema } from './messages.ts';
import { REASONING_EFFORTS } from '../../upstream/models.ts';
import {
  closed,
  filledText,
  flag,
  freeForm,
  list,
  oneOf,
  optional,
  range,
  text,
  whole,
} from './field-types.ts';
import { responseFormatSchema, toolChoiceSchema, toolSchema } from './tools.ts';

/** Longer than any model's name, short enough for a log line and an error. */
const MODEL_CHARS = 128;

const reasoningEffortSchema = oneOf(...REASONING_EFFORTS);

export const FIELDS = {
  // StepFun's page.
  model: filledText.check(z.maxLength(MODEL_CHARS, `expected at most ${MODEL_CHARS} characters`)),
  messages: z.array(messageSchema, 'expected a list').check(z.minLength(1, 'expected at least 1 item')),
  tools: optional(list(toolSchema)),
  max_tokens: optional(whole(1)),
  temperature: optional(range(0, 2)),
  top_p: optional(range(0, 1)),
  n: optional(whole(1)),
  stream: optional(flag),
  stop: optional(z.union([text, list(filledText)], 'expected a string or a list of strings')),
  frequency_penalty: optional(range(0, 1)),
  response_format: optional(responseFormatSchema),
  reasoning_format: optional(oneOf('general', 'deepseek-style', 'hidden')),
  reasoning_effort: optional(reasoningEffortSchema),

  // OpenAI's, sent on as they are.
  tool_choice: optional(toolChoiceSchema),
  parallel_tool_calls: optional(flag),
  seed: optional(z.int('expected a whole number')),
  presence_penalty: optional(range(-2, 2)),
  logprobs: optional(flag),
  top_logprobs: optional(whole(0, 20)),
  modalities: optional(list(oneOf('text', 'audio'), 1)),
  audio: optional(freeForm),

  // Other names for the above, and what is served here.
  max_completion_tokens: optional(whole(1)),
  stream_options: optional(
    closed({
      include_usage: optional(flag),
      include_obfuscation: optional(flag),
      continuous_usage_stats: optional(flag),
    }),
  ),
  reasoning: optional(
    closed({
      effort: optional(reasoningEffortSchema),
      exclude: optional(flag),
      enabled: optional(z.literal(true, 'expected true: these models always reason')),
    }),
  ),
  include_reasoning: optional(flag),
};

/**
 * Left out, and named in the answer's `X-Ignored-Params`: bookkeeping of other
 * services, and hints that don't change what StepFun answers.
 */
export const IGNORED_FIELDS = [
  // OpenAI
  'metadata',
  'prediction',
  'prompt_cache_key',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'store',
  'user',
  // DeepSeek
  'thinking',
  // OpenRouter
  'provider',
  'route',
  'session_id',
  'transforms',
  'usage',
  // vLLM
  'priority',
  'request_id',
] as const;

/**
 * Well-known, but refused: leaving them out would change the answer in silence.
 * As null they say nothing and are left out.
 */
export const REFUSED_FIELDS: ReadonlyMap<string, string> = new Map([
  ['functions', 'deprecated, use tools'],
  ['function_call', 'deprecated, use tool_choice'],
  ['extra_body', 'what is in it belongs beside the other fields: only the Python SDK unpacks it'],
  ...['logit_bias', 'min_p', 'repetition_penalty', 'top_a', 'top_k', 'verbosity', 'web_search_options'].map(
    (name) => [name, 'not documented by StepFun (the operator may let it through: EXTRA_PARAMS)'] as const,
  ),
]);

const fieldsSchema = closed(FIELDS);

/** A request's body once every field by itself is right. */
export type ChatBody = z.infer<typeof fieldsSchema> & {
  readonly [name in (typeof IGNORED_FIELDS)[number]]?: unknown;
};
