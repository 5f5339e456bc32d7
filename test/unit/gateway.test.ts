// The composition root: each part gets the settings and bindings that it needs.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { keyIdentity, stepfunIdentity } from '../../src/access/client.ts';
import { estimatePromptTokens } from '../../src/access/reserve-tokens.ts';
import { ConfigurationError } from '../../src/config/configuration-error.ts';
import { FLIGHT_GRACE_MS, RESERVATION_GRACE_MS } from '../../src/config/limits.ts';
import { gatewayOf } from '../../src/gateway.ts';
import type { RequestContext } from '../../src/http/request-context.ts';
import { createRequestLog } from '../../src/http/request-log.ts';
import type { GateStub } from '../../src/upstream/gate/remote-slot.ts';
import { budgetHouse } from './access/objects.ts';
import { captureLog, clientOf } from './access/support.ts';
import { fakeKv } from './cache/fakes.ts';
import { answer, cacheableRequest, cacheControl, upstreamRequest } from './cache/samples.ts';
import { chat, MODEL, parse } from './chat/request/support.ts';

const QUEUE_MS = 30_000;
const TOTAL_MS = 600_000;
const stays = new AbortController().signal;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function envWith(vars: object = {}): Env {
  const env: object = { STEP_API_KEY: 'sk-1', ANONYMOUS_ACCESS: 'true', ...vars };
  return env as Env;
}

/** A service binding in StepFun's place, and the URLs that it was asked for. */
function fakeStepfun() {
  const fetched: string[] = [];
  const fetch = async (url: string) => {
    fetched.push(url);
    const body = new Blob([answer()]).stream();
    return new Response(body, { headers: { 'content-type': 'application/json' } });
  };
  return { fetched, STEPFUN: { fetch } };
}

/** @returns the parts of a request of this client. */
function contextOf(env: Env, client = clientOf(keyIdentity('app'))) {
  const gateway = gatewayOf(env);
  const context: RequestContext = {
    id: 'id',
    startedAtMs: 5,
    config: gateway.config,
    waitUntil: () => {},
    log: createRequestLog(),
  };
  return { gateway, context, parts: gateway.chatContext(context, client) };
}

describe('gatewayOf', () => {
  it('puts the parts together once for each environment', () => {
    const env = envWith();
    expect(gatewayOf(env)).toBe(gatewayOf(env));
    expect(gatewayOf(envWith())).not.toBe(gatewayOf(env));
  });

  it('throws as long as the settings are wrong', () => {
    const env = envWith({ CACHE_TTL_SECONDS: '5' });
    for (let i = 0; i < 2; i++) expect(() => gatewayOf(env)).toThrow(ConfigurationError);
  });

  it('asks StepFun through its service binding, at its base URL', async () => {
    const { STEPFUN, fetched } = fakeStepfun();
    const { stepfun } = gatewayOf(envWith({ STEPFUN, STEPFUN_BASE_URL: 'https://api.stepfun.com/v1' }));
    await stepfun.models('sk-1', stays);
    expect(fetched).toEqual(['https://api.stepfun.com/v1/models']);
  });

  it('gives the flight the same way to StepFun, and its settings of the cache', async () => {
    const { STEPFUN, fetched } = fakeStepfun();
    const { namespace } = fakeKv();
    const { flight } = gatewayOf(envWith({ STEPFUN, CACHE: namespace, CACHE_STALE_SECONDS: '60' }));
    expect(flight).toMatchObject({ kv: namespace, staleSeconds: 60 });
    const call = { signal: stays, waitUntil: () => {}, onAttempt: () => {} };
    expect(await flight.complete(upstreamRequest(), call)).toMatchObject({ attempts: 1 });
    expect(fetched).toEqual(['https://api.stepfun.ai/v1/chat/completions']);
  });

  it('waits for a flight as long as its queue and its call may take', async () => {
    captureLog();
    const { STEPFUN, fetched } = fakeStepfun();
    const hanging = { fetch: () => new Promise(() => {}) };
    const FLIGHTS = { idFromName: () => 'id', get: () => hanging };
    const { cache } = gatewayOf(envWith({ STEPFUN, FLIGHTS, CACHE: fakeKv().namespace }));
    const found = await cache.lookup(cacheableRequest(crypto.randomUUID()), 'key:app', cacheControl());
    if (found.kind === 'hit') throw new Error('a hit');

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const call = { signal: stays, waitUntil: () => {}, onAttempt: () => {} };
    const completed = cache.complete(found, upstreamRequest(), call);
    await vi.advanceTimersByTimeAsync(QUEUE_MS + TOTAL_MS + FLIGHT_GRACE_MS - 1);
    expect(fetched).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await completed).toMatchObject({ attempts: 1, isCollapsed: false });
  });
});

