// No truncated answer ever looks whole: each fault at 1,000 random places of an answer,
// judged by OpenAI's own client. Whatever is delivered is the answer's beginning, and
// ends as a failure unless it is all of it.

import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client, sleep, type Ask } from './client.ts';
import { SENTINEL, read } from './events.ts';
import { startGateways, type Gateways } from './gateways.ts';
import { judgeStream } from './judge.ts';
import { head, wantsStream } from './replies.ts';
import type { Call } from './upstream.ts';

const STREAM_POINTS = 1_000;
const COMPLETION_POINTS = 300;
const AT_ONCE = 64;
/** Long enough for what was written before to have been read before, mostly. */
const PAUSE_MS = 5;
const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

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

/** Two choices; the second one is finished last. */
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
  /** @param part - the answer up to where it breaks; `whole` - all of it. */
  readonly play: (call: Call, part: Buffer, whole: Buffer) => void | Promise<void>;
  /** What breaks is not the text but its compressed form. */
  readonly gzip?: true;
  /** To the runtime it is an end like any other: RELAY=native can't tell. */
  readonly looksEnded?: true;
  /** Nothing is wrong with it but where it is. */
  readonly isEnd?: true;
  /** What is broken may look like anything, line ends too. */
  readonly dirty?: true;
  /** Nothing ends it but a clock. */
  readonly silent?: true;
}

const typed = (call: Call, more: Record<string, string>) =>
  head(200, { 'content-type': wantsStream(call) ? 'text/event-stream' : 'application/json', ...more });
const open = (call: Call, gzip = false) =>
  call.raw(typed(call, { 'transfer-encoding': 'chunked', ...(gzip && { 'content-encoding': 'gzip' }) }));
const put = (call: Call, part: Buffer) => (part.length === 0 ? call : call.chunk(part));

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
    name: 'an end before the length that was told',
    play: (call, part, whole) =>
      call
        .raw(typed(call, { 'content-length': String(whole.length + 9) }))
        .raw(part)
        .fin(),
  },
  { name: 'a chunk size that is none', play: (call, part) => void put(open(call), part).raw('zz\r\n') },
  {
    name: 'an end like any other',
    play: (call, part) => void put(open(call), part).end(),
    looksEnded: true,
    isEnd: true,
  },
  {
    name: 'an end where no length was told',
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

/** A place in an answer, as the question that is broken there. */
async function askEverywhere(
  fault: Fault,
  { port, stream }: { port: number; stream: boolean },
  judge: (answer: Client['answer'], point: number) => Promise<void>,
): Promise<void> {
  const text = stream ? STREAM : COMPLETION;
  const whole = fault.gzip ? gzipSync(text) : text;
  const random = randomNumbers(SEED);
  gateways.upstream.play = (call) => fault.play(call, whole.subarray(0, Number(call.question)), whole);
  const points = stream ? STREAM_POINTS : COMPLETION_POINTS;
  let left = points;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const point = Math.floor(random() * (whole.length + 1));
      const answer = await answerTo({ port, content: String(point), fields: { stream, n: 2 } });
      try {
        // A failure's own status, or a whole HTTP answer: nothing hangs, nothing breaks off.
        expect(answer.isWhole).toBe(true);
        await judge(answer, point);
      } catch (cause) {
        const told = `${fault.name} at ${point} of ${whole.length} (SEED=${SEED}): ${answer.status}`;
        throw new Error(`${told} ${answer.body.slice(-600)}`, { cause });
      }
    }
  };
  await Promise.all(Array.from({ length: fault.silent ? points : AT_ONCE }, worker));
  gateways.upstream.clear();
}

/** Looks when something comes, not every now and then: there are many at once. */
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

describe('a thousand places of a stream', { timeout: 60_000 }, () => {
  test.each(FAULTS)('$name → whole, or a failure', async (fault) => {
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
        // What was wrong in gzip shows at its end alone.
        if (fault.gzip) return;
        TEXTS.forEach((text, index) => expect(text.startsWith(texts[index] ?? '?')).toBe(true));
        // What brings a blank line of its own ends an event that lacks only that.
        const isTold = point >= FINISHED_BYTES - Number(fault.dirty === true);
        if (isWhole) expect(isTold).toBe(true);
        // Where StepFun has told all, a client needs no failure.
        if (fault.isEnd && isTold) expect(isWhole).toBe(true);
      });
      // Some places are behind the answer's end: the test can tell.
      if (fault.isEnd) expect(wholes).toBeGreaterThan(0);
    }
  });

  describe('native', () => {
    const seen = FAULTS.filter(({ looksEnded, silent }) => !looksEnded && !silent);
    test.each(seen)('$name → whole, or a failure', async (fault) => {
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

describe('three hundred places of a completion', { timeout: 60_000 }, () => {
  test.each(FAULTS)('$name → whole, or a failure', async (fault) => {
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

/** Mulberry32: good enough for places, and repeatable. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('no fault, and a finish_reason left out → the judge tells them apart', async () => {
  expect(await judgeStream(STREAM.toString(), 2)).toEqual({ texts: TEXTS, isWhole: true, isFailed: false });
  expect(await judgeStream(UNFINISHED, 2)).toMatchObject({ isWhole: false, isFailed: false });
});
