import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { address, flag, integer, listOf, matching, oneOf, text } from '../../../src/config/setting-types.ts';

/** @returns the value of a setting's text, or the messages of its errors. */
function read(schema: z.ZodMiniType, value: string | undefined): unknown {
  const { data, error } = schema.safeParse(value);
  return error === undefined ? data : error.issues.map(({ message }) => message);
}

describe('text', () => {
  it('is any, or none', () => {
    expect(read(text, ' a ')).toBe(' a ');
    expect(read(text, undefined)).toBeUndefined();
  });
});

describe('integer', () => {
  const port = integer(10, 200, 50);

  it.each([
    ['10', 10],
    ['200', 200],
    ['011', 11],
    [undefined, 50],
  ])('of %s is %i', (value, expected) => {
    expect(read(port, value)).toBe(expected);
  });

  it.each(['9', '201', '1.5', '-11', '+11', '1e2', '0x20', ' 11', '11 ', '١١', '9'.repeat(13)])(
    'refuses "%s" with its bounds, once',
    (value) => {
      expect(read(port, value)).toEqual(['a whole number from 10 to 200']);
    },
  );

  it('has up to 12 digits', () => {
    const count = integer(0, 999_999_999_999, 0);
    expect(read(count, '9'.repeat(12))).toBe(999_999_999_999);
    expect(read(count, `0${'9'.repeat(12)}`)).toEqual(['a whole number from 0 to 999999999999']);
  });
});

describe('oneOf', () => {
  const color = oneOf(['red', 'green'], 'green');

  it('is one of the words', () => {
    expect(read(color, 'red')).toBe('red');
    expect(read(color, undefined)).toBe('green');
    expect(read(color, 'Red')).toEqual(['one of red, green']);
  });
});

describe('flag', () => {
  it.each([
    ['true', true],
    ['false', false],
    [undefined, false],
    ['TRUE', ['true or false']],
    ['1', ['true or false']],
  ])('of %s is %o', (value, expected) => {
    expect(read(flag, value)).toEqual(expected);
  });
});

describe('listOf', () => {
  const words = listOf(matching(/^\w+$/, 'words'));

  it.each([
    ['a,b', ['a', 'b']],
    [' a , b\n', ['a', 'b']],
    [',a,,b,', ['a', 'b']],
    [' , ', []],
    [undefined, []],
  ])('of %o is %o', (value, expected) => {
    expect(read(words, value)).toEqual(expected);
  });

  it('names each wrong item', () => {
    const { error } = words.safeParse('a,b c,d,e f');
    expect(error?.issues.map(({ path, message }) => [path[0], message])).toEqual([
      [1, 'words'],
      [3, 'words'],
    ]);
  });

  it('may have other separators', () => {
    expect(read(listOf(z.string(), /[,\n]/), 'a\nb,c')).toEqual(['a', 'b', 'c']);
  });
});

describe('address', () => {
  it.each([
    'https://api.stepfun.ai/v1',
    'https://x:8443/v1/',
    'http://localhost:1/verify',
    'http://127.0.0.1:9',
    'http://[::1]:9/',
  ])('may be %s', (url) => {
    expect(read(address, url)).toBe(url);
    expect(read(address, ` ${url}\n`)).toBe(url);
  });

  it.each([
    'api.stepfun.ai',
    '/v1',
    'http://api.stepfun.ai/v1',
    'http://localhost.evil.example',
    'ftp://localhost',
    'https://u:p@x/',
    'https://u@x/',
    'https://:p@x/',
    'https://x/?k=1',
    'https://x/?',
    'https://x/#a',
    'https://x/#',
  ])('may not be %s', (url) => {
    expect(read(address, url)).toEqual([
      'an https address without query or credentials (http only for localhost)',
    ]);
  });
});
