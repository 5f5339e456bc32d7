// The scanner alone: what is JSON (the classes of nst/JSONTestSuite), and what is marked.

import { describe, expect, it } from 'vitest';
import { JSON_DEPTH_MAX } from '../../../src/config/limits.ts';
import { Path, Tape, scan } from '../../../src/relay/scan.ts';
import { bytes } from './rewrite.ts';

const NOTHING = Path.object(0, '');
const tape = new Tape();

/** What stands around the text and would make another one of it: none of it is to be looked at. */
const AROUND = [...bytes('"0}] :,.elx')];

function isJson(text: string | Uint8Array): boolean {
  const inner = typeof text === 'string' ? bytes(text) : text;
  const verdicts = AROUND.map((byte) => {
    const around = new Uint8Array(inner.length + 8).fill(byte);
    around.set(inner, 1);
    return scan(around, 1, 1 + inner.length, NOTHING, tape);
  });
  expect(new Set(verdicts).size).toBe(1);
  return verdicts[0] === true;
}

describe('is JSON', () => {
  it.each([
    '{}',
    '[]',
    '""',
    '0',
    'true',
    'false',
    'null',
    ' {} ',
    '\t[\r\n]\n',
    '{ }',
    '[ ]',
    '[1]',
    '[1,2]',
    '[ 1 , 2 ]',
    '[[],{}]',
    '[[[]],[]]',
    '{"a":1}',
    '{ "a" : 1 , "b" : [ ] }',
    '{"a":{"b":{}}}',
    '{"a":1,"a":1}',
    '{"":0}',
    '{"a":[{"b":[]}],"c":{}}',
    '[{},[],"",0,true,false,null]',
    '-0',
    '-1',
    '10',
    '1.0',
    '-0.0',
    '1.25',
    '1e1',
    '1E1',
    '1e+1',
    '1e-1',
    '0e1',
    '0.0e-00',
    '1e400',
    '123456789012345678901234567890',
    '"a"',
    '"\\""',
    '"\\\\"',
    '"\\/\\b\\f\\n\\r\\t"',
    '"\\u0000\\uABCD\\uabcd"',
    '"\\ud800"',
    '"\\u005c"',
    '"/"',
    '"\u007f"',
    '"网🚪\u2028"',
    '{"\\u0061\\"":1}',
    ' "x" ',
    '"{[,:]}"',
  ])('%j', (text) => {
    expect(() => JSON.parse(text)).not.toThrow();
    expect(isJson(text)).toBe(true);
  });
});

describe('is no JSON', () => {
  it.each([
    '',
    ' ',
    '\ufeff{}',
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '{]',
    '[}',
    '{}}',
    '[]]',
    '{}{}',
    '[] x',
    '"a" "b"',
    '1 2',
    '[1',
    '[1,',
    '[1,]',
    '[,1]',
    '[,]',
    '[1 2]',
    '[1;2]',
    '[1:2]',
    '["a"',
    '["a",',
    '[[]',
    '[{}',
    '{"a"',
    '{"a":',
    '{"a":}',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{,}',
    '{,"a":1}',
    '{"a" 1}',
    '{"a",1}',
    '{"a"::1}',
    '{"a":1 "b":2}',
    '{a:1}',
    '{a":1}',
    '{1":1}',
    '{"a"1}',
    '{"a"01}',
    "{'a':1}",
    '{1:1}',
    '{null:1}',
    '{[]:1}',
    '{"a":1]',
    '["a":1]',
    '{"a"}',
    '{"a":b}',
    '-',
    '+1',
    '01',
    '-01',
    '00',
    '1.',
    '.1',
    '-.1',
    '1.e1',
    '1e',
    '1e+',
    '1E-',
    '1e1.0',
    '0x1',
    '1_0',
    '1a',
    '0a',
    '--1',
    '-a',
    '1..0',
    '1ee1',
    'Infinity',
    'NaN',
    '-Infinity',
    'tru',
    'truee',
    'True',
    'nul',
    'nulll',
    'fals',
    'undefined',
    'n',
    'nUll',
    '"a',
    'a"',
    '"\\',
    '"\\"',
    '"\\a"',
    '"\\x41"',
    '"\\u"',
    '"\\u0"',
    '"\\u00"',
    '"\\u000"',
    '"\\u00g0"',
    '"\\u000',
    '"\\u00"0"',
    '"\\U0041"',
    '"\n"',
    '"\t"',
    '"\u0000"',
    '"\u001f"',
    "'a'",
    '//a\n{}',
    '{}//',
    '/**/{}',
    '[\u00a01]',
    '[\u000b1]',
    '[\u000c]',
    '\u0000{}',
    '{}\u0000',
    '网',
    '[\u2028]',
  ])('%j', (text) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(isJson(text)).toBe(false);
  });
});

