// Chunks, completions and streams as no upstream would send them all: every deviation and line
// end that the rules and the framing know, often enough to meet each other.

import * as fc from 'fast-check';
import type { RewriteOptions } from '../../../src/relay/options.ts';

type Any = fc.Arbitrary<unknown>;

/** An object of some of these members. */
function some(members: Record<string, Any>): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(members, { requiredKeys: [], noNullPrototype: true });
}

/** Mostly the first, seldom the second. */
function rarely(common: Any, rare: Any, weight = 12): Any {
  return fc.oneof({ weight, arbitrary: common }, { weight: 1, arbitrary: rare });
}

const text = fc.oneof(
  fc.constantFrom(
    '',
    ' the',
    '"\n\\',
    '{"reasoning":1}',
    'data: [DONE]',
    '网关 🚪',
    '\u2028\r\n\n',
    '\ud800',
  ),
  fc.string({ maxLength: 6 }),
);
const scalar = fc.oneof(text, fc.constantFrom(0, 1, -1.5, 1e300, true, false, null));
/** Values in which nothing may change, whatever their members are called. */
const anything = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 2 }) },
  { weight: 1, arbitrary: some({ reasoning: scalar, role: scalar, cached_tokens: scalar, choices: scalar }) },
);

const toolCall = rarely(
  some({
    index: fc.constantFrom(0, 0, 1, 2, 7, null, '1', -1, 2.5),
    id: fc.constantFrom('a', 'b', 'c', '', null, 5),
    type: fc.constantFrom('function', '', null, 7, 'custom'),
    function: rarely(
      some({ name: fc.constantFrom('f', 'g', '', null, 7), arguments: rarely(text, anything) }),
      anything,
    ),
    x: anything,
  }),
  anything,
);
const reasoning = {
  reasoning: rarely(text, anything),
  reasoning_content: rarely(text, anything),
  reasoning_details: anything,
};
const message = some({
  role: fc.constantFrom('', 'assistant', null, 7),
  content: rarely(text, anything),
  ...reasoning,
  refusal: fc.constantFrom(null, 'no'),
  tool_calls: rarely(fc.array(toolCall, { maxLength: 3 }), anything),
  x: anything,
});
const finishReason = fc.constantFrom('', '', null, null, 'stop', 'stop', 'length', 'tool_calls', 'tired', 7);
/** Lists, numbers and texts make a chunk malformed: seldom, or no stream would end well. */
const delta = rarely(message, fc.oneof(fc.constantFrom(null, ''), fc.constantFrom([], 7, 'x')), 30);
const index = fc.constantFrom(0, 0, 0, 1, 2, null, '0');
const chunkChoice = some({
  index,
  delta,
  message: rarely(fc.constant(null), message, 10),
  finish_reason: finishReason,
  logprobs: anything,
  x: anything,
});
const usage = some({
  prompt_tokens: fc.constantFrom(0, 5, '7', -1),
  completion_tokens: fc.nat(20),
  total_tokens: fc.nat(30),
  cached_tokens: fc.constantFrom(0, 3, null, '3'),
  prompt_tokens_details: fc.oneof(
    some({ cached_tokens: fc.constantFrom(0, 4, null), x: anything }),
    fc.constantFrom(null, []),
  ),
  prompt_cache_hit_tokens: fc.constantFrom(0, 5, null),
});
const top = {
  id: text,
  created: fc.constantFrom(0, 1_710_146_871, null, '0'),
  usage: rarely(usage, anything, 6),
  system_fingerprint: fc.constantFrom(null, 'f'),
  error: fc.constantFrom(null, '', false, 7),
  x: anything,
};

const chunk = fc
  .tuple(some(top), rarely(fc.array(chunkChoice, { maxLength: 2 }), fc.constantFrom(null, {}, [7]), 30))
  .map(([members, choices]) => Object.assign(members, { choices }));
