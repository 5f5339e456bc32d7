// Server-sent events out of text that arrives in pieces, as the WHATWG HTML standard parses them
// (§9.2.6). EventSource is of no use here: it can't send a POST.

export class EventReader {
  /** The line that has not ended yet. */
  #rest = '';
  #isAfterCr = false;
  /** The data lines of the event so far. @type {string[]} */
  #data = [];

  /**
   * @param {string} text - the next piece of the stream, cut anywhere.
   * @returns {Generator<string, void, undefined>} the data of each event that is dispatched. An event
   *   without its blank line at the end of the stream is discarded, as the standard demands.
   */
  *read(text) {
    if (text === '') return;
    // A CR ends its line at once; the LF of a CRLF cut in two belongs to it.
    const fresh = this.#isAfterCr && text.startsWith('\n') ? text.slice(1) : text;
    this.#isAfterCr = text.endsWith('\r');
    const lines = (this.#rest + fresh).split(/\r\n|\r|\n/);
    this.#rest = lines.pop() ?? '';

    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0) yield this.#data.join('\n');
        this.#data = [];
      } else if (line === 'data') {
        this.#data.push('');
      } else if (line.startsWith('data:')) {
        this.#data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
      }
    }
  }
}
