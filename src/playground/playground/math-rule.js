// Formulas in Markdown: `$…$` and `\(…\)` in a line, `$$…$$` and `\[…\]` in a line or as a block.
//
// Pure. A markdown-it plugin; math.js shows the tokens. Prices stay text, by pandoc's rule: no space
// behind the first dollar, none before the second, and no digit behind that.

/** @import { MarkdownIt, StateBlock, StateInline } from 'markdown-it' */

/** @type {readonly { open: string, close: string, type: string }[]} */
const DELIMITERS = [
  { open: '$$', close: '$$', type: 'math_display' },
  { open: '$', close: '$', type: 'math_inline' },
  { open: String.raw`\(`, close: String.raw`\)`, type: 'math_inline' },
  { open: String.raw`\[`, close: String.raw`\]`, type: 'math_display' },
];

/** @param {MarkdownIt} parser */
export function addMath(parser) {
  parser.inline.ruler.before('escape', 'math', readInline);
  parser.block.ruler.before('fence', 'math', readBlock, {
    alt: ['paragraph', 'reference', 'blockquote', 'list'],
  });
}

/**
 * Closing marks that a text is known not to have behind a position. Without it, each of n opening
 * marks would search the whole rest.
 * @type {WeakMap<object, Map<string, number>>}
 */
const missing = new WeakMap();

/**
 * @param {StateInline} state
 * @param {boolean} silent
 */
function readInline(state, silent) {
  const { src, pos } = state;
  const delimiter = DELIMITERS.find(({ open }) => src.startsWith(open, pos));
  if (delimiter === undefined) return false;
  const { open, close, type } = delimiter;
  const from = pos + open.length;
  const end = findClose(state, close, from);
  if (end === -1) return false;
  const content = src.slice(from, end);
  if (content.trim() === '' || (open === '$' && !isFormula(content, src.charAt(end + 1)))) return false;
  if (!silent) {
    const token = state.push(type, '', 0);
    token.content = content.trim();
    token.markup = open;
  }
  state.pos = end + close.length;
  return true;
}

/**
 * @param {StateInline} state
 * @param {string} close
 * @param {number} from
 */
function findClose(state, close, from) {
  const known = missing.get(state) ?? new Map();
  missing.set(state, known);
  if (from >= (known.get(close) ?? Infinity)) return -1;
  const end = state.src.indexOf(close, from);
  if (end === -1) known.set(close, from);
  return end;
}

/**
 * @param {string} content
 * @param {string} next
 */
function isFormula(content, next) {
  return !/^\s|\s$|\n/.test(content) && !/\d/.test(next);
}

/**
 * A block whose end has not arrived yet runs to the end of the text, as a fence does.
 * @param {StateBlock} state
 * @param {number} startLine
 * @param {number} endLine
 * @param {boolean} silent
 */
function readBlock(state, startLine, endLine, silent) {
  const first = lineOf(state, startLine);
  const delimiter = DELIMITERS.find(({ open, type }) => type === 'math_display' && first.startsWith(open));
  if (delimiter === undefined) return false;
  const { open, close } = delimiter;
  const rest = first.slice(open.length);
  // A formula with text behind it belongs to a paragraph.
  if (rest.includes(close) && !rest.endsWith(close)) return false;
  if (silent) return true;

  let line = startLine;
  let isClosed = rest.endsWith(close);
  while (!isClosed && line + 1 < endLine) {
    line += 1;
    isClosed = lineOf(state, line).endsWith(close);
  }
  const text = state.getLines(startLine, line + 1, state.blkIndent, false).trim();
  const token = state.push('math_block', '', 0);
  token.block = true;
  token.content = text.slice(open.length, isClosed ? -close.length : undefined).trim();
  token.info = isClosed ? '' : 'open';
  token.markup = open;
  token.map = [startLine, line + 1];
  state.line = line + 1;
  return true;
}

/**
 * @param {StateBlock} state
 * @param {number} line
 */
function lineOf(state, line) {
  return state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line]).trimEnd();
}
