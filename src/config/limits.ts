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

/**
 * How many values a request may hold. Parsed, one takes 100 bytes or more, and 8 MiB have
 * room for four million of them: some such requests at once would end the isolate, which
 * has 128 MB. Long histories have ten thousand, a hundred tools some thousand.
 */
export const VALUES_MAX = 250_000;

/**
 * How many of them where it has to be read again for the sake of inexact numbers: that
 * costs 3 µs each, so VALUES_MAX of them would take most of a second.
 */
export const EXACT_VALUES_MAX = 100_000;

/**
 * How many issues one `invalid_value` answer spells out. Then checking stops, since
 * a hostile body holds millions, and the answer says that there are more.
 */
export const ISSUES_SHOWN_MAX = 20;

/** How many different names `X-Ignored-Params` lists: with names of 128 characters, 4 KiB of headers. */
export const IGNORED_PARAMS_MAX = 32;

/** One name in `X-Ignored-Params`, in characters: all names that clients are known to send are shorter. */
export const IGNORED_PARAM_CHARS = 128;

/**
 * Unknown top-level fields that are compared with the known names ("did you mean …?"). One name
 * costs up to 0.1 ms, and a body has room for 100,000 of them. Clients send ten at most.
 */
export const UNKNOWN_FIELDS_MAX = 256;

/** A message's cap in an error of ours: long enough to help, short enough to read. */
export const ERROR_MESSAGE_CHARS = 4 * KIB;

/** How much of StepFun's own error text a client sees (the contract's figure). */
export const UPSTREAM_MESSAGE_CHARS = 500;

/** How much of an error answer of StepFun's is read to find its message. */
export const UPSTREAM_ERROR_BODY_BYTES = 64 * KIB;

/** How long an error answer's body is waited for: its status says most of it. */
export const UPSTREAM_ERROR_BODY_MS = 2_000;

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

/** An issuer's JWKS: some ten keys of about 1 KiB each, with room for certificates. */
export const JWKS_BYTES = 256 * KIB;

/** How long an issuer may take for its JWKS before it counts as down. */
export const JWKS_TIMEOUT_MS = 5_000;

/** The JWKS is asked for at most this often, however many unknown `kid`s arrive. */
export const JWKS_INTERVAL_MS = 30_000;

/** After this a key that the issuer has withdrawn is noticed; jose's own figure. */
export const JWKS_FRESH_MS = 600_000;

/** How far an issuer's clock may run ahead of ours (`nbf`); `exp` gets no leeway. */
export const CLOCK_SKEW_SECONDS = 5;

/** The body of `POST /v1/session`: a Turnstile token and its quotes. */
export const SESSION_BODY_BYTES = 8 * KIB;

/** How long that body may take to arrive (the contract's 408). */
export const SESSION_BODY_MS = 10_000;

/** Turnstile's own bound on its tokens, in characters. */
export const TURNSTILE_TOKEN_CHARS = 2_048;

/** Turnstile's tokens are valid for 5 minutes: so long is a used one remembered. */
export const TURNSTILE_TOKEN_MS = 300_000;

/** How many used Turnstile tokens an isolate remembers, 32 bytes each and their overhead. */
export const TURNSTILE_TOKENS_REMEMBERED = 10_000;

/** Siteverify's answer has some 300 bytes. */
export const SITEVERIFY_BYTES = 16 * KIB;

export const SITEVERIFY_TIMEOUT_MS = 5_000;

/** The longest period of Workers' rate limit binding: after it, every request counts anew. */
export const RATE_LIMIT_PERIOD_SECONDS = 60;

/** A binding that hangs longer than this has failed. Both answer within milliseconds. */
export const RATE_LIMIT_TIMEOUT_MS = 1_000;
export const BUDGET_TIMEOUT_MS = 5_000;

/**
 * What a request that names no `max_tokens` reserves of a token budget, each
 * choice: StepFun's own default is "no limit", and reserving all that is left
 * would let each client have one request at a time.
 */
export const OUTPUT_TOKENS_UNASKED = 32_768;

/** How much longer than a call may take its reservation is held: retries and clock differences. */
export const RESERVATION_GRACE_MS = 60_000;

/** How long a lookup waits for KV, which mostly answers in 1–50 ms: then asking StepFun is the better use of time. */
export const CACHE_READ_MS = 500;

/** KV's own bound on a value. */
export const CACHE_VALUE_BYTES = 25 * MIB;

/** The hottest entries in an isolate's memory: a sixteenth of the 128 MB that it has. */
export const MEMORY_BYTES = 8 * MIB;

/** The largest of them: one giant must not drive out everything else. */
export const MEMORY_ENTRY_BYTES = 1 * MIB;

/** How long an isolate's memory may answer what another location has refreshed since; a flight's is another isolate's. */
export const MEMORY_MS = 30_000;

/** A stream is gathered for the cache up to this size; beyond it, it is not stored. */
export const GATHER_BYTES = 1 * MIB;

/** For so long a failed flight answers those who ask the same: nobody asks StepFun again in a storm. */
export const FLIGHT_FAILURE_MS = 1_000;

/** Choices of one answer that are kept track of: as many as MAX_CHOICES can allow. */
export const CHOICES_MAX = 128;

/** Tool calls of one choice that are kept track of; OpenAI allows 128 tools in a request. */
export const TOOL_CALLS_MAX = 1024;

/**
 * How much of a stream the runtime gathers ahead of the relay's next read: some
 * fifteen events. More is paid by every open stream, twice, and saves next to nothing.
 */
export const RESERVOIR_BYTES = 4 * KIB;

/**
 * How long a stream that has ended may take to end its HTTP body too, so that its connection
 * can serve again; and how long its last bytes have to leave before the cache works on it.
 */
export const LINGER_MS = 50;

/**
 * How long one step of reading a request's body may take (see src/lib/bytes.ts), so
 * that a body which trickles ends as 408.
 */
export const REQUEST_BODY_MS = 10_000;

/**
 * How much of a refused body is let come, so that its sender reads the answer. Twice
 * the common cap and more; beyond it the connection is cut.
 */
export const DRAINED_BYTES = 32 * MIB;

/**
 * Items in one list of a request, messages aside: some hundred times what clients
 * send, and little enough that a list of rubbish costs milliseconds to refuse.
 */
export const LIST_ITEMS_MAX = 4_096;

/** How much of a name that the client chose is repeated in an error. */
export const ECHO_CHARS = 64;

/** For so long StepFun's list of models is not asked for again: a new model is there within minutes. */
export const MODELS_FRESH_MS = 600_000;

/** After a failed or hanging call for the list, the known list serves for so long without another call. */
export const MODELS_RETRY_MS = 30_000;

/** How long StepFun may take for it; a picker is waiting, and a list is known here. */
export const MODELS_TIMEOUT_MS = 5_000;

/** Some thousand models. */
export const MODELS_BYTES = 256 * KIB;

/** How often StepFun is asked again for one request. */
export const RETRIES_MAX = 2;

/** The longest pause before the first retry; it doubles. */
export const RETRY_BASE_MS = 250;

/** A `Retry-After` up to this is waited for here; a longer one is the client's to wait. */
export const RETRY_AFTER_HONOURED_SECONDS = 2;
