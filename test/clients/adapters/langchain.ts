// The adapter for LangChain's chat models, without the class of the model.

import { HumanMessage } from '@langchain/core/messages';
import type {
  AIMessage,
  AIMessageChunk,
  BaseMessage,
  ToolMessage,
  UsageMetadata,
} from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import type { ChatOpenAI } from '@langchain/openai';
import { APIError } from 'openai';
import { z } from 'zod';
import { citySchema } from '../city.ts';
import {
  runTool,
  WEATHER_TOOL,
  type Adapter,
  type Answer,
  type Client,
  type Failure,
  type Question,
  type Target,
  type ToolRun,
  type Usage,
} from '../client.ts';

const WEATHER = tool((args: { city: string }) => runTool(args), {
  name: WEATHER_TOOL.name,
  description: WEATHER_TOOL.description,
  schema: z.object({ city: z.string() }),
});

type Model = Pick<ChatOpenAI, 'stream' | 'generate' | 'bindTools' | 'withStructuredOutput'>;

interface ChatModel extends Pick<Adapter, 'name' | 'packages' | 'format'> {
  readonly model: (target: Target, settings: { n?: number; maxTokens?: number }) => Model;
  /** The method of `withStructuredOutput`. */
  readonly structured: 'jsonSchema' | 'functionCalling';
}

export function createLangchainAdapter({ model: connectModel, structured, ...adapter }: ChatModel): Adapter {
  return { ...adapter, failure, connect: (target) => client(target, connectModel, structured) };
}

function client(target: Target, connectModel: ChatModel['model'], method: ChatModel['structured']): Client {
  const withTools = connectModel(target, {}).bindTools([WEATHER]);
  return {
    async ask(question) {
      const { generations } = await connectModel(target, settings(question)).generate(
        [[message(question)]],
        options(question),
      );
      const messages = generations[0]!.map((one) => (one as unknown as { message: AIMessage }).message);
      return read(messages, 1);
    },
    async stream(question) {
      const stream = await connectModel(target, settings(question)).stream(
        [message(question)],
        options(question),
      );
      return read(...(await accumulate(stream)));
    },
    askWithTools: (prompt) =>
      converse(prompt, async (messages) => (await withTools.invoke(messages)) as AIMessage),
    streamWithTools: (prompt) =>
      converse(prompt, async (messages) => (await accumulate(await withTools.stream(messages)))[0][0]!),
    extract: (prompt) =>
      connectModel(target, {}).withStructuredOutput(citySchema, { name: 'city', method }).invoke(prompt),
  };
}

/** Joins the chunks of each choice: `stream()` yields those of all choices alike. */
async function accumulate(stream: AsyncIterable<AIMessageChunk>): Promise<[AIMessageChunk[], number]> {
  const choices: AIMessageChunk[] = [];
  let pieces = 0;
  for await (const chunk of stream) {
    if (chunk.text !== '') pieces += 1;
    const choice = Number(chunk.response_metadata['completion'] ?? 0);
    choices[choice] = choices[choice]?.concat(chunk) ?? chunk;
  }
  return [choices, pieces];
}

async function converse(
  prompt: string,
  invoke: (messages: BaseMessage[]) => Promise<AIMessage | AIMessageChunk>,
): Promise<ToolRun> {
  const messages: BaseMessage[] = [new HumanMessage(prompt)];
  const turn = await invoke(messages);
  messages.push(turn);
  for (const call of turn.tool_calls ?? []) {
    messages.push((await WEATHER.invoke({ ...call, type: 'tool_call' })) as ToolMessage);
  }
  return {
    calls: (turn.tool_calls ?? []).map(({ name, args }) => ({ name, arguments: args })),
    finish: String(turn.response_metadata['finish_reason']),
    text: (await invoke(messages)).text,
  };
}

function message({ prompt, image }: Question): HumanMessage {
  if (image === undefined) return new HumanMessage(prompt);
  return new HumanMessage({
    content: [
      { type: 'text', text: prompt },
      { type: 'image_url', image_url: { url: image } },
    ],
  });
}

function settings({ choices, maxTokens }: Question) {
  return { ...(choices !== undefined && { n: choices }), ...(maxTokens !== undefined && { maxTokens }) };
}

function options({ json }: Question) {
  return json === true ? { response_format: { type: 'json_object' as const } } : {};
}

function read(messages: readonly (AIMessage | AIMessageChunk)[], pieces: number): Answer {
  const first = messages[0];
  return {
    texts: messages.map(({ text }) => text),
    reasoning: (first?.additional_kwargs['reasoning_content'] ?? '') as string,
    finish: (first?.response_metadata['finish_reason'] ?? '') as string,
    usage: usageOf(first?.usage_metadata),
    pieces,
  };
}

function usageOf(usage: UsageMetadata | undefined): Usage | undefined {
  if (usage === undefined) return undefined;
  return {
    prompt: usage.input_tokens,
    completion: usage.output_tokens,
    cached: usage.input_token_details?.cache_read,
  };
}

function failure(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const status = error instanceof APIError ? error.status : (error as { status?: unknown }).status;
  return {
    status: typeof status === 'number' ? status : undefined,
    text: `${error.message} ${String((error as { code?: unknown }).code)}`,
  };
}
