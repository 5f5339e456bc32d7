// The inside of a paragraph: emphasis, code, links. See markdown.js.
//
// Emphasis works on runs of `*`, `_`, `~` with a stack, as CommonMark's appendix
// does; the simpler regular expressions backtrack, and a stranger picks the text.

/** @import { Inline } from '../types.ts' */

/** @typedef {{ mark: string, length: number, children: Inline[] }} Frame an emphasis that waits for its end */

/** Open emphases at a time; beyond it their marks are text. */
const FRAMES_MAX = 32;

// Each is tried where its first character stands, so none looks far without reason.
const SPECIAL = /[\\`*_~[!<]|https?:\/\//g;
const ESCAPE = /\\[\\`*_~[\]#<>|!-]/y;
const TICKS = /`+/y;
const RUN = /\*+|_+|~+/y;
// Few spaces, each time: of many, three places that take them would try every split.
const LINK =
  /!?\[((?:[^[\]\\]|\\.)*)\]\(\s{0,9}<?([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?:\s{1,9}"[^"\n]*")?\s{0,9}\)/y;
const ANGLE = /<(https?:\/\/[^\s<>]+)>/y;
const BARE = /https?:\/\/[^\s<>"'`|\\^{}]+/y;

/**
 * @param {string} text
 * @param {{ inLink?: boolean }} [options] - a link holds no link.
 * @returns {Inline[]}
 */
export function parseInline(text, { inLink = false } = {}) {
  /** @type {Frame[]} */
  const frames = [{ mark: '', length: 0, children: [] }];
  let at = 0;
  /** Run lengths of backticks that are known to have no partner further on. */
  const unclosed = new Set();

  /** @param {RegExp} pattern */
  const take = (pattern) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };

  while (at < text.length) {
    SPECIAL.lastIndex = at;
    const next = SPECIAL.exec(text)?.index ?? text.length;
    if (next > at) {
      addText(frames, text.slice(at, next));
      at = next;
      continue;
    }
    const escape = take(ESCAPE);
    if (escape !== null) {
      addText(frames, escape[0].slice(1));
      at += 2;
      continue;
    }
    const ticks = take(TICKS)?.[0];
    if (ticks !== undefined) {
      const end = unclosed.has(ticks.length) ? -1 : closingTicks(text, at + ticks.length, ticks.length);
      if (end === -1) {
        unclosed.add(ticks.length);
        addText(frames, ticks);
        at += ticks.length;
      } else {
        add(frames, { type: 'code', text: trimCode(text.slice(at + ticks.length, end)) });
        at = end + ticks.length;
      }
      continue;
    }
    const run = take(RUN)?.[0];
    if (run !== undefined) {
      emphasise(frames, run, text.charAt(at - 1), text.charAt(at + run.length));
      at += run.length;
      continue;
    }
    const link = inLink ? null : take(LINK);
    if (link !== null) {
      const [all, label = '', address = ''] = link;
      const href = safeHref(address);
      // An image is a link too: what a model names is not fetched unasked.
      if (href === null) addText(frames, all);
      else add(frames, { type: 'link', href, children: parseInline(label || address, { inLink: true }) });
      at += all.length;
      continue;
    }
    const angle = take(ANGLE);
    const address = angle?.[1] ?? trimAddress(take(BARE)?.[0] ?? '');
    const href = inLink ? null : safeHref(address);
    if (href !== null) {
      add(frames, { type: 'link', href, children: [textNode(address)] });
      at += angle?.[0].length ?? address.length;
      continue;
    }
    addText(frames, text.charAt(at));
    at += 1;
  }
  while (frames.length > 1) unwind(frames);
  return frames[0]?.children ?? [];
}

/**
 * @param {Frame[]} frames
 * @param {string} run - of one of `*`, `_`, `~`.
 * @param {string} before - the character before it; '' at the start.
 * @param {string} after
 */
