// The routes, and what every answer has.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type Gateway } from './harness.ts';

const PAGE = 'https://page.example';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ ALLOWED_ORIGINS: PAGE });
});
afterAll(() => gateway.close());

describe('routes', () => {
  it.each([
    '/v1',
    '/v1/completions',
    '/v1/chat/completions/x',
    '/index.html',
    '/nope',
    '/v1/chat%2fcompletions',
  ])('has nothing at %s: 404', async (path) => {
    const response = await gateway.fetch(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { type: 'invalid_request_error', code: 'not_found', param: null },
    });
  });

  it.each([
    ['GET', '/v1/chat/completions', 'POST'],
    ['PUT', '/v1/chat/completions', 'POST'],
    ['DELETE', '/v1/chat/completions', 'POST'],
    ['GET', '/v1/session', 'POST'],
    ['POST', '/healthz', 'GET'],
    ['PATCH', '/', 'GET'],
  ])('answers %s %s with 405 and what is allowed', async (method, path, allow) => {
    const response = await gateway.fetch(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toContain(allow);
    expect(await response.json()).toMatchObject({ error: { code: 'method_not_allowed' } });
  });

  it('shows its health and version without credentials', async () => {
    const response = await gateway.fetch('/healthz');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: 'ok',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      configuration: 'valid',
      access: 'configured',
    });
    // Health does not depend on StepFun, and a monitor must not use its quota.
    expect(await gateway.received()).toEqual([]);
  });

  it('answers HEAD where it answers GET, without a body', async () => {
    const response = await gateway.fetch('/healthz', { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });
});

describe('every answer', () => {
  const stream = { stream: true };
  const broken = { messages: [] };
  it.each([
    ['a completion', 200, () => gateway.chat({}, { origin: PAGE })],
    ['a completion from the cache', 200, () => gateway.chat({}, { origin: PAGE })],
    ['a stream', 200, () => gateway.chat(stream, { origin: PAGE })],
    ['a bad request', 400, () => gateway.chat(broken, { origin: PAGE })],
    ["an upstream's refusal", 429, () => gateway.chat(says('simulate error 429'), { origin: PAGE })],
    ["an upstream's failure", 502, () => gateway.chat(says('simulate error 500'), { origin: PAGE })],
    ['a 404', 404, () => gateway.fetch('/nope', { headers: { origin: PAGE } })],
    ['a 405', 405, () => gateway.fetch('/v1/chat/completions', { headers: { origin: PAGE } })],
    ['a 415', 415, () => gateway.chat({}, { origin: PAGE, 'content-type': 'text/plain' })],
    ['the health', 200, () => gateway.fetch('/healthz', { headers: { origin: PAGE } })],
    ['the playground', 200, () => gateway.fetch('/', { headers: { origin: PAGE } })],
  ])('carries its request id and CORS headers: %s', async (_, status, ask) => {
    const response = await ask();
    await response.text();
    expect(response.status).toBe(status);
    expect(response.headers.get('x-request-id')).toMatch(/^[\w.-]{1,128}$/);
    expect(response.headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(response.headers.get('vary')).toContain('Origin');
    expect(response.headers.get('access-control-expose-headers')).toContain('x-request-id');
    if (status >= 400) {
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('content-type')).toBe('application/json');
    }
  });

  it("keeps the client's request id when it is well-formed", async () => {
    const response = await gateway.fetch('/nope', { headers: { 'x-request-id': 'a.B_c-9' } });
    expect(response.headers.get('x-request-id')).toBe('a.B_c-9');
  });

  it.each(['has space', 'x'.repeat(129), 'semi;colon', ''])('makes a new one instead of %j', async (id) => {
    const response = await gateway.fetch('/nope', { headers: { 'x-request-id': id } });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });
});

function says(content: string) {
  return { messages: [{ role: 'user', content }] };
}
