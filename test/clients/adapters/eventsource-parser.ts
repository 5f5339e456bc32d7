import { EventSourceParserStream } from 'eventsource-parser/stream';
import { createSseAdapter, readError } from './sse.ts';

export const eventsourceParser = createSseAdapter({
  name: '`fetch` and `eventsource-parser`',
  packages: ['eventsource-parser'],
  format: 'any; here the default, `reasoning`',
  reasoningFormat: 'general',
  async read({ url, ...init }, onData) {
    const response = await fetch(url, init);
    if (!response.ok) throw await readError(response);
    const events = response
      .body!.pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    for await (const { data } of events) onData(data);
  },
});
