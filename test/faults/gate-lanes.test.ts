// The gate in the whole gateway: a client that leaves gives its slot back in every phase and
// lane, and nobody is left waiting.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, sleep, until } from './client.ts';
import { event } from './events.ts';
import { startUnder, type Gateways } from './gateways.ts';
import { COMPLETION, answer, head, reply } from './replies.ts';
import type { Call } from './upstream.ts';

type Lane = 'stream' | 'budget' | 'native' | 'cache' | 'hurried' | 'spent' | 'impatient';

let gateways: Gateways<Lane>;
beforeAll(async () => {
  const two = { UPSTREAM_CONCURRENCY: '2' };
  gateways = await startUnder<Lane>({
    stream: two,
    budget: { ...two, TOKENS_PER_DAY: '100000000' },
    native: { ...two, RELAY: 'native' },
    cache: { ...two, CACHE_TTL_SECONDS: '60' },
    hurried: { UPSTREAM_CONCURRENCY: '1', QUEUE_TIMEOUT_MS: '200', TOKENS_PER_DAY: '100000000' },
    impatient: { UPSTREAM_CONCURRENCY: '1', IDLE_TIMEOUT_MS: '1000' },
    spent: { UPSTREAM_TPM: '1000', RELAY: 'native' },
  });
});
afterAll(() => gateways.stop());
afterEach(() => gateways.upstream.clear());

/** Far longer than a slot needs to come back, far shorter than any wait in the queue ends. */
const SOON_MS = 8_000;
const HELLO = event('Hello');

let questions = 0;

/** Posts a request that no other one equals: equal ones would share an answer and a slot. */
function ask(lane: Lane, stream: boolean): Client {
  return new Client({
    port: gateways.ports[lane],
    content: `question ${++questions}`,
    fields: { stream },
  });
}

async function expectAnswered(clients: readonly Client[]): Promise<void> {
  for (const client of clients) expect(await client.whole(SOON_MS)).toMatchObject({ status: 200 });
}

const called = (count: number) => until(() => gateways.upstream.calls.length >= count, SOON_MS);

interface Phase {
  readonly name: string;
  readonly play: (call: Call) => void | Promise<void>;
  readonly seen?: string;
}

const BEFORE_HEADERS: Phase = { name: 'before the headers', play: () => {} };

const STREAM_PHASES: readonly Phase[] = [
  BEFORE_HEADERS,
  { name: 'before the first byte', play: (call) => void call.open() },
  { name: 'in the first event', play: (call) => void call.open().chunk(HELLO.slice(0, 40)) },
  { name: 'while the upstream stalls', play: (call) => void call.open().chunk(HELLO), seen: 'Hello' },
  {
    name: 'in the middle of the stream',
    play: async (call) => {
      call.open();
      while (!call.isOver) {
        call.chunk(HELLO);
        await sleep(5);
      }
    },
    seen: 'Hello',
  },
];

const COMPLETION_PHASES: readonly Phase[] = [
  BEFORE_HEADERS,
  {
    name: 'in the middle of the completion',
    play: (call) =>
      void call
        .raw(head(200, { 'content-type': 'application/json', 'content-length': String(COMPLETION.length) }))
        .raw(COMPLETION.slice(0, 40)),
  },
];

describe.each([
  { lane: 'stream', name: 'stream', phases: STREAM_PHASES, stream: true },
  { lane: 'stream with a token budget', name: 'budget', phases: STREAM_PHASES, stream: true },
  { lane: 'native', name: 'native', phases: STREAM_PHASES, stream: true },
  { lane: 'completion', name: 'cache', phases: COMPLETION_PHASES, stream: false },
] as const)('$lane', ({ name, phases, stream }) => {
  it.each(phases)('a reset $name → its slot is free', async ({ play, seen }) => {
    const { upstream } = gateways;
    upstream.play = play;
    const leaving = [ask(name, stream), ask(name, stream)];
    await called(2);
    if (seen !== undefined) for (const client of leaving) await client.holds(seen);
    await sleep(30);
    for (const client of leaving) client.reset();
    upstream.play = answer;
    await expectAnswered([ask(name, stream), ask(name, stream)]);
  });

  it('a reset in the queue → its place is free, and StepFun is not asked', async () => {
    const { upstream } = gateways;
    const held: Call[] = [];
    upstream.play = (call) => void held.push(call);
    const holders = [ask(name, stream), ask(name, stream)];
    await called(2);
    const leaving = ask(name, stream);
    await sleep(100);
    const staying = ask(name, stream);
    await sleep(100);
    leaving.reset();
    await sleep(100);
    upstream.play = answer;
    for (const call of held) answer(call);
    await expectAnswered([...holders, staying]);
    await sleep(100);
    expect(upstream.calls.length).toBe(3);
  });

  it('12 requests on 2 slots → all are answered, 2 at a time, and each tells its wait', async () => {
    const { upstream } = gateways;
    let underWay = 0;
    let mostAtOnce = 0;
    upstream.play = async (call) => {
      mostAtOnce = Math.max(mostAtOnce, ++underWay);
      await sleep(40);
      underWay--;
      answer(call);
    };
    const clients = Array.from({ length: 12 }, () => ask(name, stream));
    await expectAnswered(clients);
    expect(mostAtOnce).toBe(2);
    for (const client of clients) {
      expect(client.answer.headers).toMatch(/^x-queue-ms: \d+\r?$/im);
      expect(client.answer.headers).toMatch(/^server-timing: .*queue;dur=\d+/im);
    }
  });
});

