// Version 6 of the AI SDK.

import { APICallError, generateText, Output, stepCountIs, streamText, tool } from 'ai-v6';
import type { LanguageModel } from 'ai-v6';
import { citySchema } from '../city.ts';
import { WEATHER_TOOL, type Question } from '../client.ts';
import { createFailure, messagesOf, TOOL, type Sdk } from './ai-sdk.ts';

const TOOLS = { [WEATHER_TOOL.name]: tool(TOOL) };
const STEPS_MAX = 5;

export const failureOfV6 = createFailure((error) => APICallError.isInstance(error));

export function createSdkV6(model: LanguageModel): Sdk {
  // By default the SDK retries twice, where that may help; errors are read from the stream, not logged.
  const settings = { model, maxRetries: 0 };
  const streaming = { ...settings, onError: () => {} };
  const withTools = { tools: TOOLS, stopWhen: stepCountIs(STEPS_MAX) };
  return {
    generate: (question) => generateText({ ...settings, ...fieldsOf(question) }),
    stream: (question) => streamText({ ...streaming, ...fieldsOf(question) }),
    generateWithTools: (prompt) => generateText({ ...settings, ...withTools, prompt }),
    streamWithTools: (prompt) => streamText({ ...streaming, ...withTools, prompt }),
    async extract(prompt) {
      const { output } = await generateText({
        ...settings,
        prompt,
        output: Output.object({ schema: citySchema }),
      });
      return output;
    },
  };
}

function fieldsOf(question: Question) {
  return {
    messages: messagesOf(question),
    ...(question.maxTokens !== undefined && { maxOutputTokens: question.maxTokens }),
    ...(question.json === true && { output: Output.json() }),
  };
}
