// The measured Worker: does one kind of work with the posted body `n` times (a Worker's
// clock does not advance while it computes, so the time is taken outside), or sends the
// body on, as the gateway does or unchanged.

import { cacheKey } from '../../../src/cache/key.ts';
import { readBody } from '../../../src/chat/request/body.ts';
import { type ChatRequest, parseChatRequest } from '../../../src/chat/request/chat-request.ts';
import { chatRequestSchema } from '../../../src/chat/request/schema.ts';

const MIB = 1024 * 1024;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type Work = (text: string, bytes: Uint8Array) => unknown;

const WORK: Record<string, Work> = {
  parse: (text) => JSON.parse(text),
  decodeAndParse: (_, bytes) => JSON.parse(decoder.decode(bytes)),
  check: (_, bytes) => request(bytes),
  checkAndWrite: (_, bytes) => request(bytes).upstreamBody(),
  checkAndCanonical: (_, bytes) => request(bytes).canonical(),
  zodAlone: (text) => chatRequestSchema.safeParse(JSON.parse(text)),
};

export default {
  async fetch(incoming: Request, env: { UPSTREAM: string }): Promise<Response> {
    const { pathname, searchParams } = new URL(incoming.url);
    const name = pathname.slice(1);
    const headers = { 'content-type': 'application/json' };
    if (name === 'untouched') {
      return fetch(env.UPSTREAM, { method: 'POST', body: incoming.body, headers });
    }
    const bytes = await readBody(incoming, 16 * MIB, 10_000);
    if (name === 'gateway' || name === 'gatewayAndKey') {
      const asked = request(bytes);
      if (name === 'gatewayAndKey') {
        await cacheKey({
          shape: 'openai',
          baseUrl: env.UPSTREAM,
          clientId: null,
          canonical: asked.canonical(),
        });
      }
      return fetch(env.UPSTREAM, { method: 'POST', body: asked.upstreamBody(), headers });
    }
    const work = WORK[name];
    if (work === undefined) return new Response(null, { status: 404 });
    const text = decoder.decode(bytes);
    for (let left = Number(searchParams.get('n')); left > 0; left--) work(text, bytes);
    return new Response('done');
  },
};

function request(bytes: Uint8Array): ChatRequest {
  return parseChatRequest(bytes, {
    reasoningHeader: null,
    chat: {
      allowedModels: new Set(),
      maxOutputTokens: 0,
      maxChoices: 5,
      maxBodyBytes: 16 * MIB,
      unknownParams: 'ignore',
      extraParams: new Set(),
      defaultReasoningFormat: 'general',
    },
  });
}
