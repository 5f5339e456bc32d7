import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { API_KEY, MODEL } from '../client.ts';
import { aiSdk } from './ai-sdk.ts';

export const aiSdkOpenAICompatible = aiSdk({
  name: 'AI SDK, `@ai-sdk/openai-compatible`',
  packages: ['@ai-sdk/openai-compatible', 'ai'],
  format: 'any; here the default, `reasoning`',
  model: ({ url, headers }) =>
    createOpenAICompatible({
      name: 'stepfun',
      baseURL: url,
      apiKey: API_KEY,
      headers: { ...headers },
      includeUsage: true,
      supportsStructuredOutputs: true,
    })(MODEL),
});
