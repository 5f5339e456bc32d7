// What a visitor has picked, remembered in this browser. Never the key: that is access.js.

import { field, parseJson, text } from './json.js';

/** @import { ReasoningFormat, Settings } from '../types.ts' */

const STORED_AS = 'stepfun-edge.settings';

/** @type {Settings} */
export const DEFAULTS = {
  model: 'step-3.7-flash',
  effort: '',
  format: 'general',
  temperature: 0.5,
  maxTokens: null,
  stream: true,
  system: '',
};

/** @type {readonly ReasoningFormat[]} */
const FORMATS = ['general', 'deepseek-style', 'hidden'];

/**
 * @param {unknown} value - settings as stored, or as a form has them; from any age of this page.
 * @returns {Settings} every field usable; what makes no sense is the default.
 */
export function parseSettings(value) {
  const temperature = Number(field(value, 'temperature') ?? DEFAULTS.temperature);
  const maxTokens = Number(field(value, 'maxTokens') ?? 0);
  return {
    model: text(field(value, 'model')) || DEFAULTS.model,
    effort: text(field(value, 'effort')),
    format: FORMATS.find((format) => format === field(value, 'format')) ?? DEFAULTS.format,
    temperature: temperature >= 0 && temperature <= 2 ? temperature : DEFAULTS.temperature,
    maxTokens: Number.isSafeInteger(maxTokens) && maxTokens > 0 ? maxTokens : null,
    stream: field(value, 'stream') !== false,
    system: text(field(value, 'system')),
  };
}

/** @returns {Settings} */
export function loadSettings() {
  return parseSettings(parseJson(read(STORED_AS) ?? ''));
}

/** @param {Settings} settings */
export function saveSettings(settings) {
  write(STORED_AS, JSON.stringify(settings));
}

/**
 * @param {string} name
 * @returns {string | null} null too where the browser forbids storage.
 */
export function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {string | null} value - null forgets it.
 */
export function write(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Private windows and full disks: the page works, it just won't remember.
  }
}
