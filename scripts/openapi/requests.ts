// The schemas of what clients send: zod's own, that check the requests, with names,
// texts, and the rules across fields which JSON Schema is able to say.

import * as z from 'zod/mini';
import { sessionRequestSchema } from '../../src/access/sessions.ts';
import { contentPartSchema, messageSchema, toolCallSchema } from '../../src/chat/request/messages.ts';
import { chatRequestSchema } from '../../src/chat/request/schema.ts';
import { responseFormatSchema, toolChoiceSchema, toolSchema } from '../../src/chat/request/tools.ts';
import { isJson, type Json, mapValues, ref } from './json-values.ts';
import { RULES } from './cross-field-rules.ts';
import { type Text, TEXTS } from './texts.ts';

const [SystemMessage, UserMessage, AssistantMessage, ToolMessage] = messageSchema.def.options;
const [TextPart, ImagePart, VideoPart, AudioPart] = contentPartSchema.def.options;
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
    // Of the pipes (request-kit.ts, `list`), what comes out is the whole check.
    io: 'output',
  });
  const texts: Readonly<Record<string, Text>> = TEXTS;
  return mapValues(schemas, (generated, name) => {
    const { $schema: _, $id: __, ...schema } = generated;
    const { description, fields = {} } = texts[name] ?? { description: '' };
    return { description, ...withTexts(plain(schema), name, { ...fields }), ...RULES[name] };
  });
}

/** Says the same as zod does, plainer: documentation and generated types are read by people. */
function plain(schema: Json): Json {
  // The default of `additionalProperties`, spelled out: linters take its absence for an oversight.
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

/** A union, or what says the same without one. */
function plainUnion(anyOf: readonly Json[]): Json {
  const kinds: Json[] = anyOf.flatMap((kind) => (Array.isArray(kind['anyOf']) ? kind['anyOf'] : [kind]));
  // Whatever it is, null is no exception.
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

/** @param texts - by path; those that were used are taken out of it. */
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
    if (description === undefined) throw new Error(`Nothing is said of the field ${name}.${path}.`);
    delete texts[path];
    // A schema of a function's parameters describes its own properties.
    const isOpen = isJson(field) && field['additionalProperties'] !== false;
    const inner = isJson(field) && !isOpen ? describe(field, `${path}.`, texts, name) : field;
    return [key, { description, ...(isJson(inner) && inner) }];
  });
  return { ...schema, properties: Object.fromEntries(described) };
}
