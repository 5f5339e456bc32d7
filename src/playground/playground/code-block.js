// A block of code: its language, a button that copies it, and colours once it is complete.

import { copyAction, h } from './dom.js';

/** @import { HighlightNode } from '../types.ts' */

/** Longer code stays without colours: highlighting reads each character several times. */
const HIGHLIGHTED_CHARS_MAX = 20_000;

/**
 * @param {string} language - as the fence names it; may be empty.
 * @param {string} text
 */
export function renderCode(language, text) {
  const code = h('code', {}, text.replace(/\n$/, ''));
  return h(
    'figure',
    { class: 'code', 'data-language': language },
    h(
      'figcaption',
      {},
      h('span', {}, language),
      copyAction(() => code.textContent ?? ''),
    ),
    // It scrolls, so the keyboard must reach it.
    h('pre', { tabindex: 0, role: 'group', 'aria-label': `Code ${language}`.trim() }, code),
  );
}

/**
 * @param {HTMLElement} node - of renderCode.
 * @param {string} text - the code so far.
 * @returns {boolean} whether the node shows it now.
 */
export function growCode(node, text) {
  const code = node.querySelector('code');
  if (code !== null) code.textContent = text.replace(/\n$/, '');
  return code !== null;
}

/** @param {HTMLElement | undefined} root - a block of an answer; its code is complete. */
export function highlightCode(root) {
  if (root === undefined) return;
  const nodes = root.matches('.code') ? [root] : root.querySelectorAll('.code');
  for (const node of nodes) {
    const language = node.getAttribute('data-language') ?? '';
    const code = node.querySelector('code');
    if (code === null || language === '' || node.classList.contains('coloured')) continue;
    node.classList.add('coloured');
    if (code.textContent.length <= HIGHLIGHTED_CHARS_MAX) void colour(code, language.toLowerCase());
  }
}

/**
 * @param {HTMLElement} code
 * @param {string} language
 */
async function colour(code, language) {
  // Code without colours is still code: a library that can't be loaded is no failure.
  const library = await import('/playground/libraries/lowlight.js').catch(() => null);
  if (library?.lowlight.registered(language) !== true) return;
  code.replaceChildren(...nodesOf(library.lowlight.highlight(language, code.textContent)));
}

/**
 * @param {HighlightNode} tree
 * @returns {Node[]}
 */
function nodesOf({ children = [] }) {
  return children.map((child) => {
    if (child.type === 'text') return document.createTextNode(child.value ?? '');
    const names = child.properties?.['className'];
    return h('span', { class: Array.isArray(names) ? names.join(' ') : null }, ...nodesOf(child));
  });
}
