// Server-sent events out of a byte stream, as the WHATWG HTML standard parses them
// (§9.2.6). EventSource itself is no help here: it can't POST.

/** @typedef {{ rest: string, afterCr: boolean, data: string[] }} Reading a line not ended yet; the event's data lines so far */

/**
 * @param {ReadableStream<Uint8Array>} body - `text/event-stream`, split anywhere.
 * @returns {AsyncGenerator<string, void, undefined>} the data of each dispatched event;
 *   an event without its blank line at the end is discarded, as the standard says.
 */
export async function* readEvents(body) {
  /** @type {Reading} */
  const reading = { rest: '', afterCr: false, data: [] };
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* dispatch(reading, decoder.decode(value, { stream: true }));
    }
  } finally {
    // Whoever stops reading early (an abort, `[DONE]`) ends the request with it.
    await reader.cancel().catch(() => {});
  }
}

/**
 * @param {Reading} reading - changed in place.
 * @param {string} text
 */
function* dispatch(reading, text) {
  if (text === '') return;
  // A CR ends its line at once; the LF of a CRLF cut in two belongs to it.
  const fresh = reading.afterCr && text.startsWith('\n') ? text.slice(1) : text;
  reading.afterCr = text.endsWith('\r');
  const lines = (reading.rest + fresh).split(/\r\n|\r|\n/);
  reading.rest = lines.pop() ?? '';

  for (const line of lines) {
    if (line === '') {
      if (reading.data.length > 0) yield reading.data.join('\n');
      reading.data = [];
    } else if (line === 'data') {
      reading.data.push('');
    } else if (line.startsWith('data:')) {
      reading.data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
    }
  }
}
