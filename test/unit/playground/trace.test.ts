import { describe, expect, it } from 'vitest';
import { createTrace, header, recordBody, recordHead } from '../../../src/playground/playground/trace.js';

describe('a trace', () => {
  it('has the status, the headers and the time of the response', () => {
    const trace = createTrace();
    expect(header(trace, 'x-queue-ms')).toBeNull();
    recordHead(trace, new Response('', { status: 201, headers: { 'X-Queue-Ms': '5' } }), 7);
    expect(trace).toMatchObject({ status: 201, headersAt: 7 });
    expect(header(trace, 'x-queue-ms')).toBe('5');
  });

  it('has the body piece by piece, up to a megabyte, and counts the rest', () => {
    const trace = createTrace();
    recordBody(trace, 'a', 1);
    recordBody(trace, '', 2);
    recordBody(trace, 'x'.repeat(1_000_000), 3);
    recordBody(trace, 'bc', 4);
    expect(trace.pieces.map(({ at, text }) => [at, text.length])).toEqual([
      [1, 1],
      [3, 999_999],
    ]);
    expect(trace.omittedChars).toBe(3);
  });
});
