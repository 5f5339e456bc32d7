// The relay's reference: what the client's events must be, after the contract. Written apart
// from src/relay, for clarity alone: it reads the whole stream at once, copies every object,
// and looks through lists where the relay keeps state.

import { field, isNothing, isObject, parseJson, type JsonObject as Json } from '../../../src/lib/json.ts';
import type { RewriteOptions } from '../../../src/relay/options.ts';
import { parseEvents } from './event-stream.ts';

type Options = Omit<RewriteOptions, 'readError'>;

/** An event of the client's: a chunk, the sentinel, or a failure as `{ failed: <its code> }`. */
export type Expected = Json | '[DONE]';

interface Call {
  id: string | null;
  index: number | null;
  name: string | null;
  beganWithId: boolean;
  hasArguments: boolean;
}

interface ChoiceState {
  readonly calls: Call[];
  /** Each piece's call and index, in order. */
  readonly pieces: { readonly call: Call; readonly index: number | null }[];
  hasRole: boolean;
  hasEnded: boolean;
}

/** Stands for every id that the gateway makes. */
const MADE_ID = 'made';

const textOrNull = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;
const indexOrNull = (value: unknown): number | null =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;
const listOrNull = (value: unknown): unknown[] | null => (Array.isArray(value) ? value : null);
const omit = (target: Json, ...names: string[]): Json =>
  Object.fromEntries(Object.entries(target).filter(([name]) => !names.includes(name)));

/** @returns the events that come out of this stream of bytes, decoded. */
export function expectedEvents(stream: string, options: Options): Expected[] {
  const out: Expected[] = [];
  const choices = new Map<number, ChoiceState>();
  let usage = null as { readonly chunk: Json; readonly object: Json } | null;
  let isUsageSent = false;
  const isRepaired = options.shape === 'openai';

  const isComplete = () => {
    const asked = Array.from({ length: options.choices }, (_, index) => choices.get(index));
    return [...asked, ...choices.values()].every((choice) => choice?.hasEnded);
  };

  function sentinel(): Expected[] {
    if (!isRepaired || !options.includeUsage || usage === null) return [...out, '[DONE]'];
    const chunk = {
      ...repairCreated(usage.chunk, options),
      choices: [],
      usage: withCachedTokens(usage.object),
    };
    return [...out, chunk, '[DONE]'];
  }

  for (const { data, isError } of parseEvents(stream)) {
    if (isError) return [...out, { failed: 'upstream_rejected' }];
    if (data.trim() === '') continue;
    if (data.trim() === '[DONE]') return sentinel();
    const chunk = parseJson(data);
    if (holdsError(chunk)) return [...out, { failed: 'upstream_rejected' }];
    if (!isChunk(chunk)) return [...out, { failed: 'upstream_malformed' }];

    if (isObject(chunk['usage']) && (usage === null || total(chunk['usage']) >= total(usage.object)))
      usage = { chunk, object: chunk['usage'] };
    const rewritten = ((chunk['choices'] ?? []) as Json[]).map((choice, position) => {
      const index = indexOrNull(choice['index']) ?? position;
      const state = choices.get(index) ?? { calls: [], pieces: [], hasRole: false, hasEnded: false };
      choices.set(index, state);
      return chunkChoice(choice, state, options);
    });
    if (!isRepaired) out.push(chunk['choices'] === null ? chunk : { ...chunk, choices: rewritten });
    if (!isRepaired || rewritten.length === 0) continue;
    const sent: typeof usage = isComplete() && !isUsageSent && !options.includeUsage ? usage : null;
    isUsageSent ||= sent !== null;
    out.push({
      ...omit(repairCreated(chunk, options), 'usage'),
      choices: rewritten,
      ...(sent !== null && { usage: withCachedTokens(sent.object) }),
    });
  }
  return isComplete() ? sentinel() : [...out, { failed: 'upstream_truncated' }];
}

/** @returns what becomes of a completion. */
export function expectedCompletion(completion: unknown, options: Options): Json {
  if (holdsError(completion)) return { failed: 'upstream_rejected' };
  if (!isChunk(completion) || !Array.isArray(completion['choices']) || completion['choices'].length === 0)
    return { failed: 'upstream_malformed' };
  const isRepaired = options.shape === 'openai';
  const choices = (completion['choices'] as Json[]).map((choice) => completionChoice(choice, options));
  if (!isRepaired) return { ...completion, choices };
  return {
    ...repairCreated(completion, options),
    choices,
    system_fingerprint: completion['system_fingerprint'] ?? null,
    ...(isObject(completion['usage']) && { usage: withCachedTokens(completion['usage']) }),
  };
}

function holdsError(value: unknown): boolean {
  return isObject(value) && (isObject(value['error']) || textOrNull(value['error']) !== null);
}

function isChunk(value: unknown): value is Json {
  if (!isObject(value)) return false;
  const { choices } = value;
  const isMember = (member: unknown) => isObject(member) || isNothing(member);
  const isChoice = (choice: unknown) =>
    isObject(choice) && isMember(choice['delta']) && isMember(choice['message']);
  return choices === null || (Array.isArray(choices) && choices.every(isChoice));
}

function completionChoice(choice: Json, options: Options): Json {
  const isRepaired = options.shape === 'openai';
  const { message } = choice;
  const calls = listOrNull(field(message, 'tool_calls'));
  const hidden = options.reasoning === 'hidden' ? omit(choice, 'logprobs') : choice;
  return {
    ...hidden,
    ...(isRepaired && { logprobs: hidden['logprobs'] ?? null }),
    ...('delta' in choice && { delta: withReasoning(choice['delta'], options) }),
    ...('message' in choice && {
      message: withReasoning(isRepaired ? repairMessage(message, calls) : message, options),
    }),
    ...finishReason(choice, calls?.some(isObject) === true, options),
  };
}

