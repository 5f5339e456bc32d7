// An upstream that gives no answer, or one that isn't what was asked for: the client
// gets the contract's status and code, in the contract's form, and nothing else of it.

import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Client, sleep, until } from './client.ts';
import { startUnder, type Gateways } from './gateways.ts';
import { COMPLETION, STREAM, answer, head, refuse, reply, wantsStream, type Headers } from './replies.ts';
import { startUpstream, type Call, type Upstream } from './upstream.ts';

/** No pattern of redaction knows this one. */
const CANARY = 'canary7of7the7operator';

let gateways: Gateways<'rewrite' | 'native' | 'refused'>;
let elsewhere: Upstream;
beforeAll(async () => {
  const settings = { STEP_API_KEY: CANARY };
  const refused = { ...settings, STEPFUN_BASE_URL: `http://127.0.0.1:${await closedPort()}/v1` };
  elsewhere = await startUpstream();
  gateways = await startUnder({ rewrite: settings, native: { ...settings, RELAY: 'native' }, refused });
});
afterAll(async () => {
  expect(gateways.runtime.output()).not.toMatch(/canary|internal_error/);
  await gateways.stop();
  await elsewhere.close();
});
afterEach(() => gateways.upstream.clear());

interface Fault {
  readonly name: string;
  readonly play: (call: Call) => void | Promise<void>;
  /** Status and code, or one of two. */
  readonly expected: string;
  readonly headers?: Headers;
  /** What the client reads; left out: nothing of StepFun's. */
  readonly message?: string;
}

/** Long enough for what was written before to have been read before. */
const PAUSE_MS = 20;

/** A reset overtakes what was written before; nobody shall be told so by the network. */
async function thenReset(call: Call, bytes: string): Promise<void> {
  call.raw(bytes);
  await sleep(PAUSE_MS);
  call.reset();
}

const OK_HEAD = (call: Call) =>
  `HTTP/1.1 200 OK\r\ncontent-type: ${wantsStream(call) ? 'text/event-stream' : 'application/json'}\r\n`;
const MESSAGE = `${CANARY} belongs to acme`;
const JSON_TYPE = { 'content-type': 'application/json' };
const HTML = '<!doctype html><title>502 Bad Gateway</title><h1>Hello</h1>';

const CONNECTION: readonly Fault[] = [
  { name: 'a reset before the headers', play: (call) => call.reset(), expected: '502 upstream_unavailable' },
  { name: 'an end before the headers', play: (call) => call.fin(), expected: '502 upstream_unavailable' },
  {
    name: 'a reset in the status line',
    play: (call) => thenReset(call, 'HTTP/1.1 20'),
    expected: '502 upstream_unavailable',
  },
  {
    name: 'a reset in the headers',
    play: (call) => thenReset(call, `${OK_HEAD(call)}x-a: b`),
    expected: '502 upstream_unavailable',
  },
  {
    name: 'an end in the headers',
    play: (call) => call.raw(OK_HEAD(call)).fin(),
    expected: '502 upstream_unavailable',
  },
  {
    name: 'a reset behind the headers',
    play: (call) => thenReset(call, `${OK_HEAD(call)}transfer-encoding: chunked\r\n\r\n`),
    expected: '502 upstream_reset',
  },
];

const HEADERS: readonly Fault[] = [
  {
    name: 'another protocol',
    play: (call) => void call.raw('SSH-2.0-OpenSSH_9.2\r\n\r\n'),
    expected: '502 upstream_unavailable',
  },
  {
    name: 'a TLS alert',
    play: (call) => call.raw(Buffer.from('15030300020228', 'hex')).fin(),
    expected: '502 upstream_unavailable',
  },
  {
    name: 'a status line without a status',
    play: (call) => void call.raw('HTTP/1.1 banana\r\n\r\n'),
    expected: '502 upstream_unavailable',
  },
  {
    name: 'a header without a name',
    play: (call) => void call.raw(`${OK_HEAD(call)}Hello\r\n\r\n`),
    expected: '502 upstream_unavailable',
  },
  {
    name: '1 MB of headers',
    play: (call) => void call.raw(`${OK_HEAD(call)}x-long: ${'a'.repeat(1_000_000)}\r\n\r\n`),
    expected: '502 upstream_unavailable',
  },
  {
    name: 'headers without end',
    play: (call) => {
      call.raw(OK_HEAD(call));
      const pour = setInterval(() => {
        if (call.leftAtMs === null) call.raw(`x-more: ${'a'.repeat(10_000)}\r\n`);
        else clearInterval(pour);
      }, 1);
    },
    expected: '502 upstream_unavailable',
  },
];

