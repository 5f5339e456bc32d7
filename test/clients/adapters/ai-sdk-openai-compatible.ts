import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { API_KEY, MODEL } from '../client.ts';
import { createSdkV7, failureOfV7 } from './ai-sdk-v7.ts';
import { createAiSdkAdapter } from './ai-sdk.ts';

export const aiSdkOpenAICompatible = createAiSdkAdapter({
  name: 'AI SDK 7, `@ai-sdk/openai-compatible`',
  packages: ['@ai-sdk/openai-compatible', 'ai'],
  format: 'any; here the default, `reasoning`',
  failure: failureOfV7,
  sdk: ({ url, headers }) =>
    createSdkV7(
      createOpenAICompatible({
        name: 'stepfun',
        baseURL: url,
        apiKey: API_KEY,
        headers: { ...headers },
        includeUsage: true,
        supportsStructuredOutputs: true,
      })(MODEL),
    ),
});
