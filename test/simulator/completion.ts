// A completion: the whole answer as one JSON object, keys in the order of StepFun's
// page, no `system_fingerprint`.

import { choiceTokens, usageOf } from './answer.ts';
import type { Answer, CallTokens } from './answer.ts';

/** @returns the body of a non-streaming answer. */
export function completionOf(answer: Answer): string {
  const generated = answer.choices.reduce((sum, choice) => sum + choiceTokens(choice), 0);
  return JSON.stringify({
    id: answer.id,
    object: 'chat.completion',
    created: answer.created,
    model: answer.model,
    choices: answer.choices.map(({ reasoning, content, calls, finish }, index) => ({
      index,
      message: {
        role: 'assistant',
        content: content.join(''),
        ...(reasoning.length > 0 && { [answer.reasoningField]: reasoning.join('') }),
        ...(calls.length > 0 && { tool_calls: calls.map(wholeCall) }),
      },
      finish_reason: finish,
    })),
    ...(answer.usage && { usage: usageOf(answer, generated) }),
  });
}

function wholeCall(call: CallTokens): object {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments.join('') } };
}
