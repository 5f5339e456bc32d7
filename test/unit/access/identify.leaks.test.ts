// Canaries: recognizable secrets in every place that holds one, and every outcome of
// access looked through for them: clients' names, answers, headers, log lines, and
// the errors themselves with all that they carry.

import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorResponse } from '../../../src/http/response.ts';
import { identify } from '../../../src/access/identify.ts';
import { limitByBinding } from '../../../src/access/rate-limit.ts';
import { sessionResponse } from '../../../src/access/sessions.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import { keyPair, sign, startIssuer } from './issuer.ts';
import {
  bodyOf,
  captureLog,
  exchange,
  GATEWAY,
  json,
  NO_BINDINGS,
  PAGE,
  request,
  serve,
  settings,
} from './support.ts';

const CANARY = 'canary7Zq';
const secrets = {
  STEP_API_KEY: `sk-${CANARY}-upstream`,
  CLIENT_KEYS: `app:${CANARY}-client-key`,
  TURNSTILE_SECRET_KEY: `${CANARY}-turnstile`,
  TURNSTILE_SITE_KEY: 'site',
  SESSION_SIGNING_KEY: `${CANARY}-signing-key-of-some-length`,
};

let lines: string[];
let seen: string[];

beforeEach(() => {
  lines = captureLog();
  seen = [];
});
afterEach(() => void vi.restoreAllMocks());

/** Runs it, and records everything that is visible of its result. */
async function watch(work: Promise<unknown>): Promise<void> {
  try {
    const value = await work;
    seen.push(inspect(value, { depth: 10 }));
  } catch (error) {
    seen.push(inspect(error, { depth: 10, showHidden: true }));
    if (error instanceof GatewayError) seen.push(inspect(errorResponse(error)));
  }
}

const post = (turnstileToken: string, tail = '') =>
  new Request(`${GATEWAY}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: PAGE },
    body: JSON.stringify({ turnstile_token: turnstileToken }) + tail,
  });

describe('no secret is seen', () => {
  it('of a caller with a good or a bad credential', async () => {
    const key = await keyPair('main');
    await using issuer = await startIssuer(key);
    const config = settings({ ...secrets, ...issuer.vars });
    const token = await sign(key, { sub: `${CANARY}-subject`, email: `${CANARY}@example.com` });
    const expired = await sign(key, { sub: `${CANARY}-subject`, exp: 1 });
    const bearers = [
      `${CANARY}-client-key`,
      `${CANARY}-wrong-key`,
      `sess_${CANARY}.${CANARY}`,
      `${CANARY}.${CANARY}.${CANARY}`,
      token,
      expired,
      `${token}x`,
    ];
    const headers = { origin: PAGE, 'cf-connecting-ip': '203.0.113.7' };
    for (const bearer of bearers)
      await watch(identify(request(headers, bearer), exchange(config), NO_BINDINGS));
    expect(seen.length).toBeGreaterThan(bearers.length);
    const all = [...seen, ...lines].join('\n');
    expect(all).not.toContain(CANARY);
    for (const part of token.split('.')) expect(all).not.toContain(part);
  });

  it('of the issuer’s answers, nor of siteverify’s, however they fail', async () => {
    const key = await keyPair('main');
    await using issuer = await startIssuer(key);
    await using siteverify = await serve(async (incoming, response) => {
      const form = await bodyOf(incoming); // an error page that repeats what it was sent
      const reply = replies.shift();
      if (reply === 'html') response.end(`<html>${form}`);
      else if (reply === 'error') json(response, { form }, 500);
      else if (reply === 'no') json(response, { success: false, form });
      else json(response, { success: true, hostname: form, action: form });
    });
    const replies = ['html', 'error', 'no', 'yes'];
    issuer.answer = (response) => response.end(`<html>${CANARY}`);
    const config = settings({ ...secrets, ...issuer.vars, TURNSTILE_VERIFY_URL: `${siteverify.url}/verify` });

    await watch(identify(request({}, await sign(key)), exchange(config), NO_BINDINGS));
    for (let index = 0; index < 4; index += 1) {
      await watch(sessionResponse(post(`${CANARY}-${index}`), exchange(config), NO_BINDINGS));
    }
    await watch(sessionResponse(post(CANARY, 'x'), exchange(config), NO_BINDINGS));
    await watch(sessionResponse(post(CANARY.repeat(1_000)), exchange(config), NO_BINDINGS));
    expect(siteverify.hits()).toBe(4);
    expect([...seen, ...lines].join('\n')).not.toContain(CANARY);
    expect(lines).toHaveLength(1);
  });

  it('in a session’s token', async () => {
    await using siteverify = await serve((_, response) =>
      json(response, { success: true, hostname: 'app.example', action: 'chat' }),
    );
    const config = settings({ ...secrets, TURNSTILE_VERIFY_URL: siteverify.url });
    const response = await sessionResponse(post(`${CANARY}-widget`), exchange(config), NO_BINDINGS);
    const body = await response.text();
    const payload = /sess_([\w-]+)/.exec(body)?.[1] ?? '';
    expect(body + Buffer.from(payload, 'base64url').toString()).not.toContain(CANARY);
  });

  it('of a client that brings its own StepFun key, except where it is sent upstream', async () => {
    const config = settings({ ...secrets, UPSTREAM_KEY: 'client' });
    const { upstreamKey, ...client } = await identify(
      request({}, `sk-${CANARY}-own`),
      exchange(config),
      NO_BINDINGS,
    );
    expect(upstreamKey).toBe(`sk-${CANARY}-own`);
    await watch(
      limitByBinding({ limit: () => Promise.reject(new Error('down')) }, { ...client, upstreamKey }),
    );
    expect(JSON.stringify(client)).not.toContain(CANARY);
    expect(lines).toHaveLength(1);
    expect([...seen, ...lines].join('\n')).not.toContain(CANARY);
  });
});

it('the answer of a hostile siteverify becomes one capped log text', async () => {
  const hostile = `\r\n{"level":"error"}\u001b[31m${'x'.repeat(10_000)}`;
  await using siteverify = await serve((_, response) =>
    json(response, { success: false, 'error-codes': [hostile] }),
  );
  const config = settings({ ...secrets, TURNSTILE_VERIFY_URL: siteverify.url });
  const error = await sessionResponse(post('t'), exchange(config), NO_BINDINGS).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GatewayError);
  const detail = error instanceof GatewayError ? (error.details.detail ?? '') : '';
  // eslint-disable-next-line no-control-regex -- the very thing that must not be there
  expect(detail).not.toMatch(/[\u0000-\u001f]/);
});
