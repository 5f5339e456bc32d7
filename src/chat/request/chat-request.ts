// A chat request: from the bytes of its body to what the gateway needs to know of
// it, what StepFun is asked, and what the cache knows it by.

import type { Config, ReasoningFormat } from '../../config/config.ts';
import { GatewayError } from '../../http/errors.ts';
import { ECHO_CHARS, EXACT_VALUES_MAX, VALUES_MAX } from '../../config/limits.ts';
import { joinText } from '../../lib/bytes.ts';
import type { PromptSize } from '../../http/reservation.ts';
import { isRemote } from './media.ts';
import { mediaOf } from './messages.ts';
import { allInPlace, type CutJson, cutPayloads, splice } from './payloads.ts';
import { type ChatBody, IGNORED_FIELDS } from './fields.ts';
import { type Issue, requestError } from './issues.ts';
import {
  decodeJson,
  hasInexactNumber,
  holdsMoreValues,
  isObject,
  parseExactly,
  parseJson,
  sortedJson,
} from './json.ts';
import { promptSizeOf } from './prompt-size.ts';
import { checkRequest } from './schema.ts';
import { answerFields, extraFields, fieldsText, headText } from './upstream-body.ts';

export interface ChatRequest {
  readonly model: string;
  /** Whether the client wants an event stream. */
  readonly stream: boolean;
  /** Whether the stream shall end with a chunk for the usage (`stream_options`). */
  readonly includeUsage: boolean;
  /** How many answers (`n`). */
  readonly choices: number;
  /** For each choice: what the client asked for, within MAX_OUTPUT_TOKENS. */
  readonly maxTokens: number | undefined;
  readonly reasoningFormat: ReasoningFormat;
  /** Fields that were left out. */
  readonly ignoredParams: readonly string[];
  /** Whether StepFun has to fetch images or videos, which may change behind their URLs. */
  readonly remoteMedia: boolean;
  /** @returns how much there is to read for StepFun, for an estimate of its cost. */
  promptSize(): PromptSize;
  /** @returns the JSON for StepFun. */
  upstreamBody(overrides?: UpstreamOverrides): Uint8Array;
  /**
   * @returns the canonical form, in parts that belong together: the same bytes for
   *   two requests if, and only if, StepFun would be asked the same thing, whether
   *   the answer is streamed or not.
   */
  canonical(): readonly (string | Uint8Array)[];
}

export interface UpstreamOverrides {
  /** A lower `max_tokens`, as a token budget may want it. */
  readonly maxTokens?: number;
  /** Sent only where nothing is rewritten on the way back (`RELAY=native`). */
  readonly reasoningFormat?: 'general' | 'deepseek-style';
  /** For an answer that the cache wants whole, though this client reads a stream. */
  readonly stream?: false;
}

export interface ChatRequestOptions {
  /** The header `X-Reasoning-Format`. */
  readonly reasoningHeader: string | null;
  readonly chat: Config['chat'];
}

/**
 * @param bytes - a request's body; it becomes a part of the request, and must not change.
 * @throws {GatewayError} `invalid_json`, `invalid_value`, `unknown_parameter` (the
 *   message lists everything that is wrong, `param` is the first of it),
 *   `model_not_found` (ALLOWED_MODELS).
 */
export function parseChatRequest(bytes: Uint8Array, options: ChatRequestOptions): ChatRequest {
  return cutRequest(bytes, options) ?? parseChatText(decodeJson(bytes), options);
}

/**
 * The same for a body that has been decoded already.
 * @param text - best a short one: no payload is taken out of it.
 */
export function parseChatText(text: string, options: ChatRequestOptions): ChatRequest {
  return readRequest({ text, payloads: new Map() }, options);
}

/** A request with long payloads, read around them; null if it has to be read whole. */
function cutRequest(bytes: Uint8Array, options: ChatRequestOptions): ChatRequest | null {
  try {
    const cut = cutPayloads(bytes);
    return cut && readRequest(cut, options);
  } catch {
    // What is wrong is told by reading it whole: no mark must be seen in an error.
    return null;
  }
}

