// A peer: Hono's own proxy helper, which changes nothing.

import { Hono } from 'hono';
import { proxy } from 'hono/proxy';
import type { Env } from './ask.ts';

const app = new Hono<{ Bindings: Env }>();
app.post('/v1/chat/completions', async (context) =>
  proxy(`${context.env.STEPFUN_BASE_URL}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: await context.req.arrayBuffer(),
  }),
);

export default app;
