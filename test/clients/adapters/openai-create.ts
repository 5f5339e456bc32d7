// `openai` with `create()`: the adapter accumulates the chunks itself.

import type OpenAI from 'openai';
import type { ChatCompletion, ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { runTool, WEATHER_TOOL, type Adapter, type Answer, type ToolRun } from '../client.ts';
import { Assembly, readCall, usageOf, type Chunk } from '../deltas.ts';
import { CITY_JSON_SCHEMA } from '../city.ts';
import { openai, openaiFailure, params } from './openai.ts';

const DEEPSEEK = { reasoning_format: 'deepseek-style' } as const;
const TOOLS: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: WEATHER_TOOL }];

export const openaiCreate: Adapter = {
  name: '`openai`, `create()` and `for await`',
  packages: ['openai'],
  format: 'any; here `reasoning_format: "deepseek-style"` in the body',
  failure: openaiFailure,
  connect(target) {
    const { completions } = openai(target).chat;

    async function assemble(asked: ReturnType<typeof params> & { tools?: OpenAI.ChatCompletionTool[] }) {
      const assembly = new Assembly();
      const stream = await completions.create({
        ...asked,
        ...DEEPSEEK,
        stream: true,
        stream_options: { include_usage: true },
      });
      for await (const chunk of stream) assembly.add(chunk as Chunk);
      return assembly;
    }

    return {
      ask: async (question) => read(await completions.create({ ...params(question), ...DEEPSEEK })),
      stream: async (question) => (await assemble(params(question))).answer,
      async askWithTools(prompt) {
        const asked = { ...params({ prompt }), tools: TOOLS };
        const [choice] = (await completions.create(asked)).choices;
        const calls = choice?.message.tool_calls ?? [];
        return answerTools(choice?.finish_reason ?? '', calls, async (results) => {
          const messages = [...asked.messages, choice!.message, ...results];
          return (await completions.create({ ...asked, messages })).choices[0]?.message.content ?? '';
        });
      },
      async streamWithTools(prompt) {
        const asked = { ...params({ prompt }), tools: TOOLS };
        const turn = await assemble(asked);
        return answerTools(turn.answer.finish, turn.toolCalls, async (results) => {
          const called = { role: 'assistant', content: null, tool_calls: turn.toolCalls } as const;
          return (await assemble({ ...asked, messages: [...asked.messages, called, ...results] })).answer
            .texts[0]!;
        });
      },
      async extract(prompt) {
        const completion = await completions.create({
          ...params({ prompt }),
          response_format: {
            type: 'json_schema',
            json_schema: { name: 'city', schema: CITY_JSON_SCHEMA, strict: true },
          },
        });
        return JSON.parse(completion.choices[0]?.message.content ?? '');
      },
    };
  },
};

type Calls = readonly OpenAI.ChatCompletionMessageToolCall[];

async function answerTools(
  finish: string,
  calls: Calls,
  continueWith: (results: ChatCompletionMessageParam[]) => Promise<string>,
): Promise<ToolRun> {
  const functions = calls.filter((call) => call.type === 'function');
  const results = functions.map((call) => ({
    role: 'tool' as const,
    tool_call_id: call.id,
    content: runTool(readCall(call).arguments as { city: string }),
  }));
  return { calls: functions.map(readCall), finish, text: await continueWith(results) };
}

function read({ choices, usage }: ChatCompletion): Answer {
  const first = choices[0];
  return {
    texts: choices.map(({ message }) => message.content ?? ''),
    reasoning: (first?.message as { reasoning_content?: string } | undefined)?.reasoning_content ?? '',
    finish: first?.finish_reason ?? '',
    usage: usage === undefined ? undefined : usageOf(usage),
    pieces: 1,
  };
}