const KINDS: readonly Fault[] = [
  {
    name: 'HTML with 200',
    play: (call) => reply(call, 200, HTML, { 'content-type': 'text/html' }),
    expected: '502 upstream_malformed',
  },
  {
    name: 'HTML with 200, as what was asked for',
    play: (call) =>
      reply(call, 200, HTML, {
        'content-type': wantsStream(call) ? 'text/event-stream' : 'application/json',
      }),
    // To a stream this is a field that nobody knows, and then an end.
    expected: '502 upstream_malformed or 502 upstream_truncated',
  },
  {
    name: 'HTML with 502',
    play: (call) => reply(call, 502, HTML, { 'content-type': 'text/html' }),
    expected: '502 upstream_unavailable',
  },
  {
    name: 'no media type',
    play: (call) => {
      call.isWhole = true;
      call.raw(head(200, { 'content-length': '2' })).raw('{}');
    },
    expected: '502 upstream_malformed',
  },
  {
    name: 'the other kind of answer',
    play: (call) => {
      if (!wantsStream(call)) call.open().chunk(STREAM).end();
      else reply(call, 200, COMPLETION);
    },
    expected: '502 upstream_malformed',
  },
  {
    name: 'the other kind of answer, without end',
    play: (call) => {
      call.raw(
        head(200, {
          'content-type': wantsStream(call) ? 'application/json' : 'text/event-stream',
          'transfer-encoding': 'chunked',
        }),
      );
      call.flood(2 ** 30, Buffer.alloc(2 ** 14, ' '));
    },
    expected: '502 upstream_malformed',
  },
  {
    name: 'nothing, with 200',
    play: (call) => reply(call, 200, '', wantsStream(call) ? { 'content-type': 'text/event-stream' } : {}),
    expected: '502 upstream_malformed or 502 upstream_truncated',
  },
  ...[204, 304].map((status) => ({
    name: `${status}`,
    play: (call: Call) => {
      call.isWhole = true;
      call.raw(head(status, {}));
    },
    expected: '502 upstream_malformed',
  })),
  { name: '206', play: (call) => reply(call, 206, COMPLETION), expected: '502 upstream_malformed' },
  ...[301, 302, 303, 307, 308].map((status) => ({
    name: `${status} to another host`,
    play: (call: Call) => {
      call.isWhole = true;
      const location = `http://127.0.0.1:${elsewhere.port}/v1/chat/completions`;
      call.raw(head(status, { location, 'content-length': '0' }));
    },
    expected: '502 upstream_malformed',
  })),
];

/** Where StepFun's words help the client they are shown. */
const STATUSES: readonly Fault[] = [
  ...(
    [
      [400, 'upstream_rejected'],
      [404, 'model_not_found'],
      [413, 'upstream_rejected'],
      [422, 'upstream_rejected'],
      [429, 'upstream_rate_limited'],
      [451, 'content_filter'],
    ] as const
  ).map(([status, code]) => ({
    name: `${status}`,
    play: (call: Call) => refuse(call, status, { message: MESSAGE, type: 'some_error' }),
    expected: `${[413, 422].includes(status) ? 400 : status} ${code}`,
    message: '[redacted] belongs to acme',
  })),
  ...[401, 402, 403].map((status) => ({
    name: `${status} that names the key`,
    play: (call: Call) => refuse(call, status, { message: MESSAGE, type: 'invalid_api_key' }),
    expected: '502 upstream_auth',
  })),
  ...[408, 500, 501, 502, 503, 504, 529].map((status) => ({
    name: `${status}`,
    play: (call: Call) => refuse(call, status, { message: MESSAGE, type: 'server_error' }),
    expected: '502 upstream_unavailable',
  })),
  {
    name: '400 with a body that stalls',
    play: (call) => void call.raw(head(400, { ...JSON_TYPE, 'content-length': '999' })).raw('{"error":'),
    expected: '400 upstream_rejected',
  },
  {
    name: '400 with a body without end',
    play: (call) => {
      call.raw(head(400, { ...JSON_TYPE, 'transfer-encoding': 'chunked' }));
      call.flood(2 ** 30, Buffer.alloc(2 ** 14, ' '));
    },
    expected: '400 upstream_rejected',
  },
  {
    name: '451 with a body that breaks',
    play: (call) => thenReset(call, `${head(451, { ...JSON_TYPE, 'content-length': '999' })}{"error":`),
    expected: '451 content_filter',
  },
];

