// Markdown as models write it, parsed into a tree. render.js makes nodes of it; no
// text ever becomes markup, so HTML in it stays text.
//
// Pure, and linear in the text but for nesting, which is capped: the text is a
// stranger's, and it is parsed again for every frame of a stream.

import { parseInline } from './inline.js';

/** @import { Align, Block, SourcedBlock } from '../types.ts' */

const DEPTH_MAX = 8;

const FENCE = /^ {0,3}(`{3,}(?![^`]*`)|~{3,})[ \t]*([^`\s]*)/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*)$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])([ \t]+|$)/;
const TABLE_RULE = /^ {0,3}\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?$/;

/**
 * @param {string} text
 * @returns {SourcedBlock[]} the blocks on the top level.
 */
export function parseMarkdown(text) {
  return parseLines(text.split('\n'), 0);
}

/**
 * @param {readonly string[]} lines
 * @param {number} depth
 * @returns {SourcedBlock[]}
 */
function parseLines(lines, depth) {
  /** @type {SourcedBlock[]} */
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if (isBlank(lines[at])) {
      at += 1;
      continue;
    }
    const { block, end } = parseBlock(lines, at, depth);
    blocks.push({ block, source: lines.slice(at, end).join('\n') });
    at = end;
  }
  return blocks;
}

/**
 * @param {readonly string[]} lines
 * @param {number} at
 * @param {number} depth
 * @returns {{ block: Block, end: number }} `end`: the first line after it.
 */
function parseBlock(lines, at, depth) {
  const line = lines[at] ?? '';
  const fence = FENCE.exec(line);
  if (fence !== null) return parseCode(lines, at, fence[1] ?? '', fence[2] ?? '');
  const heading = HEADING.exec(line);
  if (heading !== null) {
    const [, marks = '', title = ''] = heading;
    const children = parseInline(title.trim().replace(/(?:^|[ \t])#{1,6}$/, ''));
    return { block: { type: 'heading', level: marks.length, children }, end: at + 1 };
  }
  if (RULE.test(line)) return { block: { type: 'rule' }, end: at + 1 };
  if (depth < DEPTH_MAX && QUOTE.test(line)) return parseQuote(lines, at, depth);
  if (depth < DEPTH_MAX && ITEM.test(line)) return parseList(lines, at, depth);
  if (startsTable(lines, at)) return parseTable(lines, at);

  let end = at + 1;
  while (end < lines.length && !isBlank(lines[end]) && !interrupts(lines, end)) end += 1;
  const text = lines.slice(at, end).map((one) => one.trim());
  return { block: { type: 'paragraph', children: parseInline(text.join('\n')) }, end };
}

/**
 * @param {readonly string[]} lines
 * @param {number} at
 */
function interrupts(lines, at) {
  const line = lines[at] ?? '';
  return (
    FENCE.test(line) ||
    HEADING.test(line) ||
    RULE.test(line) ||
    QUOTE.test(line) ||
    ITEM.test(line) ||
    startsTable(lines, at)
  );
}

/**
 * @param {readonly string[]} lines
 * @param {number} at
 * @param {string} mark
 * @param {string} language
 * @returns {{ block: Block, end: number }} a fence that isn't closed yet runs to the end.
 */
function parseCode(lines, at, mark, language) {
  let end = at + 1;
  while (end < lines.length && !closes(lines[end] ?? '', mark)) end += 1;
  const text = lines.slice(at + 1, end).join('\n');
  return { block: { type: 'code', language, text }, end: Math.min(end + 1, lines.length) };
}

/**
 * @param {string} line
 * @param {string} mark
 */
function closes(line, mark) {
  const found = line.trim();
  return found.startsWith(mark) && found === mark.charAt(0).repeat(found.length);
}

/**
 * @param {readonly string[]} lines
 * @param {number} at
 * @param {number} depth
 * @returns {{ block: Block, end: number }}
 */
function parseQuote(lines, at, depth) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end] ?? '')) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ''));
  return { block: { type: 'quote', blocks: plain(parseLines(inner, depth + 1)) }, end };
}

/**
 * @param {readonly string[]} lines
 * @param {number} at
 * @param {number} depth
 * @returns {{ block: Block, end: number }} items until one of another kind, or less indented text.
 */
function parseList(lines, at, depth) {
  const first = ITEM.exec(lines[at] ?? '');
  const ordered = first?.[3] !== undefined;
  /** @type {Block[][]} */
  const items = [];
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end] ?? '');
    if (item === null || (item[3] !== undefined) !== ordered || RULE.test(lines[end] ?? '')) break;
    const indent = item[0].length;
    const inner = [(lines[end] ?? '').slice(indent)];
    end += 1;
    while (end < lines.length && belongs(lines, end)) {
      inner.push(outdent(lines[end] ?? '', indent));
      end += 1;
    }
    items.push(plain(parseLines(inner, depth + 1)));
    // Blank lines between items make no new list.
    let next = end;
    while (next < lines.length && isBlank(lines[next])) next += 1;
    if (ITEM.test(lines[next] ?? '')) end = next;
  }
  return { block: { type: 'list', ordered, start: Number(first?.[3] ?? 1), items }, end };
}

/**
 * @param {readonly string[]} lines
 * @param {number} at
 * @returns {boolean} whether a line goes on with the item above it: it is indented, or a
 *   paragraph's next line, or blank with such a line after it.
 */
function belongs(lines, at) {
  const line = lines[at] ?? '';
  if (isBlank(line)) return /^(?: {2}|\t)/.test(lines[at + 1] ?? '') && !isBlank(lines[at + 1]);
  if (/^(?: {2}|\t)/.test(line)) return true;
  return !isBlank(lines[at - 1]) && !interrupts(lines, at);
}

/**
 * @param {string} line
 * @param {number} indent
 */
function outdent(line, indent) {
  const spaces = /^[ \t]*/.exec(line)?.[0].length ?? 0;
  return line.slice(Math.min(spaces, indent));
}

/**
 * @param {readonly string[]} lines
 * @param {number} at
 */
function startsTable(lines, at) {
  return (lines[at] ?? '').includes('|') && TABLE_RULE.test(lines[at + 1] ?? '');
}

/**
 * @param {readonly string[]} lines
 * @param {number} at
 * @returns {{ block: Block, end: number }}
 */
function parseTable(lines, at) {
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? '').includes('|')) end += 1;
  const [head = [], ...rows] = [lines[at] ?? '', ...lines.slice(at + 2, end)].map((line) =>
    cells(line).map((cell) => parseInline(cell)),
  );
  const align = cells(lines[at + 1] ?? '').map(alignOf);
  return { block: { type: 'table', align, head, rows }, end };
}

/** @param {string} line */
function cells(line) {
  const inner = line.trim().replace(/^\|/, '').replace(/\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll(String.raw`\|`, '|'));
}

/**
 * @param {string} cell
 * @returns {Align}
 */
function alignOf(cell) {
  if (cell.endsWith(':')) return cell.startsWith(':') ? 'center' : 'right';
  return cell.startsWith(':') ? 'left' : '';
}

/** @param {readonly SourcedBlock[]} blocks */
function plain(blocks) {
  return blocks.map(({ block }) => block);
}

/** @param {string | undefined} line */
function isBlank(line) {
  return line === undefined || line.trim() === '';
}
