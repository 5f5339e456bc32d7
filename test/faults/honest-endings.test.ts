// However an upstream's stream ends, the client can tell how: whole events, then
// one error event or the sentinel, then HTTP's own end. Where nothing has gone out
// yet, the status tells.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Client, sleep, until } from './client.ts';
import { FINISH, SENTINEL, event, read } from './events.ts';
import { HASTY, startGateways, type Gateways } from './gateways.ts';
import { HEAD, type Call } from './upstream.ts';

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

interface Fault {
  readonly name: string;
  readonly play: (call: Call) => void | Promise<void>;
  readonly text: string;
  /** The code of the error event; null: it is whole. */
  readonly failure: string | null;
}

/** Long enough for what was written before to have been read before. */
const PAUSE_MS = 40;

const FAULTS: readonly Fault[] = [
  {
    name: 'no fault',
    text: 'Hello world',
    failure: null,
    play: (call) => void call.open().chunk(WHOLE).end(),
  },
  {
    name: 'one event a write',
    text: 'Hello world',
    failure: null,
    play: async (call) => {
      call.open();
      for (const part of [HELLO, WORLD, FINISH, SENTINEL]) {
        call.chunk(part);
        await sleep(5);
      }
      call.end();
    },
  },
  {
    name: 'a sentinel that is missing',
    text: 'Hello world',
    failure: null,
    play: (call) =>
      void call
        .open()
        .chunk(HELLO + WORLD + FINISH)
        .end(),
  },
  {
    name: 'a sentinel cut short',
    text: 'Hello world',
    failure: null,
    play: (call) => void call.open().chunk(`${HELLO}${WORLD}${FINISH}data: [DO`).end(),
  },
  {
    name: 'what follows the sentinel',
    text: 'Hello world',
    failure: null,
    play: (call) =>
      void call
        .open()
        .chunk(WHOLE + event('no'))
        .end(),
  },
  {
    name: 'a reset between events',
    text: 'Hello world',
    failure: 'upstream_reset',
    play: async (call) => {
      call.open().chunk(HELLO).chunk(WORLD);
      await sleep(PAUSE_MS);
      call.reset();
    },
  },
  {
    name: 'a reset in an event',
    text: 'Hello',
    failure: 'upstream_reset',
    play: async (call) => {
      call.open().chunk(HELLO + WORLD.slice(0, 100));
      await sleep(PAUSE_MS);
      call.reset();
    },
  },
  {
    name: 'a chunked body cut short',
    text: 'Hello',
    failure: 'upstream_reset',
    play: async (call) => {
      call.open().chunk(HELLO);
      await sleep(PAUSE_MS);
      call.raw('100\r\ndata: {').fin();
    },
  },
  {
    name: 'a chunk size that is none',
    text: 'Hello',
    failure: 'upstream_reset',
    play: async (call) => {
      call.open().chunk(HELLO);
      await sleep(PAUSE_MS);
      call.raw('zz\r\n');
    },
  },
  {
    name: 'an end without a finish_reason',
    text: 'Hello world',
    failure: 'upstream_truncated',
    play: (call) =>
      void call
        .open()
        .chunk(HELLO + WORLD)
        .end(),
  },
  {
    name: 'half an event at the end',
    text: 'Hello',
    failure: 'upstream_truncated',
    play: (call) =>
      void call
        .open()
        .chunk(HELLO + WORLD.slice(0, -30))
        .end(),
  },
  {
    name: 'an error object in the middle',
    text: 'Hello',
    failure: 'upstream_unavailable',
    play: (call) =>
      void call
        .open()
        .chunk(HELLO + ERROR('server_error') + WORLD)
        .end(),
  },
  {
    name: 'an error object in a write of its own',
    text: 'Hello',
    failure: 'upstream_rate_limited',
    play: async (call) => {
      call.open().chunk(HELLO);
      await sleep(PAUSE_MS);
      call.chunk(ERROR('rate_limit_error'));
    },
  },
  {
    name: 'garbage in the middle',
    text: 'Hello',
    failure: 'upstream_malformed',
    play: (call) => void call.open().chunk(`${HELLO}data: {"choices":[}\n\n${WORLD}`),
  },
  {
    name: 'an event without end',
    text: 'Hello',
    failure: 'upstream_malformed',
    play: (call) => {
      call.open().chunk(`${HELLO}data: {"choices":[`);
      call.flood(2 ** 22, Buffer.alloc(2 ** 14, ' '));
    },
  },
];

