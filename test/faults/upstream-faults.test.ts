// Every way in which StepFun can fail. Before the first event the client gets the contract's
// status and code; after it, the events that came and one error event. It gets nothing else of
// StepFun's. The rows are in upstream-faults/.

import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, sleep, until } from './client.ts';
import { event, read } from './events.ts';
import { startUnder, type Gateways } from './gateways.ts';
import { COMPLETION, STREAM, answer, head, refuse, reply, wantsStream, type Headers } from './replies.ts';
import { BODIES, COMPLETIONS, STREAMS } from './upstream-faults/bodies.ts';
import { CONNECTION, HEADERS, OTHER_ANSWERS, closedPort, redirects } from './upstream-faults/connection.ts';
import { CANARY, expectedIn, mediaType, type Fault, type Lane } from './upstream-faults/fault.ts';
import { ERROR_OBJECTS, RATE_LIMITS, STATUSES } from './upstream-faults/refusals.ts';
import { startUpstream } from './upstream.ts';

/** Where redirects lead to. Nothing may arrive there. */
const elsewhere = await startUpstream();

const GROUPS: Readonly<Record<string, readonly Fault[]>> = {
  'the connection': CONNECTION,
  'the headers': HEADERS,
  'another answer': [...OTHER_ANSWERS, ...redirects(elsewhere.port)],
  'a status': STATUSES,
  'an error object': ERROR_OBJECTS,
  'a rate limit': RATE_LIMITS,
  'the body': BODIES,
  'a stream': STREAMS,
  'a completion': COMPLETIONS,
};

const PORTS = {
  stream: 'stream',
  'stream without a window': 'plain',
  native: 'native',
  completion: 'stream',
} as const satisfies Record<Lane, string>;
const LANES = Object.keys(PORTS) as Lane[];
/** The window changes how the body of a stream is read, and nothing else. */
const isPlayedIn = (lane: Lane, group: string) =>
  lane !== 'stream without a window' || ['the body', 'a stream'].includes(group);

let gateways: Gateways<'stream' | 'plain' | 'native' | 'refused'>;
beforeAll(async () => {
  const settings = { STEP_API_KEY: CANARY };
  const refused = { ...settings, STEPFUN_BASE_URL: `http://127.0.0.1:${await closedPort()}/v1` };
  gateways = await startUnder({
    stream: settings,
    plain: { ...settings, RELAY_WINDOW_MS: '0' },
    native: { ...settings, RELAY: 'native' },
    refused,
  });
});
afterAll(async () => {
  expect(gateways.runtime.output()).not.toMatch(/canary|internal_error/);
  await gateways.stop();
  await elsewhere.close();
});
afterEach(() => gateways.upstream.clear());

type Answer = Awaited<ReturnType<Client['whole']>>;

function ask(lane: Lane, port: keyof (typeof gateways)['ports'] = PORTS[lane]): Promise<Answer> {
  return new Client({ port: gateways.ports[port], fields: { stream: lane !== 'completion' } }).whole();
}

/** A test's title: the fault, and all that is expected. */
function rowsOf(faults: readonly Fault[], lane: Lane): { title: string; fault: Fault; expected: string }[] {
  return faults.flatMap((fault) => {
    const expected = expectedIn(fault, lane);
    if (expected === null) return [];
    const headers = Object.entries(fault.headers ?? {}).map(([name, value]) =>
      typeof value === 'string' ? `${name}: ${value}` : `the gateway’s own ${name}`,
    );
    const words = fault.message === undefined ? [] : ['StepFun’s words, redacted'];
    return [{ title: `${fault.name} → ${[expected, ...words, ...headers].join(', ')}`, fault, expected }];
  });
}

describe.each(LANES)('%s', (lane) => {
  const groups = Object.entries(GROUPS)
    .filter(([group]) => isPlayedIn(lane, group))
    .map(([group, faults]) => [group, rowsOf(faults, lane)] as const)
    .filter(([, rows]) => rows.length > 0);

  describe.each(groups)('%s', (_, rows) => {
    it.each(rows)('$title', async ({ fault, expected }) => {
      const { upstream } = gateways;
      upstream.play = fault.play;
      const got = await ask(lane);

      if (expected === 'whole') expectWhole(got, lane);
      else if (/^\d/.test(expected)) expectError(got, expected.split(' or '), fault);
      else expectBroken(got, expected, fault, lane);
      expectOwnHeaders(got.headers);
      expect(got.headers + got.body).not.toContain(CANARY);
      await until(() => upstream.calls.every((call) => call.isOver), 1_000);
      expect(elsewhere.calls).toEqual([]);
    });
  });
});

function expectWhole({ status, body }: Answer, lane: Lane): void {
  expect(status).toBe(200);
  if (lane === 'completion') {
    const choices = [{ message: { content: 'Hello world' }, finish_reason: 'stop' }];
    expect(JSON.parse(body)).toMatchObject({ choices });
  } else if (lane === 'native') expect(body).toBe(STREAM);
  else {
    const whole = { text: 'Hello world', failure: null, hasSentinel: true, finishReason: 'stop' };
    expect(read(body)).toMatchObject(whole);
  }
}

/** Errors that a retry can't mend: `x-should-retry: false` tells OpenAI's SDKs. */
const FINAL = new Set([
  'upstream_rejected',
  'model_not_found',
  'content_filter',
  'upstream_auth',
  'upstream_misconfigured',
]);

