// Every place of a request, with valid and invalid values: the description and the gateway
// agree on each. Random requests (fidelity.test.ts) seldom meet the bounds; here all are tried.

import { describe, expect, it } from 'vitest';
import { LIST_ITEMS_MAX } from '../../../src/config/limits.ts';
import { BOOKKEEPING_FIELDS, REFUSED_FIELDS } from '../../../src/chat/request/other-fields.ts';
import type { Json } from '../chat/request/support.ts';
import { agrees } from './agreement.ts';
import { description, type Schema } from './validator.ts';

const CALL = {
  id: '1',
  type: 'function',
  function: { name: 'f', arguments: '{}', parsed_arguments: {} },
  index: 0,
};
const TEXT_PART = { type: 'text', text: 'a' };
const TYPES = ['string', 'number', 'integer', 'object', 'array', 'boolean', 'null'];

/** Valid requests with every field, and with every kind of value of it. */
const REQUESTS: Record<string, Json> = {
  messages: {
    model: 'm',
    messages: [
      { role: 'system', content: [TEXT_PART], name: 'n' },
      { role: 'developer', content: 'a' },
      { role: 'user', content: 'a', name: 'n' },
      {
        role: 'user',
        content: [
          TEXT_PART,
          { type: 'image_url', image_url: { url: 'https://a.example', detail: 'low' } },
          { type: 'video_url', video_url: { url: 'https://a.example/a.mp4' } },
          { type: 'input_audio', input_audio: { data: 'QUJD', format: 'wav' } },
          { type: 'input_audio', input_audio: { data: 'data:audio/wav;base64,QUJD' } },
          { type: 'file', file: { file_data: 'data:image/png;base64,QUJD', filename: 'a.png' } },
        ],
      },
      {
        role: 'assistant',
        content: [TEXT_PART, { type: 'refusal', refusal: 'a' }],
        name: 'n',
        tool_calls: [CALL],
        reasoning: 'r',
        reasoning_content: 'r',
        audio: { id: 'a' },
        function_call: null,
        annotations: [],
        parsed: {},
        reasoning_details: [],
        refusal: null,
      },
      { role: 'assistant', content: 'a' },
      { role: 'assistant', tool_calls: [CALL] },
      { role: 'tool', content: [TEXT_PART], tool_call_id: '1', name: 'n' },
      { role: 'tool', content: 'a', tool_call_id: '1' },
    ],
  },
  fields: {
    ...asking(),
    max_tokens: 5,
    max_completion_tokens: 5,
    temperature: 1,
    top_p: 1,
    n: 1,
    stream: true,
    stop: 'a',
    frequency_penalty: 1,
    presence_penalty: 1,
    reasoning_format: 'general',
    reasoning_effort: 'low',
    reasoning: { effort: 'low', exclude: true, enabled: true },
    include_reasoning: true,
    parallel_tool_calls: true,
    seed: 1,
    logprobs: true,
    top_logprobs: 1,
    modalities: ['text', 'audio'],
    audio: { voice: 'a' },
    stream_options: { include_usage: true, include_obfuscation: true, continuous_usage_stats: true },
    response_format: { type: 'text' },
    tool_choice: 'auto',
  },
  'other kinds of fields': {
    ...asking(),
    model: 'step-3.5-flash-2603',
    stop: ['a'],
    logprobs: false,
    reasoning_effort: null,
    reasoning: { effort: 'high' },
    response_format: { type: 'json_object' },
  },
  tools: {
    ...asking(),
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'a', description: 'd', schema: {}, strict: true },
    },
    tools: [
      {
        type: 'function',
        function: {
          name: 'f',
          description: 'd',
          parameters: {
            type: 'object',
            properties: {
              a: { type: 'string', description: 'd' },
              b: true,
              c: { type: TYPES },
            },
          },
          strict: true,
        },
      },
      { type: 'function', function: { name: 'g', parameters: { type: TYPES } } },
      { type: 'web_search', limit: 1 },
      { type: 'retrieval' },
    ],
    tool_choice: { type: 'function', function: { name: 'f' } },
  },
  'fields that are left out or refused': {
    ...asking(),
    ...Object.fromEntries(BOOKKEEPING_FIELDS.map((name) => [name, {}])),
    ...Object.fromEntries([...REFUSED_FIELDS.keys()].map((name) => [name, null])),
  },
};

const SCHEMAS = [...allSchemas(description.components.schemas['ChatCompletionRequest'] ?? {})];

