// A truncated answer never looks whole: each fault at random bytes of an answer, read by
// OpenAI's own client. What is delivered is a prefix of the answer, and it ends as a failure
// unless it is all of it.

import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SEED, runs } from '../long-run.ts';
import { Client, sleep, type Ask } from './client.ts';
import { SENTINEL, read } from './events.ts';
import { startGateways, type Gateways } from './gateways.ts';
import { judgeStream } from './judge.ts';
import { head, wantsStream } from './replies.ts';
import type { Call } from './upstream.ts';

const STREAM_POINTS = runs(50, 1_000);
const COMPLETION_POINTS = runs(50, 300);
const AT_ONCE = 64;
/** Mostly long enough for the gateway to have read what was written before. */
const PAUSE_MS = 5;

let gateways: Gateways;
beforeAll(async () => {
  gateways = await startGateways(['steady', 'plain', 'native', 'hasty']);
});
afterAll(async () => {
  expect(gateways.runtime.output()).not.toContain('internal_error');
  await gateways.stop();
});

const WORDS = ['你好', ', ', 'Größe', ' ', '👩‍🚀', '\n\n', 'data: [DONE]', '"}', '\\u4f60', ' fin'];
const TEXTS = [0, 1].map((index) => WORDS.map((word) => `${word}${index}`).join(''));

function chunk(index: number, delta: unknown, finish = ''): string {
  const choice = { index, delta, finish_reason: finish };
  const usage = { prompt_tokens: 8, completion_tokens: 1, total_tokens: 9 };
  return `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [choice], usage })}\n\n`;
}

/** Two choices; the second one finishes last. */
const UNFINISHED =
  WORDS.flatMap((word) => [0, 1].map((index) => chunk(index, { content: `${word}${index}` }))).join('') +
  chunk(0, {}, 'stop');
const FINISHED = UNFINISHED + chunk(1, { reasoning: '!' }, 'length');
const STREAM = Buffer.from(FINISHED + SENTINEL);
const FINISHED_BYTES = Buffer.byteLength(FINISHED);

const COMPLETION = Buffer.from(
  JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: TEXTS.map((content, index) => ({
      index,
      message: { role: 'assistant', content, reasoning: 'r'.repeat(900) },
      finish_reason: 'stop',
    })),
    usage: { prompt_tokens: 8, completion_tokens: 9, total_tokens: 17 },
  }),
);

interface Fault {
  readonly name: string;
  /** @param part - the answer up to the byte where it breaks; `whole` - all of it. */
  readonly play: (call: Call, part: Buffer, whole: Buffer) => void | Promise<void>;
  /** The compressed form breaks, not the text. */
  readonly gzip?: true;
  /** The runtime takes it for a proper end, so RELAY=native can't see it. */
  readonly looksEnded?: true;
  /** A proper end: only its place makes it a fault. */
  readonly isEnd?: true;
  /** It adds bytes, which may look like anything, line ends too. */
  readonly dirty?: true;
  /** Only a clock ends it. */
  readonly silent?: true;
}

const typed = (call: Call, more: Record<string, string>) =>
  head(200, { 'content-type': wantsStream(call) ? 'text/event-stream' : 'application/json', ...more });
const open = (call: Call, gzip = false) =>
  call.raw(typed(call, { 'transfer-encoding': 'chunked', ...(gzip && { 'content-encoding': 'gzip' }) }));
/** In one write, or in two: the place decides, so that both happen. */
function put(call: Call, part: Buffer): Call {
  if (part.length === 0) return call;
  if (part.length % 2 === 0) return call.chunk(part);
  const first = Math.min(7, part.length - 1);
  if (first > 0) call.chunk(part.subarray(0, first));
  return call.chunk(part.subarray(first));
}

const FAULTS: readonly Fault[] = [
  {
    name: 'a reset',
    async play(call, part) {
      put(open(call), part);
      await sleep(PAUSE_MS);
      call.reset();
    },
  },
  { name: 'an end between chunks', play: (call, part) => put(open(call), part).fin() },
  {
    name: 'an end in a chunk',
    play: (call, part, whole) =>
      open(call)
        .raw(`${(whole.length + 9).toString(16)}\r\n`)
        .raw(part)
        .fin(),
  },
  {
    name: 'an end before its Content-Length',
    play: (call, part, whole) =>
      call
        .raw(typed(call, { 'content-length': String(whole.length + 9) }))
        .raw(part)
        .fin(),
  },
  { name: 'a chunk size that is no number', play: (call, part) => void put(open(call), part).raw('zz\r\n') },
  {
    name: 'a proper end',
    play: (call, part) => void put(open(call), part).end(),
    looksEnded: true,
    isEnd: true,
  },
  {
    name: 'an end without a Content-Length',
    play: (call, part) =>
      call
        .raw(typed(call, { connection: 'close' }))
        .raw(part)
        .fin(),
    looksEnded: true,
  },
  {
    name: 'an error object, then an end',
    dirty: true,
    play: (call, part) =>
      void open(call)
        .chunk(Buffer.concat([part, Buffer.from('\n\ndata: {"error":{"message":"no"}}\n\n')]))
        .end(),
    looksEnded: true,
  },
  {
    name: 'garbage, then an end',
    dirty: true,
    play: (call, part) =>
      void open(call)
        .chunk(Buffer.concat([part, Buffer.from('\u0000\u00ff<html>\n\n')]))
        .end(),
    looksEnded: true,
  },
  { name: 'gzip that ends', gzip: true, play: (call, part) => void put(open(call, true), part).end() },
  {
    name: 'gzip with a wrong byte',
    dirty: true,
    gzip: true,
    play: (call, part, whole) => {
      const spoilt = Buffer.from(whole);
      if (part.length < spoilt.length) spoilt[part.length] = (spoilt[part.length] ?? 0) ^ 0x55;
      open(call, true).chunk(spoilt).end();
    },
  },
  {
    name: 'silence',
    silent: true,
    play: (call, part) => void put(open(call), part),
  },
];