function expectError({ status, headers, body }: Answer, expected: readonly string[], fault: Fault): void {
  const { calls } = gateways.upstream;
  const { error, ...rest } = JSON.parse(body) as { error: { code: string; message: string } };
  expect(rest).toEqual({});
  expect(expected).toContain(`${status} ${error.code}`);
  if (fault.message === undefined) expect(body).not.toContain('acme');
  else expect(error.message).toBe(fault.message);
  expect(headerOf(headers, 'cache-control')).toBe('no-store');
  expect(headerOf(headers, 'x-should-retry')).toBe(FINAL.has(error.code) ? 'false' : '');
  expect(headerOf(headers, 'x-upstream-attempts')).toBe(String(calls.length));
  expect(calls.length).toBeLessThanOrEqual(3);
  for (const [name, value] of Object.entries(fault.headers ?? {}))
    expect(headerOf(headers, name)).toEqual(typeof value === 'string' ? value : expect.stringMatching(value));
}

function expectBroken({ status, body }: Answer, code: string, { text = 'Hello' }: Fault, lane: Lane): void {
  expect(status).toBe(200);
  if (lane === 'native') {
    expect(body).not.toContain('[DONE]');
    expect(body.split('\n\n').at(-2)).toContain(`"code":"${code}"`);
  } else expect(read(body)).toMatchObject({ text, failure: code, hasSentinel: false, finishReason: null });
  // The client has an event already: StepFun is not called again.
  expect(gateways.upstream.calls).toHaveLength(1);
}

/** The only headers that an answer may carry. */
const OWN_HEADERS =
  /^(?:content-type|content-length|transfer-encoding|cache-control|cache-status|x-request-id|server-timing|vary|retry-after|x-should-retry|x-upstream-attempts|x-accel-buffering|access-control-[\w-]+): /;

function expectOwnHeaders(headers: string): void {
  for (const line of headers.split('\r\n').slice(1)) expect(line.toLowerCase()).toMatch(OWN_HEADERS);
}

function headerOf(headers: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'im').exec(headers)?.[1]?.trim() ?? '';
}

const ONE_OF_EACH = ['stream', 'native', 'completion'] as const;

describe.each(ONE_OF_EACH)('%s', (lane) => {
  it('a refused connection → 502 upstream_unavailable', async () => {
    const { status, body } = await ask(lane, 'refused');
    expect(status).toBe(502);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'upstream_unavailable' } });
  });

  it('cookies and connection headers of a sound answer → none of them', async () => {
    const extra: Headers = {
      'set-cookie': `session=${CANARY}`,
      'keep-alive': 'timeout=5',
      'proxy-authenticate': 'Basic',
      'www-authenticate': `Bearer realm=${CANARY}`,
      server: 'nginx',
      via: '1.1 nginx',
      trailer: 'x-trailer',
      upgrade: 'h2c',
      'alt-svc': 'h3=":443"',
      'access-control-allow-origin': 'https://evil.example',
      'access-control-allow-credentials': 'true',
      'x-account': CANARY,
      'x-request-id': 'upstream',
      'cache-control': 'public, max-age=600',
      'content-encoding': 'identity',
    };
    gateways.upstream.play = (call) =>
      wantsStream(call)
        ? reply(call, 200, STREAM, { ...extra, 'content-type': mediaType(call), connection: 'x-account' })
        : reply(call, 200, COMPLETION, extra);
    const got = await ask(lane);
    expectWhole(got, lane);
    expectOwnHeaders(got.headers);
    expect(got.headers).not.toMatch(/canary|evil|upstream\r|nginx|public/i);
  });

  it.each([100, 103])('%i before a sound answer → the answer', async (status) => {
    gateways.upstream.play = (call) => {
      call.raw(head(status, { link: '</a.css>; rel=preload' }));
      answer(call);
    };
    const got = await ask(lane);
    expectWhole(got, lane);
    expect(got.headers).not.toContain('a.css');
  });

  it('300 KB of headers with a sound answer → the answer without them', async () => {
    gateways.upstream.play = (call) =>
      reply(call, 200, wantsStream(call) ? STREAM : COMPLETION, {
        'content-type': mediaType(call),
        'x-long': 'a'.repeat(300_000),
      });
    const got = await ask(lane);
    expectWhole(got, lane);
    expect(got.headers).not.toContain('x-long');
  });

  it('a second answer that was not asked for → never the answer to the next request', async () => {
    gateways.upstream.play = (call) => {
      answer(call);
      refuse(call, 451, { message: 'smuggled' });
    };
    for (let asked = 0; asked < 5; asked++) {
      expectWhole(await ask(lane), lane);
      await sleep(20);
    }
  });
});

/** Noise that compresses to about its size: gzip has several blocks to break in. */
const NOISE = Array.from({ length: 400 }, (_, index) => event(`${Math.sin(index)}`)).join('');

describe.each(['stream', 'stream without a window'] as const)('%s', (lane) => {
  it.each([
    ['gzip that is corrupt', (bytes: Buffer) => bytes.fill(0xff, 2_000, 2_100)],
    ['gzip cut short', (bytes: Buffer) => bytes.subarray(0, 2_000)],
    ['gzip cut short in its trailer', (bytes: Buffer) => bytes.subarray(0, -9)],
  ])('%s → whole events, then upstream_malformed', async (_, spoil) => {
    gateways.upstream.play = (call) => {
      const encoding = { 'content-type': mediaType(call), 'content-encoding': 'gzip' };
      reply(call, 200, spoil(gzipSync(NOISE)), encoding);
    };
    const { status, body } = await ask(lane);
    expect(status).toBe(200);
    const { text, ...end } = read(body);
    expect(end).toMatchObject({ failure: 'upstream_malformed', hasSentinel: false, finishReason: null });
    expect(read(NOISE).text.startsWith(text)).toBe(true);
    expect(text).not.toBe('');
  });
});
