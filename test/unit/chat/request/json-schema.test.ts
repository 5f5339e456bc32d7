// JSON Schemas of clients: which are accepted; null keywords are left out, data is not touched.

import { describe, expect, it } from 'vitest';
import { chat, fault, invalid, type Json, sent, tool } from './support.ts';

const nullable = { type: ['string', 'null'], enum: ['a', null], default: null };

describe('null keywords', () => {
  it.each<[name: string, given: Json, expected: Json]>([
    ['at the top', { type: 'object', title: null, $defs: null }, { type: 'object' }],
    ['type and properties', { type: null, properties: null, title: 'a' }, { title: 'a' }],
    [
      'of a property',
      { properties: { a: { type: 'string', description: null, maxLength: null } } },
      { properties: { a: { type: 'string' } } },
    ],
    ['of items', { items: { type: 'string', format: null } }, { items: { type: 'string' } }],
    [
      'in lists of schemas',
      { anyOf: [{ type: 'string', title: null }, { allOf: [{ minimum: null }] }] },
      { anyOf: [{ type: 'string' }, { allOf: [{}] }] },
    ],
    ['in definitions', { $defs: { default: { title: null } } }, { $defs: { default: {} } }],
    [
      'of properties that have the names of keywords',
      { properties: { enum: { title: null }, const: { title: null }, properties: { type: null } } },
      { properties: { enum: {}, const: {}, properties: {} } },
    ],
    ['enum and examples themselves', { enum: null, examples: null }, {}],
  ])('are left out: %s', (_, given, expected) => {
    expect(sent(chat({ tools: [tool('f', given)] }))['tools']).toEqual([tool('f', expected)]);
    const format = (schema: Json) => ({ type: 'json_schema', json_schema: { name: 'a', schema } });
    expect(sent(chat({ response_format: format(given) }))['response_format']).toEqual(format(expected));
  });

  it.each<[name: string, schema: Json]>([
    ['enum, default and a type named null', { properties: { a: nullable } }],
    ['const', { const: null }],
    ['default', { default: { a: null, b: [null] } }],
    ['examples', { examples: [null, { a: null }] }],
    ['an item of a list', { required: ['a'], 'x-list': [null, 1] }],
  ])('are not data: %s', (_, schema) => {
    expect(sent(chat({ tools: [tool('f', schema)] }))['tools']).toEqual([tool('f', schema)]);
  });

  it('do not stand for a property', () => {
    const at = 'tools[0].function.parameters.properties';
    expect(fault(chat({ tools: [tool('f', { properties: { a: null } })] }))).toEqual(['invalid_value', at]);
  });

  it('keep a property named __proto__', () => {
    const body = JSON.stringify(chat({ tools: [tool('f', 'VALUE')] })).replace(
      '"VALUE"',
      '{"properties":{"__proto__":{"type":"string","title":null}}}',
    );
    expect(JSON.stringify(sent(body))).toContain('{"properties":{"__proto__":{"type":"string"}}}');
  });
});

describe('the parameters of a tool', () => {
  it.each([
    [{}],
    [{ type: 'object' }],
    [{ type: ['object', 'null'] }],
    [{ type: 'object', properties: { a: { type: 'string', description: 'x' }, b: true } }],
    [{ properties: { a: { type: ['string', 'null'] }, b: { anyOf: [{ type: 'integer' }] } }, $defs: {} }],
  ])('take the schema %j', (parameters) => {
    expect(sent(chat({ tools: [tool('f', parameters)] }))['tools']).toEqual([tool('f', parameters)]);
  });
  const at = 'tools[0].function.parameters';
  it.each([
    ['{}', at],
    [[], at],
    [{ type: 'struct' }, `${at}.type`],
    [{ type: ['object', 'struct'] }, `${at}.type`],
    [{ properties: [] }, `${at}.properties`],
    [{ properties: { a: 'string' } }, `${at}.properties`],
    [{ properties: { a: { type: 'str' } } }, `${at}.properties`],
    [{ properties: { a: { type: ['string', 5] } } }, `${at}.properties`],
    [{ properties: { a: { description: 5 } } }, `${at}.properties`],
  ])('refuse the schema %j', (parameters, param) => {
    expect(fault(chat({ tools: [tool('f', parameters)] }))).toEqual(invalid(param));
  });
});
