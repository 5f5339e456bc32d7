// A value that satisfies a JSON Schema, with the prompt's words as strings. It handles the keywords that tools
// and structured outputs use. Not handled: patterns that none of the sample strings matches, `not`, and `oneOf`
// with variants that overlap.

import { isObject } from './check.ts';
import type { Fields } from './check.ts';
import type { Source } from './source.ts';

/** Deeper than real schemas; a recursive one ends here if it allows thcontext. */
const DEPTH_MAX = 8;
const LIST_ITEMS = 2;

const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-02',
  'date-time': '2026-01-02T03:04:05Z',
  time: '03:04:05Z',
  duration: 'P3D',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '6f2c1d3e-4b5a-4c7d-8e9f-0a1b2c3d4e5f',
};

/** Tried in this order, if the prompt's words don't match a `pattern`. */
const SAMPLES = [
  'abc',
  'ABC',
  'a',
  'A',
  '1',
  '12',
  '123',
  '1234',
  '12345',
  '123456',
  'abc123',
  'ABC-123',
  'AB',
  'ab',
  'abcd',
  'ABCD',
  '+15551234567',
  '555-1234',
  '#ffffff',
  'USD',
  'en',
  'en-US',
  '1.0.0',
  '/path',
  'a_b',
  'a-b',
  '2026-01-02',
  '03:04',
  'someone@example.com',
  'https://example.com/',
  '6f2c1d3e-4b5a-4c7d-8e9f-0a1b2c3d4e5f',
  '192.0.2.1',
  '',
];

/**
 * @param schema - a JSON Schema, such as a tool's `parameters`.
 * @param source - the prompt's words.
 * @param name - the field's name: it selects the kind of words.
 */
export function valueFor(schema: unknown, source: Source, name = ''): unknown {
  return value(schema, { root: schema, source, name, depth: 0 });
}

interface Context {
  readonly root: unknown;
  readonly source: Source;
  readonly name: string;
  readonly depth: number;
}

function value(given: unknown, context: Context): unknown {
  const schema = resolve(given, context.root);
  if (schema === null) return context.source.nextString(context.name);
  if ('const' in schema) return schema['const'];
  const values = schema['enum'];
  if (Array.isArray(values)) {
    const known: readonly unknown[] = values;
    return known.find((one) => context.source.mentions(one)) ?? known[0];
  }
  switch (typeOf(schema, context)) {
    case 'object':
      return objectFor(schema, context);
    case 'array':
      return arrayFor(schema, context);
    case 'string':
      return stringFor(schema, context);
    case 'integer':
      return numberFor(schema, context, 1);
    case 'number':
      return numberFor(schema, context, 0);
    case 'boolean':
      return true;
    default:
      return null;
  }
}

/** @returns the schema with its references, `allOf` and the first alternative merged; null: no constraint. */
function resolve(given: unknown, root: unknown, hops = 0): Fields | null {
  if (!isObject(given) || hops > DEPTH_MAX) return null;
  const { $ref: reference, allOf, anyOf, oneOf, ...own } = given;
  let schema: Fields = own;
  const add = (one: unknown): void => {
    const other = resolve(one, root, hops + 1);
    if (other !== null) schema = merge(schema, other);
  };
  if (typeof reference === 'string') add(find(reference, root));
  if (Array.isArray(allOf)) allOf.forEach(add);
  for (const alternatives of [anyOf, oneOf]) {
    if (!Array.isArray(alternatives)) continue;
    const all: readonly unknown[] = alternatives;
    add(all.find((one) => !(isObject(one) && one['type'] === 'null')) ?? all[0]);
  }
  return schema;
}

function merge(one: Fields, other: Fields): Fields {
  const required = [one['required'], other['required']].flatMap((names) =>
    Array.isArray(names) ? names : [],
  );
  const properties = { ...asObject(one['properties']), ...asObject(other['properties']) };
  return {
    ...one,
    ...other,
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required }),
  };
}

/** @param reference - a JSON pointer into the same document: `#/$defs/city`. */
function find(reference: string, root: unknown): unknown {
  let here = root;
  for (const step of reference.split('/').slice(1)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    here = isObject(here) && Object.hasOwn(here, name) ? here[name] : undefined;
  }
  return here;
}

