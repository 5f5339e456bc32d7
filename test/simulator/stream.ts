// An answer as a stream of chunks, in one of two dialects.
//
// 2026: `role: "assistant"` on every chunk; no `finish_reason` until the last chunk of a choice, which carries it
// together with its text; `agent: ""`. 2024, as on StepFun's page: the role on the first chunk and `role: ""` on
// the others; `finish_reason: ""` until the last; an empty chunk before the one that finishes; the first chunk
// says `created: 0`. In both the usage grows with every chunk and is 0 on the first.

import { reasoningFields, usageOf } from './answer.ts';
import type { Answer, CallTokens, Choice } from './answer.ts';
import { audioHeader, audioOfToken } from './audio.ts';
import type { Piece } from './faults.ts';
import type { Plan } from './triggers.ts';

type StreamPlan = Pick<Plan, 'toolPieces' | 'sentinel' | 'tokensPerChunk'>;

/** One chunk of one choice. */
interface Step {
  readonly choice: number;
  /** Without role and content, where these are empty. */
  readonly delta: object;
  readonly tokens: number;
  readonly isFirst?: true;
  readonly finishReason?: string;
}

/**
 * @param plan - how tool calls and the sentinel are written.
 * @returns the events, each a block of SSE. The choices take turns, one chunk each.
 */
export function* eventsOf(answer: Answer, plan: StreamPlan): Generator<Piece> {
  let generated = 0;
  for (const step of stepsOf(answer, plan)) {
    generated += step.tokens;
    yield { text: `data: ${chunkOf(answer, step, generated)}\n\n`, tokens: step.tokens };
  }
  if (plan.sentinel !== 'missing') {
    yield { text: plan.sentinel === 'sent' ? 'data: [DONE]\n\n' : 'data: [DONE]', tokens: 0 };
  }
}

/** @returns the number of events without the sentinel. */
export function countEvents(answer: Answer, plan: StreamPlan): number {
  let count = 0;
  for (const _ of stepsOf(answer, plan)) count += 1;
  return count;
}

function* stepsOf(answer: Answer, plan: StreamPlan): Generator<Step, undefined> {
  let open = answer.choices.map((choice, index) => choiceSteps(answer, choice, index, plan));
  while (open.length > 0) {
    const unfinished: typeof open = [];
    for (const steps of open) {
      const { value } = steps.next();
      if (value === undefined) continue;
      yield value;
      unfinished.push(steps);
    }
    open = unfinished;
  }
}

function* choiceSteps(
  answer: Answer,
  choice: Choice,
  index: number,
  plan: StreamPlan,
): Generator<Step, undefined> {
  yield { choice: index, delta: {}, tokens: 0, isFirst: true };
  let last: Step | null = null;
  for (const part of partsOf(answer, choice, plan)) {
    if (last !== null) yield last;
    last = { choice: index, ...part };
  }
  const empty: Step = { choice: index, delta: {}, tokens: 0 };
  if (answer.dialect === '2026') {
    yield { ...(last ?? empty), finishReason: choice.finishReason };
    return;
  }
  if (last !== null) yield last;
  yield empty;
  yield { ...empty, finishReason: choice.finishReason };
}

type Part = Pick<Step, 'delta' | 'tokens'>;

function* partsOf(answer: Answer, choice: Choice, plan: StreamPlan): Generator<Part> {
  for (const { text, tokens } of joined(choice.reasoning, plan.tokensPerChunk)) {
    yield { delta: reasoningFields(answer, text), tokens };
  }
  let isFirst = true;
  for (const { text, tokens } of joined(choice.content, plan.tokensPerChunk)) {
    yield { delta: { content: text, ...audioDelta(answer, choice, text, tokens, isFirst) }, tokens };
    isFirst = false;
  }
  for (const [index, call] of choice.calls.entries()) {
    for (const { piece, tokens } of piecesOf(call, index, answer, plan.toolPieces)) {
      yield { delta: { tool_calls: [piece] }, tokens };
    }
  }
}

function* joined(tokens: readonly string[], size: number): Generator<{ text: string; tokens: number }> {
  for (let at = 0; at < tokens.length; at += size) {
    const some = tokens.slice(at, at + size);
    yield { text: some.join(''), tokens: some.length };
  }
}

function audioDelta(
  { audio }: Answer,
  { content }: Choice,
  transcript: string,
  tokens: number,
  isFirst: boolean,
): object {
  if (audio === null) return {};
  const header = isFirst ? audioHeader(audio, content.length) : '';
  return { audio: { data: header + audioOfToken(audio).repeat(tokens), transcript } };
}

/**
 * A tool call in pieces. Today's models number the calls and repeat neither id nor type; older ones send no
 * index, and differ in how they write the pieces after the first. README.md lists the spellings.
 */
function* piecesOf(
  call: CallTokens,
  position: number,
  { dialect }: Answer,
  spelling: Plan['toolPieces'],
): Generator<{ piece: object; tokens: number }> {
  const isWhole = spelling === 'in one piece';
  const index =
    spelling === 'under one index'
      ? { index: 0 }
      : spelling === 'with index' || (isWhole && dialect === '2026')
        ? { index: position }
        : {};
  const firstId =
    spelling === 'never with id' ? {} : spelling === 'with late id' ? { id: '' } : { id: call.id };
  yield {
    piece: {
      ...index,
      ...firstId,
      type: 'function',
      function: { name: call.name, arguments: isWhole ? call.arguments.join('') : '' },
    },
    tokens: isWhole ? 1 + call.arguments.length : 1,
  };
  if (isWhole) return;
  for (const [i, token] of call.arguments.entries()) {
    const bare = { function: { arguments: token } };
    const piece = {
      'with index': { id: '', type: '', ...bare },
      'under one index': { id: '', type: '', ...bare },
      'with id': { id: call.id, type: 'function', ...bare },
      'without id': bare,
      'with empty strings': { id: '', type: '', function: { name: '', arguments: token } },
      'with late id': { id: i === 0 ? call.id : '', type: 'function', ...bare },
      'never with id': { type: 'function', ...bare },
    }[spelling];
    yield { piece: { ...index, ...piece }, tokens: 1 };
  }
}

function chunkOf(answer: Answer, step: Step, generated: number): string {
  const { dialect, created } = answer;
  const is2026 = dialect === '2026';
  const role = is2026 || step.isFirst ? 'assistant' : '';
  const finishReason = step.finishReason ?? (is2026 ? undefined : '');
  const noUsage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  return JSON.stringify({
    id: answer.id,
    object: 'chat.completion.chunk',
    created: step.isFirst && !is2026 ? 0 : created,
    model: answer.model,
    choices: [
      {
        index: step.choice,
        delta: { role, content: '', ...step.delta },
        ...(finishReason !== undefined && { finish_reason: finishReason }),
      },
    ],
    ...(answer.usage && { usage: step.isFirst ? noUsage : usageOf(answer, generated) }),
    ...(is2026 && { agent: '' }),
  });
}
