// The kinds of fields that requests consist of, each with the words that describe a
// wrong value ("expected …"). One text covers a schema's type and its bounds.

import * as z from 'zod/mini';
import { ISSUES_SHOWN_MAX, JSON_DEPTH_MAX, LIST_ITEMS_MAX } from '../../config/limits.ts';
import { isObject } from '../../lib/json.ts';
import { isShallow } from './strict-json.ts';

const MISSING = 'expected, but missing';

export const text = z.string('expected a string');
export const filledText = z
  .string({ error: ({ input }) => (input === undefined ? MISSING : 'expected a string') })
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

/** null means absent: SDKs write null for fields that were not set. */
export const optional = z.nullish;

/** An object with these fields. Others are left out of the output: unknown-fields.ts finds them. */
export function object<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.object(shape, 'expected an object');
}

/**
 * A list that stops at the first items that are wrong. `z.array` alone makes an issue for
 * every wrong item, and a body has room for 250,000 of them: 170 ms of CPU, against 0.5 ms.
 * @param item - what each item has to be; not asynchronous.
 */
export function list<T extends z.core.$ZodType>(item: T, min = 0, max = LIST_ITEMS_MAX) {
  const schema = z
    .array(item, { error: ({ input }) => (input === undefined ? MISSING : 'expected a list') })
    .check(
      z.maxLength(max, `expected at most ${max} items`),
      z.minLength(min, `expected at least ${min} item${min === 1 ? '' : 's'}`),
    );
  const parseAll = schema._zod.parse.bind(schema._zod);
  schema._zod.parse = (payload, ctx) => {
    const items: unknown = payload.value;
    // z.array refuses a list that is too long before it looks at the items.
    if (!Array.isArray(items) || items.length <= ISSUES_SHOWN_MAX || items.length > max) {
      return parseAll(payload, ctx);
    }
    const parsed: unknown[] = [];
    for (const [index, value] of items.entries()) {
      const result = item._zod.run({ value, issues: [] }, ctx);
      if (result instanceof Promise) throw new TypeError('A list cannot be checked asynchronously.');
      for (const issue of result.issues)
        payload.issues.push({ ...issue, path: [index, ...(issue.path ?? [])] });
      if (payload.issues.length > ISSUES_SHOWN_MAX) break;
      parsed.push(result.value);
    }
    return Object.assign(payload, { value: parsed });
  };
  return schema;
}

/** After this check, code that recurses over a value is safe. */
export const shallow = z.refine(isShallow, `expected at most ${JSON_DEPTH_MAX} levels of nesting`);

/**
 * An object that is sent as it is. Not z.looseObject, which copies it key by key (there
 * may be 200,000 keys); `type` says the same in the API's description.
 */
export const freeForm: z.ZodMiniType<Record<string, unknown>> = z
  .any()
  .check(z.refine(isObject, 'expected an object'), shallow)
  .register(z.globalRegistry, { type: 'object' });

/** Any JSON value. */
export const anything = z.unknown().check(shallow);

/**
 * The message of a union of objects for a value that is none of them.
 * @param expected - the kinds that there are.
 * @param refusals - better messages for kinds that clients are known to send, by their `type`.
 */
export function kindError(expected: string, refusals: Readonly<Record<string, string>> = {}) {
  return {
    error: ({ code, input }: { code: string; input?: unknown }) => {
      if (code === 'invalid_type') return 'expected an object';
      const type = isObject(input) ? input['type'] : undefined;
      return (typeof type === 'string' && Object.hasOwn(refusals, type) && refusals[type]) || expected;
    },
  };
}
