// Every bound on size and time that is not a setting, each with its reason. A
// bound that an operator may want to move is a setting and stands in config.ts.

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * How deep arrays and objects may nest in the free-form parts of a request.
 * JSON.stringify recurses and throws RangeError at some ten thousand levels;
 * real JSON schemas stay below 20.
 */
export const JSON_DEPTH_MAX = 128;

/** How many issues one `invalid_value` answer spells out; the rest is counted. */
export const ISSUES_SHOWN_MAX = 20;

/** A message's cap in an error of ours: long enough to help, short enough to read. */
export const ERROR_MESSAGE_CHARS = 4 * KIB;

/** How much of StepFun's own error text a client sees (the contract's figure). */
export const UPSTREAM_MESSAGE_CHARS = 500;

/** How much of an error answer of StepFun's is read to find its message. */
export const UPSTREAM_ERROR_BODY_BYTES = 64 * KIB;

/** One logged string: a stack trace fits, a prompt does not. */
export const LOG_STRING_CHARS = 2 * KIB;

/**
 * A completion read whole. 128k tokens of text are about 1 MiB; `n` choices with
 * logprobs multiply that. Beyond it an upstream is broken or hostile.
 */
export const COMPLETION_BYTES = 32 * MIB;

/**
 * One SSE event (its lines together). A chunk is some hundred bytes; the largest
 * honest ones carry a whole tool call's arguments.
 */
export const EVENT_BYTES = 1 * MIB;

/** What an upstream may ask us to wait is passed on within these seconds. */
export const RETRY_AFTER_SECONDS_MAX = 600;
