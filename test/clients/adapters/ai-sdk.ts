// The adapter for the AI SDK, without the provider and without the functions of one major version.

import { z } from 'zod';
import {
  runTool,
  WEATHER_TOOL,
  type Adapter,
  type Client,
  type Failure,
  type Note,
  type Question,
  type Usage,
} from '../client.ts';

interface Step {
  readonly finishReason: string;
  readonly toolCalls: readonly { readonly toolName: string; readonly input: unknown }[];
}

interface AiSdkUsage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly inputTokenDetails: { readonly cacheReadTokens: number | undefined };
}

type Part =
  | { readonly type: 'error'; readonly error: unknown }
  | { readonly type: 'text-delta' | 'reasoning-delta'; readonly text: string }
  | { readonly type: string };

/** `generateText`, `streamText` and their companions, of one major version, with one model. */
export interface Sdk {
  generate(question: Question): Promise<{
    readonly text: string;
    readonly reasoningText: string | undefined;
    readonly finishReason: string;
    readonly usage: AiSdkUsage;
  }>;
  stream(question: Question): {
    /** The name that versions 6 and 7 have in common. */
    readonly fullStream: AsyncIterable<Part>;
    readonly finishReason: PromiseLike<string>;
    readonly usage: PromiseLike<AiSdkUsage>;
  };
  generateWithTools(prompt: string): Promise<{ readonly steps: readonly Step[]; readonly text: string }>;
  streamWithTools(prompt: string): {
    readonly fullStream: AsyncIterable<Part>;
    readonly steps: PromiseLike<readonly Step[]>;
    readonly text: PromiseLike<string>;
  };
  extract(prompt: string): Promise<unknown>;
}

const NO_N: Note = {
  behaviour: 'n = 2',
  mark: '–',
  text: 'The AI SDK has no `n`.',
  because: /length of 2/,
};

interface Provider extends Pick<Adapter, 'name' | 'packages' | 'format' | 'notes'> {
  readonly sdk: (target: Parameters<Adapter['connect']>[0]) => Sdk;
  readonly failure: Adapter['failure'];
}

export function createAiSdkAdapter({ sdk, notes = [], ...adapter }: Provider): Adapter {
  return { ...adapter, notes: [NO_N, ...notes], connect: (target) => createClient(sdk(target)) };
}

function createClient(sdk: Sdk): Client {
  return {
    async ask(question) {
      const { text, reasoningText, finishReason, usage } = await sdk.generate(question);
      return {
        texts: [text],
        reasoning: reasoningText ?? '',
        finish: openaiReason(finishReason),
        usage: usageOf(usage),
        pieces: 1,
      };
    },
    async stream(question) {
      const result = sdk.stream(question);
      let text = '';
      let reasoning = '';
      let pieces = 0;
      // `textStream` ends without an error when a stream fails; the AI SDK's page "Error Handling" reads errors here.
      for await (const part of result.fullStream) {
        if ('error' in part) throw part.error;
        if (!('text' in part)) continue;
        if (part.type === 'reasoning-delta') reasoning += part.text;
        if (part.type === 'text-delta') {
          text += part.text;
          pieces += 1;
        }
      }
      const [finish, usage] = await Promise.all([result.finishReason, result.usage]);
      return { texts: [text], reasoning, finish: openaiReason(finish), usage: usageOf(usage), pieces };
    },
    async askWithTools(prompt) {
      const { steps, text } = await sdk.generateWithTools(prompt);
      return toolRun(steps, text);
    },
    async streamWithTools(prompt) {
      const result = sdk.streamWithTools(prompt);
      for await (const part of result.fullStream) if ('error' in part) throw part.error;
      const [steps, text] = await Promise.all([result.steps, result.text]);
      return toolRun(steps, text);
    },
    extract: (prompt) => sdk.extract(prompt),
  };
}

/** The weather tool, as both versions' `tool` takes it. */
export const TOOL = {
  description: WEATHER_TOOL.description,
  inputSchema: z.object({ city: z.string() }),
  execute: (args: { city: string }) => JSON.parse(runTool(args)) as object,
};

/** @returns the messages of a question, as both versions take them. */
export function messagesOf({ prompt, image }: Question) {
  const content =
    image === undefined
      ? prompt
      : [
          { type: 'text' as const, text: prompt },
          { type: 'file' as const, mediaType: 'image/png', data: image },
        ];
  return [{ role: 'user' as const, content }];
}

function toolRun(steps: readonly Step[], text: string) {
  return {
    calls: steps.flatMap(({ toolCalls }) =>
      toolCalls.map(({ toolName, input }) => ({ name: toolName, arguments: input })),
    ),
    finish: openaiReason(steps[0]?.finishReason ?? 'other'),
    text,
  };
}

/** `tool-calls` is `tool_calls` in OpenAI's API. */
function openaiReason(reason: string): string {
  return reason.replace('-', '_');
}

function usageOf({ inputTokens, outputTokens, inputTokenDetails }: AiSdkUsage): Usage {
  return { prompt: inputTokens, completion: outputTokens, cached: inputTokenDetails.cacheReadTokens };
}

/** @param isCallError - `APICallError.isInstance` of the version in use. */
export function createFailure(
  isCallError: (error: unknown) => error is Error & {
    readonly statusCode?: number | undefined;
    readonly responseBody?: string | undefined;
  },
): (error: unknown) => Failure | undefined {
  return (error) => {
    if (isCallError(error)) {
      return { status: error.statusCode, text: `${error.message} ${error.responseBody ?? ''}` };
    }
    if (error instanceof Error) return { status: undefined, text: `${error.name}: ${error.message}` };
    // Version 6 delivers the object of an error event as it came.
    const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : null;
    return typeof message === 'string' ? { status: undefined, text: message } : undefined;
  };
}
