// StepFun's answer begins well and then breaks, or is whole in an unusual form.

import { brotliCompressSync, gzipSync } from 'node:zlib';
import { sleep } from '../client.ts';
import { FINISH, SENTINEL, event } from '../events.ts';
import { COMPLETION, STREAM, reply } from '../replies.ts';
import { HEAD, type Call } from '../upstream.ts';
import {
  HELLO,
  chunkedHead,
  cut,
  halfAnswer,
  inTurn,
  mediaType,
  okHead,
  wholeAnswer,
  type Fault,
} from './fault.ts';

const WORLD = event(' world');
const ERROR = (type: string) => `data: {"error":{"message":"no","type":"${type}"}}\n\n`;

/** RELAY=native does not see an end without `[DONE]`, nor what an event holds (README). */
const unseenByNative = (stream: string) => ({ stream, native: null });

export const BODIES: readonly Fault[] = [
  {
    name: 'a Content-Length that is too long, then an end',
    play: (call) => cut(call, okHead(call, { 'content-length': '9999' }) + halfAnswer(call), 'fin'),
    expected: { stream: 'upstream_reset', completion: '502 upstream_reset' },
  },
  {
    name: 'a Content-Length that is too long, then a reset',
    play: (call) => cut(call, okHead(call, { 'content-length': '9999' }) + halfAnswer(call)),
    expected: { stream: 'upstream_reset', completion: '502 upstream_reset' },
  },
  {
    name: 'a Content-Length that is too short',
    play: (call) => {
      const length = String(halfAnswer(call).length);
      call.raw(okHead(call, { 'content-length': length }) + wholeAnswer(call));
    },
    expected: { ...unseenByNative('upstream_truncated'), completion: '502 upstream_malformed' },
  },
  {
    name: 'a chunk cut short by an end',
    play: (call) => cut(call, `${chunkedHead(call)}500\r\n${halfAnswer(call)}`, 'fin'),
    expected: { stream: 'upstream_reset', completion: '502 upstream_reset' },
  },
  {
    name: 'a chunk cut short by a reset',
    play: (call) => cut(call, `${chunkedHead(call)}500\r\n${halfAnswer(call)}`),
    expected: { stream: 'upstream_reset', completion: '502 upstream_reset' },
  },
  {
    name: 'an end between chunks',
    play: async (call) => (await inTurn(call.raw(chunkedHead(call)), halfAnswer(call))).fin(),
    expected: { stream: 'upstream_reset', completion: '502 upstream_reset' },
  },
  {
    name: 'a chunk size that is no number',
    play: async (call) => {
      (await inTurn(call.raw(chunkedHead(call)), halfAnswer(call))).raw('zz\r\nHello');
    },
    expected: { stream: 'upstream_reset', completion: '502 upstream_reset' },
  },
  {
    name: 'a chunk longer than its size',
    play: async (call) => {
      (await inTurn(call.raw(chunkedHead(call)), halfAnswer(call))).raw('3\r\nHello\r\n');
    },
    expected: { stream: 'upstream_reset', completion: '502 upstream_reset' },
  },
  {
    name: 'a proper end in the middle of the answer',
    play: (call) => void call.raw(chunkedHead(call)).chunk(halfAnswer(call)).end(),
    expected: { ...unseenByNative('upstream_truncated'), completion: '502 upstream_malformed' },
  },
  {
    name: 'no length at all, cut in the middle',
    play: (call) => cut(call, okHead(call, { connection: 'close' }) + halfAnswer(call), 'fin'),
    expected: { ...unseenByNative('upstream_truncated'), completion: '502 upstream_malformed' },
  },
  {
    name: 'no length at all, whole',
    play: (call) => cut(call, okHead(call, { connection: 'close' }) + wholeAnswer(call), 'fin'),
    expected: { stream: 'whole', completion: 'whole' },
  },
  {
    name: 'gzip',
    play: (call) => compressed(call, gzipSync(wholeAnswer(call)), 'gzip'),
    expected: { stream: 'whole', completion: 'whole' },
  },
  {
    name: 'brotli',
    play: (call) => compressed(call, brotliCompressSync(wholeAnswer(call)), 'br'),
    expected: { stream: 'whole', completion: 'whole' },
  },
  {
    name: 'gzip in single bytes',
    play: (call) => {
      call.raw(chunkedHead(call, { 'content-encoding': 'gzip' }));
      for (const byte of gzipSync(wholeAnswer(call))) call.chunk(Uint8Array.of(byte));
      call.end();
    },
    expected: { stream: 'whole', completion: 'whole' },
  },
];

