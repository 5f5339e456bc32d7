// Markdown's tree as nodes. Every text goes through createTextNode, every address
// was checked by the parser: there is no path from a model's text to markup.

import { copyAction, h } from './dom.js';
import { parseMarkdown } from './markdown.js';

/** @import { Block, Inline } from '../types.ts' */

/** Text that grows: only the blocks that changed are made anew, so that a selection in the others lasts. */
export class MarkdownView {
  /** @type {{ source: string, block: Block, node: HTMLElement }[]} */
  #shown = [];

  /** @param {HTMLElement} root - this view's own. */
  constructor(root) {
    this.root = root;
  }

  /** @param {string} text - the whole of it. */
  update(text) {
    const blocks = parseMarkdown(text);
    for (const [at, { block, source }] of blocks.entries()) {
      const shown = this.#shown[at];
      if (shown?.source === source) continue;
      if (shown !== undefined && growCode(shown, block)) {
        Object.assign(shown, { block, source });
        continue;
      }
      const node = renderBlock(block);
      if (shown === undefined) this.root.append(node);
      else shown.node.replaceWith(node);
      this.#shown[at] = { source, block, node };
    }
    for (const { node } of this.#shown.splice(blocks.length)) node.remove();
  }
}

/**
 * Code grows in place: it keeps its scroll position, its button keeps the focus.
 * @param {{ block: Block, node: HTMLElement }} shown
 * @param {Block} block
 */
function growCode({ block: before, node }, block) {
  if (before.type !== 'code' || block.type !== 'code' || before.language !== block.language) return false;
  const code = node.querySelector('code');
  if (code !== null) code.textContent = block.text;
  return code !== null;
}

/**
 * @param {Block} block
 * @returns {HTMLElement}
 */
function renderBlock(block) {
  switch (block.type) {
    case 'paragraph':
      return h('p', {}, ...renderInline(block.children));
    case 'heading':
      // The page's own headings are h1 and h2: an answer's begin below them.
      return h(headingTag(block.level), {}, ...renderInline(block.children));
    case 'code':
      return renderCode(block.language, block.text);
    case 'quote':
      return h('blockquote', {}, ...block.blocks.map(renderBlock));
    case 'list': {
      const items = block.items.map((blocks) => h('li', {}, ...renderItem(blocks)));
      if (!block.ordered) return h('ul', {}, ...items);
      return h('ol', { start: block.start === 1 ? null : block.start }, ...items);
    }
    case 'table':
      return renderTable(block);
    case 'rule':
      return h('hr');
    default:
      throw new Error('unknown block');
  }
}

/** @param {number} level */
function headingTag(level) {
  return level <= 1 ? 'h3' : level === 2 ? 'h4' : 'h5';
}

/** @param {readonly Block[]} blocks - a lone paragraph needs no <p> of its own. */
function renderItem(blocks) {
  return blocks.flatMap((block, at) =>
    at === 0 && block.type === 'paragraph' ? renderInline(block.children) : [renderBlock(block)],
  );
}

/**
 * @param {string} language
 * @param {string} text
 */
function renderCode(language, text) {
  const code = h('code', {}, text);
  return h(
    'figure',
    { class: 'code' },
    h(
      'figcaption',
      {},
      h('span', {}, language),
      copyAction(() => code.textContent ?? ''),
    ),
    // It scrolls, so the keyboard must be able to reach it.
    h('pre', { tabindex: 0 }, code),
  );
}

/** @param {Block & { type: 'table' }} table */
function renderTable({ align, head, rows }) {
  /**
   * @param {'td' | 'th'} tag
   * @param {readonly Inline[][]} row
   */
  const cells = (tag, row) =>
    row.map((children, at) => h(tag, { class: align[at] || null }, ...renderInline(children)));
  return h(
    'div',
    { class: 'table', tabindex: 0, role: 'group', 'aria-label': 'Table' },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, ...cells('th', head))),
      h('tbody', {}, ...rows.map((row) => h('tr', {}, ...cells('td', row)))),
    ),
  );
}

/**
 * @param {readonly Inline[]} children
 * @returns {(HTMLElement | Text)[]}
 */
function renderInline(children) {
  return children.map((child) => {
    switch (child.type) {
      case 'text':
        return document.createTextNode(child.text);
      case 'code':
        return h('code', {}, child.text);
      case 'link':
        return h(
          'a',
          { href: child.href, target: '_blank', rel: 'noopener noreferrer nofollow' },
          ...renderInline(child.children),
        );
      case 'strong':
      case 'em':
      case 'del':
        return h(child.type, {}, ...renderInline(child.children));
      default:
        throw new Error('unknown inline');
    }
  });
}
