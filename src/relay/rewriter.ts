// The way of a stream: bytes of StepFun's in, bytes for the client out. Synchronous
// and without clocks; reading, writing and timing are the pump's.
//
// Framing (frame.ts) finds the events, the rules (rules.ts) say what changes in
// each, and everything that may leave after a push leaves in one piece. Nothing is
// given out before its event is whole, so that a failure always stands between events.

import { GatewayError } from '../http/errors.ts';
import { readUpstreamError } from '../upstream/upstream-error.ts';
import { EVENT_BYTES } from '../config/limits.ts';
import { CR, EMPTY, LF, decode, encode, equals } from './ascii.ts';
import { Edits } from './edits.ts';
import { errorEvent } from './failure.ts';
import { Framer } from './frame.ts';
import { skipSpace } from './json.ts';
import { LastUsage } from './last-usage.ts';
import { dataLines, joinData, removeData, replaceData } from './multiline.ts';
import type { RewriteOptions } from './options.ts';
import type { Usage } from '../http/usage.ts';
import { Rules } from './rules.ts';

export type { RewriteOptions } from './options.ts';
export type { Usage } from '../http/usage.ts';
export { errorEvent } from './failure.ts';
export { rewriteCompletion } from './completion.ts';

export interface StreamRewriter {
  /**
   * @param bytes - what upstream sent next, cut anywhere; nobody else may change them
   *   any more.
   * @returns what may leave now, whole events only; may be empty, may be a view of
   *   `bytes`. Never throws: after a failure it is the error event that comes last.
   */
  push(bytes: Uint8Array): Uint8Array;
  /**
   * Upstream's answer has ended (EOF).
   * @returns what was missing: the sentinel if every choice had its finish_reason,
   *   else the error event `upstream_truncated`; nothing if the sentinel has come.
   */
  end(): Uint8Array;
  /**
   * Upstream has failed, or a clock ran out.
   * @returns the error event; nothing if the stream has ended already.
   */
  fail(error: GatewayError): Uint8Array;
  /** The sentinel or an error event was given out: nothing more will come. */
  readonly done: boolean;
  /** An event of upstream's was given out; comments and our error event are none. */
  readonly begun: boolean;
  /** Why the stream ended badly. If nothing had begun, there is still time for a real status. */
  readonly failure: GatewayError | null;
  /** The last usage that upstream told. */
  readonly usage: Usage | null;
}

const SENTINEL = encode('[DONE]');
const SENTINEL_EVENT = encode('data: [DONE]\n\n');
const LINE_END = Uint8Array.of(LF);

/**
 * Scratch of the whole isolate: every method below is synchronous and leaves them empty.
 * Each push empties them all the same: no mistake may carry into another client's stream.
 */
const edits = new Edits();
const innerEdits = new Edits();

/** @param options - what the client asked for, and how the operator wants it. */
export function createStreamRewriter(options: RewriteOptions): StreamRewriter {
  return new EventRewriter(options);
}

class EventRewriter implements StreamRewriter {
  done = false;
  begun = false;
  failure: GatewayError | null = null;
  readonly #options: RewriteOptions;
  readonly #rules: Rules;
  readonly #framer = new Framer();
  readonly #lastUsage = new LastUsage();

  constructor(options: RewriteOptions) {
    this.#options = options;
    this.#rules = new Rules(options);
  }

  get usage(): Usage | null {
    return this.#lastUsage.read();
  }

  push(bytes: Uint8Array): Uint8Array {
    if (this.done) return EMPTY;
    edits.rewind(0);
    innerEdits.rewind(0);
    const framer = this.#framer;
    framer.feed(bytes);
    while (framer.next()) {
      const ending = this.#event();
      if (ending !== null) return ending;
    }
    if (framer.unfinishedBytes > EVENT_BYTES) return this.#failAt(framer.blockStart, tooLarge());

    const out = edits.apply(framer.bytes, framer.outStart, framer.blockStart);
    this.#lastUsage.keep();
    // The framer's own buffer is overwritten by the next push.
    const given = framer.ownsBytes && out.buffer === framer.bytes.buffer ? out.slice() : out;
    framer.keep();
    return given;
  }

