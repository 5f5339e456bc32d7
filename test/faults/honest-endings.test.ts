// The end of a stream tells the client how it ended: whole events, then one error event or
// `[DONE]`, then the end of the HTTP body. Here are silence, keep-alive comments and the state
// of the connection; the faults themselves are in upstream-faults.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, sleep, until } from './client.ts';
import { FINISH, SENTINEL, event, read } from './events.ts';
import { HASTY, startGateways, type Gateways } from './gateways.ts';

let gateways: Gateways;
beforeAll(async () => {
  gateways = await startGateways(['steady', 'plain', 'native', 'hasty', 'hastyNative']);
});
afterAll(() => gateways.stop());
afterEach(() => gateways.upstream.clear());

const HELLO = event('Hello');
const WORLD = event(' world');
const WHOLE = HELLO + WORLD + FINISH + SENTINEL;
const ERROR = (code: string) => `data: {"error":{"message":"no","type":"${code}"}}\n\n`;

/** Long enough for the gateway to have read what was written before. */
const PAUSE_MS = 40;

const HASTY_LANES = [
  { lane: 'stream', name: 'hasty' },
  { lane: 'native', name: 'hastyNative' },
] as const;

it('a stream that stays open after [DONE] → whole, and the call to StepFun ends', async () => {
  const { upstream, ports } = gateways;
  upstream.play = (call) => void call.open().chunk(WHOLE);
  for (const port of [ports.steady, ports.plain]) {
    const answer = await new Client({ port }).whole(500);
    expect(read(answer.body).hasSentinel).toBe(true);
    await until(() => upstream.calls.at(-1)?.leftAtMs !== null, 500);
  }
});

it('no fault, twice → the second request uses the same connection', async () => {
  const { upstream, ports } = gateways;
  upstream.play = async (call) => {
    call.open().chunk(WHOLE);
    await sleep(10);
    call.end();
  };
  for (const port of [ports.steady, ports.plain]) {
    await new Client({ port }).whole();
    await sleep(50);
    await new Client({ port }).whole();
    const [first, second] = upstream.calls.splice(0);
    expect(second?.socket).toBe(first?.socket);
  }
});

describe.each(HASTY_LANES)('$lane', ({ name }) => {
  it('silence before the headers → 504 upstream_timeout', async () => {
    const { upstream, ports } = gateways;
    const startedMs = performance.now();
    const answer = await new Client({ port: ports[name] }).whole();
    expect(answer.status).toBe(504);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'upstream_timeout' } });
    expect(performance.now() - startedMs).toBeGreaterThan(HASTY.firstByteMs - 5);
    await until(() => upstream.calls[0]?.leftAtMs !== null, 50);
  });

  it('silence after the headers → 200, comments, upstream_timeout', async () => {
    gateways.upstream.play = (call) => void call.open();
    const answer = await new Client({ port: gateways.ports[name] }).whole();
    expect(answer.status).toBe(200);
    expect(read(answer.body)).toMatchObject({ failure: 'upstream_timeout', text: '' });
    expect(read(answer.body).comments).toBeGreaterThan(1);
  });

  it('events that never end → upstream_timeout', async () => {
    const { upstream, ports } = gateways;
    upstream.play = async (call) => {
      call.open();
      while (call.leftAtMs === null) {
        call.chunk(HELLO);
        await sleep(50);
      }
    };
    const startedMs = performance.now();
    const answer = await new Client({ port: ports[name] }).whole();
    expect(answer.body.endsWith('\n\n')).toBe(true);
    expect(answer.body).toContain('"code":"upstream_timeout"');
    expect(answer.body).not.toContain('[DONE]');
    expect(performance.now() - startedMs).toBeLessThan(HASTY.totalMs + 300);
    await until(() => upstream.calls[0]?.leftAtMs !== null, 50);
  });
});

describe('stream', () => {
  it('silence after the headers, then an error object → 200, comments, upstream_unavailable', async () => {
    gateways.upstream.play = async (call) => {
      call.open();
      await sleep(HASTY.keepAliveMs * 2.5);
      call.chunk(ERROR('server_error'));
    };
    const answer = await new Client({ port: gateways.ports.hasty }).whole();
    expect(answer.status).toBe(200);
    expect(read(answer.body)).toMatchObject({ comments: 2, failure: 'upstream_unavailable' });
  });

  it('silence in an event → comments between events only, then upstream_timeout, which they do not delay', async () => {
    const { upstream, ports } = gateways;
    let silentFromMs = 0;
    upstream.play = (call) => {
      call.open().chunk(HELLO + WORLD.slice(0, 50));
      silentFromMs = performance.now();
    };
    const answer = await new Client({ port: ports.hasty }).whole();
    const silenceMs = performance.now() - silentFromMs;
    expect(read(answer.body)).toMatchObject({ text: 'Hello', failure: 'upstream_timeout' });
    expect(read(answer.body).comments).toBeGreaterThan(1);
    expect(silenceMs).toBeGreaterThan(HASTY.idleMs - 5);
    expect(silenceMs).toBeLessThan(HASTY.idleMs + 200);
    await until(() => upstream.calls[0]?.leftAtMs !== null, 50);
  });

  it('silence in an event, shorter than IDLE_TIMEOUT_MS → whole', async () => {
    gateways.upstream.play = async (call) => {
      call.open().chunk(HELLO + WORLD.slice(0, 50));
      await sleep(HASTY.idleMs / 2);
      call.chunk(WORLD.slice(50));
      await sleep(HASTY.idleMs / 2);
      call.chunk(FINISH + SENTINEL).end();
    };
    const answer = await new Client({ port: gateways.ports.hasty }).whole();
    expect(read(answer.body)).toMatchObject({ text: 'Hello world', failure: null, hasSentinel: true });
  });
});

describe('native', () => {
  it('no fault → whole and unchanged', async () => {
    gateways.upstream.play = async (call) => {
      call.open().chunk(HELLO);
      await sleep(PAUSE_MS);
      call.chunk(`: as it came\n\n${WORLD}${FINISH}${SENTINEL}`).end();
    };
    const answer = await new Client({ port: gateways.ports.native }).whole();
    expect(answer.body).toBe(`${HELLO}: as it came\n\n${WORLD}${FINISH}${SENTINEL}`);
  });

  it('a reset in an event → upstream_reset in an event of its own', async () => {
    gateways.upstream.play = async (call) => {
      call.open().chunk(HELLO);
      await sleep(PAUSE_MS);
      call.chunk(WORLD.slice(0, 100));
      await sleep(PAUSE_MS);
      call.reset();
    };
    const answer = await new Client({ port: gateways.ports.native }).whole();
    const events = answer.body.split('\n\n');
    expect(answer.body.startsWith(`${HELLO}${WORLD.slice(0, 100)}\n\n`)).toBe(true);
    expect(events.at(-2)).toContain('"code":"upstream_reset"');
    expect(answer.body).not.toContain('[DONE]');
  });
});