const WRONG_TYPES = [null, true, false, [], {}, [[]], [null], [0], [''], ['a'], [{}], { a: 0 }, { a: {} }];
const INTEGER_MAX = 2 ** 53 - 1;
const NUMBERS = [-2.1, -2, -1, -0.1, 0, 0.5, 1, 1.1, 2, 2.1, 20, 21, 1e300];
const LENGTHS = [0, 1, 64, 128, 129].map((length) => 'x'.repeat(length));
/** Wrong types, bounds and words, each valid in some places. */
const VALUES: readonly unknown[] = [
  ...WRONG_TYPES,
  ...NUMBERS,
  -INTEGER_MAX - 1,
  -INTEGER_MAX,
  INTEGER_MAX,
  INTEGER_MAX + 1,
  ...LENGTHS,
  'a b',
  'QUJD',
  'data:,a',
  'data:image/png;base64,QUI=',
  'data:audio/wav;base64,QQ==',
  'http://a.example',
  'https://a.example/a.webm',
  { type: 'text' },
  ...new Set(SCHEMAS.flatMap((schema) => schema.enum ?? schema.const ?? [])),
];

describe.each(Object.entries(REQUESTS))('a request with %s', (_, request) => {
  const places = placesOf(request);

  it('is valid', () => {
    expect(agrees(request)).toBe(true);
  });

  it('with another value in one place: both agree', () => {
    for (const place of places) {
      // For an object or a list, any other type is wrong.
      const isLeaf = typeof place.reduce<unknown>((at, key) => (at as Holder)[key], request) !== 'object';
      for (const value of isLeaf ? VALUES : WRONG_TYPES)
        agrees(changed(request, place, (holder, key) => define(holder, key, value)));
    }
  });

  it('with one field or item less: both agree', () => {
    for (const place of places) {
      agrees(changed(request, place, remove));
    }
  });

  it('with one field or item more: both agree', () => {
    for (const place of [...places, null]) {
      for (const more of ['more', '__proto__', 'constructor']) {
        agrees(
          place === null
            ? { ...request, [more]: 1 }
            : changed(request, place, (holder, key) => define(holder[key], more, 1)),
        );
      }
    }
  });

  it('with a list of the greatest length, and one item more: both agree', () => {
    for (const place of places) {
      for (const length of [LIST_ITEMS_MAX, LIST_ITEMS_MAX + 1]) {
        agrees(
          changed(request, place, (holder, key) => {
            const list = holder[key];
            if (Array.isArray(list)) holder[key] = Array.from({ length }, () => list[0] as unknown);
          }),
        );
      }
    }
  });
});

it('has every field of the description', () => {
  const there = new Set(
    Object.values(REQUESTS)
      .flatMap(placesOf)
      .map((place) => place.at(-1)),
  );
  const fields = SCHEMAS.flatMap(({ properties = {} }) => Object.keys(properties));
  expect(fields.filter((name) => !there.has(name))).toEqual([]);
});

function asking(): Json {
  return { model: 'm', messages: [{ role: 'user', content: 'a' }] };
}

type Holder = Record<string, unknown>;
type Place = readonly string[];

function placesOf(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    [[], ...placesOf(item)].map((place: Place) => [key].concat(place)),
  );
}

/** @returns a copy with a change at one place. */
function changed(request: Json, place: Place, change: (holder: Holder, key: string) => void): Json {
  const copy = structuredClone(request);
  const holder = place.slice(0, -1).reduce<Holder>((at, key) => at[key] as Holder, copy);
  change(holder, place.at(-1) ?? '');
  return copy;
}

function remove(holder: unknown, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else Reflect.deleteProperty(holder as Holder, key);
}

/** Unlike an assignment, makes `__proto__` a member, as JSON.parse does. */
function define(holder: unknown, key: string, value: unknown): void {
  if (typeof holder !== 'object' || holder === null) return;
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

/** @returns a schema and all schemas in it. */
function allSchemas(schema: Schema, seen = new Set<Schema>()): Set<Schema> {
  if (seen.has(schema)) return seen;
  seen.add(schema);
  const { $ref, properties = {}, items, additionalProperties, anyOf = [], oneOf = [] } = schema;
  const named = description.components.schemas[$ref?.split('/').at(-1) ?? ''];
  for (const part of [...Object.values(properties), ...anyOf, ...oneOf, items, additionalProperties, named]) {
    if (typeof part === 'object') allSchemas(part, seen);
  }
  return seen;
}