/** @throws {GatewayError} as above, and `invalid_value` for a payload that is not a data URL's. */
function readRequest({ text, payloads }: CutJson, options: ChatRequestOptions): ChatRequest {
  const { chat, reasoningHeader } = options;
  const body = exactBody(checked(parseBounded(text), options), text, options);
  if (chat.allowedModels.size > 0 && !chat.allowedModels.has(body.model)) {
    const message = `The model ${JSON.stringify(body.model.slice(0, ECHO_CHARS))} does not exist here.`;
    throw new GatewayError('model_not_found', message, { param: 'model' });
  }
  const media = mediaOf(body.messages);
  if (!allInPlace(payloads, media)) throw new GatewayError('invalid_value');

  const stream = body.stream === true;
  const maxTokens = outputTokens(body, chat.maxOutputTokens);
  const head = once(() => splice(headText(body), payloads));
  const fields = once(() => answerFields(body, chat.extraParams));
  const canonical = () => [
    ...head(),
    fieldsText({ ...fields().deciding, max_tokens: maxTokens }, sortedJson),
  ];

  return {
    model: body.model,
    stream,
    includeUsage: stream && body.stream_options?.include_usage === true,
    choices: body.n ?? 1,
    maxTokens,
    reasoningFormat: reasoningFormat(body, reasoningHeader, chat.defaultReasoningFormat),
    ignoredParams: ignoredParams(body, chat.extraParams),
    remoteMedia: media.some(isRemote),
    promptSize: () => promptSizeOf(body.messages, payloads, joinText(canonical()).length),
    upstreamBody(overrides = {}) {
      const { deciding, defaults } = fields();
      const tail = {
        ...deciding,
        max_tokens: overrides.maxTokens ?? maxTokens,
        ...defaults,
        reasoning_format: overrides.reasoningFormat,
        stream: (overrides.stream ?? stream) || undefined,
      };
      return joinText([...head(), `${fieldsText(tail, JSON.stringify)}}`]);
    },
    canonical,
  };
}

/** Counted before it is parsed: afterwards the memory is gone already. */
function parseBounded(text: string): unknown {
  // A value and what parts it from the next are two characters: shorter texts hold no more.
  if (text.length > 2 * VALUES_MAX && holdsMoreValues(text, VALUES_MAX)) {
    throw new GatewayError('invalid_value', `expected at most ${VALUES_MAX} values`);
  }
  return parseJson(text);
}

const REASONING_FORMATS: readonly ReasoningFormat[] = ['general', 'deepseek-style', 'hidden'];

/** What is wrong and what is not allowed here are told in one. */
function checked(value: unknown, { chat, reasoningHeader }: ChatRequestOptions): ChatBody {
  const issues: Issue[] = [];
  const isRequest = checkRequest(value, chat.extraParams, issues);
  const choices = isObject(value) ? value['n'] : null;
  if (typeof choices === 'number' && choices > chat.maxChoices) {
    issues.push({ path: ['n'], message: `expected at most ${chat.maxChoices} here` });
  }
  if (reasoningHeader !== null && headerFormat(reasoningHeader) === undefined) {
    issues.push({ path: ['X-Reasoning-Format'], message: `expected one of ${REASONING_FORMATS.join(', ')}` });
  }
  if (!isRequest || issues.length > 0) throw requestError(issues);
  return value;
}

/** The body, with integers beyond 2^53 as the client wrote them where they are sent on unchecked. */
function exactBody(body: ChatBody, text: string, options: ChatRequestOptions): ChatBody {
  const { tools, response_format, audio } = body;
  const freeForm = [tools, response_format, audio, ...extraFields(body, options.chat.extraParams)];
  if (!freeForm.some(hasInexactNumber)) return body;
  if (holdsMoreValues(text, EXACT_VALUES_MAX)) {
    const expected = `expected at most ${EXACT_VALUES_MAX} values beside a number that is not exact in a double`;
    throw new GatewayError('invalid_value', expected);
  }
  return checked(parseExactly(text), options);
}

/**
 * A ceiling lowers what was asked for rather than refusing it: it bounds the cost,
 * and `finish_reason: "length"` tells the client when it did.
 */
function outputTokens(body: ChatBody, ceiling: number): number | undefined {
  const asked = body.max_tokens ?? body.max_completion_tokens ?? undefined;
  return ceiling === 0 ? asked : Math.min(asked ?? ceiling, ceiling);
}

function reasoningFormat(body: ChatBody, header: string | null, byDefault: ReasoningFormat): ReasoningFormat {
  // Who says anywhere in the body that they don't want to see it doesn't see it.
  if (body.reasoning?.exclude === true || body.include_reasoning === false) return 'hidden';
  return body.reasoning_format ?? headerFormat(header) ?? byDefault;
}

function headerFormat(header: string | null): ReasoningFormat | undefined {
  return REASONING_FORMATS.find((format) => format === header);
}

function ignoredParams(body: ChatBody, extraParams: ReadonlySet<string>): string[] {
  return IGNORED_FIELDS.filter((name) => (body[name] ?? null) !== null && !extraParams.has(name));
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