const noChunk = fc.oneof(
  fc.constantFrom('not json', '{"choices":[]', '[]', '{}', '7'),
  fc.constantFrom('{"error":{"message":"no"}}', '{"error":"no","choices":[]}'),
);

/** @returns completions, and what is none. */
export const completions: fc.Arbitrary<unknown> = rarely(
  fc
    .tuple(
      some(top),
      fc.array(
        fc
          .tuple(
            some({
              message: rarely(message, fc.constantFrom(null, '', 7), 20),
              delta: rarely(message, fc.constant(7)),
              finish_reason: finishReason,
              logprobs: anything,
              x: anything,
            }),
          )
          .map(([choice]) => choice),
        { maxLength: 3 },
      ),
    )
    .map(([members, choices]) => Object.assign(members, { choices })),
  fc.oneof(anything, fc.constantFrom({ error: {} }, { choices: {} })),
  20,
);

const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r');
const otherLines = rarely(
  fc.constant([]),
  fc.array(fc.constantFrom(': c', 'id: 7', 'event: message', 'retry', 'x: data: y'), { maxLength: 2 }),
);

/** An event of this data: on one line, or on as many as its whitespace allows. */
function eventOf(data: string, end: string, others: string[], indent: number): string {
  const lines = data
    .replaceAll(/\r\n?|\n/g, '\n')
    .split('\n')
    .map((line) => `data: ${line}`);
  lines.splice(indent % (lines.length + 1), 0, ...others);
  return `${lines.join(end)}${end}${end}`;
}

const event = fc
  .tuple(
    fc.oneof(
      {
        weight: 40,
        arbitrary: fc
          .tuple(chunk, fc.constantFrom(0, 0, 0, 0, 1))
          .map(([json, space]) => JSON.stringify(json, null, space)),
      },
      { weight: 1, arbitrary: noChunk },
      { weight: 1, arbitrary: fc.constantFrom('', ' ', '[DONE]', ' [DONE] ') },
    ),
    lineEnd,
    otherLines as fc.Arbitrary<string[]>,
    fc.nat(3),
  )
  .map(([data, end, others, indent]) => eventOf(data, end, others, indent));
const gap = fc.constantFrom(': ping\n', '\n', '\r\n', ':\r', 'event: ping\n\n', 'id: 1\r\n\r\n', 'data\n\n');
const errorEvent = fc.constant('event: error\ndata: no\n\n');
const end = fc.constantFrom(
  '',
  'data: [DONE]\n\n',
  'data: [DONE]\r\n\r\n',
  'data: [DONE]',
  'data: {"choi',
  ': half',
);
/** The chunks that end choices, so that many streams are whole. */
const ending = fc
  .array(fc.tuple(fc.constantFrom(0, 0, 1, 2), fc.constantFrom('stop', 'length')), { maxLength: 3 })
  .map((choices) =>
    choices
      .map(
        ([index, reason]) =>
          `data: {"choices":[{"index":${index},"delta":{},"finish_reason":"${reason}"}]}\n\n`,
      )
      .join(''),
  );

/** @returns whole streams, as text. */
export const streams: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', '', '\ufeff'),
    fc.array(
      fc.oneof(
        { weight: 12, arbitrary: event },
        { weight: 3, arbitrary: gap },
        { weight: 1, arbitrary: rarely(gap, errorEvent, 6) as fc.Arbitrary<string> },
      ),
      { maxLength: 6 },
    ),
    ending,
    end,
  )
  .map(([bom, events, finished, last]) => bom + events.join('') + finished + last);

/** @returns every combination of the options. */
export const optionSets: fc.Arbitrary<Omit<RewriteOptions, 'readError'>> = fc.record({
  reasoning: fc.constantFrom('general', 'deepseek-style', 'hidden'),
  shape: fc.constantFrom('openai', 'openai', 'stepfun'),
  created: fc.constant(1_700_000_000),
  choices: fc.constantFrom(1, 1, 2, 3),
  includeUsage: fc.boolean(),
});
