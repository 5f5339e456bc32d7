import * as fc from 'fast-check';
import { createParser } from 'eventsource-parser';
import { describe, expect, it } from 'vitest';
import { EventReader } from '../../../src/playground/playground/sse.js';

describe('EventReader', () => {
  it.each([
    ['LF', 'data: a\n\ndata: b\n\n', ['a', 'b']],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['CR', 'data: a\r\rdata: b\r\r', ['a', 'b']],
    ['no space after the colon', 'data:a\n\n', ['a']],
    ['two spaces: one is data', 'data:  a\n\n', [' a']],
    ['several lines', 'data: a\ndata: b\ndata\n\n', ['a\nb\n']],
    ['comments and other fields', ': keep-alive\n\nevent: x\nid: 1\ndata: a\nretry: 5\n\n', ['a']],
    ['an event without data', 'event: x\n\ndata: a\n\n', ['a']],
    ['a field that only begins like data', 'database: x\ndata: a\n\n', ['a']],
    ['a last event without its blank line', 'data: a\n\ndata: b\n', ['a']],
    ['a byte order mark', '\uFEFFdata: a\n\n', ['a']],
    ['nothing', '', []],
  ])('reads %s', (_, text, expected) => {
    expect(read([new TextEncoder().encode(text)])).toEqual(expected);
  });

  it('gives the same events however the bytes are split, and those of another parser', () => {
    const line = fc.constantFrom('data: α', 'data:😀', 'data', ': x', 'event: e', '', '', 'x', 'data: ');
    const end = fc.constantFrom('\n', '\r', '\r\n');
    const stream = fc.array(line, { maxLength: 12 });
    fc.assert(
      fc.property(stream, end, fc.array(fc.nat(60), { maxLength: 8 }), (lines, end, cuts) => {
        const bytes = new TextEncoder().encode(lines.map((line) => line + end).join(''));
        const whole = read([bytes]);
        expect(read(split(bytes, cuts))).toEqual(whole);
        expect(whole).toEqual(peer(lines));
      }),
      { numRuns: 2000 },
    );
  });
});

function read(pieces: readonly Uint8Array[]): string[] {
  const decoder = new TextDecoder();
  const reader = new EventReader();
  return pieces.flatMap((piece) => [...reader.read(decoder.decode(piece, { stream: true }))]);
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const bounds = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort((a, b) => a - b);
  return bounds.slice(1).map((end, at) => bytes.slice(bounds[at], end));
}

/** How eventsource-parser reads the lines, with LF: it reads a lone CR at the end of a piece differently. */
function peer(lines: readonly string[]): string[] {
  const events: string[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event.data) });
  parser.feed(lines.map((line) => `${line}\n`).join(''));
  return events;
}
