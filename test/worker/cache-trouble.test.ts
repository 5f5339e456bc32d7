// KV in trouble: the gateway in workerd, with miniflare's KV behind a wrapper that makes
// it fail (fixtures/kv-worker.ts). No client notices.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Trouble } from './fixtures/kv-worker.ts';
import { startWorker, type Started } from './fixtures/start.ts';
import { completion, reply, startUpstream, type Call, type Upstream } from './fixtures/upstream.ts';
import { question } from './harness.ts';

const CHUNK = { choices: [{ index: 0, delta: { content: 'Streamed' }, finish_reason: 'stop' }] };

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
  upstream.answer = (call) => {
    if ('stream' in (JSON.parse(call.body) as object)) replyStream(call);
    else reply(call, completion(`c${upstream.calls.length}`));
  };
});
afterAll(() => upstream.close());

function replyStream({ response }: Call): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(`data: ${JSON.stringify(CHUNK)}\n\ndata: [DONE]\n\n`);
}

describe.each<Trouble>(['read fails', 'read hangs', 'read brings garbage', 'write fails'])(
  '%s',
  (trouble) => {
    let worker: Started;
    beforeAll(async () => {
      const vars = {
        ANONYMOUS_ACCESS: 'true',
        STEP_API_KEY: 'sk-test',
        STEPFUN_BASE_URL: upstream.url,
        TROUBLE: trouble,
      };
      worker = await startWorker('kv-worker.ts', vars, 'Flight');
    });
    afterAll(() => worker.stop());

    const ask = (content: string, fields: object = {}): Promise<Response> =>
      fetch(new URL('/v1/chat/completions', worker.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...question(content), ...fields }),
      });
    const troubles = async () => Number(await (await fetch(new URL('/troubles', worker.url))).text());

    it('StepFun answers, as without a cache', async () => {
      const before = upstream.calls.length;
      for (const content of ['One', 'Two']) {
        const startedAt = performance.now();
        const response = await ask(content);
        expect(response.status).toBe(200);
        expect(await response.text()).toContain(`"content":"Answer c${upstream.calls.length}"`);
        expect(response.headers.get('cache-status')).toMatch(/^stepfun-edge; fwd=miss/);
        // The gateway waits for KV for about 500 ms.
        expect(performance.now() - startedAt).toBeLessThan(3_000);
      }
      expect(upstream.calls).toHaveLength(before + 2);

      const stream = await ask('Three', { stream: true });
      expect(stream.status).toBe(200);
      expect(await stream.text()).toMatch(/"content":"Streamed"[^]*data: \[DONE\]\n\n$/);
      expect(upstream.calls).toHaveLength(before + 3);

      // KV is written after the answer.
      await expect.poll(troubles).toBe(trouble === 'write fails' ? 2 : 3);
    });
  },
);
