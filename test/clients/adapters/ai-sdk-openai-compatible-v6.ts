import { createOpenAICompatible } from 'openai-compatible-v2';
import { API_KEY, MODEL } from '../client.ts';
import { createSdkV6, failureOfV6 } from './ai-sdk-v6.ts';
import { createAiSdkAdapter } from './ai-sdk.ts';

export const aiSdkOpenAICompatibleV6 = createAiSdkAdapter({
  name: 'AI SDK 6, `@ai-sdk/openai-compatible`',
  packages: ['openai-compatible-v2', 'ai-v6'],
  format: 'any; here the default, `reasoning`',
  failure: failureOfV6,
  sdk: ({ url, headers }) =>
    createSdkV6(
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