function emphasise(frames, run, before, after) {
  const mark = run.charAt(0);
  // In snake_case an underscore is no mark, and one tilde is a tilde.
  const inWord = mark === '_' && /[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]/u.test(after);
  const canClose = !inWord && before !== '' && !/\s/.test(before);
  const canOpen = !inWord && after !== '' && !/\s/.test(after);
  const least = mark === '~' ? 2 : 1;

  const left = canClose ? closeFrames(frames, mark, run.length, least) : run.length;
  if (left === 0) return;
  if (canOpen && left >= least && frames.length < FRAMES_MAX)
    frames.push({ mark, length: left, children: [] });
  else addText(frames, mark.repeat(left));
}

/**
 * @param {Frame[]} frames
 * @param {string} mark
 * @param {number} length - of the run that closes.
 * @param {number} least - how many of it make an emphasis.
 * @returns {number} how many of it are left.
 */
function closeFrames(frames, mark, length, least) {
  let left = length;
  while (left >= least && frames.some((frame) => frame.mark === mark)) {
    while (frames.at(-1)?.mark !== mark) unwind(frames);
    const frame = frames.pop();
    if (frame === undefined) break;
    const width = Math.min(left, frame.length, 2);
    const type = mark === '~' ? 'del' : width === 2 ? 'strong' : 'em';
    left -= width;
    /** @type {Inline} */
    const node = { type, children: frame.children };
    if (frame.length > width) frames.push({ mark, length: frame.length - width, children: [node] });
    else add(frames, node);
  }
  return left;
}

/**
 * An emphasis without an end: its mark was text.
 * @param {Frame[]} frames
 */
function unwind(frames) {
  const frame = frames.pop();
  if (frame === undefined) return;
  addText(frames, frame.mark.repeat(frame.length));
  for (const child of frame.children) add(frames, child);
}

/**
 * @param {readonly Frame[]} frames
 * @param {Inline} node
 */
function add(frames, node) {
  if (node.type === 'text') addText(frames, node.text);
  else frames.at(-1)?.children.push(node);
}

/**
 * @param {readonly Frame[]} frames
 * @param {string} text
 */
function addText(frames, text) {
  const children = frames.at(-1)?.children;
  const last = children?.at(-1);
  if (last?.type === 'text') last.text += text;
  else children?.push(textNode(text));
}

/**
 * @param {string} text
 * @returns {Inline & { type: 'text' }}
 */
function textNode(text) {
  return { type: 'text', text };
}

/**
 * @param {string} text
 * @param {number} from
 * @param {number} length
 * @returns {number} where a run of exactly so many backticks stands; -1: nowhere.
 */
function closingTicks(text, from, length) {
  for (let at = text.indexOf('`', from); at !== -1; at = text.indexOf('`', at)) {
    const start = at;
    while (text.charAt(at) === '`') at += 1;
    if (at - start === length) return start;
  }
  return -1;
}

/** @param {string} code - one space on each side only keeps backticks apart. */
function trimCode(code) {
  const isPadded = code.startsWith(' ') && code.endsWith(' ') && code.trim() !== '';
  return isPadded ? code.slice(1, -1) : code;
}

/**
 * @param {string} address - in a sentence, whose punctuation isn't part of it.
 * A loop: the regular expression `[.,]+$` would be quadratic in a row of dots.
 */
function trimAddress(address) {
  const mayEndWithBracket = address.includes('(');
  let end = address.length;
  while (end > 0 && isPunctuation(address.charAt(end - 1), mayEndWithBracket)) end -= 1;
  return address.slice(0, end);
}

/**
 * @param {string} character
 * @param {boolean} exceptBracket
 */
function isPunctuation(character, exceptBracket) {
  return '.,;:!?*_~]'.includes(character) || (character === ')' && !exceptBracket);
}

/**
 * @param {string} address
 * @returns {string | null} null: not an address to go to (`javascript:`, relative, broken).
 */
function safeHref(address) {
  if (!/^(?:https?:\/\/|mailto:)/i.test(address) || !URL.canParse(address)) return null;
  const url = new URL(address);
  return /^(?:https?|mailto):$/.test(url.protocol) ? url.href : null;
}
