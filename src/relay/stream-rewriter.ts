// A stream's way from StepFun's bytes to the client's. Synchronous, without clocks: reading,
// writing and timing are in batches.ts and rewrite-stream.ts.
//
// Each event is parsed once. One that the rules leave alone goes out as it came; a changed
// one is written anew. Nothing goes out before its event is whole, so a failure always
// stands between events.

import { EVENT_CHARS } from '../config/limits.ts';
import { GatewayError } from '../http/errors.ts';
import type { Usage } from '../http/token-usage.ts';
import { parseJson, stringifyJson, type JsonObject } from '../lib/json.ts';
import { AnswerRules, type AnswerRulesOptions } from './answer-rules.ts';
import { errorEvent } from './error-event.ts';
import type { RewriteOptions } from './options.ts';
import { SseFramer, type SseEvent } from './sse-framing.ts';

const SENTINEL = '[DONE]';
const SENTINEL_EVENT = `data: ${SENTINEL}\n\n`;
const NO_BYTES = new Uint8Array();
const LF = 0x0a;

const encoder = new TextEncoder();

export class StreamRewriter {
  /** The sentinel or an error event has gone out: nothing more will come. */
  isDone = false;
  /** An event of StepFun's has gone out; comments and our own error event don't count. */
  hasBegun = false;
  /** Why the stream ended badly. While `hasBegun` is false, the answer can still get a status. */
  failure: GatewayError | null = null;

  readonly #rules: AnswerRules;
  readonly #readError: RewriteOptions['readError'];
  readonly #framer = new SseFramer();
  readonly #decoder = new TextDecoder();
  /** The decoder or the framer holds a part of the bytes so far, or a BOM may come. */
  #holdsBack = true;

  constructor(options: RewriteOptions & AnswerRulesOptions) {
    this.#rules = new AnswerRules(options);
    this.#readError = options.readError;
  }

  /** StepFun's largest count of tokens so far. */
  get usage(): Usage | null {
    return this.#rules.usage;
  }

  /** Whether every choice has its finish_reason: the answer is whole, however the stream ends. */
  get isComplete(): boolean {
    return this.#rules.choices.areComplete;
  }

  /** How each choice has ended, for the log. */
  get finishReasons(): (string | null)[] {
    return this.#rules.choices.finishReasons;
  }

  /**
   * @returns the whole stream as a completion; null where that was not asked for, is not
   *   possible, or the stream failed.
   */
  collectedCompletion(): JsonObject | null {
    return this.failure === null ? this.#rules.collectedCompletion() : null;
  }

  /**
   * @param bytes - the next bytes from StepFun, split anywhere.
   * @returns what can go out now: whole events, possibly none, possibly `bytes` itself.
   *   Never throws: after a failure its event comes last.
   */
  push(bytes: Uint8Array): Uint8Array {
    if (this.isDone || bytes.length === 0) return NO_BYTES;
    const text = this.#decoder.decode(bytes, { stream: true });
    const startedClean = !this.#holdsBack;
    let isChanged = false;
    let out = '';
    for (const found of this.#framer.feed(text)) {
      const written = found.kind === 'gap' ? found.raw : this.#event(found);
      isChanged ||= written !== found.raw;
      out += written;
      if (this.isDone) return encoder.encode(out);
    }
    if (this.#framer.unfinishedChars > EVENT_CHARS) return encoder.encode(out + this.#fail(tooLarge()));

    this.#holdsBack = this.#framer.unfinishedChars > 0 || bytes.at(-1) !== LF;
    const isAsItCame = startedClean && !isChanged && !this.#holdsBack;
    return isAsItCame ? bytes : encoder.encode(out);
  }

  /**
   * StepFun's body has ended.
   * @returns the missing sentinel where every choice has its finish_reason, else the error
   *   event `upstream_truncated`; nothing after the sentinel.
   */
  end(): Uint8Array {
    return this.fail(new GatewayError('upstream_truncated'));
  }

  /**
   * StepFun has failed, or a clock has expired.
   * @returns the sentinel where every choice has its finish_reason: the answer is whole. Else
   *   the error event; nothing where the stream has ended already.
   */
  fail(error: GatewayError): Uint8Array {
    if (this.isDone) return NO_BYTES;
    return encoder.encode(this.isComplete ? this.#sentinel() : this.#fail(error));
  }

  /**
   * @param chunk - a chunk as StepFun would have sent it; is changed.
   * @returns its event, for a stream that is made of objects.
   */
  pushChunk(chunk: JsonObject): string {
    this.#rules.chunk(chunk);
    this.hasBegun = true;
    return dataEvent(chunk) ?? '';
  }

  /** @returns the end of a stream that is made of objects. */
  pushEnd(): string {
    return this.#sentinel();
  }

  #event(event: SseEvent): string {
    if (event.raw.length > EVENT_CHARS) return this.#fail(tooLarge());
    const { data, otherLines } = event;
    if (event.isError) return this.#fail(this.#readError(data));
    const trimmed = data.trim();
    // A heartbeat in the form of an event: OpenAI's SDKs would parse it as JSON and throw.
    if (trimmed === '') return '\n';
    if (trimmed === SENTINEL) return this.#sentinel();

    const chunk = parseJson(data);
    switch (this.#rules.chunk(chunk)) {
      case 'unchanged':
        this.hasBegun = true;
        return event.raw;
      case 'changed': {
        const written = dataEvent(chunk);
        if (written === null) return this.#fail(malformed());
        this.hasBegun = true;
        return otherLines + written;
      }
      case 'dropped':
        return '';
      case 'error':
        return this.#fail(this.#readError(data));
      case 'malformed':
        return this.#fail(malformed());
    }
  }

  #sentinel(): string {
    this.isDone = true;
    const usageChunk = this.#rules.usageChunk();
    return (usageChunk === null ? '' : (dataEvent(usageChunk) ?? '')) + SENTINEL_EVENT;
  }

  #fail(error: GatewayError): string {
    this.isDone = true;
    this.failure = error;
    return errorEvent(error);
  }
}

function dataEvent(chunk: unknown): string | null {
  const json = stringifyJson(chunk);
  return json === null ? null : `data: ${json}\n\n`;
}

function malformed(): GatewayError {
  return new GatewayError('upstream_malformed', undefined, { detail: 'an event is no chunk' });
}

function tooLarge(): GatewayError {
  return new GatewayError('upstream_malformed', undefined, {
    detail: `an event exceeds ${EVENT_CHARS} characters`,
  });
}
