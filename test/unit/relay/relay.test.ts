// A stream's way back as a whole, with a fake of workerd's streams and fake time. test/faults
// has the same in workerd, with sockets.

import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { relayStream, type RelaySummary } from '../../../src/relay/relay.ts';
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
  finish,
  settle,
  text,
} from './support.ts';

beforeAll(fakeWorkerdStreams);
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const FINISH = `{"usage":{"total_tokens":7},${finish().slice(1)}`;

function relay(
  body: ReadableStream<Uint8Array>,
  rest: { keepAliveMs?: number; idleMs?: number; windowMs?: number } = {},
) {
  const client = new AbortController();
  const ended: RelaySummary[] = [];
  const pending: Promise<unknown>[] = [];
  const rewriter = new StreamRewriter(OPENAI);
  const opening = relayStream(body, rewriter, {
    windowMs: 0,
    keepAliveMs: 15_000,
    idleMs: 60_000,
    firstByteDeadlineMs: Date.now() + 120_000,
    totalDeadlineMs: Date.now() + 600_000,
    signal: client.signal,
    onEnd: (summary) => ended.push(summary),
    waitUntil: (work) => pending.push(work),
    ...rest,
  });
  // Whether it opens is looked at later.
  opening.catch(() => {});
  return { opening, client, ended, pending };
}

/** Reads a client's stream as it comes. */
function reading(stream: ReadableStream<Uint8Array>) {
  const state = { out: '', isOver: false, failure: undefined as unknown };
  void (async () => {
    try {
      for await (const chunk of stream) state.out += text(chunk);
    } catch (thrown) {
      state.failure = thrown;
    }
    state.isOver = true;
  })();
  return state;
}

const codeOf = (out: string) => (eventsOf(out).at(-1) as { error?: { code: string } }).error?.code;

