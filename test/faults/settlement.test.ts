// The cost of a request for a client that has left: whatever the phase, its reservation is
// settled within two seconds of a reset, or of the next write after a FIN, and the request
// writes its log line. `wrangler dev` hides that the runtime ends a request's context when its
// client leaves; plain workerd does not.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, sleep } from './client.ts';
import { event } from './events.ts';
import { startUnder, type Gateways } from './gateways.ts';
import { leave, logLine, type Phase } from './leaving.ts';

const SETTLED_WITHIN_MS = 2_000;
const LIMIT = 1_000_000;
const KEEP_ALIVE_MS = 300;
const BUDGET = { TOKENS_PER_DAY: String(LIMIT), KEEP_ALIVE_MS: String(KEEP_ALIVE_MS) };

const LANES = {
  stream: BUDGET,
  'stream, RELAY=native': { ...BUDGET, RELAY: 'native' },
  'stream that fills the cache': { ...BUDGET, CACHE_TTL_SECONDS: '60', CACHE_STREAMS: 'write' },
  'completion without a cache': BUDGET,
  'completion in a flight': { ...BUDGET, CACHE_TTL_SECONDS: '60' },
  'one slot, stream': { ...BUDGET, UPSTREAM_CONCURRENCY: '1' },
  'one slot, completion in a flight': { ...BUDGET, UPSTREAM_CONCURRENCY: '1', CACHE_TTL_SECONDS: '60' },
  'a small budget': { TOKENS_PER_DAY: '50000' },
};
type Lane = keyof typeof LANES;

/** The phases in which StepFun has read the prompt: it is charged. */
const CHARGED: readonly Phase[] = ['before the headers', 'before the first event', 'mid-stream'];
const CHARGED_WHOLE: readonly Phase[] = ['before the headers', 'mid-completion'];

let gateways: Gateways<Lane>;
beforeAll(async () => {
  gateways = await startUnder(LANES);
});
afterAll(() => gateways.stop());
afterEach(() => gateways.upstream.clear());

interface Tokens {
  readonly used: number;
  readonly reserved: number;
}

async function tokens(lane: Lane): Promise<Tokens> {
  const response = await fetch(`http://127.0.0.1:${gateways.ports[lane]}/v1/usage`);
  return ((await response.json()) as { tokens: Tokens }).tokens;
}

/** @returns what was charged since `before`, once nothing is reserved any more. */
async function charged(lane: Lane, before: Tokens, withinMs = SETTLED_WITHIN_MS): Promise<number> {
  let after = await tokens(lane);
  const endsAtMs = Date.now() + withinMs;
  while (after.reserved > 0 && Date.now() < endsAtMs) after = await tokens(lane);
  expect(after.reserved).toBe(0);
  return after.used - before.used;
}

const streams = ['stream', 'stream, RELAY=native', 'stream that fills the cache'] as const;
const completions = ['completion without a cache', 'completion in a flight'] as const;

const CASES: readonly (readonly [Lane, Phase])[] = [
  ...streams.flatMap((lane) => CHARGED.map((phase) => [lane, phase] as const)),
  ...completions.flatMap((lane) => CHARGED_WHOLE.map((phase) => [lane, phase] as const)),
];

