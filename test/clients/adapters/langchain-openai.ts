import { ChatOpenAI } from '@langchain/openai';
import { API_KEY, MODEL } from '../client.ts';
import { createLangchainAdapter } from './langchain.ts';

export const langchainOpenAI = createLangchainAdapter({
  name: 'LangChain, `@langchain/openai`',
  packages: ['@langchain/openai', '@langchain/core'],
  format: '`reasoning_format: "deepseek-style"` in `modelKwargs`',
  structured: 'jsonSchema',
  model: ({ url, headers }, settings) =>
    new ChatOpenAI({
      model: MODEL,
      apiKey: API_KEY,
      configuration: { baseURL: url, defaultHeaders: headers },
      modelKwargs: { reasoning_format: 'deepseek-style' },
      ...settings,
    }),
});
