// Retries: where they help, and at most 10 % more calls when StepFun is down.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, sleep } from './client.ts';
import { startUnder, type Gateways } from './gateways.ts';
import { answer, refuse, reply } from './replies.ts';
import type { Call } from './upstream.ts';

/** An isolate saves up retries, so each run of 1,000 requests needs one of its own. */
type Lane = 'calm' | 'reset' | 'busy' | 'streams' | 'refused';

let gateways: Gateways<Lane>;
beforeAll(async () => {
  gateways = await startUnder({ calm: {}, reset: {}, busy: {}, streams: {}, refused: {} });
});
afterAll(() => gateways.stop());
afterEach(() => gateways.upstream.clear());

const REQUESTS = 1_000;
const AT_ONCE = 100;

async function askThousandTimes(port: number, stream: boolean): Promise<number> {
  let attempts = 0;
  let left = REQUESTS;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const { status, headers, body } = await new Client({ port, fields: { stream } }).whole();
      expect(status).toBe(502);
      expect(JSON.parse(body)).toMatchObject({ error: { code: 'upstream_unavailable' } });
      attempts += Number(/^x-upstream-attempts: (\d)$/im.exec(headers)?.[1]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return attempts;
}

describe('1,000 requests while StepFun is down', { timeout: 60_000 }, () => {
  const DEAD: readonly (readonly [string, Lane, boolean, (call: Call) => void])[] = [
    ['it resets each connection', 'reset', false, (call) => call.reset()],
    ['it answers 503', 'busy', false, (call) => refuse(call, 503, { message: 'busy' })],
    ['it answers 503 to streams', 'streams', true, (call) => reply(call, 503, 'busy')],
  ];
  it.each(DEAD)('%s → at most 1,100 calls', async (_, lane, stream, play) => {
    const { upstream, ports } = gateways;
    upstream.play = play;
    const attempts = await askThousandTimes(ports[lane], stream);
    expect(attempts).toBe(upstream.calls.length);
    expect(upstream.calls.length).toBeLessThanOrEqual(1.1 * REQUESTS);
    // It does retry: without retries the bound would prove nothing.
    expect(upstream.calls.length).toBeGreaterThan(REQUESTS);
  });
});

describe('a failure', () => {
  const ask = async (play: (call: Call) => void) => {
    const { upstream, ports } = gateways;
    upstream.play = (call) => (upstream.calls.length === 1 ? play(call) : answer(call));
    const startedMs = performance.now();
    const { status } = await new Client({ port: ports.calm, fields: { stream: false } }).whole();
    return { status, calls: upstream.calls.length, tookMs: performance.now() - startedMs };
  };

  const TEMPORARY: readonly (readonly [string, (call: Call) => void])[] = [
    // As many rows as an isolate has retries at its start.
    ['500', (call) => refuse(call, 500, {})],
    ['502', (call) => refuse(call, 502, {})],
    ['503', (call) => refuse(call, 503, {})],
    ['504', (call) => refuse(call, 504, {})],
    ['529', (call) => refuse(call, 529, {})],
    ['a reset', (call) => call.reset()],
    ['200 with an error that is temporary', (call) => refuse(call, 200, { type: 'engine_overloaded' })],
  ];
  it.each(TEMPORARY)('%s → a retry, and the answer', async (_, play) => {
    expect(await ask(play)).toMatchObject({ status: 200, calls: 2 });
  });

  it('429 with Retry-After: 1 → a retry one second later', async () => {
    const { status, calls, tookMs } = await ask((call) => refuse(call, 429, {}, { 'retry-after': '1' }));
    expect({ status, calls }).toEqual({ status: 200, calls: 2 });
    expect(tookMs).toBeGreaterThan(995);
  });

  it.each([
    ['400', 400],
    ['401', 502],
    ['402', 502],
    ['403', 502],
    ['404', 404],
    ['451', 451],
    ['501', 502],
    ['429', 429],
    ['429 with Retry-After: 3', 429],
  ])('%s → no retry: %i', async (name, status) => {
    const [statusText, retryAfter] = name.split(' with Retry-After: ');
    const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    expect(await ask((call) => refuse(call, Number(statusText), {}, headers))).toMatchObject({
      status,
      calls: 1,
    });
  });

  it('429 with Retry-After: 1, and the client leaves within the pause → no retry', async () => {
    const { upstream, ports } = gateways;
    upstream.play = (call) => refuse(call, 429, {}, { 'retry-after': '1' });
    const client = new Client({ port: ports.calm });
    await upstream.call();
    await sleep(200);
    client.reset();
    await sleep(1_200);
    expect(upstream.calls.length).toBe(1);
  });
});

it('a connection refused 1,000 times → at most 1,100 attempts', { timeout: 60_000 }, async () => {
  // The last test of the file: it closes upstream.
  await gateways.upstream.close();
  const attempts = await askThousandTimes(gateways.ports.refused, false);
  expect(attempts).toBeLessThanOrEqual(1.1 * REQUESTS);
  expect(attempts).toBeGreaterThan(REQUESTS);
});
