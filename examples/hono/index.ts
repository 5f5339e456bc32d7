// A backend that checks its own users, keeps the gateway's client key, and streams the answers to its pages.

import { Hono } from 'hono';

interface Env {
  /** For example https://stepfun-edge.example.workers.dev */
  readonly GATEWAY_URL: string;
  /** A key of the gateway's CLIENT_KEYS: a secret of this backend. */
  readonly GATEWAY_KEY: string;
}

const PROMPT_CHARS_MAX = 4_000;

const app = new Hono<{ Bindings: Env }>();

app.post('/api/chat', async (context) => {
  // Check the user of your own application here: a session cookie, for example.
  const body: unknown = await context.req.json().catch(() => null);
  const prompt = typeof body === 'object' && body !== null && 'prompt' in body ? body.prompt : null;
  if (typeof prompt !== 'string' || prompt.length > PROMPT_CHARS_MAX) {
    return context.json({ error: `prompt: expected a text of at most ${PROMPT_CHARS_MAX} characters` }, 400);
  }
  const answer = await fetch(`${context.env.GATEWAY_URL}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${context.env.GATEWAY_KEY}`, 'content-type': 'application/json' },
    // The model and the limits are decided here, not by the page.
    body: JSON.stringify({
      model: 'step-3.7-flash',
      stream: true,
      max_tokens: 2_000,
      messages: [{ role: 'user', content: prompt }],
    }),
    // A user who leaves ends the answer, and its costs.
    signal: context.req.raw.signal,
  });
  return new Response(answer.body, {
    status: answer.status,
    headers: { 'content-type': answer.headers.get('content-type') ?? 'application/json' },
  });
});

export default app;
