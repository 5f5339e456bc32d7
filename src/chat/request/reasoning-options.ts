// How a request asks for reasoning: StepFun's own fields, OpenRouter's `reasoning`
// object, and the values that other services take for the same fields.

import type { ReasoningFormat } from '../../config/config.ts';
import { REASONING_EFFORTS, reasoningEfforts, type ReasoningEffort } from '../../upstream/models.ts';
import type { ChatBody } from './fields.ts';

/** Values of `reasoning_effort` at OpenAI and OpenRouter, and the nearest of StepFun's. */
const EFFORTS_ELSEWHERE = { none: 'low', minimal: 'low', xhigh: 'high', max: 'high' } as const;

/** Values of `reasoning_format` at Groq and others; null: the same as absent. */
const FORMATS_ELSEWHERE = { deepseek: 'deepseek-style', auto: null, parsed: null } as const;

export const EFFORT_VALUES = [...REASONING_EFFORTS, 'none', 'minimal', 'xhigh', 'max', 'auto'] as const;
export const FORMAT_VALUES = ['general', 'deepseek-style', 'hidden', 'deepseek', 'auto', 'parsed'] as const;

type FormatValue = (typeof FORMAT_VALUES)[number];

export interface Reasoning {
  /** The `reasoning_effort` to send. */
  readonly effort: ReasoningEffort | undefined;
  readonly format: ReasoningFormat;
  /** As for `X-Adjusted-Params`. */
  readonly adjustedParams: readonly string[];
  /** As for `X-Ignored-Params`. */
  readonly ignoredParams: readonly string[];
}

/** @returns whether a header `X-Reasoning-Format` has a value that is known. */
export function isReasoningFormat(value: string): value is FormatValue {
  return FORMAT_VALUES.some((format) => format === value);
}

/**
 * @param body - a checked request.
 * @param header - its `X-Reasoning-Format`, checked; null when it has none.
 * @param byDefault - the deployment's default.
 */
export function resolveReasoning(
  body: ChatBody,
  header: FormatValue | null,
  byDefault: ReasoningFormat,
): Reasoning {
  const { effort, ...told } = resolveEffort(body);
  const { format, isAdjusted } = resolveFormat(body, header, byDefault);
  return {
    effort,
    format,
    adjustedParams: [...told.adjustedParams, ...(isAdjusted ? [`reasoning_format=${format}`] : [])],
    ignoredParams: told.ignoredParams,
  };
}

function resolveEffort(body: ChatBody): Omit<Reasoning, 'format'> {
  const { model, reasoning } = body;
  const named = body.reasoning_effort ?? reasoning?.effort ?? undefined;
  // Reasoning cannot be switched off at StepFun: the least of it comes nearest.
  const asked = reasoning?.enabled === false ? 'none' : named;
  const unchanged = { effort: undefined, adjustedParams: [], ignoredParams: [] };
  // `auto` is the default by another name.
  if (asked === undefined || asked === 'auto') return unchanged;
  const taken = reasoningEfforts(model);
  if (taken.length === 0) {
    const ignored = body.reasoning_effort ? 'reasoning_effort' : 'reasoning.effort';
    return named === undefined ? unchanged : { ...unchanged, ignoredParams: [ignored] };
  }
  const effort = nearestEffort(isElsewhere(asked) ? EFFORTS_ELSEWHERE[asked] : asked, taken);
  return { ...unchanged, effort, adjustedParams: effort === named ? [] : [`reasoning_effort=${effort}`] };
}

/** @returns the effort itself if the model takes it, else the one that is nearest to it. */
function nearestEffort(effort: ReasoningEffort, taken: readonly ReasoningEffort[]): ReasoningEffort {
  const distance = (other: ReasoningEffort) =>
    Math.abs(REASONING_EFFORTS.indexOf(other) - REASONING_EFFORTS.indexOf(effort));
  return taken.reduce((nearest, other) => (distance(other) < distance(nearest) ? other : nearest));
}

function resolveFormat(
  body: ChatBody,
  header: FormatValue | null,
  byDefault: ReasoningFormat,
): { format: ReasoningFormat; isAdjusted: boolean } {
  const isHidden = body.reasoning?.exclude === true || body.include_reasoning === false;
  // A request that asks not to see the reasoning, in whichever field, does not see it.
  if (isHidden) return { format: 'hidden', isAdjusted: false };
  if (body.reasoning?.enabled === false) {
    return { format: 'hidden', isAdjusted: body.reasoning_format !== 'hidden' };
  }
  const given = [body.reasoning_format ?? null, header].filter((value) => value !== null);
  const format = given.map(formatOf).find((value) => value !== null) ?? byDefault;
  const [first] = given;
  return { format, isAdjusted: first !== undefined && first !== format };
}

function formatOf(value: FormatValue): ReasoningFormat | null {
  return value === 'deepseek' || value === 'auto' || value === 'parsed' ? FORMATS_ELSEWHERE[value] : value;
}

function isElsewhere(effort: string): effort is keyof typeof EFFORTS_ELSEWHERE {
  return Object.hasOwn(EFFORTS_ELSEWHERE, effort);
}
