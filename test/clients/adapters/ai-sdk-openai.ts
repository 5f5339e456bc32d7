import { createOpenAI } from '@ai-sdk/openai';
import { API_KEY, MODEL } from '../client.ts';
import { createSdkV7, failureOfV7 } from './ai-sdk-v7.ts';
import { createAiSdkAdapter } from './ai-sdk.ts';

export const aiSdkOpenAI = createAiSdkAdapter({
  name: 'AI SDK, `@ai-sdk/openai`, `.chat()`',
  packages: ['@ai-sdk/openai', 'ai'],
  format: 'none: `hidden` saves what it would not read',
  failure: failureOfV7,
  notes: [
    {
      behaviour: 'reasoning',
      mark: '–',
      text: '`.chat()` reads no reasoning, whatever its name; `@ai-sdk/openai-compatible` does.',
      because: /expected '' to match/,
    },
  ],
  sdk: ({ url, headers }) =>
    createSdkV7(createOpenAI({ baseURL: url, apiKey: API_KEY, headers: { ...headers } }).chat(MODEL)),
});
