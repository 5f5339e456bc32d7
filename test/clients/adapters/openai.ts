// The common part of both adapters for the `openai` package.

import OpenAI, { APIError, OpenAIError } from 'openai';
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { API_KEY, MODEL, type Failure, type Question, type Target } from '../client.ts';

export function openai({ url, headers }: Target): OpenAI {
  return new OpenAI({ baseURL: url, apiKey: API_KEY, defaultHeaders: headers });
}

export function params({ prompt, image, choices, json, maxTokens }: Question) {
  const content: ChatCompletionMessageParam['content'] =
    image === undefined
      ? prompt
      : [
          { type: 'text', text: prompt },
          { type: 'image_url', image_url: { url: image } },
        ];
  return {
    model: MODEL,
    messages: [{ role: 'user', content } as ChatCompletionMessageParam],
    ...(choices !== undefined && { n: choices }),
    ...(json === true && { response_format: { type: 'json_object' } as const }),
    ...(maxTokens !== undefined && { max_completion_tokens: maxTokens }),
  };
}

export function openaiFailure(error: unknown): Failure | undefined {
  if (!(error instanceof OpenAIError)) return undefined;
  const isStatus = error instanceof APIError;
  return {
    status: isStatus ? (error.status as number | undefined) : undefined,
    text: isStatus ? `${error.message} ${String(error.code)}` : error.message,
  };
}
