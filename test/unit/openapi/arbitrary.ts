// Random requests, made from the API's description, so that each of its fields occurs; and
// random changes of them.

import * as fc from 'fast-check';
import { MODELS } from '../../../src/upstream/models.ts';
import { description, type Schema } from './validator.ts';

const DEEP_LEVELS = 200;

const deep = Array.from({ length: DEEP_LEVELS }).reduce<unknown>((inner) => [inner], 'deep');

const anything = fc.oneof(
  { arbitrary: fc.jsonValue({ maxDepth: 2, depthSize: 'small' }), weight: 12 },
  { arbitrary: fc.constant(deep), weight: 1 },
);

/** Few, so that two places often have the same word. */
const words = fc.constantFrom('', 'a', 'b', 'call_1', 'get_weather', 'Ж', '𝒳', '\ud800', '\n', 'data:');
const names = fc.oneof(fc.constantFrom('a', 'b', 'get_weather'), fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/));

const base64 = fc.oneof(
  fc.base64String({ minLength: 1, maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('A', 'z', '0', '+', '/', '=', '-', '\n'), maxLength: 9 }),
);
const host = fc.constantFrom(
  'a.example',
  '127.0.0.1:80',
  '[::1]',
  '[',
  'a:99999',
  'a b',
  'ü.example',
  '',
  '%',
);
const path = fc.constantFrom(
  '',
  '/',
  '/a.mp4',
  '/a.webm',
  '/a.mov?x',
  '/a.mov/b',
  '/?a.mkv',
  '/#.ts',
  '/a\\b',
  '/a\tb',
  '/Ж',
);

/** Addresses of media, valid and invalid. */
export const address = fc.oneof(
  fc
    .tuple(fc.constantFrom('http://', 'https://', 'HTTPS://', 'https:', 'ftp://', ''), host, path)
    .map((parts) => parts.join('')),
  fc
    .tuple(
      fc.constantFrom('data:', 'Data:', ''),
      fc.constantFrom('image/', 'audio/', 'text/'),
      fc.constantFrom('jpeg', 'jpg', 'png', 'webp', 'gif', 'mpeg', 'mp3', 'wav', 'bmp', 'svg+xml'),
      fc.constantFrom(';base64,', ';base64;base64,', ',', ';charset=utf-8;base64,'),
      base64,
    )
    .map((parts) => parts.join('')),
  base64,
);

const ADDRESSES = [
  'https://a.example/a',
  'http://a.example/a.mp4?b',
  'data:image/png;base64,QUJD',
  'data:image/jpeg;base64,QUI=',
  'data:audio/mpeg;base64,QUI',
  'data:audio/wav;base64,QQ==',
  'QUJD',
];

