import { describe, expect, it } from 'vitest';
import { readBody } from '../../../../src/chat/request/body.ts';
import { GatewayError } from '../../../../src/http/errors.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

function post(body: BodyInit | null, headers: Record<string, string> = JSON_TYPE): Request {
  const streams = body instanceof ReadableStream ? { duplex: 'half' } : {};
  return new Request('https://gateway.example/', { method: 'POST', body, headers, ...streams });
}

async function code(request: Request, maxBytes = 100, timeoutMs = 1_000): Promise<string> {
  try {
    await readBody(request, maxBytes, timeoutMs);
  } catch (error) {
    return error instanceof GatewayError ? error.code : `threw ${String(error)}`;
  }
  return 'accepted';
}

/** @returns a body without end. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      controller.enqueue(new Uint8Array(10));
    },
  });
}

describe('media type', () => {
  it('is checked before the body, which is left to the caller', async () => {
    const request = post(endless(), { 'content-type': 'text/plain' });
    expect(await code(request)).toBe('unsupported_media_type');
    expect(request.body?.locked).toBe(false);
  });
});

describe('size', () => {
  it('may be the cap, and no byte more', async () => {
    expect(await readBody(post('x'.repeat(100)), 100, 1_000)).toHaveLength(100);
    expect(await code(post('x'.repeat(101)))).toBe('request_too_large');
  });
  it('is counted, whatever Content-Length is', async () => {
    expect(await code(post('x'.repeat(101), { ...JSON_TYPE, 'content-length': '5' }))).toBe(
      'request_too_large',
    );
    expect(await code(post('x'.repeat(50), { ...JSON_TYPE, 'content-length': 'none' }))).toBe('accepted');
  });
  it('is refused at once if Content-Length is too large', async () => {
    const request = post(endless(), { ...JSON_TYPE, 'content-length': '101' });
    expect(await code(request)).toBe('request_too_large');
    expect(request.bodyUsed).toBe(false);
  });
  it('of a body without end', async () => {
    const request = post(endless());
    expect(await code(request)).toBe('request_too_large');
    expect(request.body?.locked).toBe(false);
  });
  it('may be none', async () => {
    expect(await readBody(post(''), 100, 1_000)).toHaveLength(0);
    expect(await readBody(post(null), 100, 1_000)).toHaveLength(0);
  });
  it('is named in the error', async () => {
    await expect(readBody(post('x'.repeat(101)), 100, 1_000)).rejects.toThrow('larger than 100 bytes');
  });
});

describe('time', () => {
  it('ends a body that is too slow', async () => {
    const state = { cancelled: false };
    const stream = new ReadableStream({
      type: 'bytes',
      async pull(controller) {
        await new Promise((resolve) => {
          setTimeout(resolve, 10);
        });
        if (!state.cancelled) controller.enqueue(new Uint8Array(1));
      },
      cancel() {
        state.cancelled = true;
      },
    });
    expect(await code(post(stream), 1_000_000, 40)).toBe('request_timeout');
    expect(state.cancelled).toBe(true);
  });
  it('ends when the client disconnects', async () => {
    const stream = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        controller.error(new Error('reset'));
      },
    });
    expect(await code(post(stream))).toBe('request_timeout');
  });
});
