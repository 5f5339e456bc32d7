// How streams end: well, cut short, broken off, with an error of StepFun's, and what
// the handler is told about it. A truncated answer never looks like a finished one.

import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/http/errors.ts';
import { createStreamRewriter, errorEvent } from '../../../src/relay/rewriter.ts';
import { DONE, OPENAI, PLAIN, bytes, event, push, text } from './rewrite.ts';

const OPEN = event('{"choices":[{"index":0,"delta":{"content":"c"},"finish_reason":null}]}');
const finish = (index: number): string => event(`{"choices":[{"index":${index},"finish_reason":"stop"}]}`);

function errorIn(out: string): unknown {
  const data: unknown = JSON.parse(/data: (\{"error":.*\})\n\n$/.exec(out)?.[1] ?? 'null');
  return data;
}

describe('the end of the upstream', () => {
  it.each([
    ['nothing at all', '', 1],
    ['no finish_reason', OPEN, 1],
    ['half an event with the finish_reason', OPEN + finish(0).slice(0, -1), 1],
    ['one of two choices', OPEN + finish(1), 2],
    ['one of two choices, twice', finish(0) + finish(0), 2],
    ['the next choice after those asked for', finish(0) + OPEN.replace('"index":0', '"index":1'), 1],
    ['a choice that nobody asked for', finish(0) + OPEN.replace('"index":0', '"index":3'), 1],
    ['an empty finish_reason', event('{"choices":[{"finish_reason":""}]}'), 1],
    ['a finish_reason that is no text', event('{"choices":[{"finish_reason":7}]}'), 1],
    ['a sentinel without its blank line', `${OPEN}data: [DONE]\n`, 1],
  ])('is told as such: %s', (_, stream, choices) => {
    const { out, rewriter } = push(stream, { ...PLAIN, choices });
    expect(out).not.toContain('error');
    expect(errorIn(text(rewriter.end()))).toMatchObject({ error: { code: 'upstream_truncated' } });
    expect(rewriter).toMatchObject({ done: true, failure: { code: 'upstream_truncated' } });
    expect(rewriter.begun).toBe(stream.includes('\n\n'));
  });

  it.each([
    ['a missing sentinel', finish(0), 1],
    ['an unterminated sentinel', `${finish(0)}data: [DONE]`, 1],
    ['a sentinel without its blank line', `${finish(0)}data: [DONE]\r\n`, 1],
    ['half an event after all finish_reasons', `${finish(0)}data: {"choices":[],"usa`, 1],
    ['two choices', finish(1) + OPEN + finish(0) + OPEN, 2],
    ['a choice beyond those asked for', finish(0) + OPEN.replace('"index":0', '"index":3') + finish(3), 1],
    ['choices by position', event('{"choices":[{"finish_reason":"stop"},{"finish_reason":"length"}]}'), 2],
  ])('is mended where every choice had its finish_reason: %s', (_, stream, choices) => {
    for (const options of [PLAIN, OPENAI]) {
      const { rewriter } = push(stream, { ...options, choices });
      expect(rewriter.done).toBe(false);
      expect(text(rewriter.end())).toBe(DONE);
      expect(rewriter).toMatchObject({ done: true, failure: null });
      expect(rewriter.end().length).toBe(0);
    }
  });

  it('after the sentinel says nothing more', () => {
    const { rewriter } = push(OPEN + DONE, PLAIN);
    expect(rewriter.end().length).toBe(0);
    expect(rewriter.fail(new GatewayError('upstream_reset')).length).toBe(0);
    expect(rewriter.failure).toBeNull();
  });
});

describe('a failure of the upstream', () => {
  it.each(['upstream_reset', 'upstream_timeout'] as const)('is one event and the end: %s', (code) => {
    const error = new GatewayError(code);
    const { rewriter } = push(`${OPEN}data: {"half":`, PLAIN);
    expect(text(rewriter.fail(error))).toBe(text(errorEvent(error)));
    expect(rewriter).toMatchObject({ done: true, begun: true, failure: error });
    expect(rewriter.fail(error).length).toBe(0);
    expect(rewriter.push(bytes(OPEN)).length).toBe(0);
    expect(rewriter.end().length).toBe(0);
  });

  it('counts even when all choices had finished', () => {
    const { rewriter } = push(finish(0), PLAIN);
    expect(errorIn(text(rewriter.fail(new GatewayError('upstream_reset'))))).toMatchObject({
      error: { code: 'upstream_reset', type: 'upstream_error', param: null },
    });
  });
});

