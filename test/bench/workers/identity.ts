// A peer: the plainest relay in JS there is. A loop reads, writes, and changes nothing.

import { ask, HEADERS, type Env } from './ask.ts';

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const { body } = await ask(request, env);
    const { readable, writable } = new IdentityTransformStream();
    context.waitUntil(relay(body ?? new ReadableStream(), writable));
    return new Response(readable, { headers: HEADERS });
  },
};

async function relay(body: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array>): Promise<void> {
  const writer = writable.getWriter();
  for await (const bytes of body) await writer.write(bytes);
  await writer.close();
}
