// A peer: the careful usual way. eventsource-parser finds the events, JSON.parse and
// JSON.stringify rename the field.

import { EventSourceParserStream } from 'eventsource-parser/stream';
import { ask, HEADERS, renamed, type Env } from './ask.ts';

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { body } = await ask(request, env);
    const events = body
      ?.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
      .pipeThrough(new EventSourceParserStream())
      .pipeThrough(
        new TransformStream<{ data: string }, string>({
          transform: ({ data }, controller) => {
            controller.enqueue(`data: ${data === '[DONE]' ? data : renamed(data)}\n\n`);
          },
        }),
      )
      .pipeThrough(new TextEncoderStream());
    return new Response(events, { headers: HEADERS });
  },
};
