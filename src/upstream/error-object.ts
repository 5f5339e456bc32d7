// StepFun's error objects: `{"error":{"message","type"}}`, and the forms that other
// servers of this API use. Pure: text in, data out; what the data means to a client
// is decided in upstream-error.ts.

import type { StatedLimit } from '../http/errors.ts';
import { field, isObject, parseJson } from '../lib/json.ts';

export interface ErrorObject {
  /** Whether the text is a JSON object: a wrong path answers with text or HTML. */
  readonly isJson: boolean;
  /** Whether that object has something in `error`. */
  readonly hasError: boolean;
  /** StepFun's own words. They may quote the prompt: never for the log. */
  readonly message: string;
  readonly type: string | null;
  readonly code: string | null;
  /** The status that the object states, as a number or in words; null: none. */
  readonly status: number | null;
}

const NO_OBJECT: ErrorObject = {
  isJson: false,
  hasError: false,
  message: '',
  type: null,
  code: null,
  status: null,
};

/** @param text - a body or an event's data, any text; null: there was none. */
export function parseErrorObject(text: string | null): ErrorObject {
  const value = text === null ? null : parseJson(text);
  if (!isObject(value)) return NO_OBJECT;
  const error = field(value, 'error') ?? '';
  const messages = [field(error, 'message'), error, field(value, 'message')];
  const inner = typeof error === 'object' ? error : value;
  return {
    isJson: true,
    hasError: error !== '',
    message:
      messages.find((message): message is string => typeof message === 'string' && message !== '') ?? '',
    type: identifier(field(inner, 'type')),
    code: identifier(field(inner, 'code')),
    status: statusIn(inner, value),
  };
}

/** Types and codes are identifiers. What is not could quote a prompt, and is left out. */
function identifier(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value) ? value : null;
}

/** Words in an error's `type` or `code`, and the status that each means; the most exact first. */
const STATUS_OF_WORDS: readonly (readonly [RegExp, number])[] = [
  [/censor|content.?(filter|polic|risk|moderat)|sensitive|moderation/i, 451],
  [/balance|billing|payment|quota/i, 402],
  [/auth|api.?key|permission|forbidden/i, 401],
  [/rate.?limit|too.?many|throttl/i, 429],
  [/unavailable|overload|internal|server|timeout|engine/i, 503],
  [/not.?found/i, 404],
  [/invalid|bad.?request|param|unsupported|too.?(long|large)|context.?length/i, 400],
];

function statusIn(...objects: readonly unknown[]): number | null {
  const values = objects.flatMap((object) =>
    ['status', 'status_code', 'http_status', 'code', 'type'].map((name) => field(object, name)),
  );
  for (const value of values) {
    const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
    if (typeof status === 'number' && status >= 400 && status < 600) return status;
  }
  for (const [pattern, status] of STATUS_OF_WORDS) {
    if (values.some((value) => typeof value === 'string' && pattern.test(value))) return status;
  }
  return null;
}

/**
 * `model "x" does not exist`, `model x is not available`, `The model x was not found`. The time is linear
 * in the text's length: the text may quote a prompt.
 */
const MODEL_IS_MISSING: readonly RegExp[] = [
  /\bmodel\b:?(?: id| name)?(?:\s*[^\s,;]{1,128})?\s*(?:is |was |does |could |can)?(?:not|n't|no longer) (?:be )?(?:found|exists?|available)\b/i,
  // "is not supported" also ends sentences about a model's parameters: here it must end the sentence.
  /\bmodel\b:?(?:\s*[^\s,;]{1,128})?\s*is not (?:allowed|supported|permitted)\s*(?:[.,;!]|$)/i,
  /\b(?:unknown|no such|nonexistent) model\b/i,
  /\b(?:invalid|unsupported) model(?: id| name)?\s*(?:[.,:;!]|$)/i,
  /\baccess to (?:the |this )?model\b/i,
  /模型.{0,128}(?:不存在|未找到|找不到|不可用)/,
];

/** @returns whether an error object states that the requested model does not exist or is not allowed. */
export function namesMissingModel({ message, type, code }: ErrorObject): boolean {
  return (
    /model_?(?:not_?(?:found|exist|available|allowed)|invalid)|(?:invalid|unknown)_?model/i.test(
      `${type} ${code}`,
    ) || MODEL_IS_MISSING.some((pattern) => pattern.test(message))
  );
}

/** A refusal, with the account's use at that time; null where the text has none. */
export interface RateLimitText extends StatedLimit {
  readonly current: number | null;
}

/** @param message - of a 429, as `request limited RPM reached, current: 11, limit: 10. Please top up …`. */
export function parseRateLimit(message: string): RateLimitText {
  const kind = /\b(concurrency|rpm|tpm)\b/i.exec(message)?.[1]?.toLowerCase();
  return {
    kind: kind === 'concurrency' || kind === 'rpm' || kind === 'tpm' ? kind : 'unknown',
    limit: numberAfter('limit', message),
    current: numberAfter('current', message),
  };
}

function numberAfter(name: string, message: string): number | null {
  const digits = new RegExp(String.raw`\b${name}\s*[:=]\s*(\d{1,12})\b`, 'i').exec(message)?.[1];
  return digits === undefined ? null : Number(digits);
}
