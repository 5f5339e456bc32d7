import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueFor } from '../../simulator/schema.ts';
import { createSource } from '../../simulator/source.ts';
import { runs } from '../../long-run.ts';

/** @returns the errors that Ajv finds in a value. */
function errorsOf(schema: unknown, value: unknown): unknown[] {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema as object);
  return validate(value) ? [] : (validate.errors ?? []);
}

const fill = (schema: unknown, prompt = '') => valueFor(schema, createSource(prompt));

it("fills arguments with the prompt's words", () => {
  const schema = {
    type: 'object',
    properties: {
      location: { type: 'string' },
      unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
      days: { type: 'integer', minimum: 1, maximum: 7 },
      query: { type: 'string' },
    },
    required: ['location', 'unit', 'days', 'query'],
  };
  expect(fill(schema, "What's the weather in San Francisco for 3 days, in fahrenheit?")).toEqual({
    location: 'San Francisco',
    unit: 'fahrenheit',
    days: 3,
    query: "What's the weather in San Francisco for 3 days, in fahrenheit?",
  });
  expect(fill({ type: 'object', properties: { city: { type: 'string' } } }, '北京天气怎么样')).toEqual({
    city: '北京',
  });
  expect(
    fill({ type: 'object', properties: { expression: { type: 'string' } } }, 'what is 17 times 23?'),
  ).toEqual({
    expression: '17 * 23',
  });
});

it('gives the second call the next place', () => {
  const source = createSource('Weather in Boston and Paris');
  const schema = { type: 'object', properties: { location: { type: 'string' } } };
  expect([valueFor(schema, source), valueFor(schema, source)]).toEqual([
    { location: 'Boston' },
    { location: 'Paris' },
  ]);
});

it('gives no arguments without a schema', () => {
  expect(fill({})).toEqual({});
  expect(fill({ type: 'object', properties: {} })).toEqual({});
});

it('defines a required __proto__ as an own property', () => {
  const filled = fill(
    JSON.parse('{"type":"object","required":["__proto__"],"properties":{"__proto__":{"type":"integer"}}}'),
  );
  expect(JSON.stringify(filled)).toBe('{"__proto__":1}');
});

describe('satisfies', () => {
  const schemas: Record<string, object> = {
    'every keyword': {
      type: 'object',
      properties: {
        id: { type: 'string', format: 'uuid' },
        when: { type: 'string', format: 'date-time' },
        mail: { type: 'string', format: 'email' },
        code: { type: 'string', pattern: '^[A-Z]{3}$' },
        short: { type: 'string', minLength: 5, maxLength: 7 },
        ratio: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
        even: { type: 'integer', multipleOf: 2, minimum: 7 },
        on: { type: 'boolean' },
        nothing: { type: 'null' },
        maybe: { anyOf: [{ type: 'string' }, { type: 'null' }] },
        fixed: { const: 42 },
        tags: { type: 'array', items: { type: 'string' }, minItems: 3, maxItems: 3 },
        pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], items: false },
        nested: {
          type: 'object',
          properties: {
            list: {
              type: 'array',
              items: { type: 'object', properties: { x: { type: 'number' } }, required: ['x'] },
            },
          },
          required: ['list'],
          additionalProperties: false,
        },
      },
      required: [
        'id',
        'when',
        'mail',
        'code',
        'short',
        'ratio',
        'even',
        'on',
        'nothing',
        'maybe',
        'fixed',
        'tags',
        'pair',
        'nested',
      ],
      additionalProperties: false,
    },
    recursive: {
      $defs: {
        node: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            children: { type: 'array', items: { $ref: '#/$defs/node' } },
            next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] },
          },
          required: ['name', 'children'],
        },
      },
      $ref: '#/$defs/node',
    },
  };
  it.each(Object.keys(schemas))('%s', (name) => {
    const schema = schemas[name];
    expect(errorsOf(schema, fill(schema, 'Ada Lovelace, 36'))).toEqual([]);
  });

  const leaf = fc.oneof(
    fc.constant({ type: 'string' }),
    fc.constant({ type: 'boolean' }),
    fc.record({
      type: fc.constant('string'),
      enum: fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 4 }),
    }),
    fc
      .tuple(fc.integer({ min: -50, max: 50 }), fc.nat(60))
      .map(([minimum, span]) => ({ type: 'integer', minimum, maximum: minimum + span })),
    fc
      .tuple(fc.nat(9), fc.nat(9))
      .map(([minLength, span]) => ({ type: 'string', minLength, maxLength: minLength + span })),
  );
  const { any } = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 3 }, leaf, tie('list'), tie('object')),
    list: fc.record({ type: fc.constant('array'), items: tie('any'), minItems: fc.nat(3) }),
    object: fc
      .tuple(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('any'), { maxKeys: 4 }), fc.boolean())
      .map(([properties, all]) => ({
        type: 'object',
        properties,
        required: Object.keys(properties).slice(0, all ? undefined : 1),
        additionalProperties: false,
      })),
  }));

  it('generated schemas', () => {
    fc.assert(
      fc.property(any, fc.string(), (schema, prompt) => {
        expect(errorsOf(schema, fill({ ...(schema as object) }, prompt))).toEqual([]);
      }),
      { numRuns: runs(50, 2_000) },
    );
  });
});
