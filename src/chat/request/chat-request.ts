// A chat request: from the bytes of its body to what the gateway needs to know about
// it, the request for StepFun, and the form that the cache's key is made of.

import type { Config, ReasoningFormat } from '../../config/config.ts';
import { ECHO_CHARS, EXACT_VALUES_MAX, VALUES_MAX } from '../../config/limits.ts';
import { GatewayError } from '../../http/errors.ts';
import type { PromptSize } from '../../http/reservation.ts';
import { joinText } from '../../lib/bytes.ts';
import { type ChatBody, FIELDS } from './fields.ts';
import { isObject } from '../../lib/json.ts';
import {
  decodeJson,
  hasInexactNumber,
  holdsMoreValues,
  parseExactly,
  parseRequestJson,
  sortedJson,
} from './strict-json.ts';
import { isRemote } from './media.ts';
import { mediaOf } from './messages.ts';
import { type MarkedJson, putBackPayloads, takeOutPayloads } from './payloads.ts';
import { promptSizeOf } from './prompt-size.ts';
import { isReasoningFormat, resolveReasoning } from './reasoning-options.ts';
import { checkRequest, type CheckedRequest } from './schema.ts';
import { answerFields, fieldsText, headText } from './upstream-body.ts';

export interface ChatRequest {
  readonly model: string;
  /** Whether the client wants an event stream. */
  readonly stream: boolean;
  /** Whether the stream has to end with a chunk for the usage (`stream_options`). */
  readonly includeUsage: boolean;
  /** How many answers (`n`). */
  readonly choices: number;
  /** For each choice: what the client asked for, within MAX_OUTPUT_TOKENS. */
  readonly maxTokens: number | undefined;
  readonly reasoningFormat: ReasoningFormat;
  /** Fields that were left out, as `messages[].cache_control`: ASCII, for `X-Ignored-Params`. */
  readonly ignoredParams: readonly string[];
  /** Fields that were changed, as `max_tokens=1000`: ASCII, for `X-Adjusted-Params`. */
  readonly adjustedParams: readonly string[];
  /** Whether StepFun has to fetch images or videos, which may change behind their URLs. */
  readonly remoteMedia: boolean;
  /** @returns how much StepFun has to read, for an estimate of the cost. */
  promptSize(): PromptSize;
  /** @returns the JSON for StepFun. */
  upstreamBody(overrides?: UpstreamOverrides): Uint8Array;
  /**
   * @returns the canonical form, in parts that belong together: the same bytes for
   *   two requests if, and only if, StepFun would be asked the same, whether the answer
   *   is streamed or not.
   */
  canonical(): readonly (string | Uint8Array)[];
}

export interface UpstreamOverrides {
  /** A lower `max_tokens`, as a token budget may require it. */
  readonly maxTokens?: number;
  /** Sent only where nothing is rewritten on the way back (`RELAY=native`). */
  readonly reasoningFormat?: 'general' | 'deepseek-style';
  /** For an answer that the cache needs whole although this client reads a stream. */
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
  const request = parseAroundPayloads(bytes, options);
  if (request !== null) return request;
  const whole = parseMarkedJson({ text: decodeJson(bytes), payloads: new Map() }, options);
  if (whole === null) throw new TypeError('A request without payloads has none to put back.');
  return whole;
}

/** @returns null if the request has no long payload, or has to be read whole. */
function parseAroundPayloads(bytes: Uint8Array, options: ChatRequestOptions): ChatRequest | null {
  try {
    const marked = takeOutPayloads(bytes);
    return marked && parseMarkedJson(marked, options);
  } catch {
    // Reading the request whole reports what is wrong: no mark may appear in an error.
    return null;
  }
}

/**
 * @returns null if a payload cannot be put back.
 * @throws {GatewayError} as `parseChatRequest`.
 */
