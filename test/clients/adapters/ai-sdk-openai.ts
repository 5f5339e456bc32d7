import { createOpenAI } from '@ai-sdk/openai';
import { API_KEY, MODEL } from '../client.ts';
import { aiSdk } from './ai-sdk.ts';

export const aiSdkOpenAI = aiSdk({
  name: 'AI SDK, `@ai-sdk/openai`, `.chat()`',
  packages: ['@ai-sdk/openai', 'ai'],
  format: 'none: `hidden` saves what it would not read',
  notes: [
    {
      behaviour: 'reasoning',
      mark: '–',
      text: '`.chat()` reads no reasoning, whatever its name; `@ai-sdk/openai-compatible` does.',
      because: /expected '' to match/,
    },
  ],
  model: ({ url, headers }) =>
    createOpenAI({ baseURL: url, apiKey: API_KEY, headers: { ...headers } }).chat(MODEL),
});
