// The path of a request's URL, as a URL's parser has it (WHATWG URL §4.4).

/** A URL with nothing in its path to resolve, to encode or to turn round. */
const PLAIN_URL = /^https?:\/\/[\w.-]+(?::\d+)?(\/[\w/-]*)(?:[?#]|$)/;

/**
 * @param url - absolute, as a Request has it. Its path decides who is let in where, so
 *   whatever is not plain is for the parser to say. That makes an object each time,
 *   which is a thirtieth of what a hot answer costs.
 * @throws {TypeError} when it is no URL.
 */
export function pathOf(url: string): string {
  return PLAIN_URL.exec(url)?.[1] ?? new URL(url).pathname;
}