describe('an error object in the stream', () => {
  it.each([
    ['{"error":{"message":"slow down","type":"rate_limit_error"}}', 'upstream_rate_limited', 'slow down'],
    ['{"error":"simply no"}', 'upstream_unavailable', 'StepFun is not available.'],
    ['{"id":"i","error":{"code":451,"message":"not that"}}', 'content_filter', 'not that'],
    ['{"\\u0065rror":{"status":400,"message":"bad"}}', 'upstream_rejected', 'bad'],
    [
      '{"choices":[{"delta":{"content":"c"}}],"error":{"code":"400","message":"bad"}}',
      'upstream_rejected',
      'bad',
    ],
  ])('%s ends it as %s', (data, code, message) => {
    const { out, rewriter } = push(OPEN + event(data) + OPEN + DONE, PLAIN);
    expect(out.slice(0, OPEN.length)).toBe(OPEN);
    expect(errorIn(out.slice(OPEN.length))).toMatchObject({ error: { code, message } });
    expect(rewriter).toMatchObject({ done: true, begun: true, failure: { code } });
  });

  it.each([
    `event: error\ndata: {"code":429,"message":"slow down"}\n\n`,
    `data: {"message":"slow down","status":429}\nevent: error\n\n`,
    `event:error\ndata: {"error":\ndata: {"type":"rate_limit"}}\n\n`,
  ])('is one by the name of its event too: %j', (stream) => {
    expect(push(OPEN + stream, PLAIN).rewriter.failure?.code).toBe('upstream_rate_limited');
  });

  it('may be no JSON when the event says error', () => {
    const { out } = push(`${OPEN}event: error\ndata: engine sk-123456 died\n\n`, PLAIN);
    expect(errorIn(out)).toMatchObject({ error: { code: 'upstream_unavailable' } });
    expect(out).not.toContain('sk-123456');
  });

  it.each([
    'event: errors',
    'event: error ',
    'event: error\nevent: message',
    'event: error\nevent',
    'events: error',
  ])('is not there when the event is %j', (line) => {
    const stream = `${line}\n${OPEN}`;
    expect(push(stream, PLAIN).out).toBe(stream);
  });

  it('is none of the next event', () => {
    const stream = `event: error\n\n${OPEN}`;
    expect(push(stream, PLAIN).out).toBe(stream);
  });

  it.each(['null', '""', 'false', '7', '[]'])('is not there when error is %s', (value) => {
    const stream = event(`{"choices":[],"error":${value}}`);
    expect(push(stream, PLAIN).out).toBe(stream);
  });

  it('does not show the keys it was told', () => {
    const options = { ...PLAIN, secrets: ['canary one', 'canary two'] };
    const { out, rewriter } = push(
      event('{"error":{"message":"canary one and canary two","status":400}}'),
      options,
    );
    expect(out).toContain('[redacted] and [redacted]');
    expect(JSON.stringify(rewriter.failure)).not.toContain('canary');
  });
});

describe('what the handler is told', () => {
  it.each([
    ['an error object', event('{"error":{"message":"m"}}'), 'upstream_unavailable'],
    ['garbage', event('<html>'), 'upstream_malformed'],
    [
      'comments, then an error object',
      `: hello\n\n${event('{"error":{"message":"m"}}')}`,
      'upstream_unavailable',
    ],
  ])('first comes %s: nothing has begun, a status can still be sent', (_, stream, code) => {
    const { rewriter } = push(stream, PLAIN);
    expect(rewriter).toMatchObject({ begun: false, done: true, failure: { code } });
  });

  it.each([
    ['a comment', ': c\n\n', false],
    ['a heartbeat', 'data:\n\n', false],
    ['fields without data', 'event: ping\n\n', false],
    ['half an event', OPEN.slice(0, -1), false],
    ['an event', OPEN, true],
  ])('%s has begun the stream or not', (_, stream, begun) => {
    expect(push(stream, PLAIN).rewriter.begun).toBe(begun);
  });
});

it('streams side by side do not touch each other', () => {
  const streams = ['a', 'b', 'c'].map((name) => ({
    sent: event(`{"choices":[{"delta":{"role":"","reasoning":"${name}"},"finish_reason":"stop"}]}`) + DONE,
    rewriter: createStreamRewriter({ ...OPENAI, reasoning: 'deepseek-style' }),
    out: '',
  }));
  for (let at = 0; at < streams[0]!.sent.length; at += 7) {
    for (const stream of streams) {
      stream.out += text(stream.rewriter.push(bytes(stream.sent.slice(at, at + 7))));
    }
  }
  for (const { sent, out } of streams) {
    expect(out).toBe(sent.replace('"role":"","reasoning"', '"reasoning_content"'));
  }
});
