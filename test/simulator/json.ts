// The answer in JSON mode and with a JSON Schema.

import type { Format } from './request.ts';
import { valueFor } from './schema.ts';
import { createSource } from './source.ts';
import { isChinese, keywords } from './writer/words.ts';

/**
 * @param answer - the answer in text mode.
 * @returns JSON that satisfies the schema; without a schema an object with the keys that the prompt names, or
 *   with the answer and its keywords. Undefined in text mode.
 */
export function jsonContent(format: Format, prompt: string, answer: string): string | undefined {
  if (format.type === 'text') return undefined;
  if (format.type === 'json_schema') return pretty(valueFor(format.schema, createSource(prompt)));
  const keys = requestedKeys(prompt);
  if (keys.length === 0) {
    return pretty({
      answer,
      language: isChinese(prompt) ? 'zh' : 'en',
      keywords: keywords(prompt).slice(0, 5),
    });
  }
  const properties = Object.fromEntries(keys.map((name) => [name, schemaFor(name)]));
  return pretty(valueFor({ type: 'object', properties }, createSource(prompt)));
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** Keys in quotes or backticks, or listed after the word: `with keys name, age and city`. */
function requestedKeys(text: string): string[] {
  const PROMPT_CHARS_MAX = 2_000;
  const prompt = text.slice(0, PROMPT_CHARS_MAX);
  const quoted = Array.from(prompt.matchAll(/["'`“]([A-Za-z_]\w{0,40})["'`”]/g), ([, name]) => name ?? '');
  if (quoted.length > 0) return [...new Set(quoted)];
  const listed =
    /\b(?:keys?|fields?|properties)\b:?\s+((?:[A-Za-z_]\w*(?:,\s*(?:and\s+)?|\s+and\s+))*[A-Za-z_]\w*)/i.exec(
      prompt,
    )?.[1];
  return listed === undefined ? [] : listed.split(/,\s*(?:and\s+)?|\s+and\s+/);
}

function schemaFor(name: string): unknown {
  if (/age|count|number|year|price|amount|total|score|temperature|quantity/i.test(name))
    return { type: 'integer' };
  if (/list|tags|items|keywords|names$/i.test(name)) return { type: 'array', items: { type: 'string' } };
  if (/^is_?|^has_?|^can_?/i.test(name)) return { type: 'boolean' };
  return { type: 'string' };
}
