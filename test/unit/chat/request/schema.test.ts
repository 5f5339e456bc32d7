// The quick check and the schema that it stands for say yes to the same requests,
// and every field of the schema refuses what it doesn't name.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { messageSchema } from '../../../../src/chat/request/messages.ts';
import { isPlainMessage } from '../../../../src/chat/request/plain.ts';
import { requestError, type Issue } from '../../../../src/chat/request/issues.ts';
import { list } from '../../../../src/chat/request/field-types.ts';
import { checkSense } from '../../../../src/chat/request/cross-field.ts';
import { chatRequestSchema, checkRequest } from '../../../../src/chat/request/schema.ts';
import { anyMutant, anyRequest, EXTRA } from './arbitraries.ts';
import { calling, chat, failure, type Json, parse, sent } from './support.ts';

const NONE: ReadonlySet<string> = new Set();

function check(value: unknown): Issue[] {
  const issues: Issue[] = [];
  expect(checkRequest(value, NONE, issues)).toBe(issues.length === 0);
  return issues;
}

describe('checkRequest', () => {
  it('says yes to right requests', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const issues: Issue[] = [];
        if (!checkRequest(request, EXTRA, issues)) throw requestError(issues);
      }),
      { numRuns: 2_000 },
    );
  });

  it('says yes where chatRequestSchema does, and only there', () => {
    const seen = { yes: 0, no: 0 };
    fc.assert(
      fc.property(anyMutant, (request) => {
        const yes = chatRequestSchema.safeParse(request).success;
        expect(check(request).length === 0).toBe(yes);
        seen[yes ? 'yes' : 'no']++;
      }),
      { numRuns: 5_000 },
    );
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(500);
  });

  it('looks no further than it shows', () => {
    const messages = Array.from({ length: 10_000 }, () => ({ role: 'user' }));
    expect(check(chat({ messages }))).toHaveLength(21);
    const keys = Object.fromEntries(messages.map((_, index) => [`key${index}`, 1]));
    expect(check(chat(keys))).toHaveLength(21);
    expect(check(chat({ messages: [keys] }))).toHaveLength(1);
    expect(check(chat({ messages: [{ ...keys, role: 'user', content: '' }] }))).toHaveLength(21);
  });

  it('has one issue for a list that is too long, whatever is in it', () => {
    const rubbish = Array.from({ length: 100_000 }, () => 1);
    expect(list(z.string()).safeParse(rubbish).error?.issues).toHaveLength(1);
  });

  it('names the same places', () => {
    fc.assert(
      fc.property(anyMutant, (request) => {
        const { error } = chatRequestSchema.safeParse(request);
        const tops = new Set(
          error?.issues.flatMap((issue) =>
            issue.path.length > 0 ? issue.path[0] : issue.code === 'unrecognized_keys' ? issue.keys : [],
          ),
        );
        // Beyond what zod does, sense is asked of those fields that are right beside wrong ones.
        const issues: Issue[] = [...tops].map((top) => ({ path: [top ?? ''] }));
        checkSense(request, issues);
        for (const { path } of issues) tops.add(path[0]);
        for (const { path } of check(request)) expect(tops).toContain(path[0]);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('isPlainMessage', () => {
  const plain = fc.constantFrom('role', 'content', 'name', 'tool_call_id', 'tool_calls', 'x', '__proto__');
  const value = fc.oneof(
    fc.constantFrom(
      'user',
      'assistant',
      'system',
      'developer',
      'tool',
      'function',
      '',
      'constructor',
      null,
      5,
    ),
    fc.constantFrom([], {}, [{}], [calling('1')], calling('1')['tool_calls'], calling('')['tool_calls']),
    fc.constant([{ id: '1', type: 'function', function: { name: 'f', arguments: '', more: 1 } }]),
    fc.constant([{ id: '1', type: 'function', function: { name: '', arguments: '' } }]),
    fc.constant([{ id: '1', type: 'custom', function: { name: 'f', arguments: '' } }]),
    fc.constant([{ id: '1', type: 'function', function: { name: 'f', arguments: {} } }]),
  );
  const likely = fc.record({
    role: fc.constantFrom('user', 'assistant', 'system', 'developer', 'tool'),
    content: fc.constantFrom('a', '', null),
  });
  const message = fc
    .tuple(fc.array(fc.tuple(plain, value), { maxLength: 4 }), likely, fc.boolean())
    .map(([entries, base, hasBase]): unknown =>
      JSON.parse(
        `{${[...(hasBase ? Object.entries(base) : []), ...entries]
          .map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(item)}`)
          .join()}}`,
      ),
    );

  it('never says yes where the schema says no', () => {
    let yes = 0;
    fc.assert(
      fc.property(fc.oneof(message, fc.anything()), (given) => {
        if (!isPlainMessage(given)) return;
        yes++;
        expect(messageSchema.safeParse(given).success).toBe(true);
      }),
      { numRuns: 50_000 },
    );
    expect(yes).toBeGreaterThan(1_000);
  });

  it('never says yes to a mutant that the schema refuses', () => {
    fc.assert(
      fc.property(anyMutant, ({ messages }) => {
        if (!Array.isArray(messages)) return;
        for (const given of messages) {
          if (isPlainMessage(given)) expect(messageSchema.safeParse(given).success).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    { role: 'user', content: 'a' },
    { content: 'a', role: 'developer', name: 'b' },
    { role: 'assistant', content: null },
    calling('1', '2'),
    { role: 'tool', content: '', tool_call_id: '1' },
  ])('vouches for %j', (given) => {
    expect(isPlainMessage(given)).toBe(true);
  });
});

/** A right request in which every field of the schema has a value. */
const EVERYTHING: Json = {
  ...chat(),
  messages: [
    { role: 'system', content: [{ type: 'text', text: 'a', cache_control: {} }], name: 'n' },
    {
      role: 'user',
      name: 'n',
      content: [
        { type: 'text', text: 'a', cache_control: {} },
        { type: 'image_url', image_url: { url: 'https://a.example/a.png', detail: 'high' } },
        { type: 'video_url', video_url: { url: 'https://a.example/a.mp4' } },
        { type: 'input_audio', input_audio: { data: 'data:audio/mp3;base64,QUJD', format: 'mp3' } },
      ],
    },
    {
      role: 'assistant',
      content: [{ type: 'text', text: 'a', cache_control: {} }],
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
    { role: 'tool', tool_call_id: '1', content: [{ type: 'text', text: 'a', cache_control: {} }], name: 'n' },
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

const described = z.toJSONSchema(chatRequestSchema) as Schema;

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
      // Of several kinds of object, the one that this is.
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
      : (type ?? (only === undefined && any === undefined ? Object.keys(TYPES) : 'string')),
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
  it('is tried in every field there is', () => {
    expect(parse(EVERYTHING).model).toBe('step-3.5-flash');
    const tried = new Set(places(EVERYTHING).map(([first]) => first));
    const fields = Object.entries(described.properties ?? {}).filter(([, schema]) =>
      // Those that may be anything, or must be null, have no wrong or no right type.
      alternatives(schema).some(({ type }) => type !== undefined && type !== 'null'),
    );
    expect(fields.map(([name]) => name).filter((name) => !tried.has(name))).toEqual([]);
    for (const path of places(EVERYTHING)) {
      for (const { properties, additionalProperties } of schemasAt(path)) {
        if (additionalProperties !== false) continue;
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

  it('is told from absence: null is none in optional fields alone', () => {
    for (const path of places(EVERYTHING)) {
      const isOptional = allowed(schemasAt(path)).has('null');
      const request = replaced(path, null);
      if (isOptional) expect(() => sent(request)).not.toThrow(/expected a |expected an /);
      else expect(failure(request).code, pathText(path)).toBe('invalid_value');
    }
  });
});

describe("the API's description", () => {
  it('is made from the schema, and knows no other field', () => {
    expect(described).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['model', 'messages'],
    });
    expect(described.properties?.['temperature']).toEqual({
      anyOf: [{ type: 'number', minimum: 0, maximum: 2 }, { type: 'null' }],
    });
  });

  it('has patterns that mean what is checked', () => {
    const url = schemasAt(['messages', 1, 'content', 1, 'image_url', 'url'])[0];
    const pattern = new RegExp(String(url?.['pattern']), 'u');
    const data = fc.oneof(
      fc.base64String(),
      fc.string({ unit: fc.constantFrom('A', '=', '+', '/', '\n', '-') }),
    );
    fc.assert(
      fc.property(fc.constantFrom('png', 'gif', 'bmp'), data, (type, payload) => {
        const part = { type: 'image_url', image_url: { url: `data:image/${type};base64,${payload}` } };
        const request = chat({ messages: [{ role: 'user', content: [part] }] });
        expect(pattern.test(part.image_url.url)).toBe(check(request).length === 0);
      }),
      { numRuns: 5_000 },
    );
  });
});
