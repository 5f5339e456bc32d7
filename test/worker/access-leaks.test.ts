// Every secret of a deployment is a canary, and everything that leaves it is searched for them:
// answers, headers, log lines, entries of the cache.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createTestHarness } from 'wrangler';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keyPair, sign, startIssuer, type Issuer, type KeyPair } from '../unit/access/issuer.ts';
import { bodyOf, json, serve, type TestServer } from '../unit/access/support.ts';
import { question } from './harness.ts';

const CANARY = 'canary7Zq';
const PAGE = 'https://page.example';

let issuer: Issuer;
let siteverify: TestServer;
let userKey: KeyPair;
let harness: ReturnType<typeof createTestHarness>;
let url: URL;

beforeAll(async () => {
  userKey = await keyPair('main');
  issuer = await startIssuer(userKey);
  siteverify = await serve(async (incoming, response) => {
    const form = await bodyOf(incoming); // repeats the request
    json(response, { success: form.includes('good'), hostname: 'page.example', action: 'chat', form });
  });
  harness = createTestHarness({
    root: join(import.meta.dirname, '../..'),
    workers: [
      {
        configPath: 'wrangler.local.toml',
        vars: {
          ANONYMOUS_ACCESS: 'false',
          ALLOWED_ORIGINS: PAGE,
          STEP_API_KEY: `sk-${CANARY}upstream`,
          CLIENT_KEYS: `app:${CANARY}-client-key`,
          TURNSTILE_SECRET_KEY: `${CANARY}-turnstile-secret`,
          TURNSTILE_SITE_KEY: 'site',
          TURNSTILE_VERIFY_URL: `${siteverify.url}/siteverify`,
          SESSION_SIGNING_KEY: `${CANARY}-signing-key-of-some-length`,
          TOKENS_PER_DAY: '1000000',
          ...issuer.vars,
        },
      },
      { configPath: 'test/simulator/wrangler.toml', vars: { PACE_MS: '0' } },
    ],
  });
  ({ url } = await harness.listen());
});
afterAll(async () => {
  await harness.close();
  await issuer[Symbol.asyncDispose]();
  await siteverify[Symbol.asyncDispose]();
});

/** @returns everything that a client gets of an answer, in one text. */
async function seen(path: string, init: RequestInit): Promise<string> {
  const response = await fetch(new URL(path, url), init);
  return `${response.status}\n${JSON.stringify([...response.headers])}\n${await response.text()}`;
}

function chat(bearer: string, wish: string, fields: Record<string, unknown> = {}): Promise<string> {
  return seen('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: PAGE, authorization: `Bearer ${bearer}` },
    body: JSON.stringify({ ...question(wish), ...fields }),
  });
}

const session = (token: string) =>
  seen('/v1/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: PAGE },
    body: JSON.stringify({ turnstile_token: token }),
  });

it('no secret leaves the gateway', async () => {
  const key = `${CANARY}-client-key`;
  const userToken = await sign(userKey, { sub: `${CANARY}-subject` });
  const answers: string[] = [
    await chat(key, 'Hello'),
    await chat(key, 'Hello again', { stream: true }),
    await chat(userToken, 'Hello'),
    await chat(`${CANARY}-wrong-key`, 'Hello'),
    await chat(await sign(userKey, { sub: `${CANARY}-subject`, exp: 1 }), 'Hello'),
    await chat(key, 'Hello', { temperature: 9 }),
    await session(`${CANARY}-bad`),
    await session(`${CANARY}-good`),
    await session(''),
    await seen('/', { method: 'GET' }),
    await seen('/healthz', { method: 'GET' }),
    await seen('/v1/models', { method: 'GET', headers: { authorization: `Bearer ${key}` } }),
  ];
  for (const status of [400, 401, 402, 403, 404, 429, 451, 500, 503]) {
    answers.push(await chat(key, `simulate error ${status} naming the key`));
    answers.push(await chat(key, `simulate error ${status} naming the key`, { stream: true }));
    answers.push(await chat(key, `simulate error mid-stream ${status}`, { stream: true }));
  }
  // The search can find something: StepFun got its key, and answers of all kinds were searched.
  const received = await harness.getWorker('stepfun-simulator').fetch('http://simulator/_/requests');
  expect(await received.text()).toContain(`sk-${CANARY}upstream`);
  const statuses = new Set(answers.map((answer) => Number.parseInt(answer, 10)));
  expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 401, 404, 429, 451, 502]));

  const gateway = harness.getWorker<{ CACHE: KVNamespace }>('stepfun-edge-local');
  const { CACHE: cache } = await gateway.getEnv();
  const entries: string[] = [];
  await expect.poll(async () => (await cache.list()).keys.length, { timeout: 5_000 }).toBeGreaterThan(0);
  for (const { name, metadata } of (await cache.list()).keys) {
    entries.push(name, JSON.stringify(metadata ?? null), String(await cache.get(name)));
  }
  const lines = harness.getLogs().map((line) => JSON.stringify(line));
  expect(lines.length).toBeGreaterThan(0);

  for (const text of [...answers, ...entries, ...lines]) {
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(userToken);
  }
});

it('no secret is uploaded: neither in the bundle nor in its source map', { timeout: 120_000 }, async () => {
  const root = join(import.meta.dirname, '../..');
  const directory = await mkdtemp(join(tmpdir(), 'stepfun-edge-'));
  try {
    const secrets = ['STEP_API_KEY', 'CLIENT_KEYS', 'SESSION_SIGNING_KEY'];
    const vars = secrets.flatMap((name) => ['--var', `${name}:${CANARY}-${name}`]);
    const args = ['deploy', '--env', 'local', '--dry-run', '--outdir', directory, ...vars];
    const wrangler = join(root, 'node_modules/.bin/wrangler');
    await promisify(execFile)(wrangler, args, { cwd: root });
    for (const file of ['index.js', 'index.js.map']) {
      const text = await readFile(join(directory, file), 'utf8');
      expect(text).toContain('completions');
      expect(text).not.toContain(CANARY);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
