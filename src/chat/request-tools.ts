// Tools a request may offer, and its choice among them.

import * as z from 'zod/mini';
import { closed, flag, freeForm, kindError, list, oneOf, optional, shallow, text } from './request-kit.ts';

const functionNameSchema = z
  .string('expected a string')
  .check(z.regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected 1 to 64 of A-Z, a-z, 0-9, _ and -'));

const TYPE_NAMES = ['string', 'number', 'integer', 'object', 'array', 'boolean', 'null'] as const;
const typeNameSchema = oneOf(...TYPE_NAMES);

/**
 * JSON Schema: of its many words, those that StepFun's page describes are checked.
 * Here null is a value like any other, since everything is sent on as it is.
 */
const parametersSchema = z
  .looseObject(
    {
      type: z.optional(
        z.union([typeNameSchema, list(typeNameSchema)], "expected JSON Schema's name of a type"),
      ),
      properties: z.optional(
        // One issue for all of them: there may be 200,000.
        freeForm.check(
          z.refine(
            (properties) => Object.values(properties).every(isPropertySchema),
            'expected a JSON Schema for every property',
          ),
        ),
      ),
    },
    'expected an object',
  )
  .check(shallow);

const functionToolSchema = closed({
  type: z.literal('function'),
  function: closed({
    name: functionNameSchema,
    description: optional(text),
    parameters: optional(parametersSchema),
    strict: optional(flag),
  }),
});

/** StepFun's own tools, not on its page for this endpoint: sent on as they are. */
const builtInToolSchema = z.looseObject({ type: z.enum(['web_search', 'retrieval']) }).check(shallow);

export const toolSchema = z.discriminatedUnion(
  'type',
  [functionToolSchema, builtInToolSchema],
  kindError('expected one of function, web_search, retrieval'),
);

export const toolChoiceSchema = z.union(
  [
    oneOf('none', 'auto', 'required'),
    closed({ type: oneOf('function'), function: closed({ name: functionNameSchema }) }),
  ],
  'expected none, auto, required or {"type":"function","function":{"name":…}}',
);

export const responseFormatSchema = z.discriminatedUnion(
  'type',
  [
    closed({ type: z.literal('text') }),
    closed({ type: z.literal('json_object') }),
    closed({
      type: z.literal('json_schema'),
      json_schema: closed({
        name: functionNameSchema,
        description: optional(text),
        schema: optional(freeForm),
        strict: optional(flag),
      }),
    }),
  ],
  kindError('expected one of text, json_object, json_schema'),
);

function isPropertySchema(value: unknown): boolean {
  if (typeof value === 'boolean') return true;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { type, description }: { type?: unknown; description?: unknown } = value;
  return (
    (type === undefined || (Array.isArray(type) ? type.every(isTypeName) : isTypeName(type))) &&
    (description === undefined || typeof description === 'string')
  );
}

function isTypeName(value: unknown): boolean {
  return TYPE_NAMES.some((name) => name === value);
}
