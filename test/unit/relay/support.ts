// Shared by the relay's tests: streams in, text and parsed events out; and the two parts of
// workerd's API that Node lacks.

import { vi } from 'vitest';
import { GatewayError } from '../../../src/http/errors.ts';
import type { AnswerRulesOptions } from '../../../src/relay/answer-rules.ts';
import type { RewriteOptions } from '../../../src/relay/options.ts';
import { StreamRewriter } from '../../../src/relay/stream-rewriter.ts';
import { parseEvents } from './event-stream.ts';

export const CREATED = 1_700_000_000;

/** StepFun's own shape and its default name for reasoning: most chunks pass unchanged. */
export const PLAIN: RewriteOptions & AnswerRulesOptions = {
  reasoning: 'general',
  shape: 'stepfun',
  created: CREATED,
  choices: 1,
  includeUsage: false,
  readError: (json) => new GatewayError('upstream_rejected', `upstream: ${json}`),
};

export const OPENAI = { ...PLAIN, shape: 'openai' } as const;

export const DONE = 'data: [DONE]\n\n';

/** A chunk of one choice, complete in the `openai` shape: no rule changes it in `PLAIN`. */
export const CHUNK = '{"choices":[{"index":0,"delta":{"content":"c"},"finish_reason":null}]}';

/** The chunk that ends a choice. */
export function finish(index = 0, reason = 'stop'): string {
  return `{"choices":[{"index":${index},"delta":{},"finish_reason":"${reason}"}]}`;
}

/** @returns an event with this data: a text, or a value as JSON. */
export function event(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

export function text(given: Uint8Array): string {
  return decoder.decode(given);
}

/** @returns a stream's events: each one's data, parsed where it is JSON. Comments are no events. */
export function eventsOf(stream: string): unknown[] {
  return parseEvents(stream).map(({ data }) => (data === '[DONE]' ? data : (JSON.parse(data) as unknown)));
}

export interface Pushed {
  readonly out: string;
  readonly events: unknown[];
  readonly rewriter: StreamRewriter;
}

/** @returns what comes out of one push of the whole text, and the rewriter after it. */
export function push(stream: string, options: RewriteOptions & AnswerRulesOptions): Pushed {
  const rewriter = new StreamRewriter(options);
  const out = text(rewriter.push(bytes(stream)));
  return { out, events: eventsOf(out), rewriter };
}

/** @returns the events that become of these chunks, of a sentinel after them, and of the end. */
export function rewriteChunks(
  chunks: readonly unknown[],
  options: RewriteOptions & AnswerRulesOptions,
): unknown[] {
  const { out, rewriter } = push(chunks.map(event).join('') + DONE, options);
  return eventsOf(out + text(rewriter.end()));
}

/** @returns a choice's chunk. */
export function chunkOf(choice: object, top: object = {}): { choices: object[] } {
  return { ...top, choices: [{ index: 0, ...choice }] };
}

/** @returns a byte stream of these pieces; an Error among them breaks it. `never` keeps it open. */
export function byteStream(
  pieces: readonly (string | Uint8Array | Error)[],
  { never = false, onCancel = () => {} }: { never?: boolean; onCancel?: (reason: unknown) => void } = {},
): ReadableStream<Uint8Array> {
  const left = [...pieces];
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      const next = left.shift();
      if (next instanceof Error) controller.error(next);
      else if (next !== undefined) controller.enqueue(typeof next === 'string' ? bytes(next) : next.slice());
      else if (!never) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else return new Promise(() => {});
      return undefined;
    },
    cancel: onCancel,
  });
}

/** A byte stream that a test writes into. */
export interface Upstream {
  readonly body: ReadableStream<Uint8Array>;
  /** Set when the body was cancelled. */
  readonly cancelled: { isSo: boolean; reason: unknown };
  write(piece: string): void;
  end(): void;
  break(error: Error): void;
}

export function createUpstream(): Upstream {
  let controller: ReadableByteStreamController | null = null;
  const cancelled: Upstream['cancelled'] = { isSo: false, reason: undefined };
  const body = new ReadableStream({
    type: 'bytes',
    start(given) {
      controller = given;
    },
    cancel(reason) {
      cancelled.isSo = true;
      cancelled.reason = reason;
    },
  });
  return {
    body,
    cancelled,
    write(piece) {
      if (!cancelled.isSo) controller?.enqueue(bytes(piece));
    },
    end() {
      controller?.close();
      controller?.byobRequest?.respond(0);
    },
    break: (error) => controller?.error(error),
  };
}

/**
 * workerd's IdentityTransformStream for Node: what is written is what is read, as bytes, a write
 * ends when it has been read, and a reader can ask for a number of bytes at least.
 */
class FakeIdentityTransformStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;

  constructor() {
    let source: ReadableByteStreamController | null = null;
    let sink: WritableStreamDefaultController | null = null;
    let wanted = Promise.withResolvers<void>();
    const readable = new ReadableStream({
      type: 'bytes',
      start(controller) {
        source = controller;
      },
      pull() {
        wanted.resolve();
      },
      cancel(reason) {
        sink?.error(reason);
        wanted.resolve();
      },
    });
    const getReader = readable.getReader.bind(readable);
    Object.defineProperty(readable, 'getReader', {
      value: (options?: { mode: 'byob' }) => {
        const reader = getReader(options as { mode: 'byob' });
        return Object.assign(reader, {
          readAtLeast: async (min: number, view: Uint8Array<ArrayBuffer>) => {
            const parts: number[] = [];
            while (parts.length < min) {
              const { value, done } = await reader.read(new Uint8Array(min - parts.length));
              if (done) break;
              parts.push(...value);
            }
            view.set(parts);
            return { value: view.subarray(0, parts.length), done: parts.length === 0 };
          },
        });
      },
    });
    this.readable = readable;
    this.writable = new WritableStream({
      start(controller) {
        sink = controller;
      },
      async write(given: Uint8Array) {
        await wanted.promise;
        if (sink?.signal.aborted === true) return;
        wanted = Promise.withResolvers();
        if (given.length > 0) source?.enqueue(given.slice());
      },
      close() {
        source?.close();
        source?.byobRequest?.respond(0);
      },
      abort(reason) {
        source?.error(reason);
      },
    });
  }
}

/** Puts the fake in the place of workerd's class for the tests of a file. */
export function fakeWorkerdStreams(): void {
  vi.stubGlobal('IdentityTransformStream', FakeIdentityTransformStream);
}

/** Lets everything run that is due, without letting time pass. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