  end(): Uint8Array {
    if (this.done) return EMPTY;
    if (!this.#rules.choices.complete) return this.fail(new GatewayError('upstream_truncated'));
    this.done = true;
    return concat(this.#usageEvent(), SENTINEL_EVENT);
  }

  fail(error: GatewayError): Uint8Array {
    if (this.done) return EMPTY;
    this.done = true;
    this.failure = error;
    return errorEvent(error);
  }

  /** @returns null, or the last bytes that this stream gives out. */
  #event(): Uint8Array | null {
    const framer = this.#framer;
    if (framer.blockEnd - framer.blockStart > EVENT_BYTES) return this.#failAt(framer.blockStart, tooLarge());

    const isJoined = framer.dataLines > 1;
    const data = isJoined ? joinData(framer) : framer.bytes;
    const start = isJoined ? 0 : framer.data[0]!.start;
    const end = isJoined ? data.length : framer.data[0]!.end;
    if (framer.saysError) return this.#upstreamError(data, start, end);

    const first = skipSpace(data, start, end);
    if (first === end) {
      // A heartbeat in the form of an event: OpenAI's SDKs would parse it as JSON and throw.
      removeData(framer, edits);
      return null;
    }
    if (isSentinel(data, first, end)) return this.#sentinel();

    const made = edits.count;
    const verdict = this.#rules.chunk(data, start, end, isJoined ? innerEdits : edits);
    if (verdict !== 'sound') {
      innerEdits.rewind(0);
      edits.rewind(made);
      if (verdict === 'error') return this.#upstreamError(data, start, end);
      return this.#failAt(framer.blockStart, malformed());
    }
    if (isJoined && innerEdits.count > 0) {
      replaceData(framer, innerEdits.apply(data, start, end), edits);
    }
    this.begun = true;
    if (this.#rules.usageStart !== -1) {
      this.#lastUsage.note(data, start, end, this.#rules.usageStart, this.#rules.usageEnd);
    }
    return null;
  }

  #upstreamError(data: Uint8Array, start: number, end: number): Uint8Array {
    const error = readUpstreamError(decode(data, start, end), this.#options);
    return this.#failAt(this.#framer.blockStart, error);
  }

  /** What stands before `position` still goes out. */
  #failAt(position: number, error: GatewayError): Uint8Array {
    return this.#finish(position, this.fail(error));
  }

  #sentinel(): Uint8Array {
    const { bytes, blockStart, blankStart } = this.#framer;
    const usage = this.#usageEvent();
    if (usage.length > 0) edits.insert(blockStart, usage);
    this.done = true;
    // The blank line is written as the line before it ended. As it came was rejected:
    // of a CRLF cut in two the second half could not go out after the end.
    const isCrLf = bytes[blankStart - 1] === LF && bytes[blankStart - 2] === CR;
    return this.#finish(blankStart, bytes.slice(isCrLf ? blankStart - 2 : blankStart - 1, blankStart));
  }

  #finish(to: number, tail: Uint8Array): Uint8Array {
    const framer = this.#framer;
    const out = edits.apply(framer.bytes, framer.outStart, to, tail);
    this.#lastUsage.keep();
    framer.release();
    return out;
  }

  /** @returns the chunk that tells the usage if no other has, else nothing. */
  #usageEvent(): Uint8Array {
    if (this.#options.shape !== 'openai' || this.#rules.usageSent) return EMPTY;
    const chunk = this.#lastUsage.keep();
    if (chunk === null) return EMPTY;
    this.#rules.usageChunk(chunk, innerEdits);
    return concat(dataLines(innerEdits.apply(chunk, 0, chunk.length), LINE_END), LINE_END);
  }
}

function isSentinel(data: Uint8Array, start: number, end: number): boolean {
  const after = start + SENTINEL.length;
  return after <= end && equals(data, start, after, SENTINEL) && skipSpace(data, after, end) === end;
}

function malformed(): GatewayError {
  return new GatewayError('upstream_malformed', undefined, { detail: 'an event is no chunk' });
}

function tooLarge(): GatewayError {
  return new GatewayError('upstream_malformed', undefined, {
    detail: `an event exceeds ${EVENT_BYTES} bytes`,
  });
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
