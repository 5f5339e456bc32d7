import { ChatDeepSeek } from '@langchain/deepseek';
import { API_KEY, MODEL } from '../client.ts';
import { createLangchainAdapter } from './langchain.ts';

export const langchainDeepSeek = createLangchainAdapter({
  name: 'LangChain, `@langchain/deepseek`',
  packages: ['@langchain/deepseek', '@langchain/core'],
  format: '`X-Reasoning-Format: deepseek-style` in `defaultHeaders`',
  structured: 'functionCalling',
  model: ({ url, headers }, settings) =>
    new ChatDeepSeek({
      model: MODEL,
      apiKey: API_KEY,
      configuration: {
        baseURL: url,
        defaultHeaders: { ...headers, 'x-reasoning-format': 'deepseek-style' },
      },
      ...settings,
    }),
});
