// Takes out of a foreign text (StepFun's error messages) what a client must not
// read, before it is shown or logged. Over-redacting costs a hint, under-redacting
// costs a key: the patterns err on the first side.

import { UPSTREAM_MESSAGE_CHARS } from '../config/limits.ts';

const GONE = '[redacted]';

/** How much text the patterns look at: more than is ever shown, little enough to be cheap. */
const LOOKED_AT_CHARS = 4 * UPSTREAM_MESSAGE_CHARS;

const SECRET_LIKE: readonly RegExp[] = [
  // An Authorization header's value, whatever its form.
  /\b(?:bearer|basic)[\s:=]+[^\s,;"'<>]+/gi,
  // OpenAI's and StepFun's style of keys, also when the message itself cut them short.
  /\b(?:sk|pk|rk)-[\w*.-]+/gi,
  // key=…, "api_key": "…", token: …
  /(?<=\b(?:api[\s_-]?key|access[\s_-]?token|token|secret|password)["']?\s*[:=]\s*["']?)[^\s,;"'<>]+/gi,
  // JSON Web Tokens.
  /\beyJ[\w-]+(?:\.[\w-]*)*/g,
  // Accounts.
  /[^\s@<>"']+@[^\s@<>"']+/g,
];

/** A word long enough for a key; whether it is one, `looksRandom` tells. */
const LONG_WORD = /[\w+/=-]{20,}/g;

/**
 * @param text - as it came from outside; of a long one only the beginning is kept.
 * @param secrets - what is known to be secret, removed wherever it stands.
 * @returns one line without control characters and without anything that looks
 *   like a key, a token or an account, at most UPSTREAM_MESSAGE_CHARS (and an
 *   ellipsis) long.
 */
export function redact(text: string, ...secrets: readonly (string | undefined)[]): string {
  let shown = text;
  for (const secret of secrets) {
    if (secret !== undefined && secret !== '') shown = shown.replaceAll(secret, GONE);
  }
  if (shown.length > LOOKED_AT_CHARS) {
    // What the cut leaves of a long word is not to be told from a key's first half.
    shown = shown.slice(0, LOOKED_AT_CHARS).replace(/\S+$/, '');
  }
  for (const pattern of SECRET_LIKE) shown = shown.replace(pattern, GONE);
  shown = shown.replace(LONG_WORD, (word) => (looksRandom(word) ? GONE : word));
  // C0, DEL, C1, line separators and bidirectional controls: nothing may forge a
  // line, drive a terminal or turn a text around.
  shown = shown
    .replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .toWellFormed()
    .trim();
  return shown.length <= UPSTREAM_MESSAGE_CHARS ? shown : `${shown.slice(0, UPSTREAM_MESSAGE_CHARS)}…`;
}

/**
 * Keys have a long run of letters and digits; what people write (`reasoning_effort_invalid`,
 * `step-1o-turbo-vision`, `docs/en/chat/completions`) has short ones.
 */
function looksRandom(word: string): boolean {
  return word.split(/[_+/=-]+/).some((run) => run.length >= 32 || (run.length >= 12 && /\d/.test(run)));
}