export const STREAMS: readonly Fault[] = [
  {
    name: 'no fault, one event a write',
    play: async (call) => {
      call.open();
      for (const part of [HELLO, WORLD, FINISH, SENTINEL]) {
        call.chunk(part);
        await sleep(5);
      }
      call.end();
    },
    expected: { stream: 'whole' },
  },
  {
    name: 'a missing [DONE] after the last finish_reason',
    play: (call) =>
      void call
        .open()
        .chunk(HELLO + WORLD + FINISH)
        .end(),
    expected: unseenByNative('whole'),
  },
  {
    name: 'a [DONE] cut short after the last finish_reason',
    play: (call) => void call.open().chunk(`${HELLO}${WORLD}${FINISH}data: [DO`).end(),
    expected: unseenByNative('whole'),
  },
  {
    name: 'an event after [DONE]',
    play: (call) =>
      void call
        .open()
        .chunk(STREAM + event('no'))
        .end(),
    expected: unseenByNative('whole'),
  },
  {
    name: 'a reset between events',
    play: async (call) => (await inTurn(call.open(), HELLO + WORLD)).reset(),
    expected: { stream: 'upstream_reset' },
    text: 'Hello world',
  },
  {
    name: 'a reset in an event',
    play: async (call) => (await inTurn(call.open(), HELLO + WORLD.slice(0, 100))).reset(),
    expected: { stream: 'upstream_reset' },
  },
  {
    name: 'an end without a finish_reason',
    play: (call) =>
      void call
        .open()
        .chunk(HELLO + WORLD)
        .end(),
    expected: unseenByNative('upstream_truncated'),
    text: 'Hello world',
  },
  {
    name: 'an error object between events',
    play: (call) =>
      void call
        .open()
        .chunk(HELLO + ERROR('server_error') + WORLD)
        .end(),
    expected: unseenByNative('upstream_unavailable'),
  },
  {
    name: 'an error object in a write of its own',
    play: async (call) => void (await inTurn(call.open(), HELLO, ERROR('rate_limit_error'))),
    expected: unseenByNative('upstream_rate_limited'),
  },
  {
    name: 'garbage between events',
    play: (call) => void call.open().chunk(`${HELLO}data: {"choices":[}\n\n${WORLD}`),
    expected: unseenByNative('upstream_malformed'),
  },
  {
    name: 'an event of 100,000 open brackets',
    play: (call) =>
      void call
        .open()
        .chunk(`${HELLO}data: {"choices":${'['.repeat(100_000)}\n\n${SENTINEL}`)
        .end(),
    expected: unseenByNative('upstream_malformed'),
  },
  {
    name: 'an event that never ends',
    play: (call) => {
      call.open().chunk(`${HELLO}data: {"choices":[`);
      call.sendMany(2 ** 22, Buffer.alloc(2 ** 14, ' '));
    },
    expected: unseenByNative('upstream_malformed'),
  },
  {
    name: 'garbage as the first event',
    play: (call) => void call.open().chunk('data: <html>\n\n'),
    expected: { stream: '502 upstream_malformed' },
  },
  {
    name: 'a comment, then an error object as the first event',
    play: (call) => void call.open().chunk(': hello\n\n').chunk(ERROR('server_error')),
    expected: { stream: '502 upstream_unavailable' },
  },
  {
    name: 'an end before the first event',
    play: (call) => void call.open().end(),
    expected: { stream: '502 upstream_truncated' },
  },
  {
    name: 'an end in the first event',
    play: (call) => void call.open().chunk(HELLO.slice(0, 99)).end(),
    expected: { stream: '502 upstream_truncated' },
  },
  {
    name: 'content-encoding gzip, and a body that is not gzip',
    play: (call) => void call.raw(HEAD.replace('\r\n', '\r\ncontent-encoding: gzip\r\n')).chunk(HELLO),
    expected: { stream: '502 upstream_malformed' },
  },
];

export const COMPLETIONS: readonly Fault[] = [
  ...(
    [
      ['half a document', '{"id":"1","choices":['],
      ['no JSON', 'Hello'],
      ['a list', '[]'],
      ['no choices', '{"id":"1"}'],
      ['choices that are a string', '{"choices":"Hello"}'],
      ['100,000 open brackets', `{"choices":${'['.repeat(100_000)}`],
      ['two documents', COMPLETION + COMPLETION],
    ] as const
  ).map(([name, body]) => ({
    name,
    play: (call: Call) => reply(call, 200, body),
    expected: { completion: '502 upstream_malformed' },
  })),
  {
    name: 'a document that never ends',
    play: (call) => {
      call.raw(chunkedHead(call)).chunk('{"id":"');
      call.sendMany(2 ** 30, Buffer.alloc(2 ** 16, 'a'));
    },
    expected: { completion: '502 upstream_malformed' },
  },
  {
    name: 'gzip that is corrupt',
    play: (call) => compressed(call, gzipSync(COMPLETION).fill(0xff, 60, 90), 'gzip'),
    expected: { completion: '502 upstream_malformed' },
  },
  {
    name: 'gzip cut short',
    play: (call) => compressed(call, gzipSync(COMPLETION).subarray(0, 90), 'gzip'),
    expected: { completion: '502 upstream_malformed' },
  },
];

function compressed(call: Call, bytes: Uint8Array, encoding: string): void {
  reply(call, 200, bytes, { 'content-type': mediaType(call), 'content-encoding': encoding });
}
