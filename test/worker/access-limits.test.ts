// The rate limit and the token budget, with the real bindings, in workerd.

import { connect } from 'node:net';
import { join } from 'node:path';
import { createTestHarness } from 'wrangler';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client, until } from '../faults/client.ts';
import { event } from '../faults/events.ts';
import { startUnder } from '../faults/gateways.ts';
import { keyPair, sign, startIssuer } from '../unit/access/issuer.ts';
import { startWorker } from './fixtures/start.ts';
import { startUpstream, type Upstream } from './fixtures/upstream.ts';
import { dataOf, question, startGateway, type Gateway } from './harness.ts';

const ROOT = join(import.meta.dirname, '../..');
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const tokensLeft = (response: Response) => Number(response.headers.get('x-ratelimit-remaining-tokens'));

/** The fields of `GET /v1/usage` that the tests read. */
interface Usage {
  readonly tokens: { readonly used: number; readonly reserved: number; readonly remaining: number };
}

/** @returns a question that was not asked before, so it is not in the cache. */
let asked = 0;
const anew = (wish = '') => ({ messages: [{ role: 'user', content: `Question ${(asked += 1)}. ${wish}` }] });

describe('the rate limit', () => {
  const harness = createTestHarness({
    root: ROOT,
    workers: [
      {
        configPath: 'wrangler.toml',
        vars: {
          STEP_API_KEY: 'sk-x',
          CLIENT_KEYS:
            'app:client-key-of-app,shop:client-key-of-shop,good:client-key-of-good,late:client-key-of-late',
          CACHE_TTL_SECONDS: '0',
        },
      },
    ],
  });
  afterAll(() => harness.close());

  it('stops a client after 60 requests a minute, before its body is read, and no other client', async () => {
    const { url } = await harness.listen();
    const ask = (key: string) =>
      fetch(new URL('/v1/chat/completions', url), { method: 'POST', headers: bearer(key), body: 'not JSON' });
    const passed: number[] = [];
    let response = await ask('client-key-of-app');
    // The requests may fall into two windows: up to 120 of them pass.
    while (response.status !== 429 && passed.length < 121) {
      passed.push(response.status);
      response = await ask('client-key-of-app');
    }
    expect(response.status).toBe(429);
    expect(passed.length).toBeGreaterThanOrEqual(60);
    expect(new Set(passed)).toEqual(new Set([415]));
    expect(response.headers.get('retry-after')).toBe('60');
    expect(await response.json()).toMatchObject({
      error: { code: 'rate_limit_exceeded', type: 'rate_limit_error' },
    });
    expect((await ask('client-key-of-shop')).status).toBe(415);
    expect((await ask('client-key-of-nobody')).status).toBe(401);
  });

  it('bounds the guessing of keys, and still accepts keys that it accepted before', async () => {
    const { url } = await harness.listen();
    const ask = async (key: string) =>
      (await fetch(new URL('/v1/usage', url), { headers: bearer(key) })).status;
    expect(await ask('client-key-of-good')).toBe(200);
    const statuses: number[] = [];
    for (let guess = 0; guess < 150; guess += 1) statuses.push(await ask(`guess-${guess}`));
    const refused = statuses.filter((status) => status === 429);
    // Two windows may share the work.
    expect(refused.length).toBeGreaterThanOrEqual(150 - 120);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(statuses.at(-1)).toBe(429);
    expect(await ask('client-key-of-good')).toBe(200);
    expect(await ask('client-key-of-late')).toBe(429);
  });
});