describe('a stream that ends well', () => {
  it.each<[string, string[]]>([
    ['with its sentinel', [event(FINISH), DONE]],
    ['without its sentinel', [event(FINISH)]],
    ['with half its sentinel', [event(FINISH), 'data: [DO']],
  ])('%s', async (_, pieces) => {
    for (const windowMs of [0, 32]) {
      const { opening, ended } = relay(byteStream([event(CHUNK), ...pieces]), { windowMs });
      const client = reading(await opening);
      await settle();
      await vi.advanceTimersByTimeAsync(1_000);
      await settle();
      expect(client.isOver).toBe(true);
      expect(client.out.endsWith(DONE)).toBe(true);
      expect(eventsOf(client.out)).toHaveLength(3);
      expect(ended).toMatchObject([
        { outcome: 'completed', bytes: client.out.length, usage: { totalTokens: 7 } },
      ]);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it.each<[string, (upstream: ReturnType<typeof createUpstream>) => void]>([
    ['a reset', (upstream) => upstream.break(new Error('reset'))],
    ['an end', (upstream) => upstream.end()],
    ['silence', () => {}],
    ['pings without end', (upstream) => void setInterval(() => upstream.write(': ping\n\n'), 100)],
  ])('when every choice has ended: after %s, within 2 s', async (_, act) => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const upstream = createUpstream();
    const { opening, ended } = relay(upstream.body);
    upstream.write(event(CHUNK));
    const client = reading(await opening);
    upstream.write(event(FINISH));
    await settle();
    act(upstream);
    await vi.advanceTimersByTimeAsync(2_000);
    await settle();
    expect(client.isOver).toBe(true);
    expect(client.out.endsWith(DONE)).toBe(true);
    expect(client.out).not.toContain('error');
    expect(ended).toMatchObject([{ outcome: 'completed' }]);
    vi.clearAllTimers();
  });

  it('also for a client that reads slowly', async () => {
    const upstream = createUpstream();
    const { opening, ended } = relay(upstream.body);
    upstream.write(event(FINISH));
    const stream = await opening;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ended).toMatchObject([{ outcome: 'completed', usage: { totalTokens: 7 } }]);
    const client = reading(stream);
    await settle();
    expect(client.out.endsWith(DONE)).toBe(true);
  });
});

describe('a stream that is cut never looks finished', () => {
  it.each<[string, (upstream: ReturnType<typeof createUpstream>) => void, string]>([
    ['a reset', (upstream) => upstream.break(new Error('reset')), 'upstream_reset'],
    ['an end', (upstream) => upstream.end(), 'upstream_truncated'],
    [
      'half an event and an end',
      (upstream) => (upstream.write('data: {'), upstream.end()),
      'upstream_truncated',
    ],
    ['silence', () => {}, 'upstream_timeout'],
    ['no chunk', (upstream) => upstream.write(event('<html>')), 'upstream_malformed'],
  ])('%s', async (_, act, code) => {
    const upstream = createUpstream();
    const { opening, ended } = relay(upstream.body, { keepAliveMs: 1_000_000 });
    upstream.write(event(CHUNK));
    const client = reading(await opening);
    act(upstream);
    await settle();
    await vi.advanceTimersByTimeAsync(60_000);
    await settle();
    expect(client).toMatchObject({ isOver: true, failure: undefined });
    expect(client.out).not.toContain('[DONE]');
    expect(codeOf(client.out)).toBe(code);
    expect(ended).toMatchObject([{ outcome: { code } }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a failure before the first event is thrown', () => {
  it.each<[string, (string | Error)[], string]>([
    ['an end', [], 'upstream_truncated'],
    ['a reset', [new Error('reset')], 'upstream_reset'],
    ['an error object', [event('{"error":{"message":"no"}}')], 'upstream_rejected'],
    ['comments, then a reset', [': c\n\n', ': c\n\n', new Error('reset')], 'upstream_reset'],
  ])('%s', async (_, pieces, code) => {
    const { opening, ended } = relay(byteStream(pieces));
    await expect(opening).rejects.toMatchObject({ code });
    await settle();
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('the first byte is late', async () => {
    const { opening, ended } = relay(createUpstream().body, { keepAliveMs: 1_000_000 });
    await settle();
    await vi.advanceTimersByTimeAsync(120_000);
    await expect(opening).rejects.toMatchObject({ code: 'upstream_timeout' });
    expect(ended).toEqual([]);
  });
});

describe('keep-alives', () => {
  it.each([false, true])('open a stream that has not begun (StepFun sends comments: %s)', async (sends) => {
    const upstream = createUpstream();
    const { opening } = relay(upstream.body);
    for (let second = 0; second < 16; second += 4) {
      await settle();
      if (sends) upstream.write(': ping\n\n');
      await settle();
      await vi.advanceTimersByTimeAsync(4_000);
    }
    const client = reading(await opening);
    await settle();
    expect(client.out).toBe(': keep-alive\n\n');
  });

  it('come between events while StepFun is silent, also in the middle of one', async () => {
    const upstream = createUpstream();
    const { opening } = relay(upstream.body);
    upstream.write(event(CHUNK) + event(CHUNK).slice(0, 10));
    const client = reading(await opening);
    await settle();
    await vi.advanceTimersByTimeAsync(15_000);
    upstream.write(event(CHUNK).slice(10));
    await settle();
    expect(client.out.match(/\n\n: keep-alive\n\ndata: /g)).toHaveLength(1);
  });
});

describe('a client that leaves', () => {
  it('before the first event: StepFun is left, and its reason is thrown', async () => {
    const upstream = createUpstream();
    const { opening, client, ended } = relay(upstream.body);
    await settle();
    const gone = new Error('gone');
    client.abort(gone);
    await expect(opening).rejects.toBe(gone);
    expect(upstream.cancelled.isSo).toBe(true);
    expect(ended).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(['aborts', 'cancels'])(
    'in mid-stream: StepFun is left, and what is known is told (%s)',
    async (way) => {
      const upstream = createUpstream();
      const { opening, client, ended } = relay(upstream.body);
      upstream.write(event(`{"usage":{"total_tokens":3},${CHUNK.slice(1)}`));
      const reader = (await opening).getReader();
      await reader.read();
      await settle();
      if (way === 'aborts') client.abort(new Error('gone'));
      else await reader.cancel();
      await settle();
      await vi.advanceTimersByTimeAsync(50);
      expect(upstream.cancelled.isSo).toBe(true);
      expect(ended).toMatchObject([{ outcome: 'client_gone', usage: { totalTokens: 3 } }]);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it('while it reads nothing stops StepFun', async () => {
    let pulls = 0;
    const endless = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        pulls++;
        controller.enqueue(new TextEncoder().encode(event(CHUNK)));
      },
    });
    const { opening, client } = relay(endless);
    await opening;
    await settle();
    expect(pulls).toBeLessThanOrEqual(3);
    client.abort();
  });

  it('and reads nothing for idleMs has left: StepFun’s slot is another client’s', async () => {
    const upstream = createUpstream();
    const { opening, ended } = relay(upstream.body, { idleMs: 1_000 });
    upstream.write(event(CHUNK));
    const reader = (await opening).getReader();
    await reader.read();
    for (let more = 0; more < 5; more++) upstream.write(event(CHUNK));
    await settle();
    await vi.advanceTimersByTimeAsync(999);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(upstream.cancelled.isSo).toBe(true);
    expect(ended).toMatchObject([{ outcome: 'client_gone' }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
