// The optional fields of a request, out of the settings; and what is wrong with those that hold JSON.
//
// Pure.

import { field, list, text } from './json.js';

/** @import { ChatRequest, Settings } from '../types.ts' */

/**
 * @param {Settings} settings
 * @returns {Partial<ChatRequest>} only fields that differ from the API's defaults.
 * @throws {SyntaxError} see `optionsProblem`.
 */
export function requestOptions(settings) {
  const { topP, maxTokens, choices, output } = settings;
  const stop = stopSequences(settings.stop);
  return {
    ...(topP === null ? {} : { top_p: topP }),
    ...(maxTokens === null ? {} : { max_tokens: maxTokens }),
    ...(choices === 1 ? {} : { n: choices }),
    ...(stop.length === 0 ? {} : { stop }),
    ...(output === 'json' ? { response_format: { type: 'json_object' } } : {}),
    ...(output === 'schema' ? { response_format: schemaFormat(settings.schema) } : {}),
    ...(settings.tools.trim() === '' ? {} : { tools: list(JSON.parse(settings.tools)) }),
  };
}

/**
 * @param {Settings} settings
 * @returns {{ setting: 'schema' | 'tools', message: string } | null} why no request can be made of them.
 */
export function optionsProblem({ output, schema, tools }) {
  const schemaProblem = output === 'schema' ? jsonProblem(schema, isObject, 'an object') : null;
  if (schemaProblem !== null) return { setting: 'schema', message: `JSON schema: ${schemaProblem}` };
  const toolsProblem = tools.trim() === '' ? null : jsonProblem(tools, Array.isArray, 'an array');
  return toolsProblem === null ? null : { setting: 'tools', message: `Tools: ${toolsProblem}` };
}

/**
 * @param {string} source
 * @param {(value: unknown) => boolean} isExpected
 * @param {string} expected
 */
function jsonProblem(source, isExpected, expected) {
  try {
    return isExpected(JSON.parse(source)) ? null : `expected ${expected}.`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @param {unknown} value */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param {string} source - a JSON Schema; its `title` names it.
 * @returns {unknown} OpenAI's `response_format`.
 */
function schemaFormat(source) {
  /** @type {unknown} */
  const schema = JSON.parse(source);
  const name = text(field(schema, 'title')).replaceAll(/[^\w-]/g, '_') || 'answer';
  return { type: 'json_schema', json_schema: { name, schema, strict: true } };
}

/** @param {string} source - one sequence in each line; `\n` in it is a line break. */
function stopSequences(source) {
  return source
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replaceAll(String.raw`\n`, '\n'));
}
