import { afterEach, describe, expect, it, vi } from 'vitest';
import { fetchJson, OutboundError } from '../../../src/access/outbound.ts';
import { json, serve } from './support.ts';

const BOUNDS = { timeoutMs: 2_000, maxBytes: 100 };

afterEach(() => void vi.restoreAllMocks());

async function outboundFailure(promise: Promise<unknown>): Promise<OutboundError> {
  const error: unknown = await promise.then(
    () => new Error('should have failed'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof OutboundError) return error;
  throw error;
}

describe('fetchJson', () => {
  it('returns the JSON of the answer', async () => {
    await using server = await serve((incoming, response) => {
      json(response, { method: incoming.method, accept: incoming.headers.accept });
    });
    const init = { method: 'POST', headers: { accept: 'text/x' } };
    expect(await fetchJson(server.url, init, BOUNDS)).toEqual({ method: 'POST', accept: 'text/x' });
  });

  it.each([201, 204, 301, 400, 404, 500])('fails on the status %i', async (status) => {
    await using server = await serve((_, response) => void response.writeHead(status).end());
    const error = await outboundFailure(fetchJson(server.url, {}, BOUNDS));
    expect(error.message).toBe(`status ${status}`);
  });

  it('reads no more of an answer that has failed', async () => {
    const cancel = vi.fn<() => void>();
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1)),
      cancel,
    });
    vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response(endless, { status: 500 }));
    await outboundFailure(fetchJson('https://x.example', {}, BOUNDS));
    expect(cancel).toHaveBeenCalledOnce();
  });

  it('follows no redirect, not even to itself', async () => {
    await using elsewhere = await serve((_, response) => json(response, { secret: 1 }));
    await using server = await serve((_, response) => {
      response.writeHead(302, { location: elsewhere.url }).end();
    });
    const error = await outboundFailure(fetchJson(server.url, {}, BOUNDS));
    expect(error.message).toBe('status 302');
    expect(elsewhere.hits()).toBe(0);
  });

  it('takes an answer of as many bytes as allowed, and none of more', async () => {
    await using server = await serve((incoming, response) => {
      response.end(`"${'x'.repeat(Number(incoming.url?.slice(1)) - 2)}"`);
    });
    expect(await fetchJson(`${server.url}/100`, {}, BOUNDS)).toBe('x'.repeat(98));
    const error = await outboundFailure(fetchJson(`${server.url}/101`, {}, BOUNDS));
    expect(error.message).toBe('answer too large');
  });

  it('fails on a body that is no JSON, without quoting it', async () => {
    await using server = await serve((_, response) => void response.end('<html>secret</html>'));
    const error = await outboundFailure(fetchJson(server.url, {}, BOUNDS));
    expect(error.message).toBe('SyntaxError');
    expect(error.name).toBe('OutboundError');
  });

  it('fails on a server that is not there', async () => {
    const server = await serve(() => {});
    await server[Symbol.asyncDispose]();
    expect((await outboundFailure(fetchJson(server.url, {}, BOUNDS))).message).toBe('TypeError');
  });

  it('does not wait for a server that hangs, before its headers or in its body', async () => {
    await using server = await serve((incoming, response) => {
      if (incoming.url === '/body') response.writeHead(200).write('{');
    });
    const bounds = { ...BOUNDS, timeoutMs: 100 };
    expect((await outboundFailure(fetchJson(`${server.url}/headers`, {}, bounds))).message).toBe(
      'TimeoutError',
    );
    expect((await outboundFailure(fetchJson(`${server.url}/body`, {}, bounds))).message).toBe('TimeoutError');
  });

  it('fails on a thrown value that is no Error', async () => {
    vi.spyOn(globalThis, 'fetch').mockRejectedValue('text');
    expect((await outboundFailure(fetchJson('https://x.example', {}, BOUNDS))).message).toBe('unknown');
  });
});
