// Finds the events in a stream of text (WHATWG HTML §9.2.6), for any split of the text.
// Each character is looked at once, also when an event arrives in many small pieces.

const LF = '\n';
const CR = '\r';

/** A dispatched event. */
export interface SseEvent {
  readonly kind: 'event';
  /** All its lines, the blank one included, as they came. */
  readonly raw: string;
  /** Its `data` lines, joined by LF. */
  readonly data: string;
  /** Its other lines as they came, each with its line end. */
  readonly otherLines: string;
  /** Whether its `event` field is `error`. */
  readonly isError: boolean;
}

/** Text between events: comments, blank lines, blocks without data. */
export interface SseGap {
  readonly kind: 'gap';
  readonly raw: string;
}

export class SseFramer {
  /** The unfinished line. */
  #line = '';
  /** The unfinished block, its unfinished line included. */
  #block = '';
  /** The previous text ended in CR: an LF that follows belongs to that line end. */
  #afterCr = false;
  #data: string[] = [];
  #otherLines = '';
  #isError = false;
  #hasFields = false;

  /** The length of the unfinished block. */
  get unfinishedChars(): number {
    return this.#block.length;
  }

  /** @returns what `text` completes, in order. */
  feed(text: string): (SseEvent | SseGap)[] {
    const found: (SseEvent | SseGap)[] = [];
    let lineStart = 0;
    let blockStart = 0;
    if (this.#afterCr && text !== '') {
      this.#afterCr = false;
      if (text.startsWith(LF)) lineStart = 1;
    }
    let nextLf = text.indexOf(LF, lineStart);
    let nextCr = text.indexOf(CR, lineStart);
    while (nextLf !== -1 || nextCr !== -1) {
      const isCr = nextCr !== -1 && (nextLf === -1 || nextCr < nextLf);
      const lineEnd = isCr ? nextCr : nextLf;
      const next = isCr && text[lineEnd + 1] === LF ? lineEnd + 2 : lineEnd + 1;
      const line = this.#line + text.slice(lineStart, lineEnd);
      this.#line = '';
      // The end of a block without data, or a comment that stands in no block, can go out at once.
      const isGap = line === '' ? this.#data.length === 0 : !this.#hasFields && line.startsWith(':');
      if (line !== '' && !isGap) {
        this.#addField(line, text.slice(lineEnd, next));
      } else {
        const raw = this.#block + text.slice(blockStart, next);
        found.push(isGap ? { kind: 'gap', raw } : this.#event(raw));
        this.#startBlock();
        blockStart = next;
      }
      lineStart = next;
      this.#afterCr = isCr && next === text.length && text.endsWith(CR);
      if (nextLf !== -1 && nextLf < next) nextLf = text.indexOf(LF, next);
      if (nextCr !== -1 && nextCr < next) nextCr = text.indexOf(CR, next);
    }
    this.#line += text.slice(lineStart);
    this.#block += text.slice(blockStart);
    return found;
  }

  #event(raw: string): SseEvent {
    const data = this.#data.length === 1 ? this.#data[0]! : this.#data.join(LF);
    return { kind: 'event', raw, data, otherLines: this.#otherLines, isError: this.#isError };
  }

  #startBlock(): void {
    this.#block = '';
    this.#data = [];
    this.#otherLines = '';
    this.#isError = false;
    this.#hasFields = false;
  }

  #addField(line: string, lineEnd: string): void {
    this.#hasFields = true;
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') {
      this.#data.push(value);
    } else {
      this.#otherLines += line + lineEnd;
      if (name === 'event') this.#isError = value === 'error';
    }
  }
}
