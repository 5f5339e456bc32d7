// Every bound on size and time that is not a setting, each with its reason. A
// bound that an operator may want to move is a setting: see settings.ts.

const KIB = 1024;
const MIB = 1024 * KIB;

/** The TTL of a cache entry. KV takes no expiration below 60 s; 30 days is this product's ceiling. */
export const CACHE_TTL_RANGE_SECONDS = { min: 60, max: 2_592_000 } as const;

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

/** How much of StepFun's own error text a client sees. */
export const UPSTREAM_MESSAGE_CHARS = 500;

/** How much of an error answer of StepFun's is read to find its message. */
export const UPSTREAM_ERROR_BODY_BYTES = 64 * KIB;

/** The longest id of a call of StepFun's (`X-Trace-Id`) that goes into the log; theirs have 32 characters. */
export const UPSTREAM_TRACE_ID_CHARS = 128;

/** How long an error answer's body is waited for: its status says most of it. */
export const UPSTREAM_ERROR_BODY_MS = 2_000;

/** One logged string: a stack trace fits, a prompt does not. */
export const LOG_STRING_CHARS = 2 * KIB;

/**
 * A completion read whole. 128k tokens of text are about 1 MiB; `n` choices with
 * logprobs multiply that. Rejected: 24 MiB, which parsed do not fit into an isolate's 128 MB.
 */
export const COMPLETION_BYTES = 16 * MIB;

/**
 * One SSE event, all its lines, in UTF-16 units. A chunk has some hundred; the largest
 * valid ones carry the arguments of a whole tool call.
 */
export const EVENT_CHARS = 1 * MIB;

/** The largest Retry-After of an upstream that is passed on. */
export const RETRY_AFTER_SECONDS_MAX = 600;

/** An issuer's JWKS: some ten keys of about 1 KiB each, with room for certificates. */
export const JWKS_BYTES = 256 * KIB;

/** How long an issuer may take for its JWKS before it counts as down. */
export const JWKS_TIMEOUT_MS = 5_000;

/** The JWKS is asked for at most this often, however many unknown `kid`s arrive. */
export const JWKS_INTERVAL_MS = 30_000;

/**
 * The first pause after a failed fetch while no key of the issuer is known; it doubles up
 * to JWKS_INTERVAL_MS. Until a fetch succeeds no user can come in.
 */
export const JWKS_RETRY_MS = 1_000;

/** After this time keys are fetched again, so that a withdrawn key is noticed; jose's own figure. */
export const JWKS_FRESH_MS = 600_000;

/** How far an issuer's clock may differ from ours (`nbf`, `exp`): "a few minutes" at most, says RFC 7519 §4.1.4. */
export const CLOCK_SKEW_SECONDS = 60;

/** Addresses of guessers that an isolate remembers: see access/guesses.ts. */
export const GUESSERS_REMEMBERED = 10_000;

/** Bearers that an isolate has accepted, 32 bytes each: they still pass while a guesser at the same address is refused. */
export const GOOD_BEARERS_REMEMBERED = 10_000;

/** The body of `POST /v1/session`: a Turnstile token and its quotes. */
export const SESSION_BODY_BYTES = 8 * KIB;

/** How long that body may take to arrive: then the answer is 408. */
export const SESSION_BODY_MS = 10_000;

/** Turnstile's own bound on its tokens, in characters. */
export const TURNSTILE_TOKEN_CHARS = 2_048;

/** Turnstile's tokens are valid for 5 minutes; a used one is remembered as long. */
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

/** How long an isolate knows an entry of the binding CLIENTS, or that there is none. */
export const CLIENT_FRESH_MS = 60_000;

/** While KV fails, an entry that was read within this time still serves. */
export const CLIENT_STALE_MS = 600_000;

/** After a failed or unfinished read of a known entry, KV is asked again after this time. */
export const CLIENT_RETRY_MS = 5_000;

/** How many entries of one kind (known, unknown) an isolate remembers. */
export const CLIENTS_REMEMBERED = 1_000;

/** KV answers in 1–50 ms when it knows the key nearby, and within 500 ms otherwise. */
export const CLIENT_READ_MS = 3_000;

/**
 * The tokens reserved for each choice of a request without `max_tokens`.
 * StepFun's own default is "no limit", and reserving all that is left would let each
 * client have one request at a time.
 */
export const OUTPUT_TOKENS_UNASKED = 32_768;

/** How many bytes of text are one token at least: English has 4, Chinese 3. */
export const TEXT_BYTES_PER_TOKEN = 3;

/** An image with `detail: low`, StepFun's default: "a token count around 400", with room for its frame. */
export const IMAGE_TOKENS_MAX = 1_000;

/**
 * An image with `detail: high`. The image processor of step-3.7 (open source, in
 * transformers) scales the longer side to 3,024 pixels and cuts it into tiles of 504: 36
 * tiles of 81 + 2 tokens, the whole image of 169 + 2, and 5 line ends are 3,164.
 */
export const DETAILED_IMAGE_TOKENS_MAX = 3_200;

/**
 * A video. StepFun's guide measures 24,064 tokens for 62 s of 4K video, 388 a second; it
 * recommends to stay under 5 minutes, and those are 116,400.
 */
export const VIDEO_TOKENS_MAX = 120_000;

/**
 * How many bytes of sound are one token at least. Step-Audio has 41.7 tokens a second
 * (16.7 semantic and 25 acoustic ones; Step-Audio 2 has 12.5), and MP3 has 1,000 bytes a
 * second at least (8 kbit/s).
 */
