// Clients without a deploy: the command writes an entry, and the running gateway serves
// its key with its limits.

import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createTestHarness } from 'wrangler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { question } from './harness.ts';
import { ROOT } from './pages.ts';

const run = promisify(execFile);
const PAGE = 'https://app.example';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

interface Env {
  readonly CLIENTS: { put(key: string, value: string): Promise<void> };
}

describe('a key of the binding CLIENTS', () => {
  const harness = createTestHarness({
    root: ROOT,
    workers: [
      {
        configPath: 'wrangler.local.toml',
        vars: { ANONYMOUS_ACCESS: 'false', ALLOWED_MODELS: 'step-3.5-flash', CACHE_TTL_SECONDS: '0' },
      },
      { configPath: 'test/simulator/wrangler.toml', vars: { PACE_MS: '0' } },
    ],
  });
  let url: URL;
  beforeAll(async () => {
    ({ url } = await harness.listen());
    await put('sfe-limited', { name: 'limited', requests_per_minute: 10 });
    await put('sfe-models', { name: 'models', models: ['step-3.7-flash'], max_output_tokens: 5 });
    await put('sfe-budget', { name: 'budget', tokens_per_day: 100_000 });
    await put('sfe-page', { name: 'page', origins: [PAGE] });
    await put('sfe-disabled', { name: 'disabled', disabled: true });
  });
  afterAll(() => harness.close());

  async function put(key: string, entry: object): Promise<void> {
    const { CLIENTS } = await harness.getWorker<Env>('stepfun-edge-local').getEnv();
    const digest = createHash('sha256').update(key).digest('hex');
    await CLIENTS.put(`key:${digest}`, JSON.stringify({ created_at: 1, ...entry }));
  }

  const chat = (key: string, fields: object = {}, headers: Record<string, string> = {}) =>
    fetch(new URL('/v1/chat/completions', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(key), ...headers },
      body: JSON.stringify({ ...question('Hello!'), ...fields }),
    });
  const get = (path: string, key: string) => fetch(new URL(path, url), { headers: bearer(key) });
  const codeOf = async (response: Response) =>
    (await response.json<{ error: { code: string } }>()).error.code;

  it('gets exactly 10 of 100 requests answered if that is its limit a minute', async () => {
    const statuses = (
      await Promise.all(Array.from({ length: 100 }, () => get('/v1/models', 'sfe-limited')))
    ).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(90);
    const refused = await get('/v1/models', 'sfe-limited');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(await codeOf(refused)).toBe('rate_limit_exceeded');
  });

  it('uses its own models and ceiling in place of the deployment’s', async () => {
    expect((await chat('sfe-budget')).status).toBe(200);
    expect(await codeOf(await chat('sfe-models'))).toBe('model_not_found');
    const answer = await chat('sfe-models', { model: 'step-3.7-flash' });
    expect(await answer.json()).toMatchObject({ choices: [{ finish_reason: 'length' }] });
    const { data } = await (await get('/v1/models', 'sfe-models')).json<{ data: { id: string }[] }>();
    expect(data.map(({ id }) => id)).toEqual(['step-3.7-flash']);
  });

  it('has a budget of its own, and gets the remaining tokens', async () => {
    const answer = await chat('sfe-budget', { max_tokens: 50 });
    expect(answer.headers.get('x-ratelimit-limit-tokens')).toBe('100000');
    const usage = await (await get('/v1/usage', 'sfe-budget')).json<{ tokens: { used: number } }>();
    expect(usage).toMatchObject({ client: 'budget', tokens: { limit: 100_000, reserved: 0 } });
    expect(usage.tokens.used).toBeGreaterThan(0);
    expect(await (await get('/v1/usage', 'sfe-models')).json()).toMatchObject({
      client: 'models',
      tokens: { limit: null, used: 0, remaining: null },
    });
  });

  it('works on its own pages and without a page, and not on other pages', async () => {
    const from = (origin: string) => chat('sfe-page', {}, { origin });
    expect((await chat('sfe-page')).status).toBe(200);
    expect((await from(PAGE)).status).toBe(200);
    const refused = await from('https://other.example');
    expect(refused.status).toBe(403);
    expect(await codeOf(refused)).toBe('origin_not_allowed');
  });

  it('is refused like any other when it is unknown or disabled', async () => {
    for (const key of ['sfe-disabled', 'sfe-unknown']) {
      const response = await chat(key);
      expect(response.status).toBe(401);
      expect(await codeOf(response)).toBe('invalid_api_key');
    }
  });
});

it('npm run clients writes, lists and revokes in a local store', { timeout: 240_000 }, async () => {
  const home = await mkdtemp(join(tmpdir(), 'stepfun-edge-'));
  try {
    for (const path of ['package.json', 'wrangler.toml', 'wrangler.local.toml', 'scripts', 'src']) {
      await cp(join(ROOT, path), join(home, path), { recursive: true });
    }
    await symlink(join(ROOT, 'node_modules'), join(home, 'node_modules'));
    const clients = async (...args: string[]) => {
      const PATH = `${join(home, 'node_modules/node/bin')}:${join(home, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;
      const line = ['scripts/clients.ts', ...args, '--local'];
      return (await run('node', line, { cwd: home, env: { ...process.env, PATH } })).stdout;
    };
    const { key } = JSON.parse(await clients('add', 'web', '--tokens-per-day', '5', '--json')) as {
      key: string;
    };
    expect(key).toMatch(/^sfe-web-/);
    expect(await clients('list')).toMatch(/^web +5 tokens\/day +/m);
    expect(await clients('revoke', 'web')).toContain('Client web is revoked (1 of its keys)');
    await expect(clients('show', 'web')).rejects.toThrow('There is no client "web". There is no client yet.');
  } finally {
    await rm(home, { recursive: true });
  }
});