function chunkChoice(choice: Json, state: ChoiceState, options: Options): Json {
  const isRepaired = options.shape === 'openai';
  let delta = isRepaired ? (choice['delta'] ?? {}) : choice['delta'];
  if (isRepaired && isObject(delta)) {
    const calls = listOrNull(delta['tool_calls'])?.map((piece) =>
      isObject(piece) ? toolCall(piece, state) : piece,
    );
    const role = state.hasRole ? {} : { role: 'assistant' };
    delta = { ...omit(delta, 'role'), ...role, ...(calls !== undefined && { tool_calls: calls }) };
    state.hasRole = true;
  }
  state.hasEnded ||= textOrNull(choice['finish_reason']) !== null;
  return {
    ...(options.reasoning === 'hidden' ? omit(choice, 'logprobs') : choice),
    ...(delta !== undefined && { delta: withReasoning(delta, options) }),
    ...('message' in choice && { message: withReasoning(choice['message'], options) }),
    ...finishReason(choice, state.calls.length > 0, options),
  };
}

function finishReason({ finish_reason: reason }: Json, hasCalled: boolean, { shape }: Options): Json {
  if (shape === 'stepfun') return {};
  return { finish_reason: reason === 'stop' && hasCalled ? 'tool_calls' : textOrNull(reason) };
}

function withReasoning(target: unknown, { reasoning: format }: Options): unknown {
  if (!isObject(target)) return target;
  const { reasoning, reasoning_content: other } = target;
  const rest = omit(target, 'reasoning', 'reasoning_content');
  if (format === 'hidden') return omit(rest, 'reasoning_details');
  if (reasoning === undefined && other === undefined) return target;
  const value = isNothing(reasoning) && other !== undefined ? other : reasoning;
  return { ...rest, [format === 'general' ? 'reasoning' : 'reasoning_content']: value };
}

/** @returns the piece as OpenAI writes it. */
function toolCall(piece: Json, state: ChoiceState): Json {
  const called = isObject(piece['function']) ? piece['function'] : null;
  const id = textOrNull(piece['id']);
  const index = indexOrNull(piece['index']);
  const name = textOrNull(called?.['name']);

  const latest = state.pieces.at(-1)?.call;
  const sameIndex = state.pieces.findLast((each) => each.index === index)?.call;
  const open = index === null ? latest : (sameIndex ?? (latest?.index === null ? latest : undefined));
  const fits =
    open !== undefined &&
    (id === null || open.id === null) &&
    (name === null || (open.name ?? name) === name) &&
    !(name !== null && open.name !== null && !open.beganWithId && open.hasArguments);
  const known = id === null ? undefined : state.calls.find((call) => call.id === id);
  const found = known ?? (fits ? open : undefined);
  const isFirst = found === undefined;
  const call = found ?? { id, index, name: null, beganWithId: id !== null, hasArguments: false };
  if (isFirst) state.calls.push(call);
  const isNameNew = call.name === null && name !== null;
  call.id ??= id;
  call.index ??= index;
  call.name ??= name;
  call.hasArguments ||= textOrNull(called?.['arguments']) !== null;
  state.pieces.push({ call, index });

  const sentCall = {
    ...omit(called ?? {}, 'name'),
    ...(isFirst && { name: '', arguments: called?.['arguments'] ?? '' }),
    ...(isNameNew && { name }),
  };
  return {
    ...omit(piece, 'id', 'type'),
    index: state.calls.indexOf(call),
    ...(isFirst && { id: id ?? MADE_ID, type: textOrNull(piece['type']) ?? 'function' }),
    ...((isFirst || called !== null) && { function: sentCall }),
  };
}

function repairMessage(message: unknown, calls: unknown[] | null): unknown {
  if (!isObject(message)) return message;
  const wholeCall = (call: Json) => ({
    ...call,
    id: textOrNull(call['id']) ?? MADE_ID,
    type: textOrNull(call['type']) ?? 'function',
  });
  return {
    ...message,
    role: isNothing(message['role']) ? 'assistant' : message['role'],
    refusal: message['refusal'] ?? null,
    ...(calls !== null && { tool_calls: calls.map((call) => (isObject(call) ? wholeCall(call) : call)) }),
  };
}

function repairCreated(answer: Json, { created }: Options): Json {
  return typeof answer['created'] === 'number' && answer['created'] !== 0 ? answer : { ...answer, created };
}

function total(usage: Json): number {
  const count = (name: string): number => indexOrNull(usage[name]) ?? 0;
  return Math.max(count('total_tokens'), count('prompt_tokens') + count('completion_tokens'));
}

function withCachedTokens(usage: Json): Json {
  const { prompt_tokens_details: details } = usage;
  const detailed = isObject(details) ? details : {};
  const cached = usage['cached_tokens'] ?? detailed['cached_tokens'] ?? usage['prompt_cache_hit_tokens'];
  if (typeof cached !== 'number') return usage;
  return {
    ...usage,
    cached_tokens: usage['cached_tokens'] ?? cached,
    prompt_cache_hit_tokens: usage['prompt_cache_hit_tokens'] ?? cached,
    prompt_tokens_details: isObject(details ?? {})
      ? { ...detailed, cached_tokens: detailed['cached_tokens'] ?? cached }
      : details,
  };
}
