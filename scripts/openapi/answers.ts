// The schemas of answers. Only the tests check answers against them
// (test/worker/openapi.test.ts). Fields that StepFun adds to its answers pass through, so
// these objects are open, and clients have to accept unknown fields.

import * as z from 'zod/mini';
import { sessionSchema } from '../../src/access/sessions.ts';
import { REASONING_EFFORTS } from '../../src/upstream/models.ts';
import { type Json, ref } from './json-values.ts';

const text = { type: 'string' };
const count = { type: 'integer', minimum: 0 };
const unixSeconds = { type: 'integer', description: 'Seconds since the epoch.' };

const { $schema: _, ...session } = z.toJSONSchema(sessionSchema, { io: 'input' });

const REASONING = {
  reasoning: withDescription(text, 'The reasoning, under `reasoning_format: general`.'),
  reasoning_content: withDescription(text, 'The reasoning, under `reasoning_format: deepseek-style`.'),
};
const FINISH_REASON = withDescription(
  { type: ['string', 'null'], examples: ['stop', 'length', 'tool_calls', 'content_filter'] },
  'Why the choice ended.',
);
const USAGE_ONCE =
  'In a stream it comes once: with the chunk that ends the last choice or, with `stream_options.include_usage`, in a last chunk without choices.';

/** The components for answers, by name. */
export const ANSWER_SCHEMAS: Readonly<Record<string, Json>> = {
  ChatCompletion: object('The whole answer.', {
    id: text,
    object: { const: 'chat.completion' },
    created: unixSeconds,
    model: text,
    choices: { type: 'array', items: ref('schemas', 'Choice') },
    'usage?': ref('schemas', 'Usage'),
    'system_fingerprint?': { type: ['string', 'null'] },
  }),
  Choice: object('One of `n` choices.', {
    index: count,
    message: object('The text and the calls of the model.', {
      role: { const: 'assistant' },
      'content?': { type: ['string', 'null'] },
      'reasoning?': REASONING.reasoning,
      'reasoning_content?': REASONING.reasoning_content,
      'tool_calls?': { type: 'array', items: ref('schemas', 'CalledTool') },
      'refusal?': { type: ['string', 'null'] },
    }),
    'logprobs?': { type: ['object', 'null'] },
    finish_reason: FINISH_REASON,
  }),
  CalledTool: object('A function that the model wants to be called; a tool message carries the result.', {
    id: text,
    type: { const: 'function' },
    function: object('The call.', {
      name: text,
      arguments: withDescription(text, 'JSON, as the model wrote it.'),
    }),
  }),
  ChatCompletionChunk: object('A piece of the answer: the data of one event.', {
    id: text,
    object: { const: 'chat.completion.chunk' },
    created: unixSeconds,
    model: text,
    choices: { type: 'array', items: ref('schemas', 'ChunkChoice') },
    'usage?': withDescription({ anyOf: [ref('schemas', 'Usage'), { type: 'null' }] }, USAGE_ONCE),
    'system_fingerprint?': { type: ['string', 'null'] },
  }),
  ChunkChoice: object('A piece of one of `n` choices.', {
    index: count,
    delta: object('The text and the calls that are new.', {
      'role?': text,
      'content?': { type: ['string', 'null'] },
      'reasoning?': REASONING.reasoning,
      'reasoning_content?': REASONING.reasoning_content,
      'tool_calls?': { type: 'array', items: ref('schemas', 'CalledToolPiece') },
    }),
    'finish_reason?': FINISH_REASON,
  }),
  CalledToolPiece: object('A piece of a tool call; pieces with the same index belong together.', {
    'index?': withDescription(count, 'Always present, except with `STREAM_SHAPE=stepfun`.'),
    'id?': text,
    'type?': text,
    'function?': object('The new part of the call.', {
      'name?': text,
      'arguments?': withDescription(text, 'Append it to the pieces before.'),
    }),
  }),
  Usage: object('The cost of the answer, in tokens.', {
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    'cached_tokens?': withDescription(count, 'The tokens of the prompt that StepFun had cached.'),
    'prompt_tokens_details?': object("The same, under OpenAI's name.", { 'cached_tokens?': count }),
    'prompt_cache_hit_tokens?': withDescription(count, "The same, under DeepSeek's name."),
  }),

  ModelList: object('The models that can be used.', {
    object: { const: 'list' },
    data: { type: 'array', items: ref('schemas', 'Model') },
  }),
  Model: object('A model, and its known properties.', {
    id: text,
    object: { const: 'model' },
    created: { ...unixSeconds, description: 'Seconds since the epoch; 0: unknown.' },
    owned_by: text,
    'context_length?': withDescription(count, 'Tokens, input and output together.'),
    'input_modalities?': { type: 'array', items: { enum: ['text', 'image', 'video', 'audio'] } },
    'reasoning_efforts?': withDescription(
      { type: 'array', items: { enum: REASONING_EFFORTS } },
      'The values of `reasoning_effort` that it takes.',
    ),
  }),

  Session: {
    ...session,
    description: 'A credential for a few minutes, from this page alone: `Authorization: Bearer <token>`.',
  },
  ClientUsage: object('What the caller has used of its token budget today.', {
    object: { const: 'usage' },
    client: withDescription(text, "The client's name, as in the operator's log."),
    day: withDescription(text, 'The UTC day.'),
    tokens: object('Without a budget `limit` and `remaining` are null, and nothing is counted.', {
      limit: { type: ['integer', 'null'], minimum: 0 },
      used: withDescription(count, 'Of requests that have ended.'),
      reserved: withDescription(count, 'Set aside for requests under way.'),
      remaining: { type: ['integer', 'null'], minimum: 0 },
      resets_at: unixSeconds,
    }),
  }),
  Health: object("The deployment's state; no value of a setting stands in it.", {
    status: { enum: ['ok', 'not_serving'] },
    version: text,
    configuration: { enum: ['valid', 'invalid'] },
    access: { enum: ['configured', 'not_configured', 'unknown'] },
    'missing?': settings('Settings that are needed and not there.'),
    'wrong?': settings('Wrong settings; named only over http on a loopback host.'),
  }),
};

/** @param fields - those whose names end in `?` may be missing. */
function object(description: string, fields: Readonly<Record<string, Json>>): Json {
  const names = Object.keys(fields);
  return {
    description,
    type: 'object',
    required: names.filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(names.map((name) => [name.replace('?', ''), fields[name]])),
  };
}

function settings(description: string): Json {
  return { description, type: 'array', items: object('A setting.', { setting: text, expected: text }) };
}

function withDescription(schema: Json, description: string): Json {
  return { description, ...schema };
}
