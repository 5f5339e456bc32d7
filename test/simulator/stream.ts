// The same answer as a stream of chunks, with every quirk of StepFun's page: the first
// chunk has the role, `created` 0 and no usage yet, all others `role: ""`;
// `finish_reason` is "" until the last; usage runs along on every chunk; an empty chunk
// comes before the one that finishes.

import { usageOf } from './answer.ts';
import type { Answer, CallTokens, Choice } from './answer.ts';
import type { Plan } from './triggers.ts';

interface Step {
  readonly choice: number;
  readonly delta: object;
  /** How many tokens it brings. */
  readonly tokens: number;
  readonly finish: string;
  readonly opens: boolean;
}

/**
 * @param plan - how tool calls are spelled, and whether `[DONE]` comes.
 * @returns the events, each a block of SSE, made as they are asked for. The choices
 *   take turns, a chunk each.
 */
export function* eventsOf(answer: Answer, plan: Pick<Plan, 'toolPieces' | 'sentinel'>): Generator<string> {
  const turns = answer.choices.map((choice, index) => stepsOf(choice, index, answer, plan.toolPieces));
  let generated = 0;
  for (let open = turns; open.length > 0;) {
    const still: typeof turns = [];
    for (const turn of open) {
      const { value: step } = turn.next();
      if (step === undefined) continue;
      generated += step.tokens;
      yield `data: ${chunkOf(answer, step, generated)}\n\n`;
      still.push(turn);
    }
    open = still;
  }
  if (plan.sentinel !== 'missing') yield plan.sentinel === 'sent' ? 'data: [DONE]\n\n' : 'data: [DONE]';
}

/** @returns how many events there will be, the sentinel aside. */
export function countEvents(answer: Answer, pieces: Plan['toolPieces']): number {
  const FRAME_EVENTS = 3;
  return answer.choices.reduce(
    (sum, { reasoning, content, calls }) =>
      calls.reduce(
        (events, call) => events + (pieces === 'in one piece' ? 1 : 1 + call.arguments.length),
        sum + FRAME_EVENTS + reasoning.length + content.length,
      ),
    0,
  );
}

function* stepsOf(
  { reasoning, content, calls, finish }: Choice,
  choice: number,
  { reasoningField }: Answer,
  pieces: Plan['toolPieces'],
): Generator<Step, undefined> {
  const step = (delta: object, tokens: number): Step => ({ choice, delta, tokens, finish: '', opens: false });
  const empty = { role: '', content: '' };
  yield { ...step({ role: 'assistant', content: '' }, 0), opens: true };
  for (const token of reasoning) yield step({ ...empty, [reasoningField]: token }, 1);
  for (const token of content) yield step({ role: '', content: token }, 1);
  for (const call of calls) {
    for (const { piece, tokens } of piecesOf(call, pieces))
      yield step({ ...empty, tool_calls: [piece] }, tokens);
  }
  yield step(empty, 0);
  yield { ...step(empty, 0), finish };
}

/**
 * A tool call in pieces. StepFun sends no `index`; its page doesn't say how the pieces
 * after the first are spelled, so every spelling that is known from such servers can
 * be had: with the id again, without it, with Go's empty strings, or all at once.
 */
function* piecesOf(
  call: CallTokens,
  pieces: Plan['toolPieces'],
): Generator<{ piece: object; tokens: number }> {
  const whole = pieces === 'in one piece';
  yield {
    piece: {
      id: call.id,
      type: 'function',
      function: { name: call.name, arguments: whole ? call.arguments.join('') : '' },
    },
    tokens: whole ? 1 + call.arguments.length : 1,
  };
  if (whole) return;
  for (const token of call.arguments) {
    const piece = {
      'with id': { id: call.id, type: 'function', function: { arguments: token } },
      'without id': { function: { arguments: token } },
      'with empty strings': { id: '', type: '', function: { name: '', arguments: token } },
    }[pieces];
    yield { piece, tokens: 1 };
  }
}

function chunkOf(answer: Answer, step: Step, generated: number): string {
  const none = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  return JSON.stringify({
    id: answer.id,
    object: 'chat.completion.chunk',
    created: step.opens ? 0 : answer.created,
    model: answer.model,
    choices: [{ index: step.choice, delta: step.delta, finish_reason: step.finish }],
    ...(answer.usage && { usage: step.opens ? none : usageOf(answer, generated) }),
  });
}
