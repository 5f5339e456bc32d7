// Every rule of the contract for chunks, alone and where it meets another.

import { describe, expect, it } from 'vitest';
import type { RewriteOptions } from '../../../src/relay/rewriter.ts';
import { CREATED, OPENAI, PLAIN, chunk, chunks, push, event } from './rewrite.ts';

const HIDDEN: RewriteOptions = { ...PLAIN, reasoning: 'hidden' };
const DEEPSEEK: RewriteOptions = { ...PLAIN, reasoning: 'deepseek-style' };

/** A chunk of one choice with this delta, complete in the openai shape. */
function delta(members: string): string {
  return `{"choices":[{"delta":{${members}},"finish_reason":null}]}`;
}

describe('reasoning', () => {
  it.each([
    ['general', '"reasoning":"r"', '"reasoning":"r"'],
    ['general', '"reasoning_content":"r"', '"reasoning":"r"'],
    ['deepseek-style', '"reasoning":"r"', '"reasoning_content":"r"'],
    ['deepseek-style', '"reasoning_content":"r"', '"reasoning_content":"r"'],
    ['hidden', '"reasoning":"r"', ''],
    ['hidden', '"reasoning_content":"r"', ''],
    // An escaped key is the same key, and stays as it is where its name is right.
    ['deepseek-style', '"reason\\u0069ng":"r"', '"reasoning_content":"r"'],
    ['general', '"reason\\u0069ng":"r"', '"reason\\u0069ng":"r"'],
    ['hidden', '"\\u0072easoning\\u005fcontent":"r"', ''],
    ['hidden', '"reason\\u0049ng":"r"', '"reason\\u0049ng":"r"'],
    // Values of any kind go with their key.
    ['deepseek-style', '"reasoning":null', '"reasoning_content":null'],
    ['deepseek-style', '"reasoning":{"reasoning":["x"]}', '"reasoning_content":{"reasoning":["x"]}'],
    ['hidden', '"reasoning":[1,{"a":"}"}]', ''],
    // Its comma goes with it, whitespace around stays.
    ['hidden', '"reasoning":"r","content":"c"', '"content":"c"'],
    ['hidden', '"content":"c","reasoning":"r"', '"content":"c"'],
    ['hidden', '"a":1,"reasoning":"r","b":2', '"a":1,"b":2'],
    ['hidden', ' "a" : 1 , "reasoning" : "r" , "b" : 2 ', ' "a" : 1  , "b" : 2 '],
    ['hidden', ' "reasoning" : "r" , "b" : 2 ', ' "b" : 2 '],
    ['hidden', ' "reasoning" : "r" ', '  '],
    // Said twice: one remains, the last that says something.
    ['general', '"reasoning":"a","reasoning_content":"b"', '"reasoning":"b"'],
    ['general', '"reasoning":"a","reasoning_content":""', '"reasoning":"a"'],
    ['general', '"reasoning_content":null,"reasoning":"a"', '"reasoning":"a"'],
    ['general', '"reasoning":null,"reasoning_content":""', '"reasoning":""'],
    ['general', '"reasoning":"","reasoning_content":null,"x":1', '"reasoning":null,"x":1'],
    ['deepseek-style', '"reasoning":"a","reasoning":"b"', '"reasoning_content":"b"'],
    ['deepseek-style', '"reasoning":"a","x":1,"reasoning_content":null', '"reasoning_content":"a","x":1'],
    ['hidden', '"reasoning":"a","reasoning":"b","reasoning_content":"c"', ''],
    ['hidden', '"reasoning":"a","reasoning":"b","x":1,"reasoning_content":"c"', '"x":1'],
    ['hidden', '"x":1,"reasoning":"a","reasoning":"b"', '"x":1'],
    [
      'deepseek-style',
      '"reasoning":"r","role":"assistant","tool_calls":[]',
      '"reasoning_content":"r","role":"assistant","tool_calls":[]',
    ],
    // Anywhere else it is just text.
    [
      'hidden',
      '"content":"\\"reasoning\\":\\"r\\"","Reasoning":"x"',
      '"content":"\\"reasoning\\":\\"r\\"","Reasoning":"x"',
    ],
    [
      'hidden',
      '"tool_calls":[{"reasoning":"r","function":{"reasoning":1}}]',
      '"tool_calls":[{"reasoning":"r","function":{"reasoning":1}}]',
    ],
  ] as const)('%s: {%s} → {%s}', (reasoning, given, expected) => {
    expect(chunk(delta(given), { ...PLAIN, reasoning })).toBe(delta(expected));
  });

  it.each([
    '{"reasoning":"r","choices":[]}',
    '{"choices":[{"reasoning":"r"}]}',
    '{"choices":[{"x":{"delta":{"reasoning":"r"}}}]}',
    '{"choices":[],"usage":{"reasoning":"r","reasoning_content":"r"}}',
    '{"x":{"choices":[{"delta":{"reasoning":"r"}}]},"choices":null}',
  ])('at its path only: %s stays', (data) => {
    expect(chunk(data, HIDDEN)).toBe(data);
  });

  it('in every choice, in a message too, and under duplicate keys', () => {
    const one = '{"choices":[{"delta":{"reasoning":"a"}},{"message":{"reasoning":"b"}}]';
    const two = `${one},"choices":[{"delta":{},"delta":{"reasoning":"c","reasoning":"d"}}]}`;
    expect(chunk(two, HIDDEN)).toBe(
      '{"choices":[{"delta":{}},{"message":{}}],"choices":[{"delta":{},"delta":{}}]}',
    );
    expect(chunk(`{"\\u0063hoices":[{"d\\u0065lta":{"reasoning":"a"}}]}`, HIDDEN)).not.toContain('reasoning');
  });
});

