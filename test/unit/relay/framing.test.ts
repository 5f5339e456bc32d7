// SSE framing after WHATWG HTML §9.2.6; the cases are those of the web platform tests
// (eventsource/format-*). Chunks are ones in which no rule changes anything, so
// that what comes out shows what the framing did.

import { describe, expect, it } from 'vitest';
import { EVENT_BYTES } from '../../../src/config/limits.ts';
import { createStreamRewriter } from '../../../src/relay/rewriter.ts';
import { OPENAI, PLAIN, bytes, event, push, text } from './rewrite.ts';

const A = '{"choices":[],"x":"a"}';
const B = '{"choices":[],"x":"b"}';

describe('passes as it came', () => {
  it.each([
    ['LF', `data: ${A}\n\ndata: ${B}\n\n`],
    ['CR', `data: ${A}\r\rdata: ${B}\r\r`],
    ['CRLF', `data: ${A}\r\n\r\ndata: ${B}\r\n\r\n`],
    ['every line end in turn', `data: ${A}\r\n\rdata: ${B}\n\r\ndata: ${A}\r\n\n`],
    ['no space after the colon', `data:${A}\n\n`],
    ['two spaces after the colon', `data:  ${A}\n\n`],
    ['a tab after the colon', `data:\t${A}\n\n`],
    ['space after the data', `data: ${A}  \n\n`],
    ['comments between events', `: one\n:two\n\ndata: ${A}\n\n:\n\n`],
    ['a comment before, in and after an event', `: 1\ndata: ${A}\n: 2\n\n: 3\n`],
    ['blank lines between events', `\n\n\ndata: ${A}\n\n\r\n\r\rdata: ${B}\n\n`],
    ['fields other than data', `id: 7\nevent: message\nretry: 10\ndata: ${A}\n\n`],
    ['fields without data', `event: ping\n\nid: 7\n\ndata: ${A}\n\n`],
    ['unknown fields', `dat: 1\ndataa: 2\nDATA: 3\n data: 4\ndata\t: 5\ndata: ${A}\n\n`],
    ['a field without a colon', `foo\nevent\ndata: ${A}\n\n`],
    ['NUL in a field', `id: \0\ndata: ${A}\n\n`],
    ['data on several lines', `data: {"choices":\ndata:[],\r\ndata:   "x":\rdata: 1}\n\n`],
    ['other fields between data lines', `data: {"choices":\nid: 7\n: c\ndata: []}\n\n`],
    ['a second BOM', `\ufeffdata: ${A}\n\ndata: ${B}\n\n`],
    ['whitespace in the JSON', `data: { "choices" :\t[ ] , "x" : { } }\n\n`],
    ['UTF-8', 'data: {"choices":[],"x":"网关 🚪 \u0085\u2028"}\n\n'],
    [
      'what JSON.parse would lose',
      'data: {"choices":[],"a":12345678901234567890,"b":1e400,"c":1.0,"a":"\\u00e9\\/"}\n\n',
    ],
  ])('%s', (name, stream) => {
    expect(push((name === 'a second BOM' ? '\ufeff' : '') + stream, PLAIN).out).toBe(stream);
  });

  it('bytes that are no UTF-8', () => {
    const stream = Uint8Array.from(Buffer.from('data: {"choices":[],"x":"\xff\xe7\xbd"}\n\n', 'latin1'));
    expect(createStreamRewriter(PLAIN).push(stream)).toEqual(stream);
  });

  it('without being copied, when nothing changes', () => {
    const stream = bytes(event(A));
    expect(createStreamRewriter(PLAIN).push(stream).buffer).toBe(stream.buffer);
  });
});

it('strips a BOM at the start, and only there', () => {
  expect(push(`\ufeffdata: ${A}\n\n`, PLAIN).out).toBe(`data: ${A}\n\n`);
  expect(push(`data: ${A}\n\n\ufeff: x\n\n`, PLAIN).out).toBe(`data: ${A}\n\n\ufeff: x\n\n`);
});

it.each([0, 1, 2, 3])('strips a BOM cut after %i bytes', (cut) => {
  const stream = bytes(`\ufeffdata: ${A}\n\n`);
  const rewriter = createStreamRewriter(PLAIN);
  const out = text(rewriter.push(stream.subarray(0, cut))) + text(rewriter.push(stream.subarray(cut)));
  expect(out).toBe(event(A));
});

it.each([
  ['half a line', `data: ${A}`],
  ['a line without its blank line', `data: ${A}\n`],
  ['a line in CRLF without its blank line', `data: ${A}\r\n`],
  ['several lines', `id: 1\n: c\ndata: ${A}\n`],
  ['half a comment', ': half'],
])('keeps back what is not whole: %s', (_, rest) => {
  const { out, rewriter } = push(event(B) + rest, PLAIN);
  expect(out).toBe(event(B));
  expect(text(rewriter.end())).toContain('"code":"upstream_truncated"');
});

