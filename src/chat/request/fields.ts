// The fields of a chat request and their values. The schema checks and does not
// transform: upstream-body.ts writes the request for StepFun.
//
// Source: StepFun's page for POST /v1/chat/completions, and its current model pages.

import * as z from 'zod/mini';
import { VALUES_MAX } from '../../config/limits.ts';
import { messageSchema } from './messages.ts';
import { EFFORT_VALUES, FORMAT_VALUES } from './reasoning-options.ts';
import {
  filledText,
  flag,
  freeForm,
  list,
  object,
  oneOf,
  optional,
  range,
  text,
  whole,
} from './field-types.ts';
import { responseFormatSchema, toolChoiceSchema, toolSchema } from './tools.ts';

/** Longer than any model's name, short enough for a log line and an error. */
const MODEL_CHARS = 128;

// The messages list StepFun's own values: the others are translated, not recommended.
const reasoningEffortSchema = z.enum(EFFORT_VALUES, 'expected one of low, medium, high');
const reasoningFormatSchema = z.enum(FORMAT_VALUES, 'expected one of general, deepseek-style, hidden');

export const FIELDS = {
  // StepFun's page.
  model: filledText.check(z.maxLength(MODEL_CHARS, `expected at most ${MODEL_CHARS} characters`)),
  messages: list(messageSchema, 1, VALUES_MAX),
  tools: optional(list(toolSchema)),
  max_tokens: optional(whole(1)),
  temperature: optional(range(0, 2)),
  top_p: optional(range(0, 1)),
  n: optional(whole(1)),
  stream: optional(flag),
  stop: optional(z.union([text, list(filledText)], 'expected a string or a list of strings')),
  // The page in English says 0 to 1, the one in Chinese −2 to 2, as at OpenAI.
  frequency_penalty: optional(range(-2, 2)),
  response_format: optional(responseFormatSchema),
  reasoning_format: optional(reasoningFormatSchema),
  reasoning_effort: optional(reasoningEffortSchema),

  // OpenAI's, sent as they are.
  tool_choice: optional(toolChoiceSchema),
  parallel_tool_calls: optional(flag),
  seed: optional(z.int('expected a whole number')),
  presence_penalty: optional(range(-2, 2)),
  logprobs: optional(flag),
  top_logprobs: optional(whole(0, 20)),
  modalities: optional(list(oneOf('text', 'audio'), 1)),
  audio: optional(freeForm),

  // Other names for the above, and what the gateway serves itself.
  max_completion_tokens: optional(whole(1)),
  stream_options: optional(
    object({
      include_usage: optional(flag),
      include_obfuscation: optional(flag),
      continuous_usage_stats: optional(flag),
    }),
  ),
  reasoning: optional(
    object({ effort: optional(reasoningEffortSchema), exclude: optional(flag), enabled: optional(flag) }),
  ),
  include_reasoning: optional(flag),
};

const fieldsSchema = object(FIELDS);

/** A request's body once it is checked, without the fields that are not known here. */
export type ChatBody = z.infer<typeof fieldsSchema>;
