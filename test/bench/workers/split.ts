// A peer: the careless usual way. Text split at blank lines, parsed and written anew.

import { ask, HEADERS, renamed, type Env } from './ask.ts';

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { body } = await ask(request, env);
    let rest = '';
    const events = body
      ?.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
      .pipeThrough(
        new TransformStream<string, string>({
          transform: (text, controller) => {
            const parts = (rest + text).split('\n\n');
            rest = parts.pop() ?? '';
            for (const part of parts) {
              const data = part.slice('data: '.length);
              controller.enqueue(`data: ${data === '[DONE]' ? data : renamed(data)}\n\n`);
            }
          },
        }),
      )
      .pipeThrough(new TextEncoderStream());
    return new Response(events, { headers: HEADERS });
  },
};