/** The same, as 200 with an error object. */
const OBJECTS: readonly Fault[] = (
  [
    [{ code: 429 }, '429 upstream_rate_limited', true],
    [{ code: '451' }, '451 content_filter', true],
    [{ type: 'censorship_blocked' }, '451 content_filter', true],
    [{ type: 'request_params_invalid' }, '400 upstream_rejected', true],
    [{ type: 'model_not_found' }, '404 model_not_found', true],
    [{ type: 'invalid_api_key' }, '502 upstream_auth', false],
    [{ type: 'insufficient_balance' }, '502 upstream_auth', false],
    [{ type: 'engine_overloaded' }, '502 upstream_unavailable', false],
    [{ type: 'rhubarb' }, '502 upstream_unavailable', false],
  ] as const
).flatMap(([error, expected, shown]) => {
  const said = { message: MESSAGE, ...error };
  const more = shown ? { message: '[redacted] belongs to acme' } : {};
  const name = `200 with an error of ${JSON.stringify(error)}`;
  return [
    { name, expected, ...more, play: (call: Call) => refuse(call, 200, said) },
    {
      name: `${name}, as what was asked for`,
      expected,
      ...more,
      play: (call: Call) => {
        if (wantsStream(call))
          call
            .open()
            .chunk(`data: ${JSON.stringify({ error: said })}\n\n`)
            .end();
        else refuse(call, 200, said);
      },
    },
  ];
});

const LIMITS: readonly Fault[] = (
  [
    ['7', '7'],
    ['600', '600'],
    ['1000000000', '600'],
    ['1e9', null],
    ['-1', null],
    ['soon', null],
    ['Tue, 03 Nov 2020 10:00:00 GMT', '0'],
    ['Tue, 03 Nov 2099 10:00:00 GMT', '600'],
    ['2099-11-03', null],
    ['7, 8', null],
  ] as const
).map(([value, passedOn]) => ({
  name: `429 with Retry-After: ${value}`,
  play: (call: Call) => refuse(call, 429, { message: 'slow' }, { 'retry-after': value }),
  expected: '429 upstream_rate_limited',
  message: 'slow',
  headers: { 'retry-after': passedOn ?? '' },
}));

const GROUPS = {
  'the connection': CONNECTION,
  'the headers': HEADERS,
  'another answer': KINDS,
  'a status': STATUSES,
  'an error object': OBJECTS,
  'a rate limit': LIMITS,
};

const LANES = [
  { lane: 'stream', port: 'rewrite', stream: true },
  { lane: 'native', port: 'native', stream: true },
  { lane: 'completion', port: 'rewrite', stream: false },
] as const;

/** The only headers an answer may carry. */
const ANSWER_HEADERS =
  /^(?:content-type|content-length|transfer-encoding|cache-control|cache-status|x-request-id|server-timing|vary|retry-after|x-should-retry|x-upstream-attempts|x-accel-buffering|access-control-[\w-]+): /;

/** What the fault tables above expect beside status and code, in the test's title. */
function titled(fault: Fault): Fault & { readonly title: string } {
  const { name, expected, message, headers = {} } = fault;
  const passedOn = Object.entries(headers).map(([header, value]) =>
    value === '' ? `no ${header}` : `${header}: ${value}`,
  );
  const words = message === undefined ? [] : ['StepFun’s words, redacted'];
  return { ...fault, title: `${name} → ${[expected, ...words, ...passedOn].join(', ')}` };
}

