// Markdown as models write it, read by markdown-it into tokens. render.js makes nodes of them; no
// text ever becomes markup, so HTML in it stays text.
//
// Pure. markdown-it is passed in: it is loaded with the first answer.

import { addMath } from './math-rule.js';

/**
 * @import { MarkdownIt } from 'markdown-it'
 * @import { Block } from '../types.ts'
 */

/** Quotes and lists inside each other; deeper ones are text. */
const NESTING_MAX = 24;

/**
 * @param {new (options: import('markdown-it').MarkdownItOptions) => MarkdownIt} Library
 * @returns {MarkdownIt} with HTML as text, addresses as links and formulas as tokens of their own.
 */
export function createParser(Library) {
  const parser = new Library({ html: false, linkify: true, maxNesting: NESTING_MAX });
  // `example.com` without a scheme is as often a file name (main.py, README.md).
  parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
  parser.validateLink = (address) => /^(?:https?:\/\/|mailto:)/i.test(address);
  return parser.use(addMath);
}

/**
 * Two complete lines decide where a block begins: `2` may become the item `2.` of the list before it,
 * and the second line makes a table.
 */
const DECIDING_LINES = 2;

/**
 * Reads a text that grows at its end. Only its last blocks can still change when text is added, so
 * each reading begins there: a stream costs what its blocks cost, not the square of its length.
 * Reading everything again for each frame took 5.8 s for 40 KB.
 */
export class MarkdownReader {
  #text = '';
  /** Blocks that can't change any more. @type {Block[]} */
  #settled = [];
  /** Where the first block that can change begins. */
  #start = 0;
  /** Link references that were defined so far (markdown-it's). */
  #environment = {};

  /** @param {MarkdownIt} parser */
  constructor(parser) {
    this.parser = parser;
  }

  /**
   * @param {string} source
   * @returns {readonly Block[]} the blocks on the top level; those that did not change are the same objects.
   */
  read(source) {
    const text = source.replaceAll(/\r\n?/g, '\n');
    if (!text.startsWith(this.#text)) {
      this.#settled = [];
      this.#start = 0;
      this.#environment = {};
    }
    this.#text = text;
    const rest = text.slice(this.#start);
    const blocks = this.#parse(rest);
    const read = [...this.#settled, ...blocks.map(({ block }) => block)];
    const completeLines = rest.split('\n').length - 1;
    const next = blocks.findLastIndex(({ line }) => line + DECIDING_LINES <= completeLines);
    const first = blocks[next];
    if (first !== undefined) {
      this.#settled.push(...blocks.slice(0, next).map(({ block }) => block));
      this.#start += offsetOfLine(rest, first.line);
    }
    return read;
  }

  /** @param {string} text */
  #parse(text) {
    const lines = text.split('\n');
    const tokens = this.parser.parse(text, this.#environment);
    /** @type {{ block: Block, line: number }[]} */
    const blocks = [];
    let from = 0;
    for (const [at, token] of tokens.entries()) {
      // A block ends with the token that closes it, or is one token.
      if (token.level !== 0 || token.nesting === 1) continue;
      const [line, end] = tokens[from]?.map ?? [0, 0];
      const source = lines.slice(line, end).join('\n');
      blocks.push({ block: { tokens: tokens.slice(from, at + 1), source }, line });
      from = at + 1;
    }
    return blocks;
  }
}

/**
 * @param {string} text
 * @param {number} line
 * @returns {number} where the line begins.
 */
function offsetOfLine(text, line) {
  let offset = 0;
  for (let at = 0; at < line; at += 1) offset = text.indexOf('\n', offset) + 1;
  return offset;
}
