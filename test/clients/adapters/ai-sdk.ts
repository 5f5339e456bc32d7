// What the providers of the AI SDK share: everything but the provider.

import { APICallError, generateText, isStepCount, Output, streamText, tool } from 'ai';
import type { FinishReason, LanguageModel, LanguageModelUsage, ModelMessage } from 'ai';
import { z } from 'zod';
import { citySchema } from '../city.ts';
import {
  runTool,
  WEATHER_TOOL,
  type Adapter,
  type Client,
  type Failure,
  type Note,
  type Question,
  type Target,
  type Usage,
} from '../client.ts';

const TOOLS = {
  [WEATHER_TOOL.name]: tool({
    description: WEATHER_TOOL.description,
    inputSchema: z.object({ city: z.string() }),
    execute: (args) => JSON.parse(runTool(args)) as object,
  }),
};

const NO_N: Note = {
  behaviour: 'n = 2',
  mark: '–',
  text: 'The AI SDK has no `n`.',
  because: /length of 2/,
};

interface Provider extends Pick<Adapter, 'name' | 'packages' | 'format' | 'notes'> {
  readonly model: (target: Target) => LanguageModel;
}

export function aiSdk({ model: connectModel, notes = [], ...adapter }: Provider): Adapter {
  return {
    ...adapter,
    notes: [NO_N, ...notes],
    failure,
    connect: (target) => client(connectModel(target)),
  };
}

function client(model: LanguageModel): Client {
  // By itself it asks again, twice, where that may help.
  const settings = { model, maxRetries: 0 };
  return {
    async ask(question) {
      const { text, reasoningText, finishReason, usage } = await generateText({
        model,
        ...options(question),
      });
      return {
        texts: [text],
        reasoning: reasoningText ?? '',
        finish: finishWord(finishReason),
        usage: usageOf(usage),
        pieces: 1,
      };
    },
    async stream(question) {
      const result = streamText({ ...settings, ...options(question), onError: () => {} });
      let text = '';
      let reasoning = '';
      let pieces = 0;
      // `textStream` ends quietly when a stream fails; the AI SDK's page "Error Handling"
      // has errors taken from here.
      for await (const part of result.stream) {
        if (part.type === 'error') throw part.error;
        if (part.type === 'reasoning-delta') reasoning += part.text;
        if (part.type === 'text-delta') {
          text += part.text;
          pieces += 1;
        }
      }
      const [finish, usage] = await Promise.all([result.finishReason, result.usage]);
      return { texts: [text], reasoning, finish: finishWord(finish), usage: usageOf(usage), pieces };
    },
    async askWithTools(prompt) {
      const { steps, text } = await generateText({
        ...settings,
        prompt,
        tools: TOOLS,
        stopWhen: isStepCount(5),
      });
      return toolRun(steps, text);
    },
    async streamWithTools(prompt) {
      const result = streamText({
        ...settings,
        prompt,
        tools: TOOLS,
        stopWhen: isStepCount(5),
        onError: () => {},
      });
      for await (const part of result.stream) if (part.type === 'error') throw part.error;
      const [steps, text] = await Promise.all([result.steps, result.text]);
      return toolRun(steps, text);
    },
    async extract(prompt) {
      return (await generateText({ ...settings, prompt, output: Output.object({ schema: citySchema }) }))
        .output;
    },
  };
}

function options({ prompt, image, json, maxTokens }: Question) {
  const messages: ModelMessage[] = [
    {
      role: 'user',
      content:
        image === undefined
          ? prompt
          : [
              { type: 'text', text: prompt },
              { type: 'file', mediaType: 'image/png', data: image },
            ],
    },
  ];
  return {
    messages,
    ...(maxTokens !== undefined && { maxOutputTokens: maxTokens }),
    ...(json === true && { output: Output.json() }),
  };
}

interface Step {
  readonly finishReason: FinishReason;
  readonly toolCalls: readonly { readonly toolName: string; readonly input: unknown }[];
}

function toolRun(steps: readonly Step[], text: string) {
  return {
    calls: steps.flatMap(({ toolCalls }) =>
      toolCalls.map(({ toolName, input }) => ({ name: toolName, arguments: input })),
    ),
    finish: finishWord(steps[0]?.finishReason ?? 'other'),
    text,
  };
}

/** OpenAI's word for it. */
function finishWord(reason: FinishReason): string {
  return reason.replace('-', '_');
}

function usageOf({ inputTokens, outputTokens, inputTokenDetails }: LanguageModelUsage): Usage {
  return { prompt: inputTokens, completion: outputTokens, cached: inputTokenDetails.cacheReadTokens };
}

function failure(error: unknown): Failure | undefined {
  if (APICallError.isInstance(error)) {
    return { status: error.statusCode, text: `${error.message} ${error.responseBody ?? ''}` };
  }
  if (error instanceof Error) return { status: undefined, text: `${error.name}: ${error.message}` };
  return undefined;
}