/** @returns requests of which many match the description: rules across fields hold by chance. */
export function requestFrom(name: string): fc.Arbitrary<unknown> {
  const known = new Map<string, fc.Arbitrary<unknown>>();

  function from(schema: Schema, field: string, isRoot = false): fc.Arbitrary<unknown> {
    const { $ref, anyOf, oneOf, type } = schema;
    if ($ref !== undefined) return component($ref.split('/').at(-1) ?? '');
    if ('const' in schema) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    const kinds = anyOf ?? oneOf;
    if (kinds !== undefined) return fc.oneof(...kinds.map((kind) => from(kind, field)));
    if (type === undefined) return anything;
    if (typeof type === 'string') return ofType(type, schema, field, isRoot);
    // null means absent, and absence has its own probability.
    const weighted = type.map((one) => ({
      arbitrary: ofType(one, schema, field, isRoot),
      weight: one === 'null' ? 1 : 4,
    }));
    return fc.oneof(...weighted);
  }

  function component(name: string): fc.Arbitrary<unknown> {
    const made = known.get(name) ?? from(description.components.schemas[name] ?? {}, name);
    known.set(name, made);
    return made;
  }

  /** A schema with this type. */
  function ofType(type: string, schema: Schema, field: string, isRoot: boolean): fc.Arbitrary<unknown> {
    const { minimum: min = -10, maximum: max = 10 } = schema;
    switch (type) {
      case 'null':
        return fc.constant(null);
      case 'boolean':
        return fc.boolean();
      case 'integer':
        return fc.oneof(
          fc.constantFrom(min, max, min + 1),
          fc.integer({ min, max: Math.min(max, 2 ** 31 - 1) }),
        );
      case 'number':
        return fc.oneof(fc.constantFrom(min, max), fc.double({ min, max, noNaN: true }));
      case 'string':
        return ofText(schema, field);
      case 'array':
        return fc.array(from(schema.items ?? {}, field), { minLength: schema.minItems ?? 0, maxLength: 3 });
      default:
        return ofObject(schema, isRoot);
    }
  }

  function ofText({ pattern }: Schema, field: string): fc.Arbitrary<string> {
    if (field === 'model')
      return fc.constantFrom(...MODELS.map(({ id }) => id), 'm', '𝒳'.repeat(128), '𝒳'.repeat(129));
    if (pattern === undefined) return words;
    if (pattern.includes('base64') || pattern.includes('://')) {
      return fc.oneof(
        { arbitrary: fc.constantFrom(...ADDRESSES), weight: 3 },
        { arbitrary: address, weight: 1 },
      );
    }
    return names;
  }

  function ofObject(schema: Schema, isRoot: boolean): fc.Arbitrary<unknown> {
    const { properties = {}, required = [], additionalProperties: more = true } = schema;
    const fields = Object.entries(properties).map(([key, field]) => {
      const value = from(field, key);
      // A request has about fifty fields, and one wrong value is enough to refuse it.
      const weight = isRoot ? 9 : 1;
      const maybe = fc.oneof({ arbitrary: value, weight: 1 }, { arbitrary: fc.constant(undefined), weight });
      return fc.tuple(fc.constant(key), required.includes(key) ? value : maybe);
    });
    const other = from(typeof more === 'object' ? more : {}, '');
    const others = more === false ? fc.constant({}) : fc.dictionary(words, other, { maxKeys: 2 });
    return fc.tuple(fc.tuple(...fields), others).map(([entries, more]) => {
      const present = entries.filter(([, value]) => value !== undefined);
      return Object.fromEntries([...Object.entries(more), ...present]);
    });
  }

  return from(description.components.schemas[name] ?? {}, name, true);
}

const wrong = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 0.5, 3, 1e300, 2 ** 53, '', 'a', 'low', 'user', [], {}, [
    null,
  ]),
  words,
  address,
  anything,
);

/** A change at one place of a value: another value, one more field, one less. */
export const mutation = fc.record({
  where: fc.nat(),
  what: fc.oneof(
    fc.record({ kind: fc.constant('replace' as const), value: wrong }),
    fc.record({ kind: fc.constant('remove' as const) }),
    fc.record({
      kind: fc.constant('add' as const),
      key: fc.constantFrom(
        '',
        'x',
        'name',
        'type',
        'content',
        'detail',
        '__proto__',
        'constructor',
        'toString',
        'length',
      ),
      value: wrong,
    }),
  ),
});

/** @returns a copy of the value, as JSON, with one change. */
export function mutated(
  value: unknown,
  { where, what }: typeof mutation extends fc.Arbitrary<infer T> ? T : never,
): unknown {
  const copy: Holder = { whole: JSON.parse(JSON.stringify(value)) as unknown };
  const places = placesOf(copy);
  const [holder, key] = places[where % places.length] ?? [copy, 'whole'];
  if (what.kind === 'replace') define(holder, key, what.value);
  else if (what.kind === 'add') define(holder[key], what.key, what.value);
  else if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else Reflect.deleteProperty(holder, key);
  return copy['whole'] ?? null;
}

type Holder = Record<string, unknown>;

/** Not those inside `deep`: there the exact limit of nesting would matter. */
function placesOf(value: unknown, levels = 12): [holder: Holder, key: string][] {
  if (typeof value !== 'object' || value === null || levels === 0) return [];
  const holder = value as Holder;
  const places = Object.keys(holder).map((key): [Holder, string] => [holder, key]);
  return places.concat(places.flatMap(([, key]) => placesOf(holder[key], levels - 1)));
}

/** Unlike an assignment, makes `__proto__` a member, as JSON.parse does. */
function define(holder: unknown, key: string, value: unknown): void {
  if (typeof holder !== 'object' || holder === null) return;
  // In a list, any key adds an item.
  const name = Array.isArray(holder) && !/^\d+$/.test(key) ? holder.length : key;
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
}