describe('a delta of an empty role', () => {
  it.each([
    ['"role":"","content":"c"', '"content":"c"'],
    ['"content":"c","role":""', '"content":"c"'],
    ['"role" : "" , "content":"c"', '"content":"c"'],
    ['"r\\u006fle":""', ''],
    ['"role":"","role":"","x":1,"role":""', '"x":1'],
    ['"role":"assistant"', '"role":"assistant"'],
    ['"role":null', '"role":null'],
    ['"role":{},"role":[],"role":10', '"role":{},"role":[],"role":10'],
  ])('{%s} → {%s}', (given, expected) => {
    expect(chunk(delta(given), OPENAI)).toBe(delta(expected));
  });

  it('goes together with hidden reasoning', () => {
    const hidden: RewriteOptions = { ...OPENAI, reasoning: 'hidden' };
    expect(chunk(delta('"role":"","reasoning":"r"'), hidden)).toBe(delta(''));
    expect(chunk(delta('"reasoning":"r","role":"","content":"c"'), hidden)).toBe(delta('"content":"c"'));
    expect(chunk(delta('"reasoning":"","role":"","reasoning_content":"r","x":1'), OPENAI)).toBe(
      delta('"reasoning":"r","x":1'),
    );
  });
});

describe('finish_reason', () => {
  it.each([
    ['{"finish_reason":""}', '{"finish_reason":null}'],
    ['{"finish_reason":null}', '{"finish_reason":null}'],
    ['{"finish_reason":"length"}', '{"finish_reason":"length"}'],
    ['{"finish_reason":[]}', '{"finish_reason":[]}'],
    ['{"finish_reason":"stop"}', '{"finish_reason":"stop"}'],
    ['{"finish\\u005freason":""}', '{"finish\\u005freason":null}'],
    ['{"index":0}', '{"index":0,"finish_reason":null}'],
    ['{ "index":0 }', '{ "index":0 ,"finish_reason":null}'],
    ['{}', '{"finish_reason":null}'],
    ['{ }', '{ "finish_reason":null}'],
    ['{"delta":{"finish_reason":""}}', '{"delta":{"finish_reason":""},"finish_reason":null}'],
  ])('%s → %s', (given, expected) => {
    expect(chunk(`{"choices":[${given}]}`, OPENAI)).toBe(`{"choices":[${expected}]}`);
  });
});

describe('created', () => {
  it.each(['0', '-0', '0.0', '0e5', '-0.00E-2'])('%s → the time of the request', (zero) => {
    expect(chunk(`{"created":${zero},"choices":[]}`, OPENAI)).toBe(`{"created":${CREATED},"choices":[]}`);
  });

  it.each(['1710146871', '0.5', '1e400', '-1', 'null', '"0"', '{"created":0}', '[0]'])(
    '%s stays',
    (value) => {
      const data = `{"created":${value},"choices":[]}`;
      expect(chunk(data, OPENAI)).toBe(data);
    },
  );

  it('is not added, and not looked for elsewhere', () => {
    const data = '{"choices":[{"created":0,"finish_reason":null}],"x":{"created":0}}';
    expect(chunk(data, OPENAI)).toBe(data);
  });
});

