// A link that opens this page with the same settings and draft. It never holds a key: settings have none.
//
// The link's data stands in the fragment, which a browser sends to no server.

import { field, parseJson, text } from './json.js';
import { parseSettings } from './settings.js';

/** @import { Settings } from '../types.ts' */

const PREFIX = '#share=';

/**
 * @param {string} page - the address of this page.
 * @param {Settings} settings
 * @param {string} prompt
 * @returns {string} the link.
 */
export function shareLink(page, settings, prompt) {
  const bytes = new TextEncoder().encode(JSON.stringify({ settings, prompt }));
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCodePoint(byte)).join(''));
  return new URL(PREFIX + base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''), page).href;
}

/**
 * @param {string} fragment - of the address, with its `#`.
 * @returns {{ settings: Settings, prompt: string } | null} null where it is no such link.
 */
export function parseShared(fragment) {
  if (!fragment.startsWith(PREFIX)) return null;
  const value = parseJson(decodeBase64(fragment.slice(PREFIX.length)));
  if (value === undefined) return null;
  return { settings: parseSettings(field(value, 'settings')), prompt: text(field(value, 'prompt')) };
}

/** @param {string} base64 - for URLs (RFC 4648 §5). */
function decodeBase64(base64) {
  try {
    const binary = atob(base64.replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.codePointAt(0) ?? 0));
  } catch {
    return '';
  }
}