function parseMarkedJson({ text, payloads }: MarkedJson, options: ChatRequestOptions): ChatRequest | null {
  const { body, extra, ignoredParams } = parseBody(text, options);
  requireAllowedModel(body.model, options.chat.allowedModels);
  const media = mediaOf(body.messages);
  const head = putBackPayloads(headText(body), payloads, media);
  if (head === null) return null;

  const stream = body.stream === true;
  const limit = outputLimit(body, options.chat.maxOutputTokens);
  const reasoning = resolveReasoning(body, formatHeader(options), options.chat.defaultReasoningFormat);
  const { deciding, defaults } = answerFields(body, reasoning.effort, extra);
  const canonical = () => [...head, fieldsText({ ...deciding, max_tokens: limit.maxTokens }, sortedJson)];

  return {
    model: body.model,
    stream,
    includeUsage: stream && body.stream_options?.include_usage === true,
    choices: body.n ?? 1,
    maxTokens: limit.maxTokens,
    reasoningFormat: reasoning.format,
    ignoredParams: [...ignoredParams, ...reasoning.ignoredParams],
    adjustedParams: [...reasoning.adjustedParams, ...limit.adjustedParams],
    remoteMedia: media.some(isRemote),
    promptSize: () => promptSizeOf(body.messages, payloads, joinText(canonical()).length),
    upstreamBody(overrides = {}) {
      const tail = {
        ...deciding,
        max_tokens: overrides.maxTokens ?? limit.maxTokens,
        ...defaults,
        reasoning_format: overrides.reasoningFormat,
        stream: (overrides.stream ?? stream) || undefined,
      };
      return joinText([...head, `${fieldsText(tail, JSON.stringify)}}`]);
    },
    canonical,
  };
}

function parseBody(text: string, options: ChatRequestOptions): CheckedRequest {
  const value = parseBoundedJson(text);
  const checked = checkValue(value, options);
  const { tools, response_format, audio } = checked.body;
  if (!hasInexactNumber([tools, response_format, audio, checked.extra])) return checked;
  if (holdsMoreValues(text, EXACT_VALUES_MAX)) {
    const expected = `expected at most ${EXACT_VALUES_MAX} values beside a number that is not exact in a double`;
    throw new GatewayError('invalid_value', expected);
  }
  // Fields that have to be numbers keep the number that was checked.
  const numbers = Object.entries(isObject(value) ? value : {}).filter(
    ([name, field]) => typeof field === 'number' && Object.hasOwn(FIELDS, name),
  );
  return checkValue(Object.assign(parseDeep(text), Object.fromEntries(numbers)), options);
}

/** The reviver of `parseExactly` recurses, also over fields that are left out and may have any depth. */
function parseDeep(text: string): object {
  try {
    return parseExactly(text) ?? {};
  } catch (cause) {
    const expected = 'expected fewer levels of nesting beside a number that is not exact in a double';
    throw new GatewayError('invalid_value', expected, { cause });
  }
}

/** The values are counted before the text is parsed: afterwards the memory is used already. */
function parseBoundedJson(text: string): unknown {
  // A value and its separator are at least two characters: shorter texts hold no more.
  if (text.length > 2 * VALUES_MAX && holdsMoreValues(text, VALUES_MAX)) {
    throw new GatewayError('invalid_value', `expected at most ${VALUES_MAX} values`);
  }
  return parseRequestJson(text);
}

function checkValue(value: unknown, { chat, reasoningHeader }: ChatRequestOptions): CheckedRequest {
  const isWrong = reasoningHeader !== null && !isReasoningFormat(reasoningHeader);
  const message = 'expected one of general, deepseek-style, hidden';
  return checkRequest(value, chat, isWrong ? [{ path: ['X-Reasoning-Format'], message }] : []);
}

function formatHeader({ reasoningHeader }: ChatRequestOptions) {
  return reasoningHeader !== null && isReasoningFormat(reasoningHeader) ? reasoningHeader : null;
}

function requireAllowedModel(model: string, allowed: ReadonlySet<string>): void {
  if (allowed.size === 0 || allowed.has(model)) return;
  const name = JSON.stringify(model.slice(0, ECHO_CHARS));
  const message = `The model ${name} does not exist here: GET /v1/models lists the models.`;
  throw new GatewayError('model_not_found', message, { param: 'model' });
}

/**
 * A ceiling lowers the limit and does not refuse the request: it bounds the cost, and
 * `finish_reason: "length"` tells the client when it had an effect.
 */
function outputLimit(body: ChatBody, ceiling: number) {
  const asked = body.max_tokens ?? body.max_completion_tokens ?? undefined;
  if (ceiling === 0 || (asked !== undefined && asked <= ceiling)) {
    return { maxTokens: asked, adjustedParams: [] };
  }
  return { maxTokens: ceiling, adjustedParams: [`max_tokens=${ceiling}`] };
}
