// The settings of the page, stored in this browser. The key is not one of them: see access.js.

import { field, parseJson, text } from './json.js';
import { readStored, writeStored } from './storage.js';

/** @import { OutputFormat, ReasoningFormat, Settings } from '../types.ts' */

const STORED_AS = 'stepfun-edge.settings';

/** The gateway's default for MAX_CHOICES. */
const CHOICES_MAX = 5;

/** @type {Settings} */
export const DEFAULTS = {
  model: 'step-3.7-flash',
  compareWith: '',
  effort: '',
  format: 'general',
  temperature: 0.5,
  topP: null,
  maxTokens: null,
  choices: 1,
  stop: '',
  output: 'text',
  schema: '',
  tools: '',
  stream: true,
  system: '',
};

/** @type {readonly ReasoningFormat[]} */
const FORMATS = ['general', 'deepseek-style', 'hidden'];

/** @type {readonly OutputFormat[]} */
const OUTPUTS = ['text', 'json', 'schema'];

/**
 * @param {unknown} value - settings as stored by any version of this page, as a form has them, or out of a link.
 * @returns {Settings} a field that is missing or wrong has its default.
 */
export function parseSettings(value) {
  const temperature = Number(field(value, 'temperature') ?? DEFAULTS.temperature);
  const topP = Number(field(value, 'topP') ?? 0);
  const maxTokens = Number(field(value, 'maxTokens') ?? 0);
  const choices = Number(field(value, 'choices') ?? 1);
  return {
    model: text(field(value, 'model')) || DEFAULTS.model,
    compareWith: text(field(value, 'compareWith')),
    effort: text(field(value, 'effort')),
    format: FORMATS.find((format) => format === field(value, 'format')) ?? DEFAULTS.format,
    temperature: temperature >= 0 && temperature <= 2 ? temperature : DEFAULTS.temperature,
    topP: topP > 0 && topP <= 1 ? topP : null,
    maxTokens: Number.isSafeInteger(maxTokens) && maxTokens > 0 ? maxTokens : null,
    choices: Number.isInteger(choices) && choices >= 1 && choices <= CHOICES_MAX ? choices : 1,
    stop: text(field(value, 'stop')),
    output: OUTPUTS.find((output) => output === field(value, 'output')) ?? DEFAULTS.output,
    schema: text(field(value, 'schema')),
    tools: text(field(value, 'tools')),
    stream: field(value, 'stream') !== false,
    system: text(field(value, 'system')),
  };
}

/** @returns {Settings} */
export function loadSettings() {
  return parseSettings(parseJson(readStored(STORED_AS) ?? ''));
}

/** @param {Settings} settings */
export function saveSettings(settings) {
  writeStored(STORED_AS, JSON.stringify(settings));
}
