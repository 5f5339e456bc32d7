// The words for screen readers about the state of an answer.
//
// Pure.

/** @import { Phase } from '../types.ts' */

/** A screen reader reads an answer this short out; a longer one is announced only. */
const READ_OUT_CHARS_MAX = 300;

/** Without `failed` and `incomplete`: a failure is an alert of its own. @type {Partial<Record<Phase, string>>} */
const WORDS = { reasoning: 'Reasoning.', answering: 'Answering.', stopped: 'Stopped.' };

/**
 * @param {Phase} phase
 * @param {string} text - the answer so far.
 * @returns {string} words for the phase, not for each token: a stream would interrupt itself; '' for none.
 */
export function announcementOf(phase, text) {
  if (phase !== 'done') return WORDS[phase] ?? '';
  return text.length <= READ_OUT_CHARS_MAX
    ? text
    : `The answer is complete: ${text.trim().split(/\s+/).length} words.`;
}