const STREAM = { lane: 'stream', name: 'steady' } as const;
const NO_WINDOW = { lane: 'stream without a window', name: 'plain' } as const;
const NATIVE = { lane: 'native', name: 'native' } as const;
const HASTY_LANES = [
  { lane: 'stream', name: 'hasty' },
  { lane: 'native', name: 'hastyNative' },
] as const;

describe.each([STREAM, NO_WINDOW])('$lane', ({ name }) => {
  const titled = FAULTS.map((fault) => [fault.name, fault.failure ?? 'whole', fault] as const);
  test.each(titled)('%s → %s', async (_, __, { play, text, failure }) => {
    const { upstream, ports } = gateways;
    upstream.play = play;
    const answer = await new Client({ port: ports[name] }).whole();
    expect(answer.status).toBe(200);
    expect(read(answer.body)).toMatchObject({ text, failure, hasSentinel: failure === null });
    if (failure === null) expect(read(answer.body).finishReason).toBe('stop');
    // Something has gone out: StepFun is not asked again, whatever it was.
    expect(upstream.calls.length).toBe(1);
    await until(() => upstream.calls[0]?.isOver === true, 1_000);
  });
});

test('what goes on behind the sentinel → whole, and StepFun is let go', async () => {
  const { upstream, ports } = gateways;
  upstream.play = (call) => void call.open().chunk(WHOLE);
  for (const port of [ports.steady, ports.plain]) {
    const answer = await new Client({ port }).whole(500);
    expect(read(answer.body).hasSentinel).toBe(true);
    await until(() => upstream.calls.at(-1)?.leftAtMs !== null, 500);
  }
});

test('no fault, twice → asked on the same connection', async () => {
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

const FIRST: readonly { name: string; play: (call: Call) => void; status: number; code: string }[] = [
  {
    name: 'an error object',
    play: (call) => void call.open().chunk(ERROR('rate_limit_error')).end(),
    status: 429,
    code: 'upstream_rate_limited',
  },
  {
    name: 'garbage',
    play: (call) => void call.open().chunk('data: <html>\n\n'),
    status: 502,
    code: 'upstream_malformed',
  },
  {
    name: 'comments, then an error object',
    play: (call) => void call.open().chunk(': hello\n\n').chunk(ERROR('server_error')),
    status: 502,
    code: 'upstream_unavailable',
  },
  { name: 'an end', play: (call) => void call.open().end(), status: 502, code: 'upstream_truncated' },
  {
    name: 'half an event',
    play: (call) => void call.open().chunk(HELLO.slice(0, 99)).end(),
    status: 502,
    code: 'upstream_truncated',
  },
  {
    name: 'a reset',
    play: (call) => {
      call.open();
      setTimeout(() => call.reset(), PAUSE_MS);
    },
    status: 502,
    code: 'upstream_reset',
  },
  {
    name: 'a body that is not the gzip it says',
    play: (call) => void call.raw(HEAD.replace('\r\n', '\r\ncontent-encoding: gzip\r\n')).chunk(HELLO),
    status: 502,
    code: 'upstream_malformed',
  },
];

describe.each([STREAM, NO_WINDOW, NATIVE])('$lane', ({ name }) => {
  test.each(FIRST)('$name first of all → $status $code', async ({ play, status, code }) => {
    gateways.upstream.play = play;
    const answer = await new Client({ port: gateways.ports[name] }).whole();
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code } });
    await until(() => gateways.upstream.calls[0]?.isOver === true, 1_000);
  });
});