it.each([
  ['a comment', ': ping\n'],
  ['a comment in CR', ': ping\r'],
  ['a blank line', '\n'],
  ['an event in CR, whose LF may still come', `data: ${A}\r\n\r`],
])('gives out at once: %s', (_, stream) => {
  expect(push(stream, PLAIN).out).toBe(stream);
});

it('takes an LF that comes after its CR as the same line end', () => {
  const rewriter = createStreamRewriter(PLAIN);
  const pieces = [`data: ${A}\r`, '\n\r', '\n: c\r', '\n', `data: ${B}\r`, '\n\r'];
  expect(pieces.map((piece) => text(rewriter.push(bytes(piece))))).toEqual([
    '',
    `data: ${A}\r\n\r`,
    '\n: c\r',
    '\n',
    '',
    `data: ${B}\r\n\r`,
  ]);
});

describe('data on several lines', () => {
  const options = { ...OPENAI, reasoning: 'deepseek-style' } as const;
  const finish = '"finish_reason":"stop"';

  it('is changed as one JSON and written back as lines', () => {
    const stream = `id: 1\ndata: {"choices":[{"delta":{"reasoning":\n: c\ndata:"r"},\ndata: ${finish}}]}\n\n`;
    expect(push(stream, options).out).toBe(
      `id: 1\ndata: {"choices":[{"delta":{"reasoning_content":\ndata: "r"},\ndata: ${finish}}]}\n: c\n\n`,
    );
  });

  it('has fewer lines where a line was all that went', () => {
    const stream = `data: {"choices":[{"delta":{"role":"",\r\ndata: "content":"c"},${finish}}]}\r\n\r\n`;
    expect(push(stream, options).out).toBe(`data: {"choices":[{"delta":{"content":"c"},${finish}}]}\r\n\r\n`);
  });

  it('holds an empty line', () => {
    const stream = `data\ndata: {"choices":[]}\ndata:\n\n`;
    expect(push(stream, PLAIN).out).toBe(stream);
  });

  it('forgets the lines of the event before it', () => {
    const changed = (lines: number): string =>
      `data: {"choices":[{"delta":{"reasoning":1},\n${'data:\n'.repeat(lines)}data: ${finish}}]}\n\n`;
    const stream = `${changed(20)}${changed(1)}data:\ndata:\n\n${changed(0)}`;
    const renamed = stream.replaceAll('reasoning', 'reasoning_content').replaceAll('data:\n', 'data: \n');
    expect(push(stream, options).out).toBe(renamed.replace('data: \ndata: \n\n', '\n'));
  });

  it('leaves nothing behind when it is no chunk', () => {
    const { rewriter } = push(
      'data: {"choices":[{"delta":{"reasoning":1}},\ndata: {"delta":7}]}\n\n',
      options,
    );
    expect(rewriter.failure?.code).toBe('upstream_malformed');
    const next = `data: {"choices":\ndata: [{"delta":{"role":"a","reasoning":1},${finish}}]}\n\n`;
    const other = createStreamRewriter(options);
    other.push(bytes(event(`{"choices":[],"usage":{}}`) + event(`{"choices":[{${finish}}]}`)));
    push('data: {"choices":[{"delta":{"reasoning":1}},\ndata: {"delta":7}]}\n\n', options);
    expect(text(other.end())).toBe(event('{"choices":[],"usage":{}}') + event('[DONE]'));
    expect(push(next, options).out).toBe(next.replace('reasoning', 'reasoning_content'));
  });

  it('is no chunk when its lines are JSON each for itself', () => {
    const { out, rewriter } = push(`data: ${A}\ndata: ${B}\n\n`, PLAIN);
    expect(out).not.toContain('"x"');
    expect(rewriter.failure?.code).toBe('upstream_malformed');
  });
});