describe('the token budget', () => {
  // Ten calls of 1,000 tokens each, and their prompts.
  const BUDGET = 10_000;
  let gateway: Gateway;
  beforeAll(async () => {
    const keys = [
      'hundred',
      'exact',
      'cached',
      'streams',
      'broken',
      'capped',
      'used-up',
      'refused',
      'waiting',
      'told',
    ];
    gateway = await startGateway({
      ANONYMOUS_ACCESS: 'false',
      CLIENT_KEYS: keys.map((name) => `${name}:client-key-of-${name}`).join(),
      TOKENS_PER_DAY: String(BUDGET),
      CACHE_TTL_SECONDS: '3600',
    });
  });
  afterAll(() => gateway.close());
  beforeEach(() => gateway.forget());

  const usedBy = async (response: Response) =>
    (await response.json<{ usage: { total_tokens: number } }>()).usage.total_tokens;

  it('is enough for exactly 10 of 100 concurrent requests', async () => {
    const key = bearer('client-key-of-hundred');
    // With their prompts, ten calls reserve some 9,600 tokens; they take longer than the others wait.
    const responses = await Promise.all(
      Array.from({ length: 100 }, () =>
        gateway.chat({ ...anew('simulate delay 6000'), max_tokens: 900 }, key),
      ),
    );
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(90);
    expect(await gateway.received()).toHaveLength(10);
    const refused = responses.find(({ status }) => status === 429);
    expect(await refused?.json()).toMatchObject({
      error: { code: 'budget_reserved', type: 'rate_limit_error' },
    });
    expect(refused?.headers.get('retry-after')).toBe('5');
    expect(refused?.headers.has('x-should-retry')).toBe(false);
  });

  it('counts the tokens that StepFun reports', async () => {
    const key = bearer('client-key-of-exact');
    let left = BUDGET;
    for (let round = 0; round < 3; round += 1) {
      const response = await gateway.chat({ ...anew(), max_tokens: 50 }, key);
      expect(response.headers.get('x-ratelimit-limit-tokens')).toBe(String(BUDGET));
      expect(response.headers.get('x-ratelimit-reset-tokens')).toMatch(/^\d+s$/);
      const remaining = tokensLeft(response);
      left -= await usedBy(response);
      expect(remaining).toBe(left);
    }
  });

  it('counts nothing for a cache hit', async () => {
    const key = bearer('client-key-of-cached');
    const same = { ...anew(), max_tokens: 50 };
    await (await gateway.chat(same, key)).text();
    await expect
      .poll(async () => (await gateway.chat(same, key)).headers.get('cache-status'), { timeout: 5_000 })
      .toContain('hit');
    const before = tokensLeft(await gateway.chat({ ...anew(), max_tokens: 1 }, key));
    for (let round = 0; round < 5; round += 1) await (await gateway.chat(same, key)).text();
    const response = await gateway.chat({ ...anew(), max_tokens: 1 }, key);
    expect(before - tokensLeft(response)).toBe(await usedBy(response));
  });

  it('lowers the max_tokens that StepFun gets', async () => {
    const key = bearer('client-key-of-capped');
    await gateway.chat({ ...anew(), max_tokens: 1_000_000 }, key);
    await gateway.chat({ ...anew(), n: 3 }, key);
    const [huge, many] = (await gateway.received()).map(
      ({ body }) => JSON.parse(body) as { max_tokens: number },
    );
    expect(huge?.max_tokens).toBeLessThan(BUDGET);
    expect(huge?.max_tokens).toBeGreaterThan(BUDGET - 100);
    expect((many?.max_tokens ?? 0) * 3).toBeLessThan(BUDGET);
  });

  it('settles a stream with the usage at its end', async () => {
    const key = bearer('client-key-of-streams');
    const stream = await gateway.chat(
      { ...anew(), stream: true, stream_options: { include_usage: true } },
      key,
    );
    const last = dataOf(await stream.text()).at(-2) as { usage: { total_tokens: number } };
    expect(last.usage.total_tokens).toBeGreaterThan(0);
    await expect
      .poll(() => leftFor('client-key-of-streams'), { timeout: 5_000 })
      .toBe(BUDGET - last.usage.total_tokens);
  });

  it('settles a broken stream with the last usage that arrived', async () => {
    const key = bearer('client-key-of-broken');
    const wish = anew('simulate truncated after 8');
    const stream = await gateway.chat(
      { ...wish, stream: true, stream_options: { include_usage: true } },
      key,
    );
    expect(await stream.text()).toContain('upstream_truncated');
    await expect
      .poll(() => leftFor('client-key-of-broken'), { timeout: 5_000 })
      .toBeGreaterThan(BUDGET - 200);
    expect(await leftFor('client-key-of-broken')).toBeLessThan(BUDGET);
  });

  it('costs nothing when StepFun refuses the request', async () => {
    const key = bearer('client-key-of-refused');
    expect((await gateway.chat(anew('simulate error 400'), key)).status).toBe(400);
    await expect.poll(() => leftFor('client-key-of-refused'), { timeout: 5_000 }).toBe(BUDGET);
  });

  it('refuses a request when it is used up, with the time of its reset', async () => {
    const key = bearer('client-key-of-used-up');
    await (await gateway.chat(anew('simulate 9950 tokens'), key)).text();
    const response = await gateway.chat({ ...anew('x'.repeat(3_000)), max_tokens: 10 }, key);
    expect(response.status).toBe(429);
    const untilMidnight = 86_400 - (Math.floor(Date.now() / 1_000) % 86_400);
    expect(Math.abs(Number(response.headers.get('retry-after')) - untilMidnight)).toBeLessThan(5);
    expect(response.headers.get('x-ratelimit-limit-tokens')).toBe(String(BUDGET));
    expect(response.headers.get('x-should-retry')).toBe('false');
  });

  it('waits for open calls to settle, and does not lower max_tokens because of them', async () => {
    const key = bearer('client-key-of-waiting');
    const ask = () => gateway.chat({ ...anew('simulate delay 500'), max_tokens: 4_000 }, key);
    const responses = await Promise.all(Array.from({ length: 4 }, ask));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const asked = (await gateway.received()).map(({ body }) => JSON.parse(body) as { max_tokens: number });
    expect(asked.map(({ max_tokens }) => max_tokens)).toEqual([4_000, 4_000, 4_000, 4_000]);
  });

  it('refuses a request that exceeds the limit of a whole day', async () => {
    const response = await gateway.chat(anew('x'.repeat(3 * BUDGET)), bearer('client-key-of-refused'));
    expect(response.status).toBe(400);
    const { error } = await response.json<{ error: { code: string; message: string } }>();
    expect(error.code).toBe('invalid_value');
    expect(error.message).toContain(`${BUDGET} tokens a day`);
    expect(await gateway.received()).toEqual([]);
  });

  it('is shown to its client by GET /v1/usage', async () => {
    const key = bearer('client-key-of-told');
    const total = await usedBy(await gateway.chat({ ...anew(), max_tokens: 50 }, key));
    const response = await gateway.fetch('/v1/usage', { headers: key });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      object: 'usage',
      client: 'told',
      tokens: { limit: BUDGET, used: total, reserved: 0, remaining: BUDGET - total },
    });
    expect((await gateway.fetch('/v1/usage')).status).toBe(401);
  });

  async function leftFor(key: string): Promise<number> {
    const response = await gateway.fetch('/v1/usage', { headers: bearer(key) });
    return (await response.json<Usage>()).tokens.remaining;
  }
});

