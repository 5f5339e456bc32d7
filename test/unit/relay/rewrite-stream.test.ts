import { describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../src/http/errors.ts';
import type { Batch } from '../../../src/relay/batches.ts';
import { RewriteStream } from '../../../src/relay/rewrite-stream.ts';
import { StreamRewriter } from '../../../src/relay/stream-rewriter.ts';
import { CHUNK, DONE, PLAIN, bytes, event, eventsOf, finish, settle, text } from './support.ts';

const SILENCE = { kind: 'silence' } as const;
const RESET = { kind: 'failure', error: new GatewayError('upstream_reset') } as const;
const KEEP_ALIVE = ': keep-alive\n\n';

function source(items: readonly (Batch | string)[], isOpen = false): ReadableStream<Batch> {
  const left = items.map((item) => (typeof item === 'string' ? bytes(item) : item));
  return new ReadableStream<Batch>(
    {
      pull(controller) {
        const next = left.shift();
        if (next !== undefined) controller.enqueue(next);
        else if (isOpen) return new Promise(() => {});
        else controller.close();
        return undefined;
      },
    },
    { highWaterMark: 0 },
  );
}

function start(items: readonly (Batch | string)[], isOpen = false) {
  const told: string[] = [];
  const rewriter = new StreamRewriter(PLAIN);
  const rewrite = new RewriteStream(rewriter, {
    onWrite: () => told.push('write'),
    onComplete: () => told.push('complete'),
    onDone: () => told.push('done'),
  });
  const events = source(items, isOpen).pipeThrough(rewrite);
  return { rewrite, rewriter, events, told };
}

async function read(stream: ReadableStream<Uint8Array>): Promise<string> {
  let out = '';
  for await (const chunk of stream) out += text(chunk);
  return out;
}

describe('a stream', () => {
  it('goes through, and ends after its sentinel whatever follows', async () => {
    const { rewrite, events, told } = start([event(CHUNK), event(finish()) + DONE, event(CHUNK)], true);
    await rewrite.opened;
    expect(rewrite.isOpen).toBe(true);
    const out = event(CHUNK) + event(finish()) + DONE;
    expect(await read(events)).toBe(out);
    expect(rewrite.bytes).toBe(out.length);
    expect(told).toEqual(['write', 'write', 'complete', 'done']);
  });

  it('gets the sentinel that is missing at its end', async () => {
    const { rewrite, events, told } = start([event(CHUNK), event(finish())]);
    await rewrite.opened;
    expect(await read(events)).toBe(event(CHUNK) + event(finish()) + DONE);
    expect(told).toEqual(['write', 'write', 'complete', 'write', 'done']);
  });

  it('that was cut ends in an error event', async () => {
    const { rewrite, events, rewriter, told } = start([event(CHUNK), 'data: {"half']);
    await rewrite.opened;
    expect(eventsOf(await read(events))).toMatchObject([{}, { error: { code: 'upstream_truncated' } }]);
    expect(rewriter.failure?.code).toBe('upstream_truncated');
    expect(told.at(-1)).toBe('done');
  });

  it('that failed ends in an error event, between events', async () => {
    const { rewrite, events } = start([event(CHUNK), 'data: {"half', RESET]);
    await rewrite.opened;
    expect(eventsOf(await read(events))).toMatchObject([{}, { error: { code: 'upstream_reset' } }]);
  });

  it('that failed after every choice had ended is whole', async () => {
    const { rewrite, events, rewriter } = start([event(finish()), RESET]);
    await rewrite.opened;
    expect(await read(events)).toBe(event(finish()) + DONE);
    expect(rewriter.failure).toBeNull();
  });
});

describe('silence', () => {
  it('is a comment between events, never in one', async () => {
    const { rewrite, events } = start([
      event(CHUNK) + event(CHUNK).slice(0, 9),
      SILENCE,
      event(CHUNK).slice(9),
      SILENCE,
      DONE,
    ]);
    await rewrite.opened;
    expect(await read(events)).toBe(event(CHUNK) + KEEP_ALIVE + event(CHUNK) + KEEP_ALIVE + DONE);
  });

  it('before the first event opens the stream, and a failure then is an event', async () => {
    const { rewrite, events } = start([SILENCE, RESET]);
    await rewrite.opened;
    const out = await read(events);
    expect(out.startsWith(KEEP_ALIVE)).toBe(true);
    expect(eventsOf(out)).toMatchObject([{ error: { code: 'upstream_reset' } }]);
  });
});

describe('opened', () => {
  it.each<[string, (Batch | string)[], string]>([
    ['an end without anything', [], 'upstream_truncated'],
    ['a failure', [RESET], 'upstream_reset'],
    ['comments, then a failure', [': c\n\n', ': c\n\n', ': c\n\n', RESET], 'upstream_reset'],
    ['an error object', [event('{"error":{"message":"no"}}')], 'upstream_rejected'],
    ['no chunk', [event('<html>')], 'upstream_malformed'],
  ])('rejects with the failure that came first: %s', async (_, items, code) => {
    const { rewrite, told } = start(items, items.length > 0);
    await expect(rewrite.opened).rejects.toMatchObject({ code });
    expect(rewrite).toMatchObject({ isOpen: false, bytes: 0 });
    await settle();
    expect(told).toEqual([]);
  });

  it('waits for the first event, and comments before it do not go out', async () => {
    const { rewrite, events } = start([': c\n\n', event(CHUNK), DONE]);
    await rewrite.opened;
    expect(await read(events)).toBe(event(CHUNK) + DONE);
  });

  it('waits while nothing has come', async () => {
    const { rewrite } = start([': c\n\n'], true);
    const opened = vi.fn<() => void>();
    void rewrite.opened.then(opened);
    await settle();
    expect(opened).not.toHaveBeenCalled();
  });

  it('comes with the first event before anybody reads', async () => {
    const { rewrite, told } = start([event(CHUNK)], true);
    await rewrite.opened;
    expect(told).toEqual(['write']);
  });
});

it('takes no more than two batches while nobody reads', async () => {
  let pulls = 0;
  const endless = new ReadableStream<Batch>(
    {
      pull(controller) {
        pulls++;
        controller.enqueue(bytes(event(CHUNK)));
      },
    },
    { highWaterMark: 0 },
  );
  const rewrite = new RewriteStream(new StreamRewriter(PLAIN), {
    onWrite: () => {},
    onComplete: () => {},
    onDone: () => {},
  });
  const events = endless.pipeThrough(rewrite);
  await rewrite.opened;
  await settle();
  expect(pulls).toBeLessThanOrEqual(2);
  await events.cancel();
});

it('cancels its source when its reader leaves', async () => {
  const cancelled = vi.fn<(reason: unknown) => void>();
  const open = new ReadableStream<Batch>({
    start: (controller) => controller.enqueue(bytes(event(CHUNK))),
    cancel: cancelled,
  });
  const rewrite = new RewriteStream(new StreamRewriter(PLAIN), {
    onWrite: () => {},
    onComplete: () => {},
    onDone: () => {},
  });
  const events = open.pipeThrough(rewrite);
  await rewrite.opened;
  await events.cancel('gone');
  await settle();
  expect(cancelled).toHaveBeenCalledWith('gone');
});