export const AUDIO_BYTES_PER_TOKEN = 24;

/** How much longer than a call may take its reservation is held: retries and clock differences. */
export const RESERVATION_GRACE_MS = 60_000;

/** How long a reservation waits for calls under way to end, where those have reserved what is left. */
export const RESERVATION_WAIT_MS = 2_000;

/** After this time a client may try again when calls under way have reserved what is left. */
export const RESERVED_RETRY_SECONDS = 5;

/** Lapsed reservations that one request folds into the total: reading a row costs some 3 µs. */
export const LAPSED_ROWS_MAX = 1_000;

/** How long a lookup waits for KV, which mostly answers in 1–50 ms: then asking StepFun is the better use of time. */
export const CACHE_READ_MS = 500;

/** A cache entry, which each hit reads whole. KV takes 25 MiB. */
export const CACHE_VALUE_BYTES = 16 * MIB;

/** The most used entries in an isolate's memory: a sixteenth of the 128 MB that it has. */
export const HOT_ENTRIES_BYTES = 8 * MIB;

/** The largest of them: one large entry must not replace all others. */
export const HOT_ENTRY_BYTES = 1 * MIB;

/** How long an isolate answers from its memory, which another location's refresh does not reach. */
export const HOT_ENTRY_MS = 30_000;

/** The texts of one choice of a stream that is collected for the cache, in UTF-16 units; longer answers are not stored. */
export const COLLECTED_CHARS = 1 * MIB;

/** How long a failed flight answers identical requests with its failure: many clients ask StepFun once a second at most. */
export const FLIGHT_FAILURE_MS = 1_000;

/** Choices of one answer that are kept track of: as many as MAX_CHOICES can allow. */
export const CHOICES_MAX = 128;

/** Tool calls of one choice that are kept track of; OpenAI allows 128 tools in a request. */
export const TOOL_CALLS_MAX = 1024;

/**
 * How much of a stream the runtime reads ahead of JavaScript: some fifteen events. Every
 * open stream holds this twice, and more saves next to nothing.
 */
export const READ_AHEAD_BYTES = 4 * KIB;

/**
 * How long a stream that has ended may take to end its HTTP body too, so that its connection
 * can serve again; and how long its last bytes have to leave before the cache works on it.
 */
export const LINGER_MS = 50;

/** How long a flight has to settle for a client that has left, before its Worker settles the estimate. */
export const FLIGHT_SETTLES_MS = 1_000;

/**
 * How long the Worker of a refresh waits: `waitUntil` ends 30 s after the answer, and the settlement needs
 * a moment, too. A flight goes on without it.
 */
export const REFRESH_MS = 25_000;

/**
 * How long one step of reading a request's body may take (see src/lib/bytes.ts), so
 * that a body which arrives too slowly ends as 408.
 */
export const REQUEST_BODY_MS = 10_000;

/**
 * How much of a refused body is read and discarded, so that its sender reads the answer. Four times
 * the default cap; a longer one is cut off.
 */
export const DRAINED_BYTES = 32 * MIB;

/** How long that may take. Without it, a caller that is refused could hold its request for half an hour. */
export const DRAIN_MS = 15_000;

/**
 * Items in one list of a request, messages aside: some hundred times what clients
 * send, and few enough that a list of invalid items costs milliseconds to refuse.
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

/** How often StepFun is called again for one request after a failure that may be gone a moment later. */
export const RETRIES_MAX = 2;

/** The longest pause before the first retry; it doubles. */
export const RETRY_BASE_MS = 250;

/** A call that fails later than this has had StepFun's work: it costs the prompt, and is not repeated. */
export const LATE_FAILURE_MS = 5_000;

/** The same after a refusal for concurrency, which ends when another answer does. */
export const CONCURRENCY_RETRIES_MAX = 3;

/** The longest pause before the first of them; it doubles. Three are at most 7 s: most answers end within that. */
export const CONCURRENCY_RETRY_BASE_MS = 1_000;

/** A `Retry-After` up to this is waited for here; a longer one is passed on to the client. */
export const RETRY_AFTER_HONOURED_SECONDS = 2;

/** How much longer than its own clocks a flight may take; then its callers ask StepFun directly. */
export const FLIGHT_GRACE_MS = 1_000;

/** How much of a path that no route takes is logged. */
export const PATH_LOGGED_CHARS = 128;
/**
 * The window in which StepFun counts requests and tokens a minute, sliding. 60 s exactly were
 * refused: the clocks and the network's delay differ between two requests.
 */
export const GATE_WINDOW_MS = 60_500;

/** StepFun notices a call that was cut off this late: until then its slot is still taken there. */
export const GATE_CUT_MS = 150;

/** After a restart of the gate's object, holders of slots report within this time before a new one is granted. */
export const GATE_RESTART_MS = 150;

/** A gate that does not answer within this time is passed by. It answers within milliseconds. */
export const GATE_SILENCE_MS = 1_000;

/** How long after a refusal one more request than the learned limit is tried; doubled after each one that fails. */
export const GATE_PROBE_MS = 1_000;
export const GATE_PROBE_MAX_MS = 8_000;

/** How long a limit that a refusal states is used. */
export const GATE_LEARNED_MS = 600_000;

/** The assumed duration of an answer until the first one has ended, for estimates of `Retry-After` alone. */
export const GATE_ANSWER_MS = 5_000;
