// A peer: the plainest native pipe there is, which looks at the first bytes, and whose
// body could still be ended by an event of its own.

import { ask, HEADERS, type Env } from './ask.ts';

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const { body } = await ask(request, env);
    const { readable, writable } = new IdentityTransformStream();
    context.waitUntil(pipe(body ?? new ReadableStream(), writable));
    return new Response(readable, { headers: HEADERS });
  },
};

async function pipe(body: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  const writer = writable.getWriter();
  await writer.write(value);
  writer.releaseLock();
  await body.pipeTo(writable, { preventClose: true, preventAbort: true });
  await writable.getWriter().close();
}
