// The framing alone, after WHATWG HTML §9.2.6. The cases are those of the web platform tests
// (eventsource/format-*).

import { describe, expect, it } from 'vitest';
import { SseFramer, type SseEvent, type SseGap } from '../../../src/relay/sse-framing.ts';

function feed(...pieces: string[]): (SseEvent | SseGap)[] {
  const framer = new SseFramer();
  return pieces.flatMap((piece) => framer.feed(piece));
}

function eventsIn(...pieces: string[]): SseEvent[] {
  return feed(...pieces).filter((found) => found.kind === 'event');
}

const dataIn = (...pieces: string[]) => eventsIn(...pieces).map(({ data }) => data);

describe('line ends', () => {
  it.each([
    ['LF', 'data: a\n\ndata: b\n\n'],
    ['CR', 'data: a\r\rdata: b\r\r'],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n'],
    ['a mixture', 'data: a\r\n\rdata: b\n\r\n'],
  ])('are %s', (_, stream) => {
    expect(dataIn(stream)).toEqual(['a', 'b']);
    expect(dataIn(...stream.split(''))).toEqual(['a', 'b']);
  });

  it('are found once when CR and LF come apart', () => {
    expect(dataIn('data: a\r', '\n\r', '\ndata: b\r\n', '\r', '\n')).toEqual(['a', 'b']);
  });

  it('are no line separators of Unicode', () => {
    expect(dataIn('data: a\u0085b\u2028c\u2029d\n\n')).toEqual(['a\u0085b\u2028c\u2029d']);
  });
});

describe('fields', () => {
  it.each([
    ['one space after the colon is left out', 'data:  a\n\n', ' a'],
    ['a tab is not', 'data:\ta\n\n', '\ta'],
    ['no space is needed', 'data:a\n\n', 'a'],
    ['a later colon is data', 'data: a: b\n\n', 'a: b'],
    ['data lines are joined by LF', 'data: a\rdata\r\ndata: b\n\n', 'a\n\nb'],
    ['a field without colon is empty', 'data\n\n', ''],
    ['other names are not data', 'dat: 1\ndataa: 2\nDATA: 3\n data: 4\ndata : 5\ndata: a\n\n', 'a'],
    ['NUL is a character', 'data: \0\n\n', '\0'],
  ])('%s', (_, stream, data) => {
    expect(dataIn(stream)).toEqual([data]);
  });

  it('beside data are kept as they came', () => {
    const [found] = eventsIn('id: 7\r\n: in\ndata: a\nretry:1\rdata: b\n\n');
    expect(found).toMatchObject({ data: 'a\nb', otherLines: 'id: 7\r\n: in\nretry:1\r' });
  });

  it.each([
    ['event: error\ndata: a\n\n', true],
    ['data: a\nevent:error\n\n', true],
    ['event: error\nevent: message\ndata: a\n\n', false],
    ['event: error\nevent\ndata: a\n\n', false],
    ['event: errors\ndata: a\n\n', false],
    ['event: error \ndata: a\n\n', false],
    ['events: error\ndata: a\n\n', false],
    ['event: error\n\ndata: a\n\n', false],
  ])('%j is an error event: %s', (stream, isError) => {
    expect(eventsIn(stream)).toMatchObject([{ isError }]);
  });
});

describe('what is no event', () => {
  it.each([
    ['a comment', ': c\n'],
    ['a comment in CR, whose LF may still come', ': c\r'],
    ['a blank line', '\n'],
    ['a block without data', 'event: ping\nid: 7\n\n'],
  ])('goes out at once: %s', (_, raw) => {
    expect(feed(raw)).toEqual([{ kind: 'gap', raw }]);
  });

  it.each(['data: a', 'data: a\n', 'data: a\r\n', 'id: 1\n: c\ndata: a\n', ': half'])(
    'waits, and is discarded at the end: %j',
    (rest) => {
      const framer = new SseFramer();
      expect(framer.feed(`data: b\n\n${rest}`)).toMatchObject([{ data: 'b' }]);
      expect(framer.unfinishedChars).toBe(rest.length);
    },
  );
});

it('gives back every character, in order, however the text is split', () => {
  const stream =
    ': c\r\n\r\nid: 1\ndata: a\n: in\ndata: b\r\n\r\n\n\rdata\r\revent: ping\n\ndata: 网关 🚪\n\n:\n';
  for (let cut = 0; cut <= stream.length; cut++) {
    const found = feed(stream.slice(0, cut), stream.slice(cut));
    expect(found.map(({ raw }) => raw).join('')).toBe(stream);
    expect(found.filter(({ kind }) => kind === 'event')).toHaveLength(3);
  }
});