describe('tool calls', () => {
  /** @returns the tool_calls of each chunk after the rules. */
  function indexed(...calls: string[]): string[] {
    const given = calls.map((call) => delta(`"tool_calls":${call}`));
    return chunks(given, OPENAI)
      .slice(0, -1)
      .map((data) =>
        data.slice(delta('"tool_calls":').indexOf('},"fin'), -'},"finish_reason":null}]}'.length),
      );
  }

  it('get the index that gathers their pieces', () => {
    expect(
      indexed(
        '[{"id":"a","function":{"name":"f"}}]',
        '[{"function":{"arguments":"{}"}}]',
        '[{"id":"b"}]',
        '[{"id":"","x":1}]',
        '[{"id":null}]',
        '[{"id":"a"}]',
        '[{}]',
        '[{"id":"c"},{ },{"id":"d"}]',
        '[{"id":"\\u0063"}]',
      ),
    ).toEqual([
      '[{"index":0,"id":"a","function":{"name":"f"}}]',
      '[{"index":0,"function":{"arguments":"{}"}}]',
      '[{"index":1,"id":"b"}]',
      '[{"index":1,"x":1}]',
      '[{"index":1}]',
      '[{"index":0}]',
      '[{"index":0}]',
      '[{"index":2,"id":"c"},{"index":2 },{"index":3,"id":"d"}]',
      '[{"index":2}]',
    ]);
  });

  it("keep upstream's own index, which then counts", () => {
    expect(
      indexed('[{"index":5,"id":"a"}]', '[{}]', '[{"id":"b"}]', '[{"id":"a"}]', '[{"index":1.0}]', '[{}]'),
    ).toEqual([
      '[{"index":5,"id":"a"}]',
      '[{"index":5}]',
      '[{"index":6,"id":"b"}]',
      '[{"index":5}]',
      '[{"index":1.0}]',
      '[{"index":1}]',
    ]);
  });

  it.each([
    // Go's zero values, with the index and without.
    [
      '{"id":"","type":"","function":{"name":"","arguments":"{"}}',
      '{"index":0,"type":"function","function":{"arguments":"{"}}',
    ],
    [
      '{"index":0,"id":null,"type":null,"function":{"name":null,"arguments":"{"}}',
      '{"index":0,"type":"function","function":{"arguments":"{"}}',
    ],
    ['{"id":"a","index":0,"x":1}', '{"index":0,"x":1}'],
    ['{"x":1,"id" : "a" }', '{"x":1,"index" : 0 }'],
    ['{"id":"a","id":"a","function":{}}', '{"index":0,"function":{}}'],
    ['{"index":"0","id":"a"}', '{"index":0}'],
    ['{"function":{"arguments":"","name":""}}', '{"index":0,"function":{"arguments":""}}'],
    ['{"function":{"name":"","name":null}}', '{"index":0,"function":{}}'],
    // What says something new stays, and so does what is nobody's business.
    ['{"id":7,"type":"x","function":{"name":"g"}}', '{"index":0,"id":7,"type":"x","function":{"name":"g"}}'],
    ['{"name":"","function":[{"name":""}]}', '{"index":0,"name":"","function":[{"name":""}]}'],
  ])('say nothing twice: %s', (piece, expected) => {
    const first = '{"id":"a","type":"function","function":{"name":"f","arguments":""}}';
    expect(indexed(`[${first}]`, `[${piece}]`)).toEqual([`[{"index":0,${first.slice(1)}]`, `[${expected}]`]);
  });

  it('of a whole message stay as they are', () => {
    const message = `{"choices":[{"message":{"tool_calls":[{"id":"","type":"","function":{"name":""}}]},"finish_reason":null}]}`;
    expect(chunk(message, OPENAI)).toBe(message);
  });

  it.each(['null', '"1"', '-1', '1.5', '[]'])('have %s as index replaced', (value) => {
    expect(indexed(`[{"id":"a","index":${value}}]`)).toEqual(['[{"id":"a","index":0}]']);
  });

  it('without any id are the first', () => {
    expect(indexed('[{"function":{}}]', '[{"id":"a"}]')).toEqual([
      '[{"index":0,"function":{}}]',
      '[{"index":1,"id":"a"}]',
    ]);
  });

  it('are counted for each choice', () => {
    const call = (choice: number, id: string): string =>
      `{"index":${choice},"delta":{"tool_calls":[{"id":"${id}"}]},"finish_reason":null}`;
    const [both, second] = chunks(
      [`{"choices":[${call(0, 'a')},${call(1, 'b')}]}`, `{"choices":[${call(1, 'c')}]}`],
      { ...OPENAI, choices: 2 },
    );
    expect(both?.match(/"index":0,"id":"[ab]"/g)).toHaveLength(2);
    expect(second).toContain('{"index":1,"id":"c"}');
  });

  it.each(['null', '"x"', '{}', '[null,1,"x",[]]', '[]'])('of another kind stay: %s', (calls) => {
    expect(indexed(calls)).toEqual([calls]);
  });

  it('turn the stop of their choice into tool_calls', () => {
    const stop = (index: number): string => `{"choices":[{"index":${index},"finish_reason":"s\\u0074op"}]}`;
    const call = '{"choices":[{"index":1,"delta":{"tool_calls":[{"id":"a"}]},"finish_reason":null}]}';
    const [, one, other] = chunks([call, stop(1), stop(0)], { ...OPENAI, choices: 2 });
    expect(one).toBe('{"choices":[{"index":1,"finish_reason":"tool_calls"}]}');
    expect(other).toBe(stop(0));
  });

  it('turn it in the same chunk, whatever comes first, and leave other reasons', () => {
    const both = '{"choices":[{"finish_reason":"stop","delta":{"tool_calls":[{"index":0}]}}]}';
    expect(chunk(both, OPENAI)).toBe(both.replace('stop', 'tool_calls'));
    expect(chunk(both.replace('stop', 'length'), OPENAI)).toContain('"length"');
    expect(chunk(both.replace('{"index":0}', ''), OPENAI)).toContain('"stop"');
    expect(chunk(both, PLAIN)).toBe(both);
  });

  it('are bounded in number', () => {
    const many = (count: number): string =>
      delta(`"tool_calls":[${Array.from({ length: count }, (_, i) => `{"id":"${i}"}`).join()}]`);
    expect(push(event(many(1024)), OPENAI).rewriter.failure).toBeNull();
    expect(push(event(many(1025)), OPENAI).rewriter.failure?.code).toBe('upstream_malformed');
  });
});

