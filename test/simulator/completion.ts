// An answer as one JSON object. The keys have the order of StepFun's page; there is no `system_fingerprint`.

import { generatedTokens, reasoningFields, usageOf } from './answer.ts';
import type { Answer, CallTokens, Choice } from './answer.ts';
import { audioHeader, audioOfToken } from './audio.ts';
import type { Plan } from './triggers.ts';

/** @returns the body of a non-streaming answer. */
export function completionOf(answer: Answer, plan: Pick<Plan, 'toolPieces'>): string {
  return JSON.stringify({
    id: answer.id,
    object: 'chat.completion',
    created: answer.created,
    model: answer.model,
    choices: answer.choices.map((choice, index) => ({
      index,
      message: {
        role: 'assistant',
        content: choice.content.join(''),
        ...(choice.reasoning.length > 0 && reasoningFields(answer, choice.reasoning.join(''))),
        ...(choice.calls.length > 0 && {
          tool_calls: choice.calls.map((call) => wholeCall(call, plan.toolPieces !== 'never with id')),
        }),
        ...audioFields(answer, choice),
      },
      finish_reason: choice.finishReason,
    })),
    ...(answer.usage && { usage: usageOf(answer, generatedTokens(answer)) }),
  });
}

function wholeCall(call: CallTokens, hasId: boolean): object {
  return {
    ...(hasId && { id: call.id }),
    type: 'function',
    function: { name: call.name, arguments: call.arguments.join('') },
  };
}

function audioFields({ audio }: Answer, { content }: Choice): object {
  if (audio === null || content.length === 0) return {};
  const data = audioHeader(audio, content.length) + audioOfToken(audio).repeat(content.length);
  return { audio: { data, transcript: content.join('') } };
}