describe.each(HASTY_LANES)('$lane', ({ name }) => {
  test('silence before the headers → 504 upstream_timeout', async () => {
    const { upstream, ports } = gateways;
    const startedMs = performance.now();
    const answer = await new Client({ port: ports[name] }).whole();
    expect(answer.status).toBe(504);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'upstream_timeout' } });
    expect(performance.now() - startedMs).toBeGreaterThan(HASTY.firstByteMs - 5);
    await until(() => upstream.calls[0]?.leftAtMs !== null, 50);
  });

  test('silence behind the headers → 200, comments, upstream_timeout', async () => {
    gateways.upstream.play = (call) => void call.open();
    const answer = await new Client({ port: gateways.ports[name] }).whole();
    expect(answer.status).toBe(200);
    expect(read(answer.body)).toMatchObject({ failure: 'upstream_timeout', text: '' });
    expect(read(answer.body).comments).toBeGreaterThan(1);
  });

  test('events without end → upstream_timeout', async () => {
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
  test('silence behind the headers, then an error object → 200, comments, upstream_unavailable', async () => {
    gateways.upstream.play = async (call) => {
      call.open();
      await sleep(HASTY.keepAliveMs * 2.5);
      call.chunk(ERROR('server_error'));
    };
    const answer = await new Client({ port: gateways.ports.hasty }).whole();
    expect(answer.status).toBe(200);
    expect(read(answer.body)).toMatchObject({ comments: 2, failure: 'upstream_unavailable' });
  });

  test('silence in an event → comments between events only, then upstream_timeout, not put off by them', async () => {
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

  test('silence in an event, but not for too long → whole', async () => {
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

const CUTS: readonly { name: string; cut: (call: Call) => void }[] = [
  { name: 'a reset', cut: (call) => call.reset() },
  { name: 'a chunk cut short', cut: (call) => call.raw('100\r\n').fin() },
  { name: 'an end as if all were well', cut: (call) => void call.end() },
];

test.each(CUTS)(
  '$name at 1,000 places of a stream → no part of it ever looks whole',
  async ({ cut }) => {
    const { upstream, ports } = gateways;
    const stream = Buffer.from(HELLO + event(' wörld, 你好') + FINISH + SENTINEL);
    const finished = stream.indexOf(SENTINEL);
    upstream.play = async (call) => {
      const point = Number(call.question);
      // First in one piece, so that the cut may meet it unread; then in two.
      call.open();
      if (point % 2 === 0) call.chunk(stream.subarray(0, point >> 2));
      else call.chunk(stream.subarray(0, 7)).chunk(stream.subarray(7, Math.max(7, point >> 2)));
      await sleep(point % 5);
      cut(call);
    };
    const points = Array.from({ length: 1_000 }, (_, index) => Math.floor((index / 1_000) * finished * 4));
    const at = async (point: number) => {
      const port = point % 3 === 0 ? ports.plain : ports.steady;
      const { status, body } = await new Client({ port, content: String(point) }).whole();
      if (status !== 200) {
        expect(status).toBe(502);
        return;
      }
      const { hasSentinel, failure } = read(body);
      expect({ point, hasSentinel, isFailed: failure !== null }).toEqual({
        point,
        hasSentinel: false,
        isFailed: true,
      });
    };
    for (let index = 0; index < points.length; index += 25) {
      await Promise.all(points.slice(index, index + 25).map(at));
    }
  },
  120_000,
);

describe('native', () => {
  test('no fault → whole and unchanged', async () => {
    gateways.upstream.play = async (call) => {
      call.open().chunk(HELLO);
      await sleep(PAUSE_MS);
      call.chunk(`: as it came\n\n${WORLD}${FINISH}${SENTINEL}`).end();
    };
    const answer = await new Client({ port: gateways.ports.native }).whole();
    expect(answer.body).toBe(`${HELLO}: as it came\n\n${WORLD}${FINISH}${SENTINEL}`);
  });

  test('a reset in an event → upstream_reset in an event of its own', async () => {
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
