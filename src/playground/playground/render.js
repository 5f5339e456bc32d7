// Shows Markdown that grows: nodes out of tokens, block by block. A block that did not change keeps
// its node, so a selection in it, its scroll position and its focus survive the stream.

import { growCode, highlightCode, renderCode } from './code-block.js';
import { h } from './dom.js';
import { createParser, MarkdownReader } from './markdown.js';
import { renderMath } from './math.js';

/**
 * @import { MarkdownIt, Token } from 'markdown-it'
 * @import { Block } from '../types.ts'
 */

/** @type {Promise<MarkdownIt> | null} */
let loading = null;
/** @type {MarkdownIt | null} */
let parser = null;

/** Loads the parser; where it can't be loaded, answers are shown as plain text. */
export function loadMarkdown() {
  loading ??= import('/playground/libraries/markdown-it.js').then(
    ({ default: Library }) => (parser = createParser(Library)),
  );
  return loading;
}

export class MarkdownView {
  /** @type {{ block: Block, node: HTMLElement }[]} */
  #shown = [];
  /** @type {MarkdownReader | null} */
  #reader = null;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
  }

  /**
   * @param {string} text - all of it; it begins with the text of the last call.
   * @param {boolean} isComplete - the text grows no more.
   */
  update(text, isComplete) {
    if (parser === null) {
      this.root.classList.add('plain');
      this.root.textContent = text;
      return;
    }
    if (this.#reader === null) {
      this.#reader = new MarkdownReader(parser);
      this.root.classList.remove('plain');
      this.root.textContent = '';
    }
    const blocks = this.#reader.read(text);
    for (const [at, block] of blocks.entries()) {
      const isGrowing = !isComplete && at === blocks.length - 1;
      this.#show(at, block);
      if (!isGrowing) highlightCode(this.#shown[at]?.node);
    }
    for (const { node } of this.#shown.splice(blocks.length)) node.remove();
  }

  /**
   * @param {number} at
   * @param {Block} block
   */
  #show(at, block) {
    const shown = this.#shown[at];
    if (shown?.block === block) return;
    if (shown !== undefined && (shown.block.source === block.source || grow(shown, block))) {
      shown.block = block;
      return;
    }
    const node = renderBlock(block);
    if (shown === undefined) this.root.append(node);
    else shown.node.replaceWith(node);
    this.#shown[at] = { block, node };
  }
}

/**
 * Code grows in its node: it would lose its scroll position otherwise.
 * @param {{ block: Block, node: HTMLElement }} shown
 * @param {Block} block
 */
function grow({ block: before, node }, block) {
  const [was, is] = [before.tokens[0], block.tokens[0]];
  if (was?.type !== 'fence' || is?.type !== 'fence' || was.info !== is.info) return false;
  return growCode(node, is.content);
}

/** @param {Block} block */
function renderBlock({ tokens }) {
  const root = h('div');
  renderTokens(tokens, root);
  const [only] = root.children;
  return root.children.length === 1 && only instanceof HTMLElement ? only : root;
}

/**
 * @param {readonly Token[]} tokens
 * @param {HTMLElement} root - gets their nodes.
 */
function renderTokens(tokens, root) {
  /** @type {HTMLElement[]} */
  const open = [root];
  for (const token of tokens) {
    const parent = open.at(-1) ?? root;
    if (token.nesting === -1) {
      if (!token.hidden) open.pop();
    } else if (token.nesting === 1) {
      // The paragraphs of a tight list are hidden: their text stands in the item itself.
      if (!token.hidden) open.push(openNode(token, parent));
    } else if (token.type === 'inline') {
      renderTokens(token.children ?? [], parent);
      if (parent.tagName === 'LI' || parent.parentElement?.tagName === 'LI') markTask(parent);
    } else {
      parent.append(leafNode(token));
    }
  }
}

/**
 * @param {Token} token
 * @param {HTMLElement} parent
 * @returns {HTMLElement} where its children go.
 */