describe('usage', () => {
  const usage = (tokens: number): string => `"usage":{"total_tokens":${tokens}}`;
  const open = (tokens: number): string => `{"choices":[{"finish_reason":null}],${usage(tokens)}}`;
  const end = (rest: string, index = 0): string =>
    `{"id":"i","choices":[{"index":${index},"finish_reason":"stop"}]${rest}}`;
  const WITH_USAGE: RewriteOptions = { ...OPENAI, includeUsage: true };

  it('stays on the chunk with the finish_reason alone', () => {
    expect(chunks([open(1), open(2), end(`,${usage(3)}`)], OPENAI)).toEqual([
      '{"choices":[{"finish_reason":null}]}',
      '{"choices":[{"finish_reason":null}]}',
      end(`,${usage(3)}`),
      '[DONE]',
    ]);
  });

  it('of several choices stays on the last one to finish', () => {
    const two = { ...OPENAI, choices: 2 };
    expect(chunks([end(`,${usage(1)}`, 1), end(`,${usage(2)}`, 0), open(3)], two)).toEqual([
      end('', 1),
      end(`,${usage(2)}`, 0),
      '{"choices":[{"finish_reason":null}]}',
      '[DONE]',
    ]);
  });

  it('stays on a later chunk if the one with the finish_reason has none', () => {
    const last = `{"choices":[],${usage(4)}}`;
    expect(chunks([open(1), end(',"usage":null'), last], OPENAI)).toEqual([
      '{"choices":[{"finish_reason":null}]}',
      end(''),
      last,
      '[DONE]',
    ]);
  });

  it('goes out before the sentinel if no chunk could keep it', () => {
    expect(
      chunks([`{"id":"i",${usage(3)},"created":0,"choices":[{"delta":{"reasoning":"r"}}]}`, end('')], OPENAI),
    ).toEqual([
      `{"id":"i","created":${CREATED},"choices":[{"delta":{"reasoning":"r"},"finish_reason":null}]}`,
      end(''),
      `{"id":"i",${usage(3)},"created":${CREATED},"choices":[]}`,
      '[DONE]',
    ]);
  });

  it('of that last chunk is told under all its names, and once', () => {
    const given = '"usage":1,"choices":[],"usage":{"cached_tokens":7}';
    expect(chunks([`{"id":"i",${given}}`, end('')], OPENAI).slice(-2)).toEqual([
      '{"id":"i","choices":[],"usage":{"cached_tokens":7,"prompt_tokens_details":{"cached_tokens":7},"prompt_cache_hit_tokens":7}}',
      '[DONE]',
    ]);
  });

  it('goes out before a sentinel that had to be supplied', () => {
    const { rewriter } = push(event(open(3)) + event(end('')), OPENAI);
    expect(Buffer.from(rewriter.end()).toString()).toBe(
      `data: {"choices":[],${usage(3)}}\n\ndata: [DONE]\n\n`,
    );
  });

  it('asked for by include_usage comes last and alone', () => {
    expect(chunks([open(1), end(`,"x":{"usage":1},${usage(3)}`)], WITH_USAGE)).toEqual([
      '{"choices":[{"finish_reason":null}]}',
      end(',"x":{"usage":1}'),
      `{"id":"i","choices":[],"x":{"usage":1},${usage(3)}}`,
      '[DONE]',
    ]);
  });

  it("asked for stays on upstream's own last chunk", () => {
    const last = `{"choices":[],${usage(4)}}`;
    expect(chunks([open(1), end(''), last], WITH_USAGE)).toEqual([
      '{"choices":[{"finish_reason":null}]}',
      end(''),
      last,
      '[DONE]',
    ]);
  });

  it('asked for and never told is not made up', () => {
    expect(chunks([end('')], WITH_USAGE)).toEqual([end(''), '[DONE]']);
  });

  it.each([
    [`{"choices":[],${usage(1)},${usage(2)}}`, '{"choices":[]}'],
    [`{${usage(1)},"choices":[],${usage(2)}}`, '{"choices":[]}'],
    [`{ "usage" : null , "choices":[]}`, '{ "choices":[]}'],
    [`{"us\\u0061ge":7,"choices":[],"usage":[]}`, '{"choices":[]}'],
  ])('is removed however often it is there: %s', (given, expected) => {
    expect(chunk(given, OPENAI)).toBe(expected);
  });

  it('of duplicates is the last', () => {
    const [kept] = chunks([end(`,${usage(1)},${usage(2)}`)], OPENAI);
    expect(kept).toBe(end(`,${usage(2)}`));
    expect(chunks([end(`,${usage(1)},"usage":null`)], OPENAI)).toEqual([end(''), '[DONE]']);
  });

  it.each([
    [
      '"cached_tokens":7',
      '"cached_tokens":7,"prompt_tokens_details":{"cached_tokens":7},"prompt_cache_hit_tokens":7',
    ],
    [
      '"cached_tokens":0 ',
      '"cached_tokens":0 ,"prompt_tokens_details":{"cached_tokens":0},"prompt_cache_hit_tokens":0',
    ],
    [
      '"cached_tokens":7,"prompt_tokens_details":{}',
      '"cached_tokens":7,"prompt_tokens_details":{"cached_tokens":7},"prompt_cache_hit_tokens":7',
    ],
    [
      '"cached_tokens":7,"prompt_tokens_details":{ "a":1}',
      '"cached_tokens":7,"prompt_tokens_details":{"cached_tokens":7, "a":1},"prompt_cache_hit_tokens":7',
    ],
    [
      '"cached_tokens":7,"prompt_tokens_details":null',
      '"cached_tokens":7,"prompt_tokens_details":{"cached_tokens":7},"prompt_cache_hit_tokens":7',
    ],
    [
      '"cached_tokens":7,"prompt_tokens_details":{"cached_tokens":null}',
      '"cached_tokens":7,"prompt_tokens_details":{"cached_tokens":7},"prompt_cache_hit_tokens":7',
    ],
    [
      '"cached_tokens":7,"prompt_tokens_details":{"cached_tokens":1},"prompt_cache_hit_tokens":2',
      '"cached_tokens":7,"prompt_tokens_details":{"cached_tokens":1},"prompt_cache_hit_tokens":2',
    ],
    [
      '"prompt_cache_hit_tokens":null,"cached_tokens":7',
      '"prompt_cache_hit_tokens":7,"cached_tokens":7,"prompt_tokens_details":{"cached_tokens":7}',
    ],
    [
      '"cached_tokens":1,"cached_tokens":7,"prompt_tokens_details":[]',
      '"cached_tokens":1,"cached_tokens":7,"prompt_tokens_details":[],"prompt_cache_hit_tokens":7',
    ],
    ['"cached_tokens":null', '"cached_tokens":null'],
    ['"prompt_tokens":1', '"prompt_tokens":1'],
  ])('{%s} → {%s}', (given, expected) => {
    const [kept] = chunks([end(`,"usage":{${given}}`)], OPENAI);
    expect(kept).toBe(end(`,"usage":{${expected}}`));
  });

  it.each([
    ['{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"cached_tokens":4}', [1, 2, 3, 4]],
    ['{"prompt_tokens_details":{"cached_tokens":4}}', [0, 0, 0, 4]],
    ['{"prompt_cache_hit_tokens":4}', [0, 0, 0, 4]],
    ['{"prompt_tokens":-1,"completion_tokens":"2","total_tokens":1e400,"cached_tokens":1.5}', [0, 0, 0, 0]],
  ])(
    '%s is told as %j, in any shape',
    (given, [promptTokens, completionTokens, totalTokens, cachedTokens]) => {
      for (const options of [PLAIN, OPENAI, WITH_USAGE]) {
        const { rewriter } = push(event(open(99)) + event(`{"choices":[],"usage":${given}}`), options);
        expect(rewriter.usage).toEqual({ promptTokens, completionTokens, totalTokens, cachedTokens });
      }
    },
  );

  it('is kept when its bytes are gone', () => {
    const { rewriter } = push(`: c\n${event(open(1)).slice(0, 9)}`, OPENAI);
    rewriter.push(Buffer.from(event(open(1)).slice(9)));
    rewriter.push(Buffer.from('#'.repeat(80)));
    expect(rewriter.usage?.totalTokens).toBe(1);
  });

  it('is told as the last one seen, in whichever push', () => {
    const { rewriter } = push(event(open(1)) + event(open(2)) + event('{"choices":[],"usage":null}'), OPENAI);
    expect(rewriter.usage?.totalTokens).toBe(2);
    rewriter.push(Buffer.from(event(open(3))));
    expect(rewriter.usage?.totalTokens).toBe(3);
    expect(push(event(end('')), OPENAI).rewriter.usage).toBeNull();
  });
});

