// useChat's connection to the gateway. The AI SDK runs in the page: no backend is needed, because the gateway holds
// StepFun's key, and knows this page's users by their own tokens.

import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { DirectChatTransport, ToolLoopAgent } from 'ai';

/**
 * @param baseURL - of the gateway, up to `/v1`.
 * @param getToken - a credential that the gateway accepts: your user's token (JWT_ISSUER) or a session.
 */
export function createTransport(baseURL: string, getToken: () => Promise<string>) {
  const stepfun = createOpenAICompatible({
    name: 'stepfun',
    baseURL,
    // Called for each request, so that an expired token is replaced.
    fetch: async (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set('authorization', `Bearer ${await getToken()}`);
      return fetch(input, { ...init, headers });
    },
  });
  const agent = new ToolLoopAgent({ model: stepfun('step-3.7-flash') });
  return new DirectChatTransport({ agent, sendReasoning: true, onError });
}

/** By default the page only sees "An error occurred."; the gateway's messages are safe to show. */
function onError(error: unknown): string {
  return error instanceof Error ? error.message : 'The answer failed.';
}
