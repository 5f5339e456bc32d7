// A stream of StepFun's put together as the completion that it would have been:
// what CACHE_STREAMS=write stores. Runs once, after the stream's end, on the bytes
// as they came from upstream: whatever the client was shown, reasoning is in them.
//
// What it can't put together with certainty (a member of a delta that nobody here
// knows how to join, an unfinished choice, an error event) is no completion, and
// then nothing is stored: the cache fails open.

import { ToolCalls } from '../relay/choices.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Choice {
  readonly said: Record<string, string>;
  readonly calls: Map<number, ToolCall>;
  readonly indexes: ToolCalls;
  readonly logprobs: Record<string, unknown[]>;
  finishReason: string | null;
}

interface ToolCall {
  id: string;
  type: string;
  readonly function: { name: string; arguments: string };
}

const SENTINEL = '[DONE]';

/** Thrown and caught here alone. */
class NotACompletion extends Error {}

/**
 * @param stream - a whole SSE stream.
 * @returns the JSON of a completion in StepFun's shape, or null when the stream is none.
 */
export function assembleCompletion(stream: Uint8Array): Uint8Array | null {
  try {
    return assemble(dataOf(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(stream)));
  } catch (thrown) {
    // A SyntaxError is JSON.parse's, a TypeError the decoder's.
    if (thrown instanceof NotACompletion || thrown instanceof SyntaxError || thrown instanceof TypeError)
      return null;
    throw thrown;
  }
}

/** @returns the data of each event up to the sentinel (WHATWG HTML §9.2.6). */
function* dataOf(text: string): Generator<string> {
  let data: string[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === '' && data.length > 0) {
      const event = data.join('\n');
      if (event.trim() === SENTINEL) return;
      if (event.trim() !== '') yield event;
      data = [];
    } else if (line === 'data') {
      data.push('');
    } else if (line.startsWith('data:')) {
      data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
    }
  }
}

function assemble(events: Iterable<string>): Uint8Array {
  const top: Record<string, unknown> = { id: '', object: 'chat.completion', created: 0, model: '' };
  const choices = new Map<number, Choice>();
  let usage: unknown;
  for (const event of events) {
    const chunk = fieldsOf(JSON.parse(event));
    if (!isNothing(chunk['error'])) throw new NotACompletion();
    for (const piece of listOf(chunk['choices'])) addPiece(choices, fieldsOf(piece));
    for (const [name, value] of Object.entries(chunk)) {
      // The first that says something counts: `created` is 0 in StepFun's first chunk.
      if (name === 'usage') usage = value ?? usage;
      else if (name !== 'choices') top[name] ||= value;
    }
  }
  if (choices.size === 0) throw new NotACompletion();
  top['choices'] = inOrder(choices).map(([index, choice]) => wholeChoice(index, choice));
  if (usage !== undefined) top['usage'] = usage;
  return new TextEncoder().encode(JSON.stringify(top));
}

/** @param piece - an element of a chunk's `choices`. */
function addPiece(choices: Map<number, Choice>, piece: Fields): void {
  const { index = 0, delta, finish_reason: finishReason, logprobs, ...unknown } = piece;
  if (typeof index !== 'number' || !isEmpty(unknown)) throw new NotACompletion();
  let choice = choices.get(index);
  if (choice === undefined) {
    choice = { said: {}, calls: new Map(), indexes: new ToolCalls(), logprobs: {}, finishReason: null };
    choices.set(index, choice);
  }
  if (!isNothing(delta)) addDelta(choice, fieldsOf(delta));
  if (!isNothing(finishReason)) choice.finishReason = textOf(finishReason);
  if (!isNothing(logprobs)) {
    for (const [name, list] of Object.entries(fieldsOf(logprobs))) {
      if (list !== null) (choice.logprobs[name] ??= []).push(...listOf(list));
    }
  }
}

function addDelta(choice: Choice, delta: Fields): void {
  const {
    role: _,
    content,
    refusal,
    reasoning,
    reasoning_content: alias,
    tool_calls: calls,
    ...unknown
  } = delta;
  if (!isEmpty(unknown)) throw new NotACompletion();
  // Both names in one delta say the same, as the relay's rules have it.
  const texts = { content, refusal, reasoning: isNothing(alias) ? reasoning : alias };
  for (const [name, text] of Object.entries(texts)) {
    if (!isNothing(text)) choice.said[name] = (choice.said[name] ?? '') + textOf(text);
  }
  if (!isNothing(calls)) for (const call of listOf(calls)) addCall(choice, fieldsOf(call));
}

/** A call's first piece has its id, type and name; the others may repeat them, and go on with the arguments. */
function addCall({ calls, indexes }: Choice, piece: Fields): void {
  const { index, id, type, function: called, ...unknown } = piece;
  const { name, arguments: text, ...unknownOfFunction } = isNothing(called) ? {} : fieldsOf(called);
  if (!isEmpty(unknown) || !isEmpty(unknownOfFunction)) throw new NotACompletion();
  const knownId = isNothing(id) ? null : textOf(id);
  const at = typeof index === 'number' && indexes.keep(knownId, index) ? index : indexes.indexOf(knownId);
  if (at === null) throw new NotACompletion();
  const call = calls.get(at) ?? { id: '', type: 'function', function: { name: '', arguments: '' } };
  calls.set(at, call);
  call.id ||= knownId ?? '';
  if (!isNothing(type)) call.type = textOf(type);
  if (!isNothing(name)) call.function.name ||= textOf(name);
  if (!isNothing(text)) call.function.arguments += textOf(text);
}

function wholeChoice(index: number, { said, calls, logprobs, finishReason }: Choice): Fields {
  if (finishReason === null) throw new NotACompletion();
  const { content = '', ...others } = said;
  const toolCalls = inOrder(calls).map(([, call]) => call);
  const message = {
    role: 'assistant',
    content,
    ...others,
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  };
  return { index, message, ...(!isEmpty(logprobs) && { logprobs }), finish_reason: finishReason };
}

function inOrder<T>(byIndex: ReadonlyMap<number, T>): [number, T][] {
  return [...byIndex].sort(([a], [b]) => a - b);
}

/** What StepFun leaves open: absent, null or "". */
function isNothing(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

/** Whether members that nobody here knows say nothing either. */
function isEmpty(unknown: Fields): boolean {
  return Object.values(unknown).every(isNothing);
}

function fieldsOf(value: unknown): Fields {
  if (!isFields(value)) throw new NotACompletion();
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new NotACompletion();
  return value;
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new NotACompletion();
  return value;
}
