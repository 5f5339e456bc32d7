// Formulas, shown by KaTeX, which is loaded with the first one. Until then, and where KaTeX can't
// read a formula, its source is shown.

import { h, loadStyles } from './dom.js';

/** @import katex from 'katex' */

/** A longer source is no formula that a person reads. */
const SOURCE_CHARS_MAX = 4000;

/** While an answer streams, its last paragraph is shown again with each token, formulas included. */
const REMEMBERED_MAX = 300;

/** @type {typeof katex | null} */
let library = null;
/** @type {Promise<void> | null} */
let loading = null;
/** @type {Map<string, Node>} */
const remembered = new Map();

/**
 * @param {string} source - LaTeX.
 * @param {{ isDisplay: boolean }} options - on a line of its own.
 * @returns {HTMLElement}
 */
export function renderMath(source, { isDisplay }) {
  const node = h('span', { class: isDisplay ? 'math display' : 'math' }, source);
  if (source.length > SOURCE_CHARS_MAX) return node;
  if (library !== null) fill(node, source, isDisplay, library);
  else {
    loading ??= load();
    loading.then(
      () => library !== null && fill(node, source, isDisplay, library),
      () => {},
    );
  }
  return node;
}

async function load() {
  const [{ default: katex }] = await Promise.all([
    import('/playground/libraries/katex.js'),
    loadStyles('/playground/libraries/katex.css'),
  ]);
  library = katex;
}

/**
 * @param {HTMLElement} node
 * @param {string} source
 * @param {boolean} isDisplay
 * @param {typeof katex} renderer
 */
function fill(node, source, isDisplay, renderer) {
  const name = `${isDisplay} ${source}`;
  const known = remembered.get(name);
  if (known !== undefined) {
    node.replaceChildren(known.cloneNode(true));
    return;
  }
  const formula = h('span');
  try {
    renderer.render(source, formula, {
      displayMode: isDisplay,
      // These two set a style attribute, which the page's policy forbids.
      macros: { '\\pmb': '\\boldsymbol{#1}', '\\fcolorbox': '\\fbox{#3}' },
      maxExpand: 500,
      maxSize: 20,
      strict: false,
      throwOnError: true,
      trust: false,
    });
  } catch {
    node.classList.add('math-source');
    return;
  }
  if (remembered.size >= REMEMBERED_MAX) remembered.clear();
  remembered.set(name, formula);
  node.replaceChildren(formula.cloneNode(true));
}
