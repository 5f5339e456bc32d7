// StepFun gives no answer, or one that is not what was asked for.

import { connect } from 'node:net';
import { COMPLETION, STREAM, head, reply, wantsStream } from '../replies.ts';
import { startUpstream, type Call } from '../upstream.ts';
import { chunkedHead, cut, mediaType, type Fault } from './fault.ts';

const okLines = (call: Call) => `HTTP/1.1 200 OK\r\ncontent-type: ${mediaType(call)}\r\n`;
const HTML = '<!doctype html><title>502 Bad Gateway</title><h1>Hello</h1>';

export const CONNECTION: readonly Fault[] = [
  { name: 'a reset before the headers', play: (call) => call.reset(), expected: '502 upstream_unavailable' },
  { name: 'an end before the headers', play: (call) => call.fin(), expected: '502 upstream_unavailable' },
  {
    name: 'a reset in the status line',
    play: (call) => cut(call, 'HTTP/1.1 20'),
    expected: '502 upstream_unavailable',
  },
  {
    name: 'a reset in the headers',
    play: (call) => cut(call, `${okLines(call)}x-a: b`),
    expected: '502 upstream_unavailable',
  },
  {
    name: 'an end in the headers',
    play: (call) => call.raw(okLines(call)).fin(),
    expected: '502 upstream_unavailable',
  },
  {
    name: 'a reset after the headers',
    play: (call) => cut(call, chunkedHead(call)),
    expected: '502 upstream_reset',
  },
];

export const HEADERS: readonly Fault[] = [
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
    play: (call) => void call.raw(`${okLines(call)}Hello\r\n\r\n`),
    expected: '502 upstream_unavailable',
  },
  {
    name: '1 MB of headers',
    play: (call) => void call.raw(`${okLines(call)}x-long: ${'a'.repeat(1_000_000)}\r\n\r\n`),
    expected: '502 upstream_unavailable',
  },
  {
    name: 'headers that never end',
    play: (call) => {
      call.raw(okLines(call));
      const sending = setInterval(() => {
        if (call.leftAtMs === null) call.raw(`x-more: ${'a'.repeat(10_000)}\r\n`);
        else clearInterval(sending);
      }, 1);
    },
    expected: '502 upstream_unavailable',
  },
];

export const OTHER_ANSWERS: readonly Fault[] = [
  {
    name: 'HTML with 200',
    play: (call) => reply(call, 200, HTML, { 'content-type': 'text/html' }),
    expected: '502 upstream_malformed',
  },
  {
    name: 'HTML with 200 and the media type that was asked for',
    play: (call) => reply(call, 200, HTML, { 'content-type': mediaType(call) }),
    // To an event stream this is an unknown field, and then the end.
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
    name: 'a completion for a stream, a stream for a completion',
    play: (call) => {
      if (!wantsStream(call)) call.open().chunk(STREAM).end();
      else reply(call, 200, COMPLETION);
    },
    expected: '502 upstream_malformed',
  },
  {
    name: 'the same, without an end',
    play: (call) => {
      const type = wantsStream(call) ? 'application/json' : 'text/event-stream';
      call.raw(head(200, { 'content-type': type, 'transfer-encoding': 'chunked' }));
      call.sendMany(2 ** 30, Buffer.alloc(2 ** 14, ' '));
    },
    expected: '502 upstream_malformed',
  },
  {
    name: 'an empty body with 200',
    play: (call) => reply(call, 200, '', { 'content-type': mediaType(call) }),
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
];

/** Redirects to another host, which must never be called. */
export function redirects(port: number): readonly Fault[] {
  return [301, 302, 303, 307, 308].map((status) => ({
    name: `${status} to another host`,
    play: (call) => {
      call.isWhole = true;
      const location = `http://127.0.0.1:${port}/v1/chat/completions`;
      call.raw(head(status, { location, 'content-length': '0' }));
    },
    expected: '502 upstream_malformed',
  }));
}

/** @returns a port that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = await startUpstream();
  const { port } = server;
  await server.close();
  await new Promise((resolve) => connect(port, '127.0.0.1').on('error', resolve));
  return port;
}