it('a client that reads nothing for IDLE_TIMEOUT_MS → its slot is free, and it has left', async () => {
  const { upstream } = gateways;
  upstream.play = (call) => void call.open().sendMany(2 ** 28, Buffer.from(HELLO.repeat(64)));
  const stalled = ask('impatient', true);
  await stalled.holds('Hello');
  stalled.socket.pause();
  upstream.play = answer;
  await expectAnswered([ask('impatient', true)]);
  const [first] = upstream.calls;
  expect(first?.leftAtMs).not.toBeNull();
  stalled.reset();
});

describe('requests that need no slot', () => {
  const QUESTION = 'the same question';
  const askSame = () =>
    new Client({ port: gateways.ports.cache, content: QUESTION, fields: { stream: false } });

  it('a cache hit, a shared answer and the models while all slots are held → answered', async () => {
    const { upstream } = gateways;
    upstream.play = answer;
    await expectAnswered([askSame()]);

    const held: Call[] = [];
    upstream.clear();
    upstream.play = (call) => {
      if (call.head.startsWith('POST')) held.push(call);
      else reply(call, 200, JSON.stringify({ data: [{ id: 'step-3.5-flash' }] }));
    };
    const other = { port: gateways.ports.cache, content: 'another question', fields: { stream: false } };
    const sharing = Array.from({ length: 6 }, () => new Client(other));
    await called(1);
    const holder = ask('cache', false);
    await called(2);
    const hit = await askSame().whole(SOON_MS);
    expect(hit.status).toBe(200);
    expect(hit.headers).toMatch(/^cache-status: stepfun-edge; hit/im);
    const models = await fetch(`http://127.0.0.1:${gateways.ports.cache}/v1/models`);
    expect(models.status).toBe(200);
    for (const call of held) answer(call);
    await expectAnswered([...sharing, holder]);
    expect(held.length).toBe(2);
  });
});

describe('a request that the queue refuses', () => {
  it('with a token budget → costs nothing', async () => {
    const { upstream } = gateways;
    const remaining = (headers: string) =>
      Number(/^x-ratelimit-remaining-tokens: (\d+)/im.exec(headers)?.[1] ?? NaN);
    upstream.play = answer;
    const before = remaining((await ask('hurried', false).whole()).headers);
    upstream.play = () => {};
    const holder = ask('hurried', true);
    await called(2);
    expect(JSON.parse((await ask('hurried', true).whole()).body)).toMatchObject({
      error: { code: 'queue_timeout' },
    });
    upstream.play = answer;
    for (const call of upstream.calls.slice(1)) answer(call);
    await expectAnswered([holder]);
    await sleep(200);
    const after = remaining((await ask('hurried', false).whole()).headers);
    // A stream of 84 tokens and a completion of 85; the refused request's prompt is not among them.
    expect(before - after).toBe(84 + 85);
  });
});

it('tokens a minute that RELAY=native would not count → they are counted', async () => {
  const { upstream } = gateways;
  upstream.play = (call) => {
    const usage = { prompt_tokens: 900, completion_tokens: 200, total_tokens: 1_100 };
    const last = { id: '1', object: 'chat.completion.chunk', created: 1, model: 'm', usage };
    const choices = [{ index: 0, delta: { content: '' }, finish_reason: 'stop' }];
    call
      .open()
      .chunk(`${HELLO}data: ${JSON.stringify({ ...last, choices })}\n\ndata: [DONE]\n\n`)
      .end();
  };
  await expectAnswered([ask('spent', true)]);
  const { status, body } = await ask('spent', true).whole();
  expect({ status, ...JSON.parse(body).error }).toMatchObject({ status: 429, code: 'queue_timeout' });
});
