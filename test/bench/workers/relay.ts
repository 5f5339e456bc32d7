// The relay alone, under the gateway's own settings: no access, no checks, no cache.

import { readConfig } from '../../../src/config.ts';
import { errorResponse, toGatewayError } from '../../../src/errors.ts';
import { openNative } from '../../../src/relay/native.ts';
import { openRelay } from '../../../src/relay/pump.ts';
import { createStreamRewriter } from '../../../src/relay/rewriter.ts';
import { createLifeline } from '../../../src/upstream/lifeline.ts';
import { createStepfun } from '../../../src/upstream/stepfun.ts';

export default {
  async fetch(request: Request, env: object, context: ExecutionContext): Promise<Response> {
    const { relay, clocks, upstream, chat } = readConfig(env);
    const lifeline = createLifeline(request.signal, clocks);
    const ended = Promise.withResolvers<void>();
    context.waitUntil(ended.promise);
    try {
      const { body } = await createStepfun(upstream).chat({
        body: new Uint8Array(await request.arrayBuffer()),
        key: upstream.apiKey ?? '',
        stream: true,
        signal: lifeline.signal,
      });
      lifeline.begun(true);
      const rewriter = createStreamRewriter({
        reasoning: chat.defaultReasoningFormat,
        shape: relay.shape,
        created: Math.floor(Date.now() / 1000),
        choices: 1,
        includeUsage: false,
      });
      const open = relay.mode === 'native' ? openNative : openRelay;
      const stream = await open(body ?? new ReadableStream(), rewriter, {
        ...clocks,
        ...lifeline,
        windowMs: relay.windowMs,
        signal: request.signal,
        onEnd: () => ended.resolve(),
      });
      return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
    } catch (thrown) {
      ended.resolve();
      lifeline.abort(thrown);
      return errorResponse(toGatewayError(thrown));
    }
  },
} satisfies ExportedHandler;
