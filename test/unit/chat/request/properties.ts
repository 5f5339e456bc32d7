// Properties of requests, as functions of the number of cases: the tests run few of
// them, `npm run fuzz` many.

import * as fc from 'fast-check';
import { anyRequest, anyText, EXTRA, withUnknownFields } from './arbitraries.ts';
import { canonical, chat, type Json, sentText, tool, withMessages } from './support.ts';

const given = { extraParams: EXTRA };

/** The part of the request for StepFun that decides the answer: independent of how it is written. */
function meaning(request: unknown): string {
  // Big integers, 1e400 and -0 stay as they are written, so that this reference sees them.
  const body = JSON.parse(
    sentText(request, given),
    (_, value: unknown, { source = '' }: { source?: string }) =>
      typeof value === 'number' && (source.length > 15 || Object.is(value, -0) || !Number.isFinite(value))
        ? `number ${source}`
        : value,
  ) as Json;
  const { stream: _, ...rest } = body;
  const defaults: Json = { temperature: 0.5, top_p: 0.9, n: 1, frequency_penalty: 0 };
  for (const [name, value] of Object.entries(defaults)) if (rest[name] === value) delete rest[name];
  if ((rest['response_format'] as Json | undefined)?.['type'] === 'text') delete rest['response_format'];
  return JSON.stringify(ordered(rest));
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [`key ${key}`, ordered(item)]);
}

/**
 * Two requests have the same canonical form if, and only if, StepFun would be asked the
 * same. n cases compare n·(n-1)/2 pairs.
 * @returns a property that remembers its cases, and the number of different forms.
 */
export function canonicalFormProperty() {
  const byForm = new Map<string, string>();
  const byMeaning = new Map<string, string>();
  const property = fc.property(anyRequest, (request) => {
    const form = canonical(request, given);
    const meant = meaning(request);
    const isSame = (byForm.get(form) ?? meant) === meant && (byMeaning.get(meant) ?? form) === form;
    byForm.set(form, meant);
    byMeaning.set(meant, form);
    return isSame;
  });
  return { property, forms: () => byForm.size };
}

/** Fields that are not known make no difference to the canonical form. */
export const unknownFieldsProperty = fc.property(
  withUnknownFields,
  ([request, extended]) => canonical(extended, given) === canonical(request, given),
);

/** Places for a text that decides the answer. */
const TEXT_PLACES: Record<string, (text: string) => unknown> = {
  content: (text) => withMessages({ role: 'user', content: text }),
  'a part of content': (text) => withMessages({ role: 'user', content: [{ type: 'text', text }] }),
  'the second of two messages': (text) =>
    withMessages({ role: 'user', content: '' }, { role: 'user', content: text }),
  'a name': (text) => withMessages({ role: 'user', content: '', name: text }),
  reasoning: (text) => withMessages({ role: 'assistant', content: '', reasoning: text }),
  'arguments of a call': (text) =>
    withMessages({
      role: 'assistant',
      content: null,
      tool_calls: [{ id: '1', type: 'function', function: { name: 'f', arguments: text } }],
    }),
  'a description': (text) =>
    chat({ tools: [{ type: 'function', function: { name: 'f', description: text } }] }),
  'a key of a schema': (text) =>
    chat({ tools: [tool('f', { $defs: {}, x: JSON.parse(`{${JSON.stringify(`k${text}`)}:1}`) })] }),
  'a value of a schema': (text) => chat({ tools: [tool('f', { default: text })] }),
  'a field of EXTRA_PARAMS': (text) => chat({ extra: text }),
  'two stop texts': (text) => chat({ stop: ['a', `b${text}`] }),
};

export const NUMBERS = (
  '0 -0 1 -1 0.1 1e21 1e22 1e400 -1e400 1e401 0.30000000000000004 0.3 ' +
  '9007199254740991 9007199254740992 9007199254740993 9007199254740994 -9007199254740993 ' +
  '9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616 ' +
  '123456789012345678901234567890 123456789012345678901234567891'
).split(' ');

/** Texts that look like each other, or like the JSON around them. */
const SIMILAR_TEXTS = [
  '',
  '\ud800',
  '\udfff',
  '\ufffd',
  '\ud800\udc00',
  '\udc00\ud800',
  '\u0000',
  '"',
  '\\',
  '\\"',
  '","b":"',
  '","name":"a',
  '"},{"role":"user","content":"',
  ']',
  '],"max_tokens":1',
  'null',
  '[object Object]',
];

/**
 * @param count - how many texts are put into each of the eleven places.
 * @returns how many requests were made, and how many canonical forms they have: the same
 *   number. n requests are n·(n-1)/2 pairs.
 */
export function differentTexts(count: number): { requests: number; forms: number } {
  const texts = new Set([...SIMILAR_TEXTS, ...NUMBERS, ...fc.sample(anyText, 5 * count)]);
  const some = [...texts].slice(0, count);
  const forms = new Set<string>();
  for (const make of Object.values(TEXT_PLACES)) {
    for (const text of some) forms.add(canonical(make(text), given));
  }
  return { requests: some.length * Object.keys(TEXT_PLACES).length, forms: forms.size };
}
