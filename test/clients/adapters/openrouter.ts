import { OpenRouter } from '@openrouter/sdk';
import type {
  ChatAssistantMessage,
  ChatMessages,
  ChatRequest,
  ChatResult,
  ChatStreamChunk,
  ChatToolCall,
  ChatUsage,
  ChatUserMessage,
} from '@openrouter/sdk/models';
import { OpenRouterError } from '@openrouter/sdk/models/errors';
import { CITY_JSON_SCHEMA } from '../city.ts';
import {
  API_KEY,
  MODEL,
  runTool,
  WEATHER_TOOL,
  type Adapter,
  type Answer,
  type Question,
  type ToolRun,
  type Usage,
} from '../client.ts';
import { readCall } from '../deltas.ts';

type Asked = Pick<ChatRequest, 'messages' | 'tools' | 'responseFormat' | 'maxTokens'>;

const TOOLS = [{ type: 'function' as const, function: WEATHER_TOOL }];

export const openrouter: Adapter = {
  name: '`@openrouter/sdk`',
  packages: ['@openrouter/sdk'],
  format: 'the default, `reasoning`',
  notes: [
    { behaviour: 'n = 2', mark: '–', text: "OpenRouter's SDK has no `n`.", because: /length of 2/ },
    {
      behaviour: 'error within',
      mark: '~',
      text: "OpenRouter's SDK throws a `ZodError` without the message: it only knows OpenRouter's own error events.",
      because: /ZodError/,
    },
  ],
  connect({ url, headers }) {
    const { chat } = new OpenRouter({ serverURL: url, apiKey: API_KEY });
    const send = async (asked: Asked) =>
      (await chat.send({ chatRequest: { model: MODEL, ...asked } }, { headers })) as ChatResult;
    const stream = async (asked: Asked) => {
      const chatRequest = { model: MODEL, ...asked, stream: true, streamOptions: { includeUsage: true } };
      return accumulate((await chat.send({ chatRequest }, { headers })) as AsyncIterable<ChatStreamChunk>);
    };
    return {
      async ask(question) {
        const { choices, usage } = await send(request(question));
        return {
          texts: choices.map(({ message }) => textOf(message)),
          reasoning: choices[0]?.message.reasoning ?? '',
          finish: choices[0]?.finishReason ?? '',
          usage: usageOf(usage),
          pieces: 1,
        };
      },
      stream: async (question) => (await stream(request(question))).answer,
      async askWithTools(prompt) {
        const asked = request({ prompt });
        const choice = (await send({ ...asked, tools: TOOLS })).choices[0]!;
        const calls = choice.message.toolCalls ?? [];
        return answerTools(choice.finishReason ?? '', calls, async (results) => {
          const messages = [...asked.messages, choice.message, ...results];
          return textOf((await send({ ...asked, messages, tools: TOOLS })).choices[0]!.message);
        });
      },
      async streamWithTools(prompt) {
        const asked = request({ prompt });
        const { answer, calls } = await stream({ ...asked, tools: TOOLS });
        return answerTools(answer.finish, calls, async (results) => {
          const called = { role: 'assistant' as const, content: null, toolCalls: calls };
          const messages = [...asked.messages, called, ...results];
          return (await stream({ ...asked, messages, tools: TOOLS })).answer.texts[0]!;
        });
      },
      async extract(prompt) {
        const { choices } = await send({
          ...request({ prompt }),
          responseFormat: {
            type: 'json_schema',
            jsonSchema: { name: 'city', schema: CITY_JSON_SCHEMA, strict: true },
          },
        });
        return JSON.parse(textOf(choices[0]!.message));
      },
    };
  },
  failure(error) {
    if (!(error instanceof Error)) return undefined;
    const isStatus = error instanceof OpenRouterError;
    return {
      status: isStatus ? error.statusCode : undefined,
      text: isStatus ? `${error.message} ${error.body}` : `${error.name}: ${error.message}`,
    };
  },
};

function request({ prompt, image, json, maxTokens }: Question): Asked {
  const content: ChatUserMessage['content'] =
    image === undefined
      ? prompt
      : [
          { type: 'text', text: prompt },
          { type: 'image_url', imageUrl: { url: image } },
        ];
  return {
    messages: [{ role: 'user', content }],
    ...(json === true && { responseFormat: { type: 'json_object' } }),
    ...(maxTokens !== undefined && { maxTokens }),
  };
}

async function accumulate(
  stream: AsyncIterable<ChatStreamChunk>,
): Promise<{ answer: Answer; calls: ChatToolCall[] }> {
  let text = '';
  let reasoning = '';
  let finish = '';
  let pieces = 0;
  let usage: Usage | undefined;
  const calls: ChatToolCall[] = [];
  for await (const chunk of stream) {
    for (const { delta, finishReason } of chunk.choices) {
      text += delta.content ?? '';
      reasoning += delta.reasoning ?? '';
      if ((delta.content ?? '') !== '') pieces += 1;
      finish = finishReason ?? finish;
      for (const { index, id, function: piece } of delta.toolCalls ?? []) {
        const call = (calls[index] ??= {
          id: id ?? '',
          type: 'function',
          function: { name: piece?.name ?? '', arguments: '' },
        });
        call.function.arguments += piece?.arguments ?? '';
      }
    }
    usage = usageOf(chunk.usage) ?? usage;
  }
  return { answer: { texts: [text], reasoning, finish, usage, pieces }, calls };
}

async function answerTools(
  finish: string,
  calls: readonly ChatToolCall[],
  continueWith: (results: ChatMessages[]) => Promise<string>,
): Promise<ToolRun> {
  const results = calls.map((call) => ({
    role: 'tool' as const,
    toolCallId: call.id,
    content: runTool(readCall(call).arguments as { city: string }),
  }));
  return { calls: calls.map(readCall), finish, text: await continueWith(results) };
}

/** The content is always text here. */
function textOf({ content }: ChatAssistantMessage): string {
  return content as string;
}

function usageOf(usage: ChatUsage | undefined): Usage | undefined {
  if (usage === undefined) return undefined;
  return {
    prompt: usage.promptTokens,
    completion: usage.completionTokens,
    cached: usage.promptTokensDetails?.cachedTokens,
  };
}