/** What asking again can't mend, as `x-should-retry: false` tells OpenAI's SDKs. */
const FINAL = new Set(['upstream_rejected', 'model_not_found', 'content_filter', 'upstream_auth']);

describe.each(LANES)('$lane', ({ port, stream }) => {
  const ask = () => new Client({ port: gateways.ports[port], fields: { stream } }).whole();

  describe.each(Object.entries(GROUPS))('%s', (_, faults) => {
    test.each(faults.map(titled))('$title', async ({ play, expected, headers = {}, message }) => {
      const { upstream } = gateways;
      upstream.play = play;
      const { status, headers: got, body } = await ask();

      const { error } = JSON.parse(body) as { error: { code: string; message: string } };
      expect(expected.split(' or ')).toContain(`${status} ${error.code}`);
      if (message === undefined) expect(body).not.toContain('acme');
      else expect(error.message).toBe(message);
      expect(got + body).not.toContain(CANARY);

      expect(headerOf(got, 'cache-control')).toBe('no-store');
      expect(headerOf(got, 'x-should-retry')).toBe(FINAL.has(error.code) ? 'false' : '');
      expect(headerOf(got, 'x-upstream-attempts')).toBe(String(upstream.calls.length));
      expect(upstream.calls.length).toBeLessThanOrEqual(3);
      for (const [name, value] of Object.entries(headers)) expect(headerOf(got, name)).toBe(value);
      for (const line of got.split('\r\n').slice(1)) expect(line.toLowerCase()).toMatch(ANSWER_HEADERS);
      // Nothing is left upstream, and nobody else has been asked.
      await until(() => upstream.calls.every((call) => call.isOver), 1_000);
      expect(elsewhere.calls).toEqual([]);
    });
  });

  test('a refused connection → 502 upstream_unavailable', async () => {
    const { status, body } = await new Client({ port: gateways.ports.refused, fields: { stream } }).whole();
    expect(status).toBe(502);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'upstream_unavailable' } });
  });

  test('cookies and headers of the connection, with a sound answer → none of them', async () => {
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
    gateways.upstream.play = (call) => {
      if (!wantsStream(call)) reply(call, 200, COMPLETION, extra);
      else
        reply(call, 200, STREAM, { ...extra, 'content-type': 'text/event-stream', connection: 'x-account' });
    };
    const { status, headers, body } = await ask();
    expect(status).toBe(200);
    expect(body).toContain('Hello');
    for (const line of headers.split('\r\n').slice(1)) expect(line.toLowerCase()).toMatch(ANSWER_HEADERS);
    expect(headers).not.toMatch(/canary|evil|upstream\r|nginx|public/i);
  });

  test.each([100, 103])('%i before a sound answer → the answer', async (status) => {
    gateways.upstream.play = (call) => {
      call.raw(head(status, { link: '</a.css>; rel=preload' }));
      answer(call);
    };
    const got = await ask();
    expect(got.status).toBe(200);
    expect(got.body).toContain('Hello');
    expect(got.headers).not.toContain('a.css');
  });

  test('300 KB of headers with a sound answer → the answer without them', async () => {
    gateways.upstream.play = (call) => {
      const type = wantsStream(call) ? 'text/event-stream' : 'application/json';
      const body = wantsStream(call) ? STREAM : COMPLETION;
      reply(call, 200, body, { 'content-type': type, 'x-long': 'a'.repeat(300_000) });
    };
    const { status, headers, body } = await ask();
    expect(status).toBe(200);
    expect(body).toContain('Hello');
    expect(headers).not.toContain('x-long');
  });

  test('a second answer nobody asked for → never the next one’s', async () => {
    const { upstream } = gateways;
    upstream.play = (call) => {
      answer(call);
      refuse(call, 451, { message: 'smuggled' });
    };
    for (let asked = 0; asked < 5; asked++) {
      const { body } = await ask();
      expect(body).toContain('Hello');
      expect(body).not.toContain('smuggled');
      await sleep(PAUSE_MS);
    }
  });
});

function headerOf(headers: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'im').exec(headers)?.[1]?.trim() ?? '';
}

/** @returns a port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = await startUpstream();
  const { port } = server;
  await server.close();
  await new Promise((resolve) => connect(port, '127.0.0.1').on('error', resolve));
  return port;
}
