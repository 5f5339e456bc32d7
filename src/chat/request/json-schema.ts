// JSON Schemas that clients send: of tools' parameters and of structured output. They
// are sent as they are, except that a keyword whose value is null is left out:
// generators write null for keywords that were not set, and StepFun refuses it.

import * as z from 'zod/mini';
import { freeForm } from './field-types.ts';
import { isObject } from '../../lib/json.ts';
import { everyItem } from './strict-json.ts';

const TYPE_NAMES = ['string', 'number', 'integer', 'object', 'array', 'boolean', 'null'];

// The same as `isType` and `isPropertySchema`, for the API's description.
const TYPE = {
  anyOf: [{ enum: [...TYPE_NAMES, null] }, { type: 'array', items: { enum: TYPE_NAMES } }],
};
const PROPERTIES = {
  type: ['object', 'null'],
  additionalProperties: {
    type: ['object', 'boolean'],
    properties: { type: TYPE, description: { type: ['string', 'null'] } },
  },
};

/** Checks only the JSON Schema keywords that StepFun's page describes. */
export const parametersSchema = freeForm
  .check(({ value, issues }) => {
    const { type, properties } = value;
    const wrong = (name: string, message: string) =>
      issues.push({ code: 'custom', path: [name], message, input: value });
    if (!isType(type)) wrong('type', 'expected a type of JSON Schema, or a list of them');
    if (properties === undefined || properties === null) return;
    if (!isObject(properties)) wrong('properties', 'expected an object');
    // One issue for all of them: there may be 200,000.
    else if (!everyItem(properties, isPropertySchema)) {
      wrong('properties', 'expected a JSON Schema for every property');
    }
  })
  .register(z.globalRegistry, { type: 'object', properties: { type: TYPE, properties: PROPERTIES } });

/** Keywords whose members have names of the client's choice, each with a schema. */
const SCHEMAS_BY_NAME: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
]);
/** Keywords whose values are data, in which null is a value like any other. */
const DATA: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples']);
/** Keywords for which null itself is such data. */
const DATA_ITSELF: ReadonlySet<string> = new Set(['const', 'default']);

/**
 * @param schema - a JSON Schema, at most JSON_DEPTH_MAX levels deep.
 * @returns the same without keywords that are null, in the same order.
 */
export function withoutNullKeywords(schema: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword, value]) => value !== null || DATA_ITSELF.has(keyword))
      .map(([keyword, value]) => {
        if (DATA.has(keyword)) return [keyword, value];
        if (!SCHEMAS_BY_NAME.has(keyword) || !isPlainObject(value)) return [keyword, inner(value)];
        return [keyword, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner(one)]))];
      }),
  );
}

function inner(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inner);
  return isPlainObject(value) ? withoutNullKeywords(value) : value;
}

/** Not a number that is kept as it was written (strict-json.ts, `parseExactly`). */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !JSON.isRawJSON(value);
}

function isPropertySchema(value: unknown): boolean {
  if (typeof value === 'boolean') return true;
  if (!isObject(value)) return false;
  const { type, description } = value;
  return isType(type) && (typeof description === 'string' || (description ?? null) === null);
}

/** Whether it is a type of JSON Schema, a list of types, or absent. */
function isType(value: unknown): boolean {
  return (value ?? null) === null || (Array.isArray(value) ? value.every(isTypeName) : isTypeName(value));
}

function isTypeName(value: unknown): boolean {
  return TYPE_NAMES.some((name) => name === value);
}
