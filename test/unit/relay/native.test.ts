// The native lane, with a fake of workerd's IdentityTransformStream.

import { beforeAll, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/http/errors.ts';
import { relayNative } from '../../../src/relay/native.ts';
import type { RelaySummary } from '../../../src/relay/relay.ts';
import { StreamRewriter } from '../../../src/relay/stream-rewriter.ts';
import {
  CHUNK,
  DONE,
  OPENAI,
  byteStream,
  createUpstream,
  event,
  eventsOf,
  fakeWorkerdStreams,
  settle,
  text,
} from './support.ts';

beforeAll(fakeWorkerdStreams);

function start(body: ReadableStream<Uint8Array>) {
  const client = new AbortController();
  const call = new AbortController();
  client.signal.addEventListener('abort', () => call.abort(client.signal.reason));
  const ended: RelaySummary[] = [];
  const pending: Promise<unknown>[] = [];
  const begun = { isSo: false };
  const opening = relayNative(body, new StreamRewriter(OPENAI), {
    signal: client.signal,
    callSignal: call.signal,
    keepAliveMs: 10_000,
    onFirstEvent: () => (begun.isSo = true),
    onEnd: (summary) => ended.push(summary),
    waitUntil: (work) => pending.push(work),
  });
  opening.catch(() => {});
  return { opening, client, call, ended, pending, begun };
}

async function read(stream: ReadableStream<Uint8Array>): Promise<string> {
  let out = '';
  for await (const chunk of stream) out += text(chunk);
  return out;
}

it('comments without end are no stream: what is held before the first event is bounded', async () => {
  const comment = `: ${'x'.repeat(64 * 1024)}\n`;
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += comment.length;
      controller.enqueue(new TextEncoder().encode(comment));
    },
  });
  await expect(start(endless).opening).rejects.toMatchObject({ code: 'upstream_malformed' });
  expect(sent).toBeLessThan(5 * 1024 * 1024);
});

describe('a stream', () => {
  it.each<[string, string[]]>([
    ['from its first event on', [event(CHUNK), event(CHUNK), DONE]],
    [
      'with what came before its first event',
      [': c\n\n', event(CHUNK).slice(0, 9), event(CHUNK).slice(9), DONE],
    ],
    ['of one piece', [event(CHUNK) + DONE]],
    ['of a sentinel alone', [DONE]],
    ['without sentinel: that goes unseen', [event(CHUNK)]],
  ])('goes through unchanged %s', async (_, pieces) => {
    const { opening, ended, begun, pending } = start(byteStream(pieces));
    const stream = await opening;
    expect(begun.isSo).toBe(true);
    expect(await read(stream)).toBe(pieces.join(''));
    await Promise.all(pending);
    expect(ended).toEqual([{ outcome: 'completed', bytes: null, usage: null }]);
  });

  it('that breaks ends in an error event of its own', async () => {
    const { opening, ended, pending } = start(byteStream([event(CHUNK), 'data: {"half', new Error('reset')]));
    const out = await read(await opening);
    expect(out.startsWith(`${event(CHUNK)}data: {"half\n\ndata: {"error":`)).toBe(true);
    await Promise.all(pending);
    expect(ended).toMatchObject([{ outcome: { code: 'upstream_reset' } }]);
  });

  it('whose time is over ends in an error event', async () => {
    const upstream = createUpstream();
    const { opening, call, ended, pending } = start(upstream.body);
    upstream.write(event(CHUNK));
    const reading = read(await opening);
    await settle();
    // The signal aborts the fetch, and with it the body.
    call.abort(new GatewayError('upstream_timeout'));
    upstream.break(new Error('aborted'));
    expect(eventsOf(await reading).at(-1)).toMatchObject({ error: { code: 'upstream_timeout' } });
    await Promise.all(pending);
    expect(ended).toMatchObject([{ outcome: { code: 'upstream_timeout' } }]);
  });

  it('whose second event is an error object, in the same piece, ends as every failed stream', async () => {
    const { opening, ended, pending } = start(
      byteStream([event(CHUNK) + event('{"error":{"message":"no"}}')], { never: true }),
    );
    expect(eventsOf(await read(await opening))).toMatchObject([
      { choices: [{}] },
      { error: { code: 'upstream_rejected' } },
    ]);
    await Promise.all(pending);
    expect(ended).toMatchObject([{ outcome: { code: 'upstream_rejected' } }]);
  });

  it('that is over stays whole when its body does not end well', async () => {
    const body = byteStream([event(CHUNK) + DONE], {
      never: true,
      onCancel: () => {
        throw new Error('broken');
      },
    });
    const { opening, ended, pending } = start(body);
    expect(await read(await opening)).toBe(event(CHUNK) + DONE);
    await Promise.all(pending);
    expect(ended).toMatchObject([{ outcome: 'completed' }]);
  });
});

describe('before the first event', () => {
  it.each<[string, (string | Error)[], string]>([
    ['an end', [], 'upstream_truncated'],
    ['comments and an end', [': c\n\n'], 'upstream_truncated'],
    ['a reset', [new Error('reset')], 'upstream_reset'],
    ['a broken encoding', [new TypeError('bad gzip')], 'upstream_malformed'],
    ['an error object', [event('{"error":{"message":"no"}}')], 'upstream_rejected'],
    ['no chunk', [event('<html>')], 'upstream_malformed'],
  ])('%s is thrown', async (_, pieces, code) => {
    const { opening, ended, begun } = start(byteStream(pieces));
    await expect(opening).rejects.toMatchObject({ code });
    expect(ended).toEqual([]);
    expect(begun.isSo).toBe(false);
  });

  it.each(['client', 'call'] as const)('the reason of the %s is thrown', async (who) => {
    const upstream = createUpstream();
    const started = start(upstream.body);
    const reason = new GatewayError('upstream_timeout');
    started[who].abort(reason);
    upstream.break(new Error('aborted'));
    await expect(started.opening).rejects.toBe(reason);
  });
});

it('a client that leaves in mid-stream is told as such', async () => {
  const upstream = createUpstream();
  const { opening, client, ended, pending } = start(upstream.body);
  upstream.write(event(CHUNK));
  const reader = (await opening).getReader();
  await reader.read();
  client.abort(new Error('gone'));
  upstream.break(new Error('aborted'));
  await Promise.all(pending);
  expect(ended).toMatchObject([{ outcome: 'client_gone', bytes: null }]);
});