describe('a client that leaves by a reset', () => {
  it.each(CASES)('%s, %s → costs its prompt, and has a log line', async (lane, phase) => {
    const before = await tokens(lane);
    const fields = streams.includes(lane as never) ? {} : { stream: false };
    const { log } = await leave(gateways, { port: gateways.ports[lane], phase, leaveBy: 'reset', fields });
    const cost = await charged(lane, before);
    // The prompt is a UUID in some JSON. A reservation without max_tokens is 32,768 tokens more.
    expect(cost).toBeGreaterThan(10);
    expect(cost).toBeLessThan(200);
    expect(log).toMatchObject({ outcome: 'client_gone', route: '/v1/chat/completions' });
  });

  it.each([
    'stream',
    'stream, RELAY=native',
    'completion without a cache',
    'completion in a flight',
  ] as const)(
    '%s, in the pause before a retry → costs nothing: StepFun has refused the call',
    async (lane) => {
      const before = await tokens(lane);
      const phase = 'in the pause before a retry';
      const fields = streams.includes(lane as never) ? {} : { stream: false };
      const { log } = await leave(gateways, { port: gateways.ports[lane], phase, leaveBy: 'reset', fields });
      expect(await charged(lane, before)).toBe(0);
      expect(log).toMatchObject({ outcome: 'client_gone' });
    },
  );

  it.each(['one slot, stream', 'one slot, completion in a flight'] as const)(
    "%s, in the gate's queue → costs nothing, and has a log line",
    async (lane) => {
      const { upstream, runtime } = gateways;
      const fields = { stream: lane === 'one slot, stream' };
      const holder = new Client({ port: gateways.ports[lane], content: 'holds the slot', fields });
      await upstream.call();
      const before = await tokens(lane);
      const id = crypto.randomUUID();
      const waiting = new Client({
        port: gateways.ports[lane],
        content: id,
        fields,
        headers: { 'x-request-id': id },
      });
      await expect.poll(async () => (await tokens(lane)).reserved).toBeGreaterThan(before.reserved);
      waiting.reset();
      await expect
        .poll(() => tokens(lane), { timeout: SETTLED_WITHIN_MS })
        .toMatchObject({ used: before.used, reserved: before.reserved });
      await expect.poll(() => logLine(runtime, id)).toMatchObject({ outcome: 'client_gone', attempts: 0 });
      expect(upstream.calls).toHaveLength(1);
      holder.reset();
    },
  );

  it('while it waits for tokens that others have reserved → reserves nothing, and has a log line', async () => {
    const lane = 'a small budget';
    const { upstream, runtime } = gateways;
    upstream.play = () => {};
    const holder = new Client({ port: gateways.ports[lane], fields: { max_tokens: 40_000 } });
    await upstream.call();
    const before = await tokens(lane);
    const id = crypto.randomUUID();
    const headers = { 'x-request-id': id };
    const waiting = new Client({ port: gateways.ports[lane], fields: { max_tokens: 40_000 }, headers });
    await sleep(300);
    waiting.reset();
    await expect.poll(() => logLine(runtime, id)).toMatchObject({ outcome: 'client_gone', attempts: 0 });
    // Longer than a reservation waits: it would have been granted by now.
    holder.reset();
    expect(await charged(lane, before)).toBeLessThan(200);
    expect(upstream.calls).toHaveLength(1);
  });

  it('three requests, each left early → no tokens stay reserved', async () => {
    for (let i = 0; i < 3; i++) {
      await leave(gateways, { port: gateways.ports.stream, phase: 'mid-stream', leaveBy: 'reset' });
    }
    const { used, reserved } = await tokens('stream');
    expect(reserved).toBe(0);
    expect(used).toBeLessThan(LIMIT / 100);
  });
});

describe('a client that leaves by a FIN, once its stream is open', () => {
  // In the native lane a silent StepFun means no write, so the FIN goes unseen until the next event.
  const fins: readonly (readonly [Lane, Phase])[] = [
    ...streams.map((lane) => [lane, 'mid-stream'] as const),
    ...(['stream', 'stream that fills the cache'] as const).flatMap((lane) => [
      [lane, 'while StepFun is silent between events'] as const,
      [lane, 'while StepFun is silent in an event'] as const,
    ]),
  ];
  it.each(fins)('%s, %s → costs its prompt, and has a log line', async (lane, phase) => {
    const before = await tokens(lane);
    const { log } = await leave(gateways, { port: gateways.ports[lane], phase, leaveBy: 'fin' });
    const cost = await charged(lane, before, KEEP_ALIVE_MS + SETTLED_WITHIN_MS);
    expect(cost).toBeGreaterThan(10);
    expect(cost).toBeLessThan(200);
    expect(log).toMatchObject({ outcome: 'client_gone' });
  });
});

describe('a flight', () => {
  it('two clients that share it and leave → one of them is charged', async () => {
    const lane = 'completion in a flight';
    const before = await tokens(lane);
    gateways.upstream.play = () => {};
    const ask = () =>
      new Client({ port: gateways.ports[lane], content: 'the same', fields: { stream: false } });
    const [first, second] = [ask(), ask()];
    await gateways.upstream.call();
    await expect.poll(async () => (await tokens(lane)).reserved).toBeGreaterThan(2 * 32_768);
    first.reset();
    await expect.poll(async () => (await tokens(lane)).reserved).toBeLessThan(2 * 32_768);
    second.reset();
    const cost = await charged(lane, before);
    expect(cost).toBeGreaterThan(10);
    expect(cost).toBeLessThan(200);
  });
});

describe('usage that is a placeholder', () => {
  it('a stream that breaks after a usage of zeros → costs its prompt', async () => {
    const before = await tokens('stream');
    gateways.upstream.play = (call) => {
      call.open().chunk(event('Hello', '', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }));
      call.reset();
    };
    await new Client({ port: gateways.ports.stream, content: 'x'.repeat(30_000) }).whole();
    // Three bytes to the token: an estimate that errs upward.
    expect(await charged('stream', before)).toBeGreaterThan(9_000);
  });

  it('a usage without a total → costs the sum of its parts', async () => {
    const before = await tokens('stream');
    gateways.upstream.play = (call) => {
      call.open().chunk(event('Hello', 'stop', { prompt_tokens: 700, completion_tokens: 77 }));
      call.chunk('data: [DONE]\n\n').end();
    };
    await new Client({ port: gateways.ports.stream }).whole();
    expect(await charged('stream', before)).toBe(777);
  });
});
