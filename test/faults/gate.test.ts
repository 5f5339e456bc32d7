// The account's limits: beyond them requests wait in the gate. A slot is given back in every
// phase in which a client can leave, and a gate in trouble is passed by.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sleep, until, type Client } from './client.ts';
import { event } from './events.ts';
import { finish, playAccount, startGates, type Gates } from './gate-harness.ts';
import type { Call } from './upstream.ts';

type Lane =
  | 'two'
  | 'bare'
  | 'five'
  | 'one'
  | 'short'
  | 'small'
  | 'minute'
  | 'tokens'
  | 'silent'
  | 'broken'
  | 'late'
  | 'off';

let gates: Gates<Lane>;
beforeAll(async () => {
  gates = await startGates<Lane>({
    two: { vars: { CONCURRENCY: '2' } },
    bare: { vars: { CONCURRENCY: '2', WAIT_UNTIL: 'none' } },
    five: { vars: { CONCURRENCY: '5' } },
    one: { vars: { CONCURRENCY: '1', FIRST_BYTE_TIMEOUT_MS: '400' } },
    short: { vars: { CONCURRENCY: '1', QUEUE_TIMEOUT_MS: '300' } },
    small: { vars: { CONCURRENCY: '1', QUEUE_SIZE: '1' } },
    minute: { vars: { RPM: '3' } },
    tokens: { vars: { TPM: '1000' } },
    silent: { vars: { CONCURRENCY: '1' }, object: 'SilentGate' },
    broken: { vars: { CONCURRENCY: '1' }, object: 'BrokenGate' },
    late: { vars: { CONCURRENCY: '1' }, object: 'LateGate' },
    off: {},
  });
});
afterAll(() => gates.stop());
afterEach(() => gates.upstream.clear());

const HELLO = event('Hello');
/** Far longer than a slot needs to come back, far shorter than any wait in the queue ends. */
const SOON_MS = 5_000;

const header = (headers: string, name: string) =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(headers)?.[1]?.trim();

/** Waits until StepFun has been called so often. */
const called = (count: number) => until(() => gates.upstream.calls.length >= count, SOON_MS);

async function expectAnswered(clients: readonly Client[]): Promise<void> {
  for (const client of clients) {
    expect(await client.whole(15_000)).toMatchObject({
      status: 200,
      body: expect.stringContaining('[DONE]'),
    });
  }
}