function typeOf(schema: Fields, context: Context): unknown {
  const type = schema['type'];
  if (Array.isArray(type)) {
    const types: readonly unknown[] = type;
    // null ends a recursive schema where it is allowed.
    if (context.depth >= DEPTH_MAX && types.includes('null')) return 'null';
    return types.find((one) => one !== 'null') ?? 'null';
  }
  if (type !== undefined) return type;
  if ('properties' in schema || context.depth === 0) return 'object';
  if ('items' in schema || 'prefixItems' in schema) return 'array';
  if ('minimum' in schema || 'maximum' in schema || 'multipleOf' in schema) return 'number';
  return 'string';
}

/** The required properties, or all if none is required; beyond the maximum depth only the required ones. */
function objectFor(schema: Fields, context: Context): Fields {
  const properties = asObject(schema['properties']);
  const required: readonly unknown[] = Array.isArray(schema['required']) ? schema['required'] : [];
  const chosen =
    required.length > 0 || context.depth >= DEPTH_MAX ? required.map(String) : Object.keys(properties);
  // fromEntries defines even `__proto__` as a property of its own; an assignment would not.
  return Object.fromEntries(
    [...new Set(chosen)].map((name) => {
      const inner = Object.hasOwn(properties, name)
        ? properties[name]
        : asObject(schema['additionalProperties']);
      const deep =
        context.depth > DEPTH_MAX * 4 ? null : value(inner, { ...context, name, depth: context.depth + 1 });
      return [name, deep];
    }),
  );
}

function arrayFor(schema: Fields, context: Context): unknown[] {
  const prefix: readonly unknown[] = Array.isArray(schema['prefixItems']) ? schema['prefixItems'] : [];
  const min = bound(schema['minItems'], 0);
  const max = bound(schema['maxItems'], Infinity);
  const defaultLength =
    context.depth >= DEPTH_MAX ? 0 : Math.max(prefix.length, schema['items'] === false ? 0 : LIST_ITEMS);
  const length = Math.min(Math.max(defaultLength, min), max);
  const items = Array.from({ length }, (_, i) =>
    value(prefix[i] ?? schema['items'], { ...context, depth: context.depth + 1 }),
  );
  if (schema['uniqueItems'] !== true) return items;
  const unique = [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
  return unique;
}

function stringFor(schema: Fields, context: Context): string {
  const format = schema['format'];
  const min = bound(schema['minLength'], 0);
  const max = bound(schema['maxLength'], Infinity);
  const formatted =
    typeof format === 'string' && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  const natural = formatted ?? fit(context.source.nextString(context.name), min, max);
  const pattern = schema['pattern'];
  if (typeof pattern !== 'string') return natural;
  const matches = compile(pattern);
  return (
    [natural, ...SAMPLES.filter((one) => one.length >= min && one.length <= max)].find(matches) ?? natural
  );
}

function compile(pattern: string): (text: string) => boolean {
  try {
    const expression = new RegExp(pattern, 'u');
    return (text) => expression.test(text);
  } catch {
    return () => true;
  }
}

/** JSON Schema counts characters as code points. */
function fit(text: string, min: number, max: number): string {
  const points = Array.from(text === '' ? 'x' : text);
  while (points.length < min) points.push(...points.slice(0, min - points.length));
  return points.slice(0, max).join('');
}

function numberFor(schema: Fields, context: Context, grain: 0 | 1): number {
  const step = bound(schema['multipleOf'], grain);
  const nudge = step === 0 ? 1e-6 : step;
  const low = Math.max(
    bound(schema['minimum'], -Infinity),
    bound(schema['exclusiveMinimum'], -Infinity) + nudge,
  );
  const high = Math.min(
    bound(schema['maximum'], Infinity),
    bound(schema['exclusiveMaximum'], Infinity) - nudge,
  );
  const chosen = context.source.nextNumber() ?? (step === 0 ? 0.5 : step);
  const within = Math.min(Math.max(chosen, low), high);
  if (step === 0) return within;
  // Up to the next multiple, or down if that is above the maximum.
  const up = Math.ceil(within / step) * step;
  return up <= high ? up : Math.floor(within / step) * step;
}

function bound(limit: unknown, byDefault: number): number {
  return typeof limit === 'number' ? limit : byDefault;
}

function asObject(given: unknown): Fields {
  return isObject(given) ? given : {};
}
