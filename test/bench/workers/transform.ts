// A peer: a TransformStream in JavaScript that changes nothing.

import { ask, HEADERS, type Env } from './ask.ts';

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { body } = await ask(request, env);
    const unchanged = new TransformStream<Uint8Array, Uint8Array>({
      transform: (bytes, controller) => controller.enqueue(bytes),
    });
    return new Response(body?.pipeThrough(unchanged) ?? null, { headers: HEADERS });
  },
};
