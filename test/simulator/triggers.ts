// Triggers: instructions that a test writes into the last user message, "simulate …". A gateway forwards no
// unknown header and no unknown field, but it forwards the user's text. README.md lists them all.

import { LIMIT_KINDS } from './errors.ts';
import type { LimitKind } from './errors.ts';

export const DIALECTS = ['2026', '2024'] as const;
/** The year whose stream format is used. */
export type Dialect = (typeof DIALECTS)[number];

/** A fault within a body. */
export interface Fault {
  readonly kind: 'truncated' | 'error' | 'garbage' | 'reset' | 'stall' | 'pings';
  /** The number of events before it; `finish`: all of them, without the sentinel; null: half of them. */
  readonly after: number | 'finish' | null;
  /** The status of an error event. */
  readonly status: number;
}

/** An error answer. */
export interface ForcedError {
  readonly status: number;
  /** How many times in a row before the same request succeeds; Infinity: always. */
  readonly times: number;
  /** The header `Retry-After`; null: none. */
  readonly retryAfter: string | null;
  /** Whether the message contains the caller's key, as with some APIs. */
  readonly namesKey: boolean;
  /** Whether the envelope is sent with status 200. */
  readonly as200: boolean;
  /** The limit that a 429 names; null: concurrency. */
  readonly limit: LimitKind | null;
  /** Whether a 429 tells where to top up. */
  readonly isTrial: boolean;
}

const TOOL_PIECES = [
  'with index',
  'under one index',
  'with id',
  'without id',
  'with empty strings',
  'with late id',
  'never with id',
  'in one piece',
] as const;
const REASONING_NAMES = ['both', 'reasoning', 'reasoning_content'] as const;

export interface Plan {
  /** The message without its triggers. */
  readonly text: string;
  readonly dialect: Dialect;
  readonly error: ForcedError | null;
  readonly fault: Fault | null;
  /** `[DONE]` as it should be, not at all, or without its blank line. */
  readonly sentinel: 'sent' | 'missing' | 'unterminated';
  /** A body of the wrong type with status 200. */
  readonly wrongBody: 'html' | 'type' | null;
  readonly finishReason: string | null;
  readonly toolPieces: (typeof TOOL_PIECES)[number];
  /** null: as many as the prompt names. */
  readonly toolCalls: number | null;
  readonly reasoning: boolean;
  /** The field names that reasoning has; null: the dialect's. */
  readonly reasoningNames: (typeof REASONING_NAMES)[number] | null;
  readonly usage: boolean;
  readonly cachedTokens: number | null;
  /** Whether cached tokens are told in `prompt_tokens_details` only. */
  readonly cachedInDetails: boolean;
  /** A text of exactly so many tokens. */
  readonly textTokens: number | null;
  readonly tokensPerChunk: number;
  readonly paceMs: number | null;
  readonly delayMs: number;
}

const TEXT_TOKENS_MAX = 1_000_000;
const DELAY_MS_MAX = 600_000;

/**
 * @param message - the last user message's text.
 * @param defaultDialect - used unless a trigger names another one.
 */
export function parsePlan(message: string, defaultDialect: Dialect): Plan {
  let text = message;
  const take = (pattern: RegExp): readonly (string | undefined)[] => {
    const match = pattern.exec(text);
    if (match === null) return [];
    text = text.replace(match[0], ' ');
    return match;
  };
  const has = (pattern: RegExp): boolean => take(pattern).length > 0;
  const takeNumber = (pattern: RegExp, max: number): number | null => {
    const [, digits] = take(pattern);
    return digits === undefined ? null : Math.min(Number(digits), max);
  };
  const takeOneOf = <T extends string>(words: readonly T[], before: string, after = ''): T | null => {
    const match = take(new RegExp(`\\bsimulate ${before}(${words.join('|')})${after}\\b`, 'i'));
    return words.find((word) => word === match[1]?.toLowerCase()) ?? null;
  };

  const dialect = takeOneOf(DIALECTS, 'dialect ') ?? defaultDialect;
  const cached = take(/\bsimulate cached (\d+)( in details)?/i);
  const plan = {
    dialect,
    error: parseError(take(ERROR)),
    fault: parseFault(
      take(
        /\bsimulate (truncated|error mid-stream|garbage|reset|stall|pings)(?: ([45]\d\d))?(?: after (\d+|finish))?/i,
      ),
    ),
    sentinel: takeOneOf(['sent', 'missing', 'unterminated'], '', ' done') ?? 'sent',
    wrongBody: has(/\bsimulate html/i) ? 'html' : has(/\bsimulate wrong type/i) ? 'type' : null,
    finishReason: take(/\bsimulate finish (\w+)/i)[1] ?? null,
    toolPieces: takeOneOf(TOOL_PIECES, 'tool pieces ') ?? (dialect === '2026' ? 'with index' : 'with id'),
    toolCalls: takeNumber(/\bsimulate (\d+) tool calls?/i, 32),
    reasoning: !has(/\bsimulate no reasoning/i),
    reasoningNames: takeOneOf(['both', 'reasoning_content', 'reasoning'], 'reasoning as '),
    usage: !has(/\bsimulate no usage/i),
    cachedTokens: cached[1] === undefined ? null : Number(cached[1]),
    cachedInDetails: cached[2] !== undefined,
    tokensPerChunk: takeNumber(/\bsimulate (\d+) tokens per chunk/i, TEXT_TOKENS_MAX) ?? 1,
    textTokens: takeNumber(/\bsimulate (\d+) tokens/i, TEXT_TOKENS_MAX),
    paceMs: takeNumber(/\bsimulate pace (\d+)/i, DELAY_MS_MAX),
    delayMs: takeNumber(/\bsimulate delay (\d+)/i, DELAY_MS_MAX) ?? 0,
  } as const;
  return { ...plan, text: text === message ? text : text.replace(/[\s;,.]+$/, '').trimStart() };
}

const ERROR =
  /\bsimulate error ([45]\d\d)((?: (?:once|twice|\d+ times|retry-after \S+|naming the key|as 200|concurrency|rpm|tpm|with top-up))*)/i;

function parseError([, status, options = '']: readonly (string | undefined)[]): ForcedError | null {
  if (status === undefined) return null;
  const times = /once|twice|(\d+) times/i.exec(options);
  const limit = /\b(?:concurrency|rpm|tpm)\b/i.exec(options)?.[0].toLowerCase();
  return {
    status: Number(status),
    times: times === null ? Infinity : Number(times[1] ?? (times[0].toLowerCase() === 'once' ? 1 : 2)),
    retryAfter: /retry-after (\S+?)[.,;!?]?(?:\s|$)/i.exec(options)?.[1] ?? null,
    namesKey: /naming the key/i.test(options),
    as200: /as 200/i.test(options),
    limit: LIMIT_KINDS.find((kind) => kind.toLowerCase() === limit) ?? null,
    isTrial: /with top-up/i.test(options),
  };
}

function parseFault([, kind, status, after]: readonly (string | undefined)[]): Fault | null {
  if (kind === undefined) return null;
  return {
    kind: kind.toLowerCase().replace(' mid-stream', '') as Fault['kind'],
    after: after === undefined ? null : after.toLowerCase() === 'finish' ? 'finish' : Number(after),
    status: Number(status ?? 500),
  };
}
