// The record of one HTTP exchange, for the raw view: what was sent, what arrived and when.

/** @import { Trace } from '../types.ts' */

/** Longer bodies are recorded up to here: a megabyte of logprobs is not worth a phone's memory. */
const RECORDED_CHARS_MAX = 1_000_000;

/** @returns {Trace} of an exchange that has not begun. */
export function createTrace() {
  return {
    requestHeaders: [],
    status: null,
    responseHeaders: [],
    headersAt: null,
    pieces: [],
    recordedChars: 0,
    omittedChars: 0,
  };
}

/**
 * @param {Trace} trace - changed in place.
 * @param {Response} response
 * @param {number} at
 */
export function recordHead(trace, response, at) {
  trace.status = response.status;
  trace.responseHeaders = [...response.headers];
  trace.headersAt = at;
}

/**
 * @param {Trace} trace - changed in place.
 * @param {string} text - a piece of the body.
 * @param {number} at
 */
export function recordBody(trace, text, at) {
  if (text === '') return;
  const recorded = text.slice(0, RECORDED_CHARS_MAX - trace.recordedChars);
  trace.recordedChars += recorded.length;
  trace.omittedChars += text.length - recorded.length;
  if (recorded !== '') trace.pieces.push({ at, text: recorded });
}

/**
 * @param {Trace} trace
 * @param {string} name - in lower case.
 * @returns {string | null} the value of a header of the response.
 */
export function header(trace, name) {
  return trace.responseHeaders.find(([other]) => other === name)?.[1] ?? null;
}