function openNode(token, parent) {
  if (token.type === 'link_open') {
    const node = linkNode(attribute(token, 'href'));
    parent.append(node);
    return node;
  }
  const tag = ELEMENTS.get(token.tag);
  const node = h(tag ?? 'span', {
    start: token.tag === 'ol' ? token.attrGet('start') : null,
    class: ALIGNMENTS.get(attribute(token, 'style')),
  });
  if (tag === 'table') {
    parent.append(h('div', { class: 'table', tabindex: 0, role: 'group', 'aria-label': 'Table' }, node));
  } else parent.append(node);
  return node;
}

/**
 * The element for each tag of markdown-it. The page's own headings are h1 and h2: those of an answer
 * begin below them.
 * @type {ReadonlyMap<string, keyof HTMLElementTagNameMap>}
 */
const ELEMENTS = new Map([
  ['h1', 'h3'],
  ['h2', 'h4'],
  ['h3', 'h5'],
  ['h4', 'h5'],
  ['h5', 'h5'],
  ['h6', 'h5'],
  ['p', 'p'],
  ['blockquote', 'blockquote'],
  ['ul', 'ul'],
  ['ol', 'ol'],
  ['li', 'li'],
  ['table', 'table'],
  ['thead', 'thead'],
  ['tbody', 'tbody'],
  ['tr', 'tr'],
  ['th', 'th'],
  ['td', 'td'],
  ['strong', 'strong'],
  ['em', 'em'],
  ['s', 'del'],
]);

/** markdown-it's way to tell the alignment of a table's cell. */
const ALIGNMENTS = new Map([
  ['text-align:center', 'center'],
  ['text-align:right', 'right'],
]);

/**
 * @param {Token} token
 * @returns {Node}
 */
function leafNode(token) {
  switch (token.type) {
    case 'fence':
    case 'code_block':
      return renderCode(token.info.trim().split(/\s/)[0] ?? '', token.content);
    case 'code_inline':
      return h('code', {}, token.content);
    case 'math_inline':
      return renderMath(token.content, { isDisplay: false });
    case 'math_display':
      return renderMath(token.content, { isDisplay: true });
    case 'math_block':
      return token.info === 'open'
        ? h('p', { class: 'math-source' }, token.content)
        : h(
            'div',
            { class: 'math-block', tabindex: 0, role: 'group', 'aria-label': 'Formula' },
            renderMath(token.content, { isDisplay: true }),
          );
    case 'image':
      // The page fetches nothing that a model names: a stranger would learn what was asked.
      return linkNode(attribute(token, 'src'), token.content || attribute(token, 'src'));
    case 'softbreak':
      return document.createTextNode('\n');
    case 'hardbreak':
      return h('br');
    case 'hr':
      return h('hr');
    default:
      return document.createTextNode(token.content);
  }
}

/**
 * @param {Token} token
 * @param {string} name
 */
function attribute(token, name) {
  return String(token.attrGet(name) ?? '');
}

/**
 * @param {string} address - markdown-it has checked its scheme (see `validateLink`).
 * @param {string} [label]
 */
function linkNode(address, label = '') {
  return h('a', { href: address, target: '_blank', rel: 'noopener noreferrer nofollow' }, label);
}

/**
 * A task: GitHub's `- [x] done`.
 * @param {HTMLElement} node - of the item's first text.
 */
function markTask(node) {
  const first = node.firstChild;
  const item = node.closest('li');
  if (!(first instanceof Text) || item === null || item.querySelector('.task') !== null) return;
  const [mark] = /^\[[ xX]\]\s/.exec(first.data) ?? [];
  if (mark === undefined || (node !== item && item.firstElementChild !== node)) return;
  first.data = first.data.slice(mark.length);
  const isDone = mark.charAt(1) !== ' ';
  node.prepend(
    h('span', { class: isDone ? 'task done' : 'task', role: 'img', 'aria-label': isDone ? 'Done' : 'To do' }),
  );
  item.classList.add('has-task');
}
