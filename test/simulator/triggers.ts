// Wishes that a test writes into the last user message: "simulate …". A gateway
// forwards no stray header and no unknown field, but it forwards what the user says.
// README.md lists them all.

/** How a stream or a body breaks, and after how many chunks (null: half-way). */
export interface Break {
  readonly kind: 'truncated' | 'error' | 'garbage' | 'reset' | 'stall' | 'pings';
  readonly after: number | null;
  /** Of an error in the middle: which one. */
  readonly status: number;
}

export interface Refusal {
  readonly status: number;
  /** How often in a row, before the same request succeeds; Infinity: always. */
  readonly times: number;
  /** The header `Retry-After`; null: none. */
  readonly retryAfter: string | null;
  /** Whether the message names the caller's key, as some APIs do. */
  readonly namesKey: boolean;
  /** Whether the envelope comes with status 200. */
  readonly as200: boolean;
}

const TOOL_PIECES = ['with id', 'without id', 'with empty strings', 'in one piece'] as const;

export interface Plan {
  /** The message without its triggers: what the answer is about. */
  readonly text: string;
  readonly refusal: Refusal | null;
  readonly break: Break | null;
  /** `[DONE]` as it should be, not at all, or without its blank line. */
  readonly sentinel: 'sent' | 'missing' | 'unterminated';
  /** A body of the wrong kind with status 200. */
  readonly wrongBody: 'html' | 'kind' | null;
  readonly finish: string | null;
  readonly toolPieces: (typeof TOOL_PIECES)[number];
  readonly toolCalls: number;
  readonly reasoning: boolean;
  readonly usage: boolean;
  readonly cachedTokens: number | null;
  /** A text of exactly so many tokens. */
  readonly textTokens: number | null;
  readonly paceMs: number | null;
  readonly delayMs: number;
}

const TEXT_TOKENS_MAX = 1_000_000;
const DELAY_MS_MAX = 600_000;

/** @param message - the last user message's text. */
export function readPlan(message: string): Plan {
  let text = message;
  const take = (pattern: RegExp): readonly (string | undefined)[] => {
    const found = pattern.exec(text);
    if (found === null) return [];
    text = text.replace(found[0], ' ');
    return found;
  };
  const takes = (pattern: RegExp): boolean => take(pattern).length > 0;
  const takeNumber = (pattern: RegExp, max: number): number | null => {
    const [, digits] = take(pattern);
    return digits === undefined ? null : Math.min(Number(digits), max);
  };
  const takeOneOf = <T extends string>(
    words: readonly T[],
    before: string,
    after: string,
    byDefault: T,
  ): T => {
    const said = take(new RegExp(`\\bsimulate ${before}(${words.join('|')})${after}`, 'i'))[1]?.toLowerCase();
    return words.find((word) => word === said) ?? byDefault;
  };

  const plan = {
    refusal: readRefusal(
      take(
        /\bsimulate error ([45]\d\d)((?: (?:once|twice|\d+ times|retry-after \S+|naming the key|as 200))*)/i,
      ),
    ),
    break: readBreak(
      take(
        /\bsimulate (truncated|error mid-stream|garbage|reset|stall|pings)(?: ([45]\d\d))?(?: after (\d+))?/i,
      ),
    ),
    sentinel: takeOneOf(['sent', 'missing', 'unterminated'], '', ' done', 'sent'),
    wrongBody: takes(/\bsimulate html/i) ? 'html' : takes(/\bsimulate wrong kind/i) ? 'kind' : null,
    finish: take(/\bsimulate finish (\w+)/i)[1] ?? null,
    toolPieces: takeOneOf(TOOL_PIECES, 'tool pieces ', '', 'with id'),
    toolCalls: takeNumber(/\bsimulate (\d+) tool calls?/i, 32) ?? 1,
    reasoning: !takes(/\bsimulate no reasoning/i),
    usage: !takes(/\bsimulate no usage/i),
    cachedTokens: takeNumber(/\bsimulate cached (\d+)/i, Number.MAX_SAFE_INTEGER),
    textTokens: takeNumber(/\bsimulate (\d+) tokens/i, TEXT_TOKENS_MAX),
    paceMs: takeNumber(/\bsimulate pace (\d+)/i, DELAY_MS_MAX),
    delayMs: takeNumber(/\bsimulate delay (\d+)/i, DELAY_MS_MAX) ?? 0,
  } as const;
  return { ...plan, text: text === message ? text : text.replace(/[\s;,.]+$/, '').trimStart() };
}

function readRefusal([, status, options = '']: readonly (string | undefined)[]): Refusal | null {
  if (status === undefined) return null;
  const times = /once|twice|(\d+) times/i.exec(options);
  const retryAfter = /retry-after (\S+?)[.,;!?]?(?:\s|$)/i.exec(options)?.[1] ?? null;
  return {
    status: Number(status),
    times: times === null ? Infinity : Number(times[1] ?? (times[0].toLowerCase() === 'once' ? 1 : 2)),
    retryAfter: retryAfter ?? (status === '429' ? '1' : null),
    namesKey: /naming the key/i.test(options),
    as200: /as 200/i.test(options),
  };
}

function readBreak([, kind, status, after]: readonly (string | undefined)[]): Break | null {
  if (kind === undefined) return null;
  return {
    kind: kind.toLowerCase().replace(' mid-stream', '') as Break['kind'],
    after: after === undefined ? null : Number(after),
    status: Number(status ?? 500),
  };
}
