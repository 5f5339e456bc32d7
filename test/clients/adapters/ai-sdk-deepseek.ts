import { createDeepSeek } from '@ai-sdk/deepseek';
import { API_KEY, MODEL } from '../client.ts';
import { aiSdk } from './ai-sdk.ts';

export const aiSdkDeepSeek = aiSdk({
  name: 'AI SDK, `@ai-sdk/deepseek`',
  packages: ['@ai-sdk/deepseek', 'ai'],
  format: '`X-Reasoning-Format: deepseek-style` in `headers`',
  model: ({ url, headers }) =>
    createDeepSeek({
      baseURL: url,
      apiKey: API_KEY,
      headers: { ...headers, 'x-reasoning-format': 'deepseek-style' },
    })(MODEL),
});
