// `openai` with its helpers, which accumulate chunks, run tools and parse.

import { zodFunction, zodResponseFormat } from 'openai/helpers/zod';
import type { ChatCompletionMessageParam, ParsedChatCompletion } from 'openai/resources/chat/completions';
import { z } from 'zod';
import { citySchema } from '../city.ts';
import { runTool, WEATHER_TOOL, type Adapter, type Answer, type ToolRun } from '../client.ts';
import { readCall, usageOf } from '../deltas.ts';
import { openai, openaiFailure, params } from './openai.ts';

const TOOLS = [
  zodFunction({
    name: WEATHER_TOOL.name,
    description: WEATHER_TOOL.description,
    parameters: z.object({ city: z.string() }),
    function: runTool,
  }),
];

export const openaiHelpers: Adapter = {
  name: '`openai`, `stream()`, `runTools()`, `parse()`',
  packages: ['openai'],
  format: 'any; here the default, `reasoning`',
  notes: [
    {
      behaviour: 'finish reason',
      mode: 'completion',
      mark: '✓',
      text: '`parse()` throws `LengthFinishReasonError` where an answer was cut: half a JSON is none.',
      because: /length limit was reached/,
    },
  ],
  failure: openaiFailure,
  connect(target) {
    const { completions } = openai(target).chat;
    return {
      ask: async (question) => read(await completions.parse(params(question))),
      async stream(question) {
        const stream = completions.stream({ ...params(question), stream_options: { include_usage: true } });
        let reasoning = '';
        let pieces = 0;
        stream.on('content', () => (pieces += 1));
        stream.on('chunk', ({ choices }) => {
          for (const { index, delta } of choices) {
            if (index === 0) reasoning += (delta as { reasoning?: string }).reasoning ?? '';
          }
        });
        return { ...read(await stream.finalChatCompletion()), reasoning, pieces };
      },
      async askWithTools(prompt) {
        const runner = completions.runTools({ ...params({ prompt }), tools: TOOLS });
        const text = await runner.finalContent();
        return toolRun(runner.messages, runner.allChatCompletions()[0]!, text);
      },
      async streamWithTools(prompt) {
        const runner = completions.runTools({ ...params({ prompt }), tools: TOOLS, stream: true });
        const text = await runner.finalContent();
        return toolRun(runner.messages, runner.allChatCompletions()[0]!, text);
      },
      async extract(prompt) {
        const completion = await completions.parse({
          ...params({ prompt }),
          response_format: zodResponseFormat(citySchema, 'city'),
        });
        return completion.choices[0]?.message.parsed;
      },
    };
  },
};

function toolRun(
  messages: ChatCompletionMessageParam[],
  turn: { choices: { finish_reason: string }[] },
  text: string | null,
): ToolRun {
  const calls = messages
    .flatMap((message) => (message.role === 'assistant' ? (message.tool_calls ?? []) : []))
    .filter((call) => call.type === 'function');
  return { calls: calls.map(readCall), finish: turn.choices[0]?.finish_reason ?? '', text: text ?? '' };
}

function read({ choices, usage }: ParsedChatCompletion<unknown>): Answer {
  const first = choices[0];
  return {
    texts: choices.map(({ message }) => message.content ?? ''),
    reasoning: (first?.message as { reasoning?: string } | undefined)?.reasoning ?? '',
    finish: first?.finish_reason ?? '',
    usage: usage === undefined ? undefined : usageOf(usage),
    pieces: 1,
  };
}
