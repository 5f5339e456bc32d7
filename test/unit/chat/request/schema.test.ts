// The schema: a wrong type in any field is an issue, and the number of issues is bounded.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { GatewayError } from '../../../../src/http/errors.ts';
import { chatRequestSchema } from '../../../../src/chat/request/schema.ts';
import { anyMutant, anyRequest, EXTRA } from './arbitraries.ts';
import { chat, failure, fault, invalid, type Json, MODEL, parse, sent, withMessages } from './support.ts';

describe('any request', () => {
  it('is accepted if it is valid', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        expect(parse(request, { extraParams: EXTRA }).model).toBe(request['model']);
      }),
      { numRuns: 150 },
    );
  });

  it('is accepted or refused, never anything else', () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(anyMutant, (request) => {
        try {
          parse(request);
          seen.accepted++;
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(GatewayError);
          expect((thrown as GatewayError).status).toBe(400);
          seen.refused++;
        }
      }),
      { numRuns: 250 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(30);
  });
});

describe('the body as a whole', () => {
  it.each(['[]', '"text"', '5', 'null', 'true'])('is an object, not %s', (body) => {
    expect(failure(body)).toEqual({ code: 'invalid_value', param: undefined, message: 'expected an object' });
  });
  it.each([[[]], [null], ['Hi'], [{ role: 'user', content: 'Hi' }]])('has messages, not %j', (messages) => {
    expect(fault(chat({ messages }))).toEqual(invalid('messages'));
  });
  it('has messages', () => {
    expect(fault({ model: 'm' })).toEqual(['invalid_value', 'messages']);
    expect(failure({}).message).toBe('model: expected, but missing; messages: expected, but missing');
  });
  it('lists contradictions and values that are not allowed here beside wrong values', () => {
    const body = chat({
      messages: [{ role: 'tool', content: '', tool_call_id: '1' }],
      temperature: 9,
      max_tokens: 5,
      max_completion_tokens: 6,
      reasoning_effort: 'low',
      reasoning: { effort: 'high' },
      top_logprobs: 1,
      tool_choice: 'required',
      n: 8,
      functions: [1],
    });
    expect(failure(body, { header: 'raw' }).message.split('; ')).toEqual([
      'temperature: expected a number from 0 to 2',
      'messages[0].tool_call_id: expected the id of a tool call in an earlier assistant message',
      'max_completion_tokens: expected the same as max_tokens, or only one of the two',
      'reasoning.effort: expected the same as reasoning_effort, or only one of the two',
      'top_logprobs: expected only with logprobs: true',
      'tool_choice: expected tools to choose from',
      'n: expected at most 5 here',
      'X-Reasoning-Format: expected one of general, deepseek-style, hidden',
      'functions: deprecated, use tools',
    ]);
  });
  it.each<[wrong: string, fields: Json]>([
    ['messages[0]', { messages: ['Hi', { role: 'tool', content: '', tool_call_id: '1' }] }],
    ['max_tokens', { max_tokens: '5', max_completion_tokens: 6 }],
    ['reasoning_effort', { reasoning_effort: 'most', reasoning: { effort: 'low' } }],
    ['reasoning.enabled', { reasoning_effort: 'low', reasoning: { effort: 'high', enabled: 1 } }],
    ['model', { model: 5, reasoning_effort: 'medium' }],
    ['logprobs', { logprobs: 1, top_logprobs: 1 }],
    ['tools', { tools: 1, tool_choice: 'required' }],
    ['tool_choice', { tool_choice: 1 }],
  ])('has no contradiction with a field that is wrong by itself: %s', (wrong, fields) => {
    const { param, message } = failure(chat(fields));
    expect(param).toBe(wrong);
    expect(message.split('; ')).toHaveLength(1);
  });
});

describe('the number of issues', () => {
  it('is bounded in every list', () => {
    const messages = Array.from({ length: 10_000 }, () => ({ role: 'user' }));
    const issues = (value: unknown) => chatRequestSchema.safeParse(value).error?.issues.length;
    expect(issues(chat({ messages }))).toBe(21);
    const content = Array.from({ length: 4_000 }, () => ({ type: 'text' }));
    const nested = Array.from({ length: 1_000 }, () => ({ role: 'user', content }));
    expect(issues(withMessages(...nested))).toBe(21);
    expect(issues(chat({ stop: Array.from({ length: 4_000 }, () => 1) }))).toBe(1);
  });
});

/** A valid request in which every field of the schema has a value. */
const EVERYTHING: Json = {
  ...chat(),
  messages: [
    { role: 'system', content: [{ type: 'text', text: 'a' }], name: 'n' },
    {
      role: 'user',
      name: 'n',
      content: [
        { type: 'text', text: 'a' },
        { type: 'image_url', image_url: { url: 'https://a.example/a.png', detail: 'high' } },
        { type: 'video_url', video_url: { url: 'https://a.example/a.mp4' } },
        { type: 'input_audio', input_audio: { data: 'data:audio/mp3;base64,QUJD', format: 'mp3' } },
      ],
    },
    {
      role: 'assistant',
      content: [{ type: 'text', text: 'a' }],
      name: 'n',
      tool_calls: [
        { id: '1', type: 'function', index: 0, function: { name: 'f', arguments: '', parsed_arguments: {} } },
      ],
      reasoning: 'r',
      reasoning_content: 'r',
      audio: { id: '1' },
      function_call: null,
      annotations: [],
      parsed: {},
      reasoning_details: [],
      refusal: null,
    },
    { role: 'tool', tool_call_id: '1', content: [{ type: 'text', text: 'a' }], name: 'n' },
  ],
  tools: [
    {
      type: 'function',
      function: { name: 'f', description: 'd', parameters: { type: 'object', properties: {} }, strict: true },
    },
    { type: 'web_search' },
  ],
  max_tokens: 5,
  temperature: 1,
  top_p: 1,
  n: 1,
  stream: true,
  stop: ['a'],
  frequency_penalty: 1,
  response_format: {
    type: 'json_schema',
    json_schema: { name: 'a', description: 'd', schema: {}, strict: true },
  },
  reasoning_format: 'general',
  reasoning_effort: 'low',
  tool_choice: { type: 'function', function: { name: 'f' } },
  parallel_tool_calls: true,
  seed: 1,
  presence_penalty: 1,
  logprobs: true,
  top_logprobs: 1,
  modalities: ['text'],
  audio: {},
  max_completion_tokens: 5,
  stream_options: { include_usage: true, include_obfuscation: true, continuous_usage_stats: true },
  reasoning: { effort: 'low', exclude: true, enabled: true },
  include_reasoning: true,
};

