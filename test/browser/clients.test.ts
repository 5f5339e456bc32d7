// The gateway as pages of other origins use it, in real Chromium: openai's browser build,
// and plain fetch.

import { beforeEach, describe, expect, it } from 'vitest';
import { dataOf, startGateway } from '../worker/harness.ts';
import { expectConsoleError, visit, type Visit } from './clients-visit.ts';
import { startPageServer, startSiteverify, startSocketGateway } from './servers.ts';
import { useChromium, useServer } from './setup.ts';

/** Some 40 chunks in a second. */
const PACED = 'Go on. simulate no reasoning simulate 40 tokens simulate pace 25';

const chromium = useChromium();
const allowed = useServer(startPageServer);
const stranger = useServer(startPageServer);

let here: Visit;
beforeEach(async () => {
  here = await visit(chromium, allowed());
});

describe('a page of an allowed origin', () => {
  const gateway = useServer(() => startGateway({ ALLOWED_ORIGINS: allowed().origin }));
  beforeEach(() => gateway().forget());

  it('needs one preflight for two requests', async () => {
    here = await visit(chromium, allowed(), { isFresh: true });
    const call = { gateway: gateway().url, prompt: 'Reply with exactly: Hello.' };
    expect((await here.act('streamWithOpenAI', call)).text).toBe('Hello.');
    expect((await here.act('streamWithOpenAI', call)).text).toBe('Hello.');
    await expect.poll(() => here.preflights).toEqual([{ path: '/v1/chat/completions', status: 204 }]);
  });

  it('reads a stream as it arrives, through openai', async () => {
    const { text, arrivals } = await here.act('streamWithOpenAI', { gateway: gateway().url, prompt: PACED });
    expect(text).toMatch(/\w{2,}/);
    expectPaced(arrivals);
  });

  it('reads a stream as it arrives, through fetch', async () => {
    const { bytes, arrivals } = await here.act('streamWithFetch', { gateway: gateway().url, prompt: PACED });
    expect(dataOf(bytes).at(-1)).toBe('[DONE]');
    expectPaced(arrivals);
  });

  it('may send X-Reasoning-Format: the preflight grants it', async () => {
    const call = { gateway: gateway().url, prompt: 'Why is the sky blue?' };
    expect((await here.act('streamWithOpenAI', call)).reasoning).toMatch(/\w/);
    const hidden = { ...call, headers: { 'X-Reasoning-Format': 'hidden' } };
    expect(await here.act('streamWithOpenAI', hidden)).toMatchObject({
      reasoning: '',
      text: expect.stringMatching(/\w/),
    });
  });

  it("can read the gateway's headers, and none of StepFun's", async () => {
    const call = { gateway: gateway().url, prompt: 'Name a colour.' };
    const miss = await here.act('complete', call, { user: 'someone' });
    expect(miss.status).toBe(200);
    expect(miss.headers).toMatchObject({
      'cache-status': expect.stringContaining('fwd=miss'),
      'x-ignored-params': 'user',
      'x-request-id': expect.stringMatching(/^[\w-]+$/),
    });
    expect(miss.headers).not.toHaveProperty('server');
    expect(miss.headers).not.toHaveProperty('x-trace-id');
    await expect
      .poll(async () => (await here.act('complete', call)).headers)
      .toMatchObject({ 'cache-status': expect.stringContaining('hit'), age: expect.stringMatching(/^\d+$/) });
    expect((await here.act('streamWithOpenAI', call)).requestId).toMatch(/^[\w-]+$/);
  });

  it('can read the status, the body and the Retry-After of a failure', async () => {
    const refused = await here.act('complete', {
      gateway: gateway().url,
      prompt: 'simulate error 429 retry-after 7',
    });
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('7');
    expect(refused.body).toMatchObject({ error: { code: 'upstream_rate_limited' } });
    const wrong = await here.act('complete', { gateway: gateway().url, prompt: 'Hello' }, { temprature: 1 });
    expect(wrong).toMatchObject({ status: 400, headers: { 'x-should-retry': 'false' } });

    const call = { gateway: gateway().url, prompt: 'Go on. simulate truncated after 9' };
    expect(await here.act('failureWithOpenAI', call)).toMatchObject({
      name: 'APIError',
      code: 'upstream_truncated',
      message: "StepFun's answer ended before it was complete.",
    });
  });

  it('of another origin is refused before StepFun is called, with a reason that its developer can read', async () => {
    const there = await visit(chromium, stranger());
    const call = { gateway: gateway().url, prompt: 'Hello' };
    expect(await there.act('failureWithOpenAI', call)).toMatchObject({ name: 'APIConnectionError' });
    expect(await there.act('postPlainText', call)).toBe('TypeError: Failed to fetch');
    await expect.poll(() => there.preflights).toEqual([{ path: '/v1/chat/completions', status: 403 }]);
    // The console names the reason, and so does the answer itself.
    await expectConsoleError(there, `from origin '${stranger().origin}' has been blocked by CORS`);
    const answer = await gateway().chat({}, { origin: stranger().origin });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({
      error: { code: 'origin_not_allowed', message: expect.stringContaining('ALLOWED_ORIGINS') },
    });
    expect(await gateway().received()).toEqual([]);
  });
});

