// Removes keys, tokens and accounts from a text of another server (StepFun's error messages)
// before a client or the log gets it. To remove too much costs a hint, to remove too little
// costs a key: the patterns remove too much.

import { UPSTREAM_MESSAGE_CHARS } from '../config/limits.ts';

const REDACTED = '[redacted]';

/** How much text the patterns search: more than is shown, little enough to be cheap. */
const SEARCHED_CHARS = 4 * UPSTREAM_MESSAGE_CHARS;

const SECRET_LIKE: readonly RegExp[] = [
  // An Authorization header's value, whatever its form.
  /\b(?:bearer|basic)[\s:=]+[^\s,;"'<>]+/gi,
  // Keys of OpenAI's and StepFun's style, also those that the message has shortened.
  /\b(?:sk|pk|rk)-[\w*.-]+/gi,
  // key=…, "api_key": "…", token: …
  /(?<=\b(?:api[\s_-]?key|access[\s_-]?token|token|secret|password)["']?\s*[:=]\s*["']?)[^\s,;"'<>]+/gi,
  // JSON Web Tokens.
  /\beyJ[\w-]+(?:\.[\w-]*)*/g,
  // Accounts.
  /[^\s@<>"']+@[^\s@<>"']+/g,
];

/** A word long enough for a key; `looksRandom` decides whether it is one. */
const LONG_WORD = /[\w+/=-]{20,}/g;

/**
 * @param text - any text; only the beginning of a long one is kept.
 * @param secrets - known secrets, removed wherever they stand.
 * @returns one line without control characters and without anything that looks
 *   like a key, a token or an account, at most UPSTREAM_MESSAGE_CHARS (and an
 *   ellipsis) long.
 */
export function redact(text: string, ...secrets: readonly (string | undefined)[]): string {
  let shown = text;
  for (const secret of secrets) {
    if (secret !== undefined && secret !== '') shown = shown.replaceAll(secret, REDACTED);
  }
  if (shown.length > SEARCHED_CHARS) {
    // The rest of a word that was cut cannot be told from the first half of a key.
    shown = shown.slice(0, SEARCHED_CHARS).replace(/\S+$/, '');
  }
  for (const pattern of SECRET_LIKE) shown = shown.replace(pattern, REDACTED);
  shown = shown.replace(LONG_WORD, (word) => (looksRandom(word) ? REDACTED : word));
  // C0, DEL, C1, line separators and bidirectional controls could forge a line of the log,
  // control a terminal or reverse a text.
  shown = shown
    .replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .toWellFormed()
    .trim();
  return shown.length <= UPSTREAM_MESSAGE_CHARS ? shown : `${shown.slice(0, UPSTREAM_MESSAGE_CHARS)}…`;
}

/**
 * Keys have long runs of letters and digits; names (`reasoning_effort_invalid`,
 * `step-1o-turbo-vision`, `docs/en/chat/completions`) have short ones.
 */
function looksRandom(word: string): boolean {
  return word.split(/[_+/=-]+/).some((run) => run.length >= 32 || (run.length >= 12 && /\d/.test(run)));
}