describe('chatContext', () => {
  it("joins the request, its client's limits and the gateway's parts", async () => {
    const limits = { models: new Set(['step-5-preview']), maxOutputTokens: 7 };
    const client = clientOf(await stepfunIdentity('sk-own'), limits);
    const { gateway, context, parts } = contextOf(
      envWith({ ALLOWED_MODELS: MODEL, MAX_CHOICES: '2' }),
      client,
    );
    expect(parts).toMatchObject({ clientId: client.id, upstreamKey: 'sk-own' });
    expect(parts.chat).toMatchObject({ allowedModels: limits.models, maxOutputTokens: 7, maxChoices: 2 });
    for (const name of ['id', 'startedAtMs', 'config', 'waitUntil', 'log'] as const) {
      expect(parts[name]).toBe(context[name]);
    }
    expect([parts.stepfun, parts.cache]).toEqual([gateway.stepfun, gateway.cache]);
  });

  it("has a gate with the account's limits, and the bounds of the queue", async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const asked = vi.fn<GateStub['enter']>(async () => ({
      kind: 'full',
      retryAfterSeconds: 9,
      [Symbol.dispose]() {},
    }));
    const GATE = { idFromName: () => 'id', get: () => ({ enter: asked }) };
    const vars = { UPSTREAM_CONCURRENCY: '5', UPSTREAM_TPM: '9', QUEUE_SIZE: '7', QUEUE_TIMEOUT_MS: '2000' };
    const { gate } = contextOf(envWith({ GATE, ...vars })).parts;
    const entry = gate?.enter({ client: 'key:app', signal: stays, waitUntil: () => {} });
    await expect(entry).rejects.toMatchObject({ code: 'queue_full' });
    const limits = { concurrency: 5, rpm: 0, tpm: 9 };
    expect(asked.mock.lastCall).toMatchObject([{ limits, queueSize: 7, timeoutMs: 2_000 }]);
  });
});

describe("a client's budget", () => {
  it('is not asked where there is none', () => {
    const client = clientOf(keyIdentity('app'), { tokensPerDay: 0 });
    expect(contextOf(envWith(), client).parts.reserve).toBeNull();
  });

  it("has the request's tokens reserved for its queue and its call, and settled by the flight", async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-22T12:00:00Z') });
    const client = clientOf(keyIdentity('app'), { tokensPerDay: 1_000 });
    const { parts, gateway } = contextOf(envWith({ BUDGETS: budgetHouse().namespace }), client);
    const asked = parse(chat({ n: 2, max_tokens: 100 }));
    const promptTokens = estimatePromptTokens(asked.promptSize());

    const reservation = await parts.reserve?.(asked, stays);
    expect(reservation).toMatchObject({
      promptTokens,
      maxTokens: 100,
      ref: { call: { lapsesAtMs: Date.now() + QUEUE_MS + TOTAL_MS + RESERVATION_GRACE_MS } },
      headers: { 'x-ratelimit-remaining-tokens': String(1_000 - promptTokens - 2 * 100) },
    });
    if (reservation) expect(await gateway.flight.settle(reservation.ref, 30)).toBe(970);
    await expect(parts.reserve?.(asked, AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
  });
});
