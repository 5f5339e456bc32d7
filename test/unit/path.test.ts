import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathOf } from '../../src/path.ts';

const GATEWAY = 'https://gateway.example';

describe('pathOf', () => {
  it.each([
    ['/', '/'],
    ['', '/'],
    ['/v1/chat/completions', '/v1/chat/completions'],
    ['/v1/chat/completions?a=/b#/c', '/v1/chat/completions'],
    ['/v1/models/step-3.5-flash', '/v1/models/step-3.5-flash'],
    ['//healthz', '//healthz'],
    ['/playground/../types.ts', '/types.ts'],
    ['/playground/%2e%2e/types.ts', '/types.ts'],
    ['/playground/..', '/'],
    [String.raw`/playground\app.js`, '/playground/app.js'],
    ['/a b', '/a%20b'],
    ['/v1/%63hat', '/v1/%63hat'],
  ])('of …%s is %s', (rest, path) => {
    expect(pathOf(GATEWAY + rest)).toBe(path);
  });

  it.each([String.raw`http://x\healthz/openapi`, 'http://user:pass@host/v1', 'http://[::1]:8787/healthz'])(
    'of %s is what the parser says',
    (url) => {
      expect(pathOf(url)).toBe(new URL(url).pathname);
    },
  );

  it('is what the parser says of any URL', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2F',
      '\\',
      '?',
      '#',
      ':',
      '@',
      'a',
      'é',
      ' ',
      '\t',
      '-',
      '_',
      '9',
    );
    const rest = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.constantFrom('http://h', 'https://h.example', 'http://h:80'), rest, (origin, tail) => {
        const url = origin + tail;
        fc.pre(URL.canParse(url));
        expect(pathOf(url)).toBe(new URL(url).pathname);
      }),
      { numRuns: 20_000 },
    );
  });
});