describe('the token budget of a client that leaves', () => {
  const BUDGET = 10_000;

  it.each([
    ['in the middle of its stream is settled with the last usage seen', event('Hello'), 'Hello', 84, 84],
    ['before there was any is settled with its prompt, which StepFun has read', ': wait\n\n', '', 1, 99],
  ])('%s', async (_, sent, seen, least, most) => {
    // Over sockets: the harness does not show that a client has left.
    const gateways = await startUnder({ counting: { TOKENS_PER_DAY: String(BUDGET) } });
    const { upstream, ports } = gateways;
    const used = async () => {
      const response = await fetch(`http://127.0.0.1:${ports.counting}/v1/usage`);
      return BUDGET - (await response.json<Usage>()).tokens.remaining;
    };
    upstream.play = (call) => void call.open().chunk(sent);
    const client = new Client({ port: ports.counting, fields: { max_tokens: 5_000 } });
    const call = await upstream.call();
    await client.holds(seen);
    expect(await used()).toBeGreaterThan(5_000);

    client.reset();
    await until(() => call.leftAtMs !== null);
    await expect.poll(used, { timeout: 5_000 }).toBeLessThanOrEqual(most);
    expect(await used()).toBeGreaterThanOrEqual(least);
    await gateways.stop();
  });
});

describe('the keys of an issuer', () => {
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await startUpstream();
  });
  afterAll(() => upstream.close());

  it('are loaded for all waiting requests, also when the client of the first one has left', async () => {
    const key = await keyPair('main');
    await using issuer = await startIssuer(key);
    const answer = issuer.answer;
    issuer.answer = (response) => void setTimeout(() => answer(response), 800);
    const vars = {
      STEP_API_KEY: 'sk-x',
      STEPFUN_BASE_URL: upstream.url,
      CACHE_TTL_SECONDS: '0',
      ...issuer.vars,
    };
    const worker = await startWorker('../../../src/index.ts', vars, 'Flight');
    const token = await sign(key);

    const first = connect(worker.port, '127.0.0.1');
    first.write(`GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    await expect.poll(() => issuer.hits(), { timeout: 5_000 }).toBe(1);
    const others = Promise.all(
      Array.from({ length: 10 }, () =>
        fetch(new URL('/v1/chat/completions', worker.url), {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...bearer(token) },
          body: JSON.stringify(question('Hello!')),
        }),
      ),
    );
    setTimeout(() => first.resetAndDestroy(), 200);
    expect((await others).map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(issuer.hits()).toBe(1);
    await worker.stop();
  });
});