describe('under STREAM_SHAPE=stepfun', () => {
  it('none of it is mended', () => {
    const data =
      '{"created":0,"choices":[{"delta":{"role":"","tool_calls":[{"id":"a"}]},"finish_reason":""},{"finish_reason":"stop"}],"usage":{"cached_tokens":1}}';
    expect(chunks([data, data], { ...DEEPSEEK, includeUsage: true })).toEqual([data, data, '[DONE]']);
  });
});

describe('what is no chunk', () => {
  it.each([
    'not json',
    '{"choices":[]',
    '{"choices":[]}x',
    '{"choices":[],}',
    "{'choices':[]}",
    '\ufeff{"choices":[]}',
    '[]',
    '"choices"',
    'null',
    '7',
    '{}',
    '{"message":"no"}',
    '{"choices":{}}',
    '{"choices":"x"}',
    '{"choices":[null]}',
    '{"choices":[[]]}',
    '{"choices":[{"delta":[]}]}',
    '{"choices":[{"delta":"reasoning"}]}',
    '{"choices":[{"message":7}]}',
    '{"choices":[],"x":"\u0001"}',
    `{"choices":[],"x":${'['.repeat(128)}${']'.repeat(128)}}`,
    `{"choices":[${Array.from({ length: 129 }, (_, index) => `{"index":${index}}`).join()}]}`,
  ])('never goes out raw: %s', (data) => {
    const { out, rewriter } = push(event('{"choices":[]}') + event(data), HIDDEN);
    expect(rewriter.failure?.code).toBe('upstream_malformed');
    expect(out).toMatch(
      /^data: \{"choices":\[\]\}\n\ndata: \{"error":\{[^\n]*"code":"upstream_malformed"\}\}\n\n$/,
    );
  });

  it('takes with it what was changed in it already', () => {
    const sound = '{"choices":[{"delta":{"reasoning":1}}]}';
    const data = '{"created":0,"choices":[{"delta":{"role":"","reasoning":"r"}},{"delta":7}]}';
    const { out } = push(event(sound) + event(data), { ...OPENAI, reasoning: 'hidden' });
    expect(out).toMatch(
      /^data: \{"choices":\[\{"delta":\{\},"finish_reason":null\}\]\}\n\ndata: \{"error":\{[^\n]*\n\n$/,
    );
  });

  it.each([
    '{"choices":null}',
    '{"choices":[{"delta":null}]}',
    `{"choices":[],"x":${'['.repeat(127)}${']'.repeat(127)}}`,
    `{"choices":[${Array.from({ length: 128 }, (_, index) => `{"index":${index}}`).join()}]}`,
  ])('but this is one: %s', (data) => {
    expect(chunk(data, HIDDEN)).toBe(data);
  });
});
