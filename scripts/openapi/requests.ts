// The schemas of requests: the zod schemas that check the requests, with names,
// texts, and the rules across fields that JSON Schema can express.

import * as z from 'zod/mini';
import { sessionRequestSchema } from '../../src/access/sessions.ts';
import {
  assistantPartSchema,
  contentPartSchema,
  messageSchema,
  toolCallSchema,
} from '../../src/chat/request/messages.ts';
import { BOOKKEEPING_FIELDS, REFUSED_FIELDS } from '../../src/chat/request/other-fields.ts';
import { chatRequestSchema } from '../../src/chat/request/schema.ts';
import { responseFormatSchema, toolChoiceSchema, toolSchema } from '../../src/chat/request/tools.ts';
import { isJson, type Json, mapValues, ref } from './json-values.ts';
import { RULES } from './cross-field-rules.ts';
import { type Text, TEXTS } from './texts.ts';

const [SystemMessage, UserMessage, AssistantMessage, ToolMessage] = messageSchema.def.options;
const [TextPart, ImagePart, VideoPart, AudioPart, FilePart] = contentPartSchema.def.options;
const [, RefusalPart] = assistantPartSchema.def.options;
const [FunctionTool, BuiltInTool] = toolSchema.def.options;

const NAMED: Record<keyof typeof TEXTS, z.core.$ZodType> = {
  ChatCompletionRequest: chatRequestSchema,
  Message: messageSchema,
  SystemMessage,
  UserMessage,
  AssistantMessage,
  ToolMessage,
  ContentPart: contentPartSchema,
  TextPart,
  ImagePart,
  VideoPart,
  AudioPart,
  FilePart,
  RefusalPart,
  ToolCall: toolCallSchema,
  Tool: toolSchema,
  FunctionTool,
  BuiltInTool,
  ToolChoice: toolChoiceSchema,
  ResponseFormat: responseFormatSchema,
  SessionRequest: sessionRequestSchema,
};

/**
 * @returns the components for requests, by name.
 * @throws Error when a field has no text, or a text no field.
 */
export function requestSchemas(): Record<string, Json> {
  const names = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) names.add(schema, { id });
  const { schemas } = z.toJSONSchema(names, {
    uri: (id) => ref('schemas', id).$ref,
    unrepresentable: 'throw',
    // The input side: with `output`, objects would have no additional properties.
    io: 'input',
  });
  const texts: Readonly<Record<string, Text>> = TEXTS;
  return mapValues(schemas, (generated, name) => {
    const { $schema: _, $id: __, ...schema } = generated;
    const { description, fields = {} } = texts[name] ?? { description: '' };
    const described = plain(withOtherFields(schema, name));
    return { description, ...withTexts(described, name, { ...fields }), ...RULES[name] };
  });
}

/** Adds the fields that the gateway knows from other services: zod's schema does not look at them. */
function withOtherFields(schema: Json, name: string): Json {
  const { properties } = schema;
  if (name !== 'ChatCompletionRequest' || !isJson(properties)) return schema;
  const empty = { type: ['object', 'array', 'null'], maxProperties: 0, maxItems: 0 };
  return {
    ...schema,
    properties: {
      ...properties,
      ...Object.fromEntries(BOOKKEEPING_FIELDS.map((field) => [field, {}])),
      ...Object.fromEntries([...REFUSED_FIELDS.keys()].map((field) => [field, empty])),
    },
  };
}

/** The same schema, simplified: people read the documentation and the generated types. */
function plain(schema: Json): Json {
  // The default of `additionalProperties`, written out: linters report its absence.
  const open = hasType(schema, 'object') ? true : undefined;
  const { anyOf, minItems, properties, additionalProperties = open, ...rest } = schema;
  const fields = isJson(properties) ? mapValues(properties, plainValue) : {};
  const short: Json = {
    ...mapValues(rest, plainValue),
    ...(minItems !== 0 && minItems !== undefined && { minItems }),
    ...(Object.keys(fields).length > 0 && { properties: fields }),
    ...(additionalProperties !== undefined && { additionalProperties: plainValue(additionalProperties) }),
  };
  return Array.isArray(anyOf) ? { ...short, ...plainUnion(anyOf.filter(isJson).map(plain)) } : short;
}

/** A union, or an equivalent schema without one. */
function plainUnion(anyOf: readonly Json[]): Json {
  const kinds: Json[] = anyOf.flatMap((kind) => (Array.isArray(kind['anyOf']) ? kind['anyOf'] : [kind]));
  // A union with "any value" is any value.
  if (kinds.some((kind) => Object.keys(kind).length === 0)) return {};
  const [kind, other] = kinds;
  const isNullable = kinds.length === 2 && other?.['type'] === 'null' && typeof kind?.['type'] === 'string';
  if (!isNullable || 'const' in kind) return { anyOf: kinds };
  const values = kind['enum'];
  return { ...kind, type: [kind['type'], 'null'], ...(Array.isArray(values) && { enum: [...values, null] }) };
}

function hasType({ type }: Json, name: string): boolean {
  return type === name || (Array.isArray(type) && type.includes(name));
}

function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainValue);
  return isJson(value) ? plain(value) : value;
}

/** @param texts - by path; the ones that are used are removed. */
function withTexts(schema: Json, name: string, texts: Record<string, string>): Json {
  const described = describe(schema, '', texts, name);
  const [left] = Object.keys(texts);
  if (left !== undefined) throw new Error(`There is no field ${name}.${left}.`);
  return described;
}

function describe(schema: Json, at: string, texts: Record<string, string>, name: string): Json {
  const { properties } = schema;
  if (!isJson(properties)) return schema;
  const described = Object.entries(properties).map(([key, field]) => {
    const path = at + key;
    const description = texts[path];
    if (description === undefined) throw new Error(`The field ${name}.${path} has no text.`);
    delete texts[path];
    // The schema of a function's parameters has no texts for its own properties.
    const hasTexts = Object.keys(texts).some((other) => other.startsWith(`${path}.`));
    const inner = isJson(field) && hasTexts ? describe(field, `${path}.`, texts, name) : field;
    return [key, { description, ...(isJson(inner) && inner) }];
  });
  return { ...schema, properties: Object.fromEntries(described) };
}