type Schema = Record<string, unknown> & {
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
};

const described = z.toJSONSchema(chatRequestSchema, { io: 'input' }) as Schema;

/** The alternatives of a schema, unions of unions unfolded. */
function alternatives(schema: Schema): Schema[] {
  const union = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined;
  return union?.flatMap((one) => alternatives(one)) ?? [schema];
}

/** The alternatives that hold at a place of EVERYTHING. */
function schemasAt(path: readonly (string | number)[]): Schema[] {
  let schemas = alternatives(described);
  let value: unknown = EVERYTHING;
  for (const step of path) {
    value = (value as Record<string | number, unknown>)[step];
    schemas = schemas
      .flatMap(({ properties, items }): Schema | readonly Schema[] =>
        typeof step === 'number' ? (items ?? []) : (properties?.[step] ?? []),
      )
      .flatMap((one) => alternatives(one))
      // The kind that this object is, of several.
      .filter(({ properties }) =>
        ['role', 'type'].every((kind) => {
          const { const: only, enum: any } = (properties?.[kind] ?? {}) as {
            const?: unknown;
            enum?: unknown[];
          };
          const given = (value as Json | null)?.[kind];
          return (
            given === undefined || (only === undefined ? (any?.includes(given) ?? true) : only === given)
          );
        }),
      );
  }
  return schemas;
}

const TYPES: Record<string, unknown> = {
  null: null,
  boolean: true,
  integer: 3,
  number: 1.5,
  string: 'wrong',
  array: [[]],
  object: { wrong: 1 },
};

function allowed(schemas: readonly Schema[]): Set<string> {
  const types = schemas.flatMap(({ type, const: only, enum: any }) =>
    Array.isArray(type)
      ? type
      : (type ??
        (only === undefined && any === undefined
          ? Object.keys(TYPES)
          : ['string', ...((any as unknown[] | undefined)?.includes(null) ? ['null'] : [])])),
  ) as string[];
  return new Set(types.includes('number') ? [...types, 'integer'] : types);
}

/** All places of a value, its members' members among them. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const place = path.concat(Array.isArray(value) ? Number(key) : key);
    return [place].concat(places(item, place));
  });
}

function replaced(path: readonly (string | number)[], value: unknown): Json {
  const copy = structuredClone(EVERYTHING);
  let parent = copy as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) parent = parent[step] as typeof parent;
  parent[path.at(-1) ?? ''] = value;
  return copy;
}

function pathText(path: readonly (string | number)[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .slice(1);
}

describe('a wrong type', () => {
  it('is tried in every field of the schema', () => {
    expect(parse(EVERYTHING).model).toBe(MODEL);
    const tried = new Set(places(EVERYTHING).map(([first]) => first));
    const fields = Object.entries(described.properties ?? {}).filter(([, schema]) =>
      // Fields that may be anything have no wrong type.
      alternatives(schema).some(({ type }) => type !== undefined && type !== 'null'),
    );
    expect(fields.map(([name]) => name).filter((name) => !tried.has(name))).toEqual([]);
    for (const path of places(EVERYTHING)) {
      for (const { properties } of schemasAt(path)) {
        if (properties === undefined) continue;
        const value = path.reduce<unknown>((at, step) => (at as Json)[step as string], EVERYTHING);
        expect(Object.keys(value as Json).sort(), pathText(path)).toEqual(
          Object.keys(properties ?? {}).sort(),
        );
      }
    }
  });

  it.each(places(EVERYTHING).map((path) => [pathText(path), path] as const))('at %s', (text, path) => {
    const schemas = schemasAt(path);
    expect(schemas.length).toBeGreaterThan(0);
    const types = allowed(schemas);
    for (const [type, value] of Object.entries(TYPES)) {
      const request = replaced(path, value);
      if (types.has(type)) continue;
      const { code, message } = failure(request);
      expect(code, `${text} ${type}`).toBe('invalid_value');
      expect(message, `${text} ${type}`).toContain(`${text}: expected `);
    }
  });

  it('is null in required fields only', () => {
    for (const path of places(EVERYTHING)) {
      const isOptional = allowed(schemasAt(path)).has('null');
      const request = replaced(path, null);
      if (isOptional) expect(() => sent(request)).not.toThrow(/expected a |expected an /);
      else expect(failure(request).code, pathText(path)).toBe('invalid_value');
    }
  });
});

describe("the API's description", () => {
  it('is made from the schema', () => {
    expect(described).toMatchObject({
      type: 'object',
      required: ['model', 'messages'],
    });
    expect(described.properties?.['temperature']).toEqual({
      anyOf: [{ type: 'number', minimum: 0, maximum: 2 }, { type: 'null' }],
    });
  });
});
