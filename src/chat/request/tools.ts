// Tools a request may offer, and its choice among them.

import * as z from 'zod/mini';
import { closed, flag, freeForm, kindError, oneOf, optional, shallow, text } from './field-types.ts';
import { everyItem, isObject } from './json.ts';

const TYPE_NAMES = ['string', 'number', 'integer', 'object', 'array', 'boolean', 'null'];

// The same as `isType` and `isPropertySchema`, for the API's description.
const TYPE = { anyOf: [{ enum: TYPE_NAMES }, { type: 'array', items: { enum: TYPE_NAMES } }] };
const PROPERTIES = {
  type: 'object',
  additionalProperties: {
    type: ['object', 'boolean'],
    properties: { type: TYPE, description: { type: 'string' } },
  },
};

const functionNameSchema = z
  .string('expected a string')
  .check(z.regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected 1 to 64 of A-Z, a-z, 0-9, _ and -'));

/**
 * JSON Schema: of its many words, those that StepFun's page describes are checked.
 * Here null is a value like any other, since everything is sent on as it is.
 */
const parametersSchema = freeForm
  .check(({ value, issues }) => {
    const { type, properties } = value;
    const wrong = (name: string, message: string) =>
      issues.push({ code: 'custom', path: [name], message, input: value });
    if (!isType(type)) wrong('type', 'expected a type of JSON Schema, or a list of them');
    if (properties === undefined) return;
    if (!isObject(properties)) wrong('properties', 'expected an object');
    // One issue for all of them: there may be 200,000.
    else if (!everyItem(properties, isPropertySchema)) {
      wrong('properties', 'expected a JSON Schema for every property');
    }
  })
  .register(z.globalRegistry, { type: 'object', properties: { type: TYPE, properties: PROPERTIES } });

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
  if (!isObject(value)) return false;
  return isType(value['type']) && ['undefined', 'string'].includes(typeof value['description']);
}

/** Whether it names a type of JSON Schema, or several, or none. */
function isType(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) ? value.every(isTypeName) : isTypeName(value));
}

function isTypeName(value: unknown): boolean {
  return TYPE_NAMES.some((name) => name === value);
}
