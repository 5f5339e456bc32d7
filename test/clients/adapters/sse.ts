// The adapter for clients that only read event streams: it adds the request, and reads the events.

import {
  API_KEY,
  MODEL,
  runTool,
  WEATHER_TOOL,
  type Adapter,
  type Client,
  type Failure,
  type Question,
  type Target,
} from '../client.ts';
import { Assembly, readCall, type Chunk } from '../deltas.ts';

export interface SseRequest {
  readonly url: string;
  readonly method: 'POST';
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface SseClient extends Pick<Adapter, 'name' | 'packages' | 'format'> {
  /** Reads a stream to its end. */
  readonly read: (request: SseRequest, onData: (data: string) => void) => Promise<void>;
  readonly reasoningFormat: 'general' | 'deepseek-style';
}

/** The application's own error. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly status: number | undefined;
  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/** @returns the error of an answer that is not a stream. */
export async function readError(response: Response): Promise<StreamError> {
  const { error } = (await response.json()) as { error: { message: string } };
  return new StreamError(error.message, response.status);
}

export function createSseAdapter({ read, reasoningFormat, ...adapter }: SseClient): Adapter {
  return {
    ...adapter,
    streamsOnly: true,
    failure,
    connect: (target) => client(target, reasoningFormat, read),
  };
}

function client(
  target: Target,
  reasoningFormat: SseClient['reasoningFormat'],
  read: SseClient['read'],
): Client {
  async function assemble(asked: object): Promise<Assembly> {
    const assembly = new Assembly();
    let isDone = false;
    await read(
      {
        url: `${target.url}/chat/completions`,
        method: 'POST',
        headers: {
          ...target.headers,
          authorization: `Bearer ${API_KEY}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ model: MODEL, stream: true, reasoning_format: reasoningFormat, ...asked }),
      },
      (data) => {
        if (data === '[DONE]') {
          isDone = true;
          return;
        }
        assembly.add(readEvent(data));
      },
    );
    if (!isDone) throw new StreamError('The stream ended without [DONE].');
    return assembly;
  }

  const noCompletions = () => Promise.reject(new TypeError('reads streams only'));
  return {
    ask: noCompletions,
    askWithTools: noCompletions,
    stream: async (question) => (await assemble(fields(question))).answer,
    async streamWithTools(prompt) {
      const asked = { ...fields({ prompt }), tools: [{ type: 'function', function: WEATHER_TOOL }] };
      const { answer, toolCalls } = await assemble(asked);
      const messages = [
        ...asked.messages,
        { role: 'assistant', content: null, tool_calls: toolCalls },
        ...toolCalls.map((call) => ({
          role: 'tool',
          tool_call_id: call.id,
          content: runTool(readCall(call).arguments as { city: string }),
        })),
      ];
      const [text = ''] = (await assemble({ ...asked, messages })).answer.texts;
      return { calls: toolCalls.map(readCall), finish: answer.finish, text };
    },
    extract: noCompletions,
  };
}

function readEvent(data: string): Chunk {
  let event: Chunk | { error: { message: string } };
  try {
    event = JSON.parse(data) as typeof event;
  } catch {
    throw new StreamError('An event is not JSON.');
  }
  if ('error' in event) throw new StreamError(event.error.message);
  return event;
}

function fields({ prompt, image, choices, json, maxTokens }: Question) {
  const content =
    image === undefined
      ? prompt
      : [
          { type: 'text', text: prompt },
          { type: 'image_url', image_url: { url: image } },
        ];
  return {
    messages: [{ role: 'user', content }] as object[],
    ...(choices !== undefined && { n: choices }),
    ...(json === true && { response_format: { type: 'json_object' } }),
    ...(maxTokens !== undefined && { max_tokens: maxTokens }),
  };
}

function failure(error: unknown): Failure | undefined {
  if (error instanceof StreamError) return { status: error.status, text: error.message };
  // `fetch` throws it when a connection breaks.
  return error instanceof TypeError ? { status: undefined, text: error.message } : undefined;
}
