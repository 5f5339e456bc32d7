import { createDeepSeek } from '@ai-sdk/deepseek';
import { API_KEY, MODEL } from '../client.ts';
import { createSdkV7, failureOfV7 } from './ai-sdk-v7.ts';
import { createAiSdkAdapter } from './ai-sdk.ts';

export const aiSdkDeepSeek = createAiSdkAdapter({
  name: 'AI SDK, `@ai-sdk/deepseek`',
  packages: ['@ai-sdk/deepseek', 'ai'],
  format: '`X-Reasoning-Format: deepseek-style` in `headers`',
  failure: failureOfV7,
  sdk: ({ url, headers }) =>
    createSdkV7(
      createDeepSeek({
        baseURL: url,
        apiKey: API_KEY,
        headers: { ...headers, 'x-reasoning-format': 'deepseek-style' },
      })(MODEL),
    ),
});
