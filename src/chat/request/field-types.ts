// The few kinds of fields that requests are made of, each with the words in which
// a wrong one is described ("expected …"). One description stands for a schema's
// type and its bounds, so that a field has one text for all the ways to miss it.

import * as z from 'zod/mini';
import { JSON_DEPTH_MAX, LIST_ITEMS_MAX } from '../../config/limits.ts';
import { isObject, isShallow } from './json.ts';

export const text = z.string('expected a string');
export const filledText = z
  .string('expected a string')
  .check(z.minLength(1, 'expected a string that is not empty'));
export const flag = z.boolean('expected true or false');

/** A number from `min` to `max`. */
export function range(min: number, max: number) {
  const expected = `expected a number from ${min} to ${max}`;
  return z.number(expected).check(z.minimum(min, expected), z.maximum(max, expected));
}

/** A whole number from `min` to `max`, by default as far as numbers are exact. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER) {
  const expected =
    max === Number.MAX_SAFE_INTEGER
      ? `expected a whole number of at least ${min}`
      : `expected a whole number from ${min} to ${max}`;
  return z.int(expected).check(z.minimum(min, expected), z.maximum(max, expected));
}

export function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, `expected ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}`);
}

/** null stands for absence: SDKs write out what was not set. */
export const optional = z.nullish;

/**
 * A list. Its length is looked at before its items: zod makes an issue for every
 * wrong one, and a body can hold millions.
 */
export function list<T extends z.core.$ZodType>(item: T, min = 0) {
  const long = z.maxLength(LIST_ITEMS_MAX, `expected at most ${LIST_ITEMS_MAX} items`);
  const short = z.minLength(min, `expected at least ${min} item${min === 1 ? '' : 's'}`);
  return z.pipe(z.array(z.unknown(), 'expected a list').check(long), z.array(item).check(long, short));
}

/**
 * An object with these fields and no others. For a field beyond them the issue's
 * message is the list of what is known, from which request-issues.ts tells the
 * nearest: only for those that are shown, since a body can hold 200,000.
 */
export function closed<T extends z.core.$ZodLooseShape>(shape: T) {
  const known = Object.keys(shape).join(' ');
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? known : 'expected an object'),
  });
}

/** What recurses over a value is safe after this. */
export const shallow = z.refine(isShallow, `expected at most ${JSON_DEPTH_MAX} levels of nesting`);

/**
 * An object that is sent on as it is. Not z.looseObject, which copies it key by key
 * (there may be 200,000); `type` says the same in the API's description.
 */
export const freeForm: z.ZodMiniType<Record<string, unknown>> = z
  .any()
  .check(z.refine(isObject, 'expected an object'), shallow)
  .register(z.globalRegistry, { type: 'object' });

/** Whatever it is. */
export const anything = z.unknown().check(shallow);

/** What a union tells of a thing that is none of its kinds. */
export function kindError(expected: string) {
  return {
    error: ({ code }: { code: string }) => (code === 'invalid_type' ? 'expected an object' : expected),
  };
}