it('lets broken UTF-8 pass in strings and nowhere else', () => {
  const broken = [0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf5];
  expect(isJson(Uint8Array.of(0x22, ...broken, 0x22))).toBe(true);
  for (const byte of broken) {
    expect(isJson(Uint8Array.of(0x5b, byte, 0x5d))).toBe(false);
    // It swallows no quote.
    expect(isJson(Uint8Array.of(0x22, byte, 0x22, 0x22))).toBe(false);
  }
});

it.each([
  ['arrays', '[', ']'],
  ['objects', '{"a":', '}'],
])('bounds the depth of %s', (_, open, close) => {
  const nested = (depth: number): string =>
    open.repeat(depth) + (open === '[' ? '' : '{}') + close.repeat(depth);
  const deepest = open === '[' ? JSON_DEPTH_MAX : JSON_DEPTH_MAX - 1;
  expect(isJson(nested(deepest))).toBe(true);
  expect(isJson(nested(deepest + 1))).toBe(false);
  expect(isJson(nested(100_000))).toBe(false);
});

describe('marks', () => {
  const PATH = Path.object(0, '', [
    Path.object(1, 'a', [Path.object(2, 'b')]),
    Path.array(3, 'list', Path.object(4, '', [Path.object(5, 'x')])),
    Path.object(6, 'thirty_one_bytes_with_its_quotes'.slice(0, 29)),
  ]);

  function marked(text: string): unknown[] {
    expect(scan(bytes(text), 0, text.length, PATH, tape)).toBe(true);
    return Array.from({ length: tape.length }, (_, i) => {
      const { kind, keyStart, keyEnd, start, end, next } = tape.at(i);
      return [kind, text.slice(keyStart, keyEnd), text.slice(start, end), next];
    });
  }

  it('stand where things are, in order, each with the end of what is in it', () => {
    expect(marked(' {"z":{"a":0},"list":[{"x":1,"y":2}, 7 ,[{"x":0}]] , "a" : {"c":0,"b":"v"}} ')).toEqual([
      [0, '', '{"z":{"a":0},"list":[{"x":1,"y":2}, 7 ,[{"x":0}]] , "a" : {"c":0,"b":"v"}}', 8],
      [3, '"list"', '[{"x":1,"y":2}, 7 ,[{"x":0}]]', 6],
      [4, '', '{"x":1,"y":2}', 4],
      [5, '"x"', '1', 4],
      [4, '', '7', 5],
      [4, '', '[{"x":0}]', 6],
      [1, '"a"', '{"c":0,"b":"v"}', 8],
      [2, '"b"', '"v"', 8],
    ]);
  });

  it('see through escapes and duplicates', () => {
    expect(marked('{"\\u0061":1,"a":2,"\\ud800":3,"\\"a":4,"A":5}')).toEqual([
      [0, '', '{"\\u0061":1,"a":2,"\\ud800":3,"\\"a":4,"A":5}', 3],
      [1, '"\\u0061"', '1', 2],
      [1, '"a"', '2', 3],
    ]);
  });

  it('are on arrays only where an array is looked for, and on objects likewise', () => {
    expect(marked('[{"a":1}]')).toHaveLength(1);
    expect(marked('{"a":[{"b":1}],"list":{"x":1}}')).toHaveLength(3);
    expect(marked('"a"')).toEqual([[0, '', '"a"', 1]]);
  });

  it('tell keys of every length apart', () => {
    const key = 'thirty_one_bytes_with_its_quotes'.slice(0, 29);
    expect(
      marked(`{"${key}":1,"${key}_":2,"${'k'.repeat(30)}":3,"${'k'.repeat(64 + 1)}":4,"":5}`),
    ).toHaveLength(2);
  });
});