describe('a page that leaves a stream', () => {
  const sockets = useServer(() =>
    startSocketGateway({ ANONYMOUS_ACCESS: 'true', ALLOWED_ORIGINS: allowed().origin }),
  );

  const endless = (client: string) => `Go on, ${client}. simulate 100000 tokens simulate pace 20`;

  it.each(['openai', 'fetch'] as const)('by an abort through %s ends the call to StepFun', async (client) => {
    await here.act('begin', { gateway: sockets().url, prompt: endless(client) }, client);
    expect((await sockets().states()).at(-1)).toBe('open');
    await here.act('abort');
    await expect.poll(async () => (await sockets().states()).at(-1), { timeout: 5_000 }).toBe('aborted');
  });

  it('by closing ends the call to StepFun', async () => {
    await here.act('begin', { gateway: sockets().url, prompt: endless('closing') }, 'openai');
    expect((await sockets().states()).at(-1)).toBe('open');
    await here.page.close();
    await expect.poll(async () => (await sockets().states()).at(-1), { timeout: 5_000 }).toBe('aborted');
  });
});

describe('a page with Turnstile', () => {
  const siteverify = useServer(() => startSiteverify('127.0.0.1'));
  const gateway = useServer(() =>
    startGateway({
      ALLOWED_ORIGINS: `${allowed().origin},${stranger().origin}`,
      ANONYMOUS_ACCESS: 'false',
      TURNSTILE_SECRET_KEY: 'turnstile-secret',
      TURNSTILE_SITE_KEY: 'turnstile-site',
      SESSION_SIGNING_KEY: 'a signing key of at least 32 characters',
      TURNSTILE_VERIFY_URL: siteverify().url,
    }),
  );

  const prompt = 'Reply with exactly: Welcome.';

  it('opens a session and chats with its token', async () => {
    const call = { gateway: gateway().url, prompt };
    expect(await here.act('failureWithOpenAI', call)).toMatchObject({ status: 401, code: 'invalid_api_key' });

    const session = await here.act('openSession', gateway().url, 'solved');
    expect(session).toEqual({
      status: 200,
      body: { token: expect.any(String), expires_at: expect.any(Number) },
    });
    expect(Object.fromEntries(siteverify().forms.at(-1)!)).toMatchObject({
      secret: 'turnstile-secret',
      response: 'solved',
    });
    const key = session.body['token'] as string;
    expect((await here.act('streamWithOpenAI', { ...call, key })).text).toBe('Welcome.');
    expect(await here.act('complete', { ...call, key })).toMatchObject({ status: 200 });
  });

  it('can use no challenge twice, no failed challenge, and no session of another page', async () => {
    const session = await here.act('openSession', gateway().url, 'solved once');
    expect(session.status).toBe(200);
    for (const token of ['solved once', 'bad']) {
      expect(await here.act('openSession', gateway().url, token)).toMatchObject({
        status: 401,
        body: { error: { code: 'invalid_api_key' } },
      });
    }
    const there = await visit(chromium, stranger());
    const key = session.body['token'] as string;
    expect(await there.act('failureWithOpenAI', { gateway: gateway().url, prompt, key })).toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    });
  });
});

/** A stream that is buffered anywhere arrives all at once. */
function expectPaced(arrivals: readonly number[]): void {
  expect(arrivals.length).toBeGreaterThan(20);
  expect(arrivals.at(-1)).toBeGreaterThan(700);
  expect(arrivals[Math.floor(arrivals.length / 2)]).toBeLessThan(arrivals.at(-1)! - 200);
}
