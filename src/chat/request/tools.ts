// The tools that a request offers, its choice among them, and the form of the answer.

import * as z from 'zod/mini';
import { flag, freeForm, kindError, object, oneOf, optional, shallow, text } from './field-types.ts';
import { parametersSchema } from './json-schema.ts';

/** StepFun's page recommends at most 64 characters; OpenAI's own bound is 128 for some models. */
const functionNameSchema = z
  .string('expected a string')
  .check(z.regex(/^[A-Za-z0-9_-]{1,128}$/, 'expected 1 to 128 of A-Z, a-z, 0-9, _ and -'));

const functionToolSchema = object({
  type: z.literal('function'),
  function: object({
    name: functionNameSchema,
    description: optional(text),
    parameters: optional(parametersSchema),
    strict: optional(flag),
  }),
});

/** StepFun's own tools. Its page for this endpoint does not describe them: sent as they are. */
const builtInToolSchema = z.looseObject({ type: z.enum(['web_search', 'retrieval']) }).check(shallow);

export const toolSchema = z.discriminatedUnion(
  'type',
  [functionToolSchema, builtInToolSchema],
  kindError('expected one of function, web_search, retrieval', {
    custom: 'StepFun takes no custom tools: offer a function with one string parameter',
  }),
);

export const toolChoiceSchema = z.union(
  [
    oneOf('none', 'auto', 'required'),
    object({ type: oneOf('function'), function: object({ name: functionNameSchema }) }),
  ],
  'expected none, auto, required or {"type":"function","function":{"name":…}}',
);

export const responseFormatSchema = z.discriminatedUnion(
  'type',
  [
    object({ type: z.literal('text') }),
    object({ type: z.literal('json_object') }),
    object({
      type: z.literal('json_schema'),
      json_schema: object({
        name: functionNameSchema,
        description: optional(text),
        schema: optional(freeForm),
        strict: optional(flag),
      }),
    }),
  ],
  kindError('expected one of text, json_object, json_schema'),
);
