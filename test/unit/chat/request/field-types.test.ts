// The kinds of fields, each with the words for a wrong value.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import {
  anything,
  filledText,
  flag,
  freeForm,
  kindError,
  list,
  object,
  oneOf,
  optional,
  range,
  text,
  whole,
} from '../../../../src/chat/request/field-types.ts';

/** @returns the messages for a value; none: it is accepted. */
function messagesFor(schema: z.ZodMiniType, value: unknown): string[] {
  return (schema.safeParse(value).error?.issues ?? []).map(({ message }) => message);
}

describe('a wrong value is described', () => {
  const below = 'expected a number from 0 to 2';
  const bounded = 'expected a whole number from 0 to 20';
  const unbounded = 'expected a whole number of at least 1';

  it.each<[expected: string, schema: z.ZodMiniType, values: unknown[]]>([
    ['expected a string', text, [5, null, undefined]],
    ['expected a string', filledText, [5, null, {}]],
    ['expected a string that is not empty', filledText, ['']],
    ['expected, but missing', filledText, [undefined]],
    ['expected true or false', flag, ['true', 0, null]],
    [below, range(0, 2), [-0.1, 2.1, '1', NaN, Infinity]],
    [bounded, whole(0, 20), [-1, 21, 1.5, '5']],
    [unbounded, whole(1), [0, 1.5, '1']],
    ['expected one of low, high', oneOf('low', 'high'), ['', 'LOW', 1]],
    ['expected function', oneOf('function'), ['tool']],
    ['expected an object', object({}), [[], 'a', null]],
    ['expected a list', list(text), ['a', { length: 0 }, null]],
    ['expected, but missing', list(text), [undefined]],
    ['expected at least 1 item', list(text, 1), [[]]],
    ['expected at least 2 items', list(text, 2), [['a']]],
    ['expected at most 2 items', list(text, 0, 2), [['a', 'b', 'c']]],
    ['expected an object', freeForm, [[], 'a', null, undefined]],
  ])('as %s', (expected, schema, values) => {
    for (const value of values) expect(messagesFor(schema, value), String(value)).toEqual([expected]);
  });

  it.each<[name: string, schema: z.ZodMiniType]>([
    ['any JSON', anything],
    ['an object as it is', freeForm],
  ])('by its depth: %s', (_, schema) => {
    const nested = (levels: number): object => (levels === 0 ? {} : { a: nested(levels - 1) });
    expect(messagesFor(schema, nested(127))).toEqual([]);
    expect(messagesFor(schema, nested(128))).toEqual(['expected at most 128 levels of nesting']);
  });
});

describe('a right value', () => {
  it('may be null or missing where it is optional', () => {
    for (const value of [null, undefined, 'a']) expect(messagesFor(optional(text), value)).toEqual([]);
  });
  it('of an object loses the fields that are not known', () => {
    expect(object({ a: text }).parse({ a: 'b', c: 'd' })).toEqual({ a: 'b' });
  });
  it('is sent without a copy where it is free-form', () => {
    const value = { a: { b: [1] } };
    expect(freeForm.parse(value)).toBe(value);
    expect(anything.parse(value)).toBe(value);
  });
});

describe('a list', () => {
  it('has one issue if it is too long, whatever is in it', () => {
    const wrong = Array.from({ length: 100_000 }, () => 1);
    expect(list(z.string()).safeParse(wrong).error?.issues).toHaveLength(1);
  });
  it('accepts what z.array accepts, up to 21 wrong items', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constant(1)), { maxLength: 60 }), (items) => {
        const [ours, plain] = [list(text).safeParse(items), z.array(text).safeParse(items)];
        expect(ours.data).toEqual(plain.data);
        expect(ours.error?.issues).toEqual(plain.error?.issues.slice(0, 21));
      }),
      { numRuns: 200 },
    );
  });
  it('of lists names the place of each issue', () => {
    const rows = Array.from({ length: 30 }, (_, row) => (row === 25 ? ['a', 5] : ['a']));
    expect(
      list(list(text))
        .safeParse(rows)
        .error?.issues.map(({ path }) => path),
    ).toEqual([[25, 1]]);
  });
  it('is not checked asynchronously', async () => {
    const later = text.check(z.refine(async () => true));
    const items = Array.from({ length: 21 }, () => 'a');
    await expect(list(later).safeParseAsync(items)).rejects.toThrow(TypeError);
  });
});

describe('a union', () => {
  const schema = z.discriminatedUnion(
    'type',
    [object({ type: z.literal('a') }), object({ type: z.literal('b') })],
    kindError('expected one of a, b', { c: 'send b' }),
  );

  it.each([
    [5, 'expected an object'],
    [null, 'expected an object'],
    [{}, 'expected one of a, b'],
    [{ type: 'd' }, 'expected one of a, b'],
    [{ type: 'c' }, 'send b'],
    [{ type: 'constructor' }, 'expected one of a, b'],
  ])('has for %j the words %s', (value, expected) => {
    expect(messagesFor(schema, value)).toEqual([expected]);
  });
});