/** Asks for the answer again and again; the question names the byte at which it breaks. */
async function askEverywhere(
  fault: Fault,
  { port, stream }: { port: number; stream: boolean },
  judge: (answer: Client['answer'], point: number) => Promise<void>,
): Promise<void> {
  const text = stream ? STREAM : COMPLETION;
  const whole = fault.gzip ? gzipSync(text) : text;
  const random = randomNumbers(SEED);
  gateways.upstream.play = (call) => fault.play(call, whole.subarray(0, Number(call.question)), whole);
  // Both ends of the answer, then random bytes of it.
  const places = [0, whole.length - 1, whole.length];
  while (places.length < (stream ? STREAM_POINTS : COMPLETION_POINTS))
    places.push(Math.floor(random() * (whole.length + 1)));
  const atOnce = fault.silent ? places.length : AT_ONCE;
  const worker = async (): Promise<void> => {
    for (let point = places.pop(); point !== undefined; point = places.pop()) {
      const answer = await answerTo({ port, content: String(point), fields: { stream, n: 2 } });
      try {
        // Whole as HTTP has it: nothing hangs, and no connection breaks.
        expect(answer.isWhole).toBe(true);
        await judge(answer, point);
      } catch (cause) {
        const told = `${fault.name} at ${point} of ${whole.length} (SEED=${SEED}): ${answer.status}`;
        throw new Error(`${told} ${answer.body.slice(-600)}`, { cause });
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  gateways.upstream.clear();
}

/** Looks at the answer when bytes arrive. Polling, as `Client.whole` does, costs too much for many at once. */
function answerTo(ask: Ask): Promise<Client['answer']> {
  return new Promise((resolve) => {
    const client = new Client(ask);
    const done = () => {
      resolve(client.answer);
      client.socket.destroy();
    };
    client.socket.on('data', () => {
      if (client.answer.isWhole) done();
    });
    client.socket.on('close', done);
  });
}

function expectError({ status, body }: Client['answer']): void {
  expect(status).toBeGreaterThanOrEqual(400);
  expect(Object.keys(JSON.parse(body) as object)).toEqual(['error']);
}

describe('at random bytes of a stream', { timeout: 60_000 }, () => {
  it.each(FAULTS)('$name → whole, or a failure', async (fault) => {
    const lane = fault.silent ? 'hasty' : 'steady';
    for (const name of fault.looksEnded ? (['steady', 'plain'] as const) : ([lane] as const)) {
      let wholes = 0;
      await askEverywhere(fault, { port: gateways.ports[name], stream: true }, async (answer, point) => {
        if (answer.status !== 200) {
          expectError(answer);
          return;
        }
        // One error event or the sentinel, and last.
        if (!fault.dirty) read(answer.body);
        const { texts, isWhole, isFailed } = await judgeStream(answer.body, 2);
        expect(isWhole).toBe(!isFailed);
        if (isWhole) {
          wholes++;
          expect(texts).toEqual(TEXTS);
        }
        // An error in gzip shows at its end only.
        if (fault.gzip) return;
        TEXTS.forEach((text, index) => expect(text.startsWith(texts[index] ?? '?')).toBe(true));
        // A fault that begins with a blank line completes an event that lacks only that line.
        const isFinished = point >= FINISHED_BYTES - Number(fault.dirty === true);
        if (isWhole) expect(isFinished).toBe(true);
        // Where every choice has its finish_reason, there is no failure.
        if (fault.isEnd && isFinished) expect(isWhole).toBe(true);
      });
      // Some places are after the last finish_reason, so the test sees both outcomes.
      if (fault.isEnd) expect(wholes).toBeGreaterThan(0);
    }
  });

  describe('native', () => {
    const seen = FAULTS.filter(({ looksEnded, silent }) => !looksEnded && !silent);
    it.each(seen)('$name → whole, or a failure', async (fault) => {
      await askEverywhere(fault, { port: gateways.ports.native, stream: true }, async (answer) => {
        if (answer.status !== 200) {
          expectError(answer);
          return;
        }
        const { texts, isWhole, isFailed } = await judgeStream(answer.body, 2);
        expect(isWhole).toBe(!isFailed);
        if (isWhole) expect(texts).toEqual(TEXTS);
      });
    });
  });
});

describe('at random bytes of a completion', { timeout: 60_000 }, () => {
  it.each(FAULTS)('$name → whole, or a failure', async (fault) => {
    const port = gateways.ports[fault.silent ? 'hasty' : 'steady'];
    await askEverywhere(fault, { port, stream: false }, async (answer) => {
      if (answer.status !== 200) {
        expectError(answer);
        return;
      }
      const { choices } = JSON.parse(answer.body) as { choices: { message: { content: string } }[] };
      expect(choices.map(({ message }) => message.content)).toEqual(TEXTS);
    });
  });
});

/** Mulberry32. @returns numbers in [0, 1), the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

it('no fault, and a missing finish_reason → the judge tells them apart', async () => {
  expect(await judgeStream(STREAM.toString(), 2)).toEqual({ texts: TEXTS, isWhole: true, isFailed: false });
  expect(await judgeStream(UNFINISHED, 2)).toMatchObject({ isWhole: false, isFailed: false });
});