describe('however the bytes are cut', () => {
  const stream = bytes(
    `\ufeff: c\r\n\r\ndata: ${A}\r\n\r\nid: 1\ndata: {"choices":\n: in\ndata: [],\r\ndata: "x":1}\n\n` +
      `data: {"choices":[],\rdata: "网":1}\r\rdata:\n\n${event(B.replace('"b"', `"${'long'.repeat(300)}"`))}` +
      `\n${event('{"choices":[{"delta":{"role":"","reasoning":"网"},"finish_reason":"stop"}],"usage":{"cached_tokens":1}}')}` +
      'data: [DONE]\r\n\r\nmore',
  );
  const options = { ...OPENAI, reasoning: 'deepseek-style' } as const;
  const whole = text(createStreamRewriter(options).push(stream));

  it.each([1, 2, 3, 7, 64, 1_000])('in pieces of %i bytes', (size) => {
    const rewriter = createStreamRewriter(options);
    const out: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += size) out.push(rewriter.push(stream.subarray(at, at + size)));
    expect(Buffer.concat(out).toString()).toBe(whole);
    expect(rewriter.usage?.cachedTokens).toBe(1);
  });

  it('in two', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const rewriter = createStreamRewriter(options);
      const out = [rewriter.push(stream.subarray(0, cut)), rewriter.push(stream.subarray(cut))];
      expect(Buffer.concat(out).toString()).toBe(whole);
    }
  });

  it('no piece is touched after it was given', () => {
    const rewriter = createStreamRewriter(PLAIN);
    const piece = bytes(event(A) + event(B).slice(0, 20));
    const copy = piece.slice();
    rewriter.push(piece);
    rewriter.push(bytes(event(B).slice(20) + event(A).slice(0, 20)));
    expect(piece).toEqual(copy);
  });
});

describe('an event without data', () => {
  it.each(['data\n\n', 'data:\n\n', 'data: \n\n', 'data\ndata\n\n', 'data: \t \r\r'])(
    'is a heartbeat that no SDK has to parse: %j',
    (heartbeat) => {
      const { out, rewriter } = push(event(A) + heartbeat + event(B), PLAIN);
      expect(out).toBe(event(A) + heartbeat.slice(-1) + event(B));
      expect(rewriter.failure).toBeNull();
    },
  );
});

describe('the sentinel', () => {
  it.each([
    ['data: [DONE]\n\n', 'data: [DONE]\n\n'],
    ['data:[DONE]\n\n', 'data:[DONE]\n\n'],
    ['data: [DONE] \n\n', 'data: [DONE] \n\n'],
    ['data: [DONE]\r\n\r\n', 'data: [DONE]\r\n\r\n'],
    ['data: [DONE]\r\r', 'data: [DONE]\r\r'],
    ['id: 1\ndata: [DONE]\n: c\n\n', 'id: 1\ndata: [DONE]\n: c\n\n'],
  ])('%j ends the stream', (sentinel, expected) => {
    const { out, rewriter } = push(event(A) + sentinel + event(B) + ': more\n\n', PLAIN);
    expect(out).toBe(event(A) + expected);
    expect(rewriter).toMatchObject({ done: true, failure: null });
    expect(rewriter.push(bytes(event(B))).length).toBe(0);
    expect(rewriter.end().length).toBe(0);
  });

  it('has its blank line whole when a CRLF is cut', () => {
    const rewriter = createStreamRewriter(PLAIN);
    expect(text(rewriter.push(bytes('data: [DONE]\r\n\r')))).toBe('data: [DONE]\r\n\r\n');
    expect(rewriter.push(bytes('\n')).length).toBe(0);
  });

  it.each(['[done]', '[DONE]x', '[DONE', '"[DONE]"', '[DONE][DONE]'])('is not %s', (data) => {
    expect(push(event(data), PLAIN).rewriter.failure?.code).toBe('upstream_malformed');
  });
});

describe('the cap on an event', () => {
  const around = `data: {"choices":[],"x":""}\n\n`.length;
  const large = (size: number): string => event(`{"choices":[],"x":"${'a'.repeat(size - around)}"}`);

  it('lets the largest through, in one piece and in two', () => {
    const stream = large(EVENT_BYTES);
    expect(push(stream, PLAIN).out === stream).toBe(true);
    const rewriter = createStreamRewriter(PLAIN);
    const out = [stream.slice(0, 700_000), stream.slice(700_000)].map((s) => text(rewriter.push(bytes(s))));
    expect(out.join('') === stream).toBe(true);
  });

  it.each([
    ['a whole event', large(EVENT_BYTES + 1)],
    ['half an event', large(EVENT_BYTES + 2).slice(0, EVENT_BYTES + 1)],
    ['a comment', `: ${'c'.repeat(EVENT_BYTES)}`],
    ['many lines', 'data: \n'.repeat(EVENT_BYTES / 7 + 1)],
    ['many events are none of it', event(A).repeat(EVENT_BYTES / event(A).length + 1)],
  ])('%s', (name, stream) => {
    const { out, rewriter } = push(event(A) + stream, PLAIN);
    if (name.endsWith('none of it')) {
      expect(rewriter.failure).toBeNull();
    } else {
      expect(rewriter.failure?.code).toBe('upstream_malformed');
      expect(out.startsWith(`${event(A)}data: {"error":`)).toBe(true);
      expect(out.length).toBeLessThan(1_000);
    }
  });
});