describe.each([
  { name: 'with a pending waitUntil', lane: 'two' },
  { name: 'without a pending waitUntil', lane: 'bare' },
] as const)('a client that leaves by reset, $name', ({ lane }) => {
  const PHASES: readonly {
    readonly name: string;
    readonly play: (call: Call) => void | Promise<void>;
    readonly seen?: string;
  }[] = [
    { name: 'before the headers', play: () => {} },
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

  it.each(PHASES)('$name → its slot is free', async ({ play, seen }) => {
    const { upstream, ask } = gates;
    upstream.play = play;
    const leaving = [ask(lane), ask(lane)];
    await called(2);
    if (seen !== undefined) for (const client of leaving) await client.holds(seen);
    await sleep(30);
    for (const client of leaving) client.reset();
    playAccount(upstream, 100, 10);
    await expectAnswered([ask(lane), ask(lane)]);
  });

  it('in the queue → its place is free, and StepFun is not asked', async () => {
    const { upstream, ask } = gates;
    upstream.play = (call) => void call.open().chunk(HELLO);
    const holders = [ask(lane, { 'x-client': 'a' }), ask(lane, { 'x-client': 'b' })];
    await called(2);
    const leaving = ask(lane, { 'x-client': 'c' });
    await sleep(50);
    const staying = ask(lane, { 'x-client': 'd' });
    await sleep(50);
    leaving.reset();
    await sleep(50);
    for (const call of upstream.calls) finish(call);
    await called(3);
    const last = upstream.calls[2];
    if (last !== undefined) finish(last);
    await expectAnswered([...holders, staying]);
    expect(upstream.calls.length).toBe(3);
  });

  it('with a relay that does not give its slot back → its slot is free', async () => {
    const { upstream, ask } = gates;
    upstream.play = (call) => void call.open().chunk(HELLO);
    const leaving = [ask(lane, { 'x-mode': 'forgetful' }), ask(lane, { 'x-mode': 'forgetful' })];
    for (const client of leaving) await client.holds('Hello');
    for (const client of leaving) client.reset();
    playAccount(upstream, 100, 10);
    await expectAnswered([ask(lane), ask(lane)]);
  });
});

describe('a Worker', () => {
  it('that throws while it holds a slot → its slot is free', async () => {
    const { upstream, ask } = gates;
    playAccount(upstream, 100, 60_000);
    const failing = [ask('bare', { 'x-mode': 'throws' }), ask('bare', { 'x-mode': 'throws' })];
    for (const client of failing) expect((await client.whole()).status).toBe(500);
    playAccount(upstream, 100, 10);
    await expectAnswered([ask('bare'), ask('bare')]);
  });

  it('that never gives a slot back → its slot is free when its answer has ended', async () => {
    const { upstream, ask } = gates;
    playAccount(upstream, 100, 10);
    const forgetful = [ask('bare', { 'x-mode': 'forgetful' }), ask('bare', { 'x-mode': 'forgetful' })];
    await expectAnswered(forgetful);
    await expectAnswered([ask('bare'), ask('bare')]);
  });
});

describe('more requests than slots', () => {
  it('60 of 12 clients on 5 slots → all are answered, none is refused, 5 at a time', async () => {
    const { upstream, ask } = gates;
    const figures = playAccount(upstream, 5, 60);
    await expectAnswered(Array.from({ length: 60 }, (_, i) => ask('five', { 'x-client': `c${i % 12}` })));
    expect(figures).toEqual({ refusals: 0, mostAtOnce: 5 });
  });

  it('5 single ones behind a client with 40 → each waits at most two turns', async () => {
    const { upstream, ask } = gates;
    playAccount(upstream, 5, 60);
    const many = Array.from({ length: 40 }, () => ask('five', { 'x-client': 'many' }));
    await called(5);
    const before = upstream.calls.length;
    const singles = Array.from({ length: 5 }, (_, i) => ask('five', { 'x-client': `single${i}` }));
    await expectAnswered(singles);
    // Two turns of five slots, and what started while the single ones were on their way.
    expect(upstream.calls.length - before).toBeLessThanOrEqual(15);
    await expectAnswered(many);
  });

  it('a wait longer than the first byte’s deadline → answered: the deadline starts with the slot', async () => {
    const { upstream, ask } = gates;
    playAccount(upstream, 1, 700);
    const clients = [ask('one'), ask('one')];
    await expectAnswered(clients);
    const waits = clients.map(({ answer }) => Number(header(answer.headers, 'x-queue-ms')));
    expect(Math.max(...waits)).toBeGreaterThan(400);
  });

  it('a wait beyond QUEUE_TIMEOUT_MS → 429 queue_timeout with Retry-After', async () => {
    const { upstream, ask } = gates;
    upstream.play = (call) => void call.open().chunk(HELLO);
    const holder = ask('short');
    await called(1);
    const { status, headers, body } = await ask('short').whole();
    expect({ status, ...JSON.parse(body).error }).toMatchObject({
      status: 429,
      type: 'rate_limit_error',
      code: 'queue_timeout',
    });
    expect(Number(header(headers, 'retry-after'))).toBeGreaterThanOrEqual(1);
    expect(Number(header(headers, 'x-queue-ms'))).toBeGreaterThanOrEqual(300);
    expect(header(headers, 'x-should-retry')).toBeUndefined();
    expect(upstream.calls.length).toBe(1);
    for (const call of upstream.calls) finish(call);
    await expectAnswered([holder]);
  });

  it('a full queue → 429 queue_full with Retry-After, and those that wait are answered', async () => {
    const { upstream, ask } = gates;
    upstream.play = (call) => void call.open().chunk(HELLO);
    const holder = ask('small');
    await called(1);
    const waiting = ask('small');
    await sleep(100);
    const { status, headers, body } = await ask('small').whole();
    expect({ status, ...JSON.parse(body).error }).toMatchObject({ status: 429, code: 'queue_full' });
    expect(Number(header(headers, 'retry-after'))).toBeGreaterThanOrEqual(1);
    upstream.play = finishAtOnce;
    for (const call of upstream.calls) finish(call);
    await expectAnswered([holder, waiting]);
  });

  it('a background request → 429 at once, and a slot where nobody waits', async () => {
    const { upstream, ask } = gates;
    upstream.play = (call) => void call.open().chunk(HELLO);
    const holders = [ask('two'), ask('two')];
    await called(2);
    expect((await ask('two', { 'x-mode': 'background' }).whole()).status).toBe(429);
    upstream.play = finishAtOnce;
    for (const call of upstream.calls) finish(call);
    await expectAnswered(holders);
    await expectAnswered([ask('two', { 'x-mode': 'background' })]);
  });
});

const finishAtOnce = (call: Call): void => {
  call.open().chunk(HELLO);
  finish(call);
};

describe('limits a minute', () => {
  it('a fourth request on 3 a minute → 429 queue_timeout at once, also after a restart', async () => {
    const { upstream, ask } = gates;
    upstream.play = finishAtOnce;
    await expectAnswered([ask('minute'), ask('minute')]);
    await ask('minute', { 'x-mode': 'restart' }).whole();
    await expectAnswered([ask('minute')]);
    const { status, headers, body } = await ask('minute').whole();
    expect({ status, ...JSON.parse(body).error }).toMatchObject({ status: 429, code: 'queue_timeout' });
    expect(Number(header(headers, 'retry-after'))).toBeGreaterThan(30);
    expect(Number(header(headers, 'retry-after'))).toBeLessThanOrEqual(62);
    expect(upstream.calls.length).toBe(3);
  });

  it('a request when the minute’s tokens are used → 429 queue_timeout at once', async () => {
    const { upstream, ask } = gates;
    upstream.play = finishAtOnce;
    await expectAnswered([ask('tokens', { 'x-tokens': '900' })]);
    await expectAnswered([ask('tokens', { 'x-tokens': '100' })]);
    expect(JSON.parse((await ask('tokens').whole()).body)).toMatchObject({
      error: { code: 'queue_timeout' },
    });
    expect(upstream.calls.length).toBe(2);
  });
});

describe('a refusal of StepFun in spite of the gate', () => {
  it('others hold 2 of 5 slots → every client is answered, and 5 are used when they leave', async () => {
    const { upstream, ask } = gates;
    let others = 2;
    const figures = playAccount(upstream, 5, 60, () => others);
    await expectAnswered(Array.from({ length: 30 }, (_, i) => ask('five', { 'x-client': `c${i % 6}` })));
    // 5 at first, of which 2 are too many; then one more each second.
    expect(figures.refusals).toBeLessThanOrEqual(8);
    others = 0;
    figures.mostAtOnce = 0;
    const clients = Array.from({ length: 150 }, (_, i) => ask('five', { 'x-client': `c${i % 6}` }));
    await until(() => figures.mostAtOnce === 5, 20_000);
    await expectAnswered(clients);
  });
});

describe('the object', () => {
  it('restarted with 5 held and 15 waiting → all are answered, at most 5 refusals', async () => {
    const { upstream, ask } = gates;
    const figures = playAccount(upstream, 5, 400);
    const clients = Array.from({ length: 20 }, (_, i) => ask('five', { 'x-client': `c${i % 4}` }));
    await called(5);
    await ask('five', { 'x-mode': 'restart' }).whole();
    await expectAnswered(clients);
    expect(figures.refusals).toBeLessThanOrEqual(5);
    expect(gates.runtime.output()).not.toContain('gate_passed_by');
  });

  it('silent → passed by, with one line in the log', async () => {
    await expectPassedBy('silent');
  });

  it('broken → passed by, with one line in the log', async () => {
    await expectPassedBy('broken');
  });

  it('that answers when it has been passed by → its late slot is given back', async () => {
    const { upstream, ask } = gates;
    playAccount(upstream, 100, 3_000);
    const late = ask('late', { 'x-client': 'late' });
    await late.holds('Hello');
    // The late answer is on its way; then the only slot must be free again.
    await sleep(600);
    const next = ask('late');
    await next.holds('Hello', SOON_MS);
    expect(late.answer.isWhole).toBe(false);
    for (const client of [late, next]) client.reset();
  });

  async function expectPassedBy(lane: Lane): Promise<void> {
    const { upstream, ask, runtime } = gates;
    upstream.play = finishAtOnce;
    const lines = () => runtime.output().split('gate_passed_by').length - 1;
    const before = lines();
    await expectAnswered([ask(lane), ask(lane)]);
    await until(() => lines() >= before + 2);
    await sleep(100);
    expect(lines()).toBe(before + 2);
  }
});

describe('no limit at all', () => {
  it('no binding is used → answered without a wait', async () => {
    const { upstream, ask } = gates;
    upstream.play = finishAtOnce;
    const { status, headers } = await ask('off').whole();
    expect({ status, queueMs: header(headers, 'x-queue-ms') }).toEqual({ status: 200, queueMs: 'null' });
  });
});
